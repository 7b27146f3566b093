"""The client of plug-ins, against a studio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from impasto import imaging
from impasto.catalogue.lookup import is_named
from impasto.plugins.client import (
    ChosenStyle,
    FilmRequest,
    PaintingCancelled,
    PaintingError,
    PaintingRequest,
    ServiceClient,
)
from impasto.studio.state import LANES
from tests.studio.conftest import TOKENS, Fake, House, encoded, mask


@pytest.fixture
def asked(tmp_path: Path) -> PaintingRequest:
    (tmp_path / "photo.png").write_bytes(encoded(64, 48))
    (tmp_path / "painting.png").write_bytes(encoded(48, 48, seed=3))
    styles = (ChosenStyle("starry-night", 2), ChosenStyle(str(tmp_path / "painting.png"), 1))
    return PaintingRequest(str(tmp_path / "photo.png"), styles, str(tmp_path / "out.png"), size=64)


def left_over(house: House) -> list[str]:
    """The kinds of things that a user still has in the studio."""
    with house.client() as client:
        pictures, jobs = client.get("/pictures").json(), client.get("/jobs?kind=all").json()
    return [picture["role"] for picture in pictures["pictures"]] + [job["status"] for job in jobs["jobs"]]


def test_the_fast_engine_is_the_studio_s_preview(make: Callable[..., House], asked: PaintingRequest) -> None:
    house = make(studio={"make_painter": Fake})
    reports: list[Any] = []
    asked = replace(asked, styles=asked.styles[:1])
    ServiceClient(house.url).paint(asked, lambda *event: reports.append(event), lambda: False)
    assert imaging.read(asked.output).width == 64
    assert reports == [(None, "")]
    assert left_over(house) == []
    for change, words in (({"size": 4000}, "at most"), ({"protect": asked.photo}, "no masks")):
        with pytest.raises(PaintingError, match=words):
            ServiceClient(house.url).paint(replace(asked, **change), lambda *_: None, lambda: False)
    assert left_over(house) == []


def test_optimising_is_a_job_of_the_studio(make: Callable[..., House], asked: PaintingRequest) -> None:
    house = make(accounts=True)
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            for lane in LANES:
                house.painter.run_next(lane)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        client = ServiceClient(house.url, TOKENS["anna"])
        client.paint(replace(asked, engine="stylize"), lambda *_: None, lambda: False)
    finally:
        stop.set()
        thread.join()
    assert imaging.read(asked.output).width == 64
    with pytest.raises(PaintingError, match="token"):
        ServiceClient(house.url).paint(asked, lambda *_: None, lambda: False)


def test_cancelling_takes_the_job_and_the_pictures_away(house: House, asked: PaintingRequest) -> None:
    answers = iter([False, False, True])
    with pytest.raises(PaintingCancelled):
        ServiceClient(house.url).paint(
            replace(asked, engine="stylize"), lambda *_: None, lambda: next(answers)
        )
    assert left_over(house) == []


def test_masks_are_uploaded_as_masks(house: House, asked: PaintingRequest, tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(mask(64, 48))
    masked = tuple(replace(style, mask=str(tmp_path / "mask.png")) for style in asked.styles)
    seen: list[list[str]] = []

    def cancelled() -> bool:
        seen.append(left_over(house))
        return len(seen) > 1

    with pytest.raises(PaintingCancelled):
        ServiceClient(house.url).paint(
            replace(asked, engine="stylize", styles=masked, protect=str(tmp_path / "mask.png")),
            lambda *_: None,
            cancelled,
        )
    assert sorted(seen[1]) == ["mask", "mask", "mask", "painting", "photo", "queued"]


def test_the_studio_s_own_words_are_the_error(house: House, asked: PaintingRequest, tmp_path: Path) -> None:
    client = ServiceClient(house.url)
    (tmp_path / "broken.png").write_bytes(b"nothing")
    unknown = replace(asked, engine="stylize", styles=(ChosenStyle("starry-nigth"),))
    for request, words in (
        (unknown, "starry-nigth"),
        (replace(asked, photo=str(tmp_path / "broken.png")), "picture"),
        (replace(asked, photo=str(tmp_path / "none.png")), "cannot read"),
        (replace(asked, styles=(ChosenStyle("mine.style"),)), "style file"),
    ):
        with pytest.raises(PaintingError, match=words):
            client.paint(request, lambda *_: None, lambda: False)
    film = FilmRequest(str(tmp_path), asked.styles, str(tmp_path / "out"))
    with pytest.raises(PaintingError, match="no films"):
        client.film(film, lambda *_: None, lambda: False)
    with pytest.raises(PaintingError, match="no style files"):
        client.measure_style([], "", "", None, None)
    with pytest.raises(PaintingError, match="cannot reach the studio"):
        ServiceClient("http://127.0.0.1:9").paint(asked, lambda *_: None, lambda: False)


@pytest.mark.parametrize("lying", ["nothing", "file", "folder"])
def test_a_style_is_a_name_or_a_path_as_the_catalogue_decides(
    house: House, asked: PaintingRequest, lying: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if lying == "file":
        (tmp_path / "great-wave").write_bytes(encoded(48, 48))
    elif lying == "folder":
        (tmp_path / "great-wave").mkdir()
    asked = replace(asked, styles=(ChosenStyle("great-wave"),))
    client = ServiceClient(house.url)
    if lying == "folder":  # a studio takes none
        with pytest.raises(PaintingError, match="cannot read great-wave: Is a directory"):
            client._body(asked, [])
    else:
        (sent,) = client._body(asked, [])["styles"]
        assert ("name" in sent) == is_named("great-wave") == (lying == "nothing")
