"""The Python client, and the documents of what it talks to."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from impasto.studio.client import StudioClient, StudioError
from impasto.studio.settings import PREFIX, Settings
from impasto.studio.state import LANES
from tests.studio.conftest import TOKENS, House, encoded

ROOT = Path(__file__).parents[2]
QUICK = {"size": 64, "options": {"iterations": 2, "coarse_iterations": 2, "min_size": 0}}


def paint_everything(house: House, stop: threading.Event) -> None:
    while not stop.wait(0.05):
        for lane in LANES:
            house.painter.run_next(lane)


def test_a_photo_booth_shows_and_paints_what_its_camera_writes(
    make: Callable[..., House], tmp_path: Path
) -> None:
    house = make(accounts=True)
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "one.jpg").write_bytes(encoded(64, 48))
    (tmp_path / "shots" / "begun.jpg").write_bytes(b"")
    stop = threading.Event()
    thread = threading.Thread(target=paint_everything, args=(house, stop))
    thread.start()
    example, folders = ROOT / "examples" / "photo_booth.py", ("shots", "painted")
    words = [
        *(tmp_path / folder for folder in folders),
        "starry-night",
        "--url",
        house.url,
        "--once",
        "--size",
        "64",
    ]
    try:
        done = subprocess.run(
            [sys.executable, str(example), *map(str, words)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "IMPASTO_STUDIO_TOKEN": TOKENS["anna"]},
        )
    finally:
        stop.set()
        thread.join()
    assert "painted: one.jpg" in done.stdout
    assert "begun.jpg: " in done.stdout
    assert sorted(p.name for p in (tmp_path / "painted").iterdir()) == ["one.jpg"]
    with Image.open(tmp_path / "painted" / "one.jpg") as picture:
        assert picture.size == (64, 48)


def test_the_client_uploads_paints_and_fetches(make: Callable[..., House], tmp_path: Path) -> None:
    house = make(accounts=True)
    stop = threading.Event()
    thread = threading.Thread(target=paint_everything, args=(house, stop))
    thread.start()
    try:
        with StudioClient(house.url, TOKENS["anna"]) as studio:
            seen: list[str] = []
            painted = studio.stylize(
                encoded(64, 48),
                "starry-night:3",
                encoded(48, 48, seed=3),
                format="jpg",
                on_progress=lambda job: seen.append(job["status"]),
                **QUICK,
            )
            painted.save(tmp_path / "out.jpg")
            with Image.open(tmp_path / "out.jpg") as picture:
                assert picture.size == (64, 48)
            assert seen[-1] == "done"
            assert [job["id"] for job in studio.jobs(kind="all")] == [painted.job["id"]]
            assert [style["weight"] for style in painted.job["request"]["styles"]] == [3, 1]
            assert "default" in [preset["name"] for preset in studio.capabilities()["presets"]]
            with pytest.raises(StudioError, match="relu9_9"):
                studio.stylize(encoded(), "starry-night", size=64, options={"content_layers": {"relu9_9": 1}})
            studio.delete(painted.job["id"], now=True)
            with pytest.raises(StudioError) as refused:
                studio.result(painted.job["id"])
            assert (refused.value.status, refused.value.kind) == (404, "not-found")
    finally:
        stop.set()
        thread.join()


def test_the_client_sends_a_file_rather_than_the_style_of_its_name(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with StudioClient(house.url) as studio:
        assert studio._sent(["great-wave"]) == [{"name": "great-wave", "weight": 1.0}]
        Path("great-wave").write_bytes(encoded(48, 48))
        assert [set(style) for style in studio._sent(["great-wave"])] == [{"picture", "weight"}]


def test_the_client_pauses_resumes_and_cancels_with_a_key(house: House) -> None:
    with StudioClient(house.url) as studio:
        photo = studio.upload(encoded())
        job = studio.submit(photo, [{"name": "starry-night"}], key="k", **QUICK)
        assert studio.submit(photo, [{"name": "starry-night"}], key="k", **QUICK)["id"] == job["id"]
        assert studio.pause(job["id"])["status"] == "paused"
        assert studio.resume(job["id"])["status"] == "queued"
        assert studio.cancel(job["id"])["status"] == "cancelled"
        assert studio.wait(job["id"])["status"] == "cancelled"


def test_the_client_warns_of_what_was_left_out(house: House) -> None:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    with (
        StudioClient(house.url) as studio,
        pytest.warns(UserWarning, match="only the first"),
    ):
        studio.upload(stream.getvalue(), "painting", "two.gif")


def test_a_stranger_is_told_so(make: Callable[..., House]) -> None:
    house = make(accounts=True)
    with StudioClient(house.url) as studio, pytest.raises(StudioError) as refused:
        studio.styles()
    assert refused.value.kind == "unauthorised"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "studio.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| ([^|]*) \|", text, re.MULTILINE))
    assert set(rows) == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default: Any = field.default
        if isinstance(default, int) and not isinstance(default, bool):
            preview_written = rows[name.upper()].replace(",", "").strip()
            assert preview_written == str(default), name


def test_the_api_page_names_every_route(house: House) -> None:
    text = (ROOT / "docs" / "studio-api.md").read_text(encoding="utf-8")
    schema = house.studio.app.openapi()
    for path, item in schema["paths"].items():
        for method in item:
            short = path.removeprefix("/api/v1")
            named = f"{method.upper()} {path}`" in text or (
                "/jobs/{id}/" in path and short.split("}")[1] in text
            )
            assert named, (method, path)


def test_every_kind_of_problem_is_documented() -> None:
    from impasto.studio.web.problems import KINDS

    text = (ROOT / "docs" / "studio-api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `/problems/([a-z-]+)` \| (\d+) \|", text, re.MULTILINE)
    assert {name: int(status) for name, status in rows} == {name: kind[0] for name, kind in KINDS.items()}
