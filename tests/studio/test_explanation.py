"""The page about a picture: what it is made with, and that it is not made for nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

pytest.importorskip("fastapi", reason="the extra studio is not installed")
pytest.importorskip("matplotlib", reason="the extra inspect is not installed")

from impasto.optimize.options import OptimizeOptions
from impasto.studio.settings import Settings
from impasto.studio.state import PictureRecord
from impasto.studio.web.requests import PAGE_SIDE, PAGE_STEPS, explanation_job
from impasto.studio.web.schemas import JobSettings
from impasto.studio.worker import child_process, explanation
from tests.studio import explainers
from tests.studio.conftest import House, encoded, submit, upload
from tests.waiting import until

PHOTO = f"p_{'a' * 22}"


def page_options(**more: Any) -> OptimizeOptions:
    """The options of the page about a request."""
    asked = JobSettings(**{"photo": PHOTO, "styles": [{"name": "starry-night"}], **more})
    pictures = {PHOTO: PictureRecord(PHOTO, "anna", "photo", "cat.jpg", 64, 48, 1, 0.0)}
    job = explanation_job(asked, pictures, f"j_{'b' * 22}", settings=Settings())
    assert job.output == f"jobs/j_{'b' * 22}/page.html"
    assert (job.content.place, job.content.label) == (f"pictures/{PHOTO}.png", "cat.jpg")
    assert isinstance(job.options, OptimizeOptions)
    return job.options


def test_the_sliders_mean_on_the_page_what_they_mean_in_the_painting() -> None:
    found = page_options(size=4096, strength=1.5, stroke_size=0.5, keep_color=0.7, seed=3, mask_feather=9)
    default = OptimizeOptions()
    assert found == default.replace(
        size=PAGE_SIDE,
        style_weight=default.style_weight * 2.25,
        style_scale=0.5,
        color="luminance",
        color_strength=0.7,
        seed=3,
    )
    assert page_options(kind="draft", size=4096).size == 384


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({"iterations": 50}, (50, 20, None)),
        ({"iterations": 2000, "coarse_iterations": None}, (PAGE_STEPS, None, None)),
        ({"first_iterations": 7}, (12, 20, 7)),
    ],
)
def test_the_page_takes_the_steps_of_the_job_up_to_a_limit(
    given: dict[str, Any], steps: tuple[int, int | None, int | None]
) -> None:
    found = page_options(options=given)
    assert (found.iterations, found.coarse_iterations, found.first_iterations) == steps


def test_of_several_paintings_the_main_one_is_told_of() -> None:
    several = [{"name": "cotopaxi"}, {"name": "great-wave", "weight": 2}, {"name": "metzinger", "weight": 2}]
    asked = JobSettings(photo=PHOTO, styles=several)
    pictures = {PHOTO: PictureRecord(PHOTO, "anna", "photo", "cat.jpg", 64, 48, 1, 0.0)}
    job = explanation_job(asked, pictures, f"j_{'b' * 22}", settings=Settings())
    assert [style.place for style in job.styles] == ["great-wave"]
    assert job.options.style_weights == ()


def explained(house: House, client: httpx.Client, **more: Any) -> dict[str, Any]:
    """A finished explanation."""
    made = client.post(f"/jobs/{submit(client, **more)['id']}/explanation").json()
    house.paint(made["id"])
    found: dict[str, Any] = client.get(f"/jobs/{made['id']}").json()
    return found


def test_an_explanation_is_a_job_of_its_own(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainers.tell_job)
    job = submit(client)
    assert client.get(f"/jobs/{job['id']}/explanation").status_code == 404
    made = client.post(f"/jobs/{job['id']}/explanation").json()
    assert (made["kind"], made["of"]) == ("explanation", job["id"])
    assert client.post(f"/jobs/{job['id']}/explanation").json()["id"] == made["id"]
    house.paint(made["id"])
    done = client.get(f"/jobs/{made['id']}").json()
    assert (done["status"], done["result"]["partial"], done["thumbnail"]) == ("done", False, None)
    url = client.get(f"/jobs/{job['id']}").json()["explanation"]
    page = client.get(url.removeprefix("/api/v1"))
    told = page.json()
    assert (told["content"]["name"], told["styles"], told["options"]["size"]) == (
        "it.png",
        ["starry-night"],
        64,
    )
    assert Path(told["content"]["place"]).is_file()
    assert "sandbox" in page.headers["content-security-policy"]
    other = explained(house, client)["id"]
    client.delete(f"/jobs/{other}")
    assert client.get(f"/jobs/{job['id']}").json()["explanation"] == url
    client.delete(f"/jobs/{job['id']}")
    assert client.get(f"/jobs/{made['id']}").status_code == 404  # it shows the photograph
    assert not house.services.storage.job(made["id"]).exists()


def test_an_explanation_is_read_in_the_language_that_is_asked_for_or_the_readers_own(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainers.tell_result)
    job = submit(client)
    made = client.post(f"/jobs/{job['id']}/explanation").json()
    house.paint(made["id"])
    for url in (f"/jobs/{job['id']}/explanation", f"/jobs/{made['id']}/result"):
        for accepted, language, words in (
            ("", "en", "the result"),
            ("pt, de-AT;q=0.8, fr;q=0.5", "de", "das Ergebnis"),
            ("ja", "ja", "結果"),
        ):
            page = client.get(url, headers={"Accept-Language": accepted})
            assert (page.text, page.headers["content-language"]) == (words, language)
            assert "Accept-Language" in page.headers["vary"]
    asked = {"params": {"language": "es"}, "headers": {"Accept-Language": "de"}}
    assert client.get(f"/jobs/{job['id']}/explanation", **asked).text == "el resultado"
    assert client.get(f"/jobs/{job['id']}/explanation", params={"language": "xx"}).status_code == 422


def test_an_explanation_says_how_far_it_is(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainers.tell_progress)
    made = client.post(f"/jobs/{submit(client)['id']}/explanation").json()
    thread = threading.Thread(target=house.paint, args=(made["id"],))
    thread.start()
    url = f"/jobs/{made['id']}"
    progress = until(lambda: client.get(url).json()["progress"])
    assert (progress["done"], progress["left"], progress["losses"]) == (0.25, 3.5, {})
    (house.services.storage.job(made["id"]) / "go").touch()
    thread.join()
    assert client.get(url).json()["status"] == "done"


@pytest.mark.parametrize(
    ("explainer", "words"),
    [
        (explainers.fail, "no ink for cat.png"),
        (explainers.die, "process of the explanation ended with exit code 7"),
    ],
)
def test_an_explanation_that_fails_says_why(
    house: House,
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    explainer: Callable[..., None],
    words: str,
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainer)
    error = explained(house, client, photo=upload(client, name="cat.png"))["error"]
    assert error["type"] == "/problems/painting"
    assert words in error["detail"]


def test_an_explanation_that_failed_is_made_anew_when_asked_for(
    client: httpx.Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainers.fail)
    job = submit(client)["id"]
    first = client.post(f"/jobs/{job}/explanation").json()
    house.paint(first["id"])
    assert client.get(f"/jobs/{first['id']}").json()["status"] == "failed"
    again = [client.post(f"/jobs/{job}/explanation").json() for _ in range(2)]
    assert [each["status"] for each in again] == ["queued", "queued"]
    assert again[0]["id"] == again[1]["id"] != first["id"]


def test_an_explanation_may_take_as_long_as_the_machine_needs(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (child_process.patience(1), child_process.patience(100)) == (900, 3000)
    monkeypatch.setattr(explanation, "_write_page", explainers.wait)
    monkeypatch.setattr(child_process, "LEAST_PATIENCE", 0.0)
    assert "has made no progress for" in explained(house, client)["error"]["detail"]


def test_a_cancelled_explanation_ends_its_process(
    house: House, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explanation, "_write_page", explainers.tell_progress)
    made = client.post(f"/jobs/{submit(client)['id']}/explanation").json()
    thread = threading.Thread(target=house.paint, args=(made["id"],))
    thread.start()
    until(lambda: client.get(f"/jobs/{made['id']}").json()["progress"])
    client.post(f"/jobs/{made['id']}/cancel")
    thread.join()
    job = client.get(f"/jobs/{made['id']}").json()
    assert (job["status"], job["result"]) == ("cancelled", None)


PARENT = """
import sys
from impasto.jobs import Job
from impasto.studio.worker import explanation
from tests.studio import explainers

if __name__ == "__main__":
    explanation._write_page = explainers.wait
    explanation.explain(Job("it.png", ("it.png",), sys.argv[1]), None, lambda: False)
"""


def test_who_explains_ends_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    script, told = tmp_path / "parent.py", tmp_path / "pid"
    script.write_text(PARENT)
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, str(script), str(told)], env=environment) as parent:
        child = psutil.Process(int(until(lambda: told.exists() and told.read_text())))
        assert child.status() != psutil.STATUS_ZOMBIE
        os.kill(parent.pid, signal.SIGKILL)
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.slow
def test_the_page_is_the_pipelines_and_names_no_path_of_the_server(
    house: House, client: httpx.Client
) -> None:
    photo = upload(client, encoded(64, 48), name="--quiet ../M\u00f6we 7.jpg")
    made = explained(house, client, photo=photo)
    assert made["status"] == "done", made["error"]
    page = client.get(f"/jobs/{made['id']}/result").text
    assert "M\u00f6we 7" in page
    assert "starry-night" in page
    assert str(house.settings.data_dir) not in page
    assert photo not in page
    assert json.dumps(client.get(f"/jobs/{made['id']}").json()).count(str(house.settings.data_dir)) == 0
