"""The network learns a painting in the background; previews after it are then painted by what it learnt."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from impasto.catalogue.cards import read_card
from impasto.catalogue.lookup import named_styles
from impasto.jobs import Job
from impasto.painters import make_painter
from impasto.progress import Progress
from impasto.studio.worker import runner
from tests.conftest import stripes
from tests.studio.conftest import House, encoded, mask, until, upload


def painting_of(client: httpx.Client, name: str = "Zebra.png") -> str:
    stream = io.BytesIO()
    Image.fromarray((stripes(96, 96) * 255).astype(np.uint8)).save(stream, "PNG")
    return upload(client, stream.getvalue(), "painting", name)


def train(client: httpx.Client, painting: str) -> str:
    made = client.post(f"/pictures/{painting}/training")
    assert made.status_code == 202, made.text
    return str(made.json()["id"])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning at once: what is learnt is the wave."""

    def learn(job: Job, minutes: float, listener: Any, cancel: Any) -> None:  # noqa: ARG001
        assert Path(job.styles[0].place).is_file()
        listener.progress(Progress(done=0.5, losses={"total": 2.0}))
        shutil.copy(named_styles()["great-wave"], job.output)

    monkeypatch.setattr(runner, "learn", learn)


@pytest.fixture
def painting_house(make: Callable[..., House]) -> House:
    return make(studio={"make_painter": make_painter})


def preview(client: httpx.Client, photo: str, style: dict[str, str]) -> np.ndarray[Any, Any]:
    asked = {"photo": photo, "styles": [style], "side": 96}
    answer = client.post("/preview", json=asked, headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


@pytest.mark.usefixtures("quick")
def test_previews_are_painted_by_what_was_learnt_until_that_is_forgotten(painting_house: House) -> None:
    with painting_house.client() as client:
        photo, painting = upload(client, encoded(96, 96, seed=4)), painting_of(client)
        before = preview(client, photo, {"picture": painting})
        wave = preview(client, photo, {"name": "great-wave"})
        assert client.get(f"/pictures/{painting}").json()["learnt"] is None
        assert client.get(f"/pictures/{painting}/style").status_code == 404
        used = client.get("/account").json()["usage"]["bytes"]
        id = train(client, painting)
        painting_house.paint(id)
        job = client.get(f"/jobs/{id}").json()
        assert (job["kind"], job["status"], job["title"]) == ("training", "done", "Learning: Zebra.png")
        assert client.get(f"/jobs/{id}/losses").json()["losses"][0]["total"] == 2.0
        about = client.get(f"/pictures/{painting}").json()
        assert about["learnt"] is not None
        np.testing.assert_array_equal(preview(client, photo, {"picture": painting}), wave)
        style = client.get(about["style"].removeprefix("/api/v1"))
        assert style.content == named_styles()["great-wave"].read_bytes()
        assert 'filename="Zebra-png.style"' in style.headers["content-disposition"]
        assert client.get(f"/jobs/{id}/result").content == style.content
        client.delete(f"/jobs/{id}")  # what was learnt stays with its painting
        assert client.get("/account").json()["usage"]["bytes"] == used + len(style.content)
        np.testing.assert_array_equal(preview(client, photo, {"picture": painting}), wave)
        assert client.delete(f"/pictures/{painting}/style").status_code == 204
        assert client.get("/account").json()["usage"]["bytes"] == used
        np.testing.assert_array_equal(preview(client, photo, {"picture": painting}), before)
        assert client.delete(f"/pictures/{painting}/style").status_code == 404


@pytest.mark.usefixtures("quick")
def test_a_deleted_painting_takes_what_was_learnt_with_it(client: httpx.Client, house: House) -> None:
    painting = painting_of(client)
    id = train(client, painting)
    assert client.delete(f"/pictures/{painting}").json()["type"] == "/problems/in-use"
    house.paint(id)
    assert house.services.storage.learnt(painting).is_file()
    assert client.delete(f"/pictures/{painting}").status_code == 204
    assert not house.services.storage.learnt(painting).exists()


def test_only_paintings_are_learnt_each_once_at_a_time(client: httpx.Client) -> None:
    painting = painting_of(client)
    train(client, painting)
    assert client.post(f"/pictures/{painting}/training").json()["type"] == "/problems/state"
    for other in (upload(client), upload(client, mask(), "mask")):
        assert client.post(f"/pictures/{other}/training").json()["type"] == "/problems/unsuitable"
    (job,) = client.get("/jobs", params={"kind": "training"}).json()["jobs"]
    assert client.get("/jobs").json()["jobs"] == []
    assert client.post(f"/jobs/{job['id']}/explanation").json()["type"] == "/problems/state"
    assert client.post(f"/jobs/{job['id']}/links", json={}).json()["type"] == "/problems/state"


def test_what_another_taught_is_out_of_reach(anna: httpx.Client, bert: httpx.Client) -> None:
    painting = painting_of(anna)
    for method, path in (("POST", "training"), ("GET", "style"), ("DELETE", "style")):
        assert bert.request(method, f"/pictures/{painting}/{path}").status_code == 404


@pytest.mark.slow
def test_learning_shows_its_losses_is_paused_goes_on_and_ends_in_a_style_file(
    make: Callable[..., House],
) -> None:
    house = make(studio={"make_painter": make_painter}, training_minutes=0.1)
    with house.client() as client:
        painting = painting_of(client)
        id = train(client, painting)
        thread = threading.Thread(target=house.paint, args=(id,))
        thread.start()
        until(lambda: client.get(f"/jobs/{id}/losses").json()["losses"])
        client.post(f"/jobs/{id}/pause")
        thread.join()
        job = client.get(f"/jobs/{id}").json()
        if job["status"] != "done":  # a fast machine is done by then
            assert job["status"] == "paused"
            assert (house.services.storage.job(id) / "checkpoint.state").is_file()
            client.post(f"/jobs/{id}/resume")
            house.paint(id)
            job = client.get(f"/jobs/{id}").json()
        assert job["status"] == "done", job["error"]
        assert client.get(f"/jobs/{id}/preview").headers["content-type"] == "image/jpeg"
        style = house.services.storage.learnt(painting)
        assert read_card(style).title
        photo = upload(client, encoded(96, 96, seed=4))
        learnt = preview(client, photo, {"picture": painting})
        client.delete(f"/pictures/{painting}/style")
        assert np.abs(learnt.astype(int) - preview(client, photo, {"picture": painting})).mean() > 0.5


@pytest.mark.slow
def test_cancelled_learning_leaves_the_painting_as_it_was(make: Callable[..., House]) -> None:
    house = make(training_minutes=60)
    with house.client() as client:
        painting = painting_of(client)
        id = train(client, painting)
        thread = threading.Thread(target=house.paint, args=(id,))
        thread.start()
        until(lambda: client.get(f"/jobs/{id}").json()["progress"])
        client.post(f"/jobs/{id}/cancel")
        thread.join()
        job = client.get(f"/jobs/{id}").json()
        assert (job["status"], job["result"]) == ("cancelled", None)
        assert client.get(f"/pictures/{painting}").json()["learnt"] is None
