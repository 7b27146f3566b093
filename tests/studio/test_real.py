"""The whole: ``impasto studio`` with its workers, killed, restarted, on SQLite and on real servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.clips.clips import moving, write_clip
from tests.studio.conftest import API, encoded, submit, until, upload
from tests.studio.servers import free_port, postgres, postgres_server
from tests.waiting import PATIENCE

pytestmark = pytest.mark.slow


def words(process: psutil.Process) -> list[str]:
    """A process's command line; nothing of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class Process:
    """``impasto studio``, as a person starts it."""

    def __init__(self, folder: Path, more: Mapping[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", **more}
        self.process: subprocess.Popen[bytes] | None = None
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}{API}", timeout=60, trust_env=False, verify=False
        )

    def start(self) -> None:
        command = [sys.executable, "-m", "impasto", "studio", "--no-browser", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.folder / "data")],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return self.client.get("/session").status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> list[psutil.Process]:
        assert self.process is not None
        return [c for c in psutil.Process(self.process.pid).children() if "impasto.studio.worker" in words(c)]

    def painter(self) -> psutil.Process:
        found = [worker for worker in self.workers() if "paintings" in words(worker)]
        assert len(found) == 1
        return found[0]

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def status(self, id: str) -> str:
        return str(self.client.get(f"/jobs/{id}").json()["status"])

    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def start(**more: str) -> Process:
        settings = {f"IMPASTO_STUDIO_{name.upper()}": value for name, value in more.items()}
        process = Process(tmp_path, {"IMPASTO_STUDIO_LOG_FORMAT": "json", **settings})
        made.append(process)
        process.start()
        return process

    yield start
    for process in made:
        if process.process is not None and process.process.poll() is None:
            process.stop()
        process.client.close()


LONG = {"iterations": 25, "coarse_iterations": 25, "min_size": 0}


def many(studio: Process, count: int, **more: int) -> list[str]:
    photo = upload(studio.client, encoded(64, 64))
    return [submit(studio.client, photo, seed=n, options=LONG | more)["id"] for n in range(count)]


def progress(studio: Process, id: str) -> dict[str, Any]:
    return dict(studio.client.get(f"/jobs/{id}").json()["progress"] or {})


def all_done(studio: Process, ids: list[str]) -> None:
    until(lambda: all(studio.status(id) == "done" for id in ids))
    for id in ids:
        assert studio.client.get(f"/jobs/{id}/result").content[:4] == b"\x89PNG"
    finished = [line["job"] for line in studio.log() if line["message"] == "done"]
    assert sorted(finished) == sorted(ids), "each was painted to its end once"


def test_killed_workers_and_servers_lose_nothing_and_repeat_nothing(begin: Callable[..., Process]) -> None:
    studio = begin(lease_seconds="5", checkpoint_seconds="0.5")
    ids = many(studio, 4)
    until(lambda: progress(studio, ids[0]).get("step", 0) > 5)
    studio.painter().kill()
    until(lambda: studio.status(ids[0]) == "done")
    until(lambda: progress(studio, ids[1]))
    orphans = studio.workers()
    assert studio.stop(signal.SIGKILL) == -signal.SIGKILL
    studio.start()
    all_done(studio, ids)
    until(lambda: not any(orphan.is_running() for orphan in orphans))
    assert studio.stop() == 0


def test_a_film_whose_worker_is_killed_goes_on_to_the_bytes_of_an_undisturbed_one(
    begin: Callable[..., Process], tmp_path: Path
) -> None:
    studio = begin(film_workers="1", lease_seconds="5")
    clip = write_clip(tmp_path / "clip.mp4", [moving(n, 128, 96, speed=1) for n in range(160)], sound=True)
    sent = studio.client.post("/films", content=clip.read_bytes(), params={"name": "clip.mp4"}).json()["id"]

    def film() -> str:
        asked = {"kind": "film", "photo": sent, "styles": [{"name": "starry-night"}]}
        return str(studio.client.post("/jobs", json=asked).json()["id"])

    disturbed = film()
    until(lambda: progress(studio, disturbed).get("step", 0) > 60)
    (worker,) = (each for each in studio.workers() if "films" in words(each))
    worker.kill()
    until(lambda: studio.status(disturbed) == "done")
    (line,) = (line for line in studio.log() if line["message"] == "resumed")
    assert line["frames"] in (48, 96, 144), "whole segments were kept"
    assert studio.client.get(f"/jobs/{disturbed}").json()["attempts"] == 2
    other = film()
    until(lambda: studio.status(other) == "done")
    one, two = (studio.client.get(f"/jobs/{id}/result").content for id in (disturbed, other))
    assert one == two


def test_a_server_stopped_in_good_order_goes_on_when_it_is_started_again(
    begin: Callable[..., Process],
) -> None:
    studio = begin()
    ids = many(studio, 2, iterations=100)
    until(lambda: progress(studio, ids[0]))
    before = studio.workers()
    with studio.client.stream("GET", f"/jobs/{ids[1]}/events") as stream:
        next(stream.iter_lines())
        assert studio.stop(signal.SIGINT) == 0
    assert not any(worker.is_running() for worker in before)
    assert [line["message"] for line in studio.log()].count("put back") == 1
    studio.start()
    all_done(studio, ids)


def test_postgresql_does_the_same(begin: Callable[..., Process]) -> None:
    with postgres_server() as database:
        studio = begin(database_url=database, lease_seconds="5", checkpoint_seconds="0.5", workers="2")
        ids = many(studio, 4)
        until(lambda: progress(studio, ids[0]))
        next(w for w in studio.workers() if "paintings" in words(w)).kill()
        all_done(studio, ids)
        assert (
            httpx.get(
                f"http://127.0.0.1:{studio.port}/readyz", trust_env=False, verify=False, timeout=30
            ).status_code
            == 200
        )
        data = studio.folder / "data"
        assert not list(data.glob("*.sqlite"))
        body = {"photo": upload(studio.client), "styles": [{"name": "starry-night"}]}
        draft = studio.client.post("/jobs", json={**body, "kind": "draft", "size": 64}).json()
        until(lambda: studio.status(draft["id"]) == "done")
        assert studio.stop() == 0


def test_postgresql_may_restart_in_the_middle_of_a_painting(begin: Callable[..., Process]) -> None:
    with postgres() as server:
        studio = begin(database_url=server.address, lease_seconds="300")
        (id,) = many(studio, 1)
        until(lambda: progress(studio, id))
        server.stop()
        answer = studio.client.get(f"/jobs/{id}")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
        assert int(answer.headers["retry-after"]) > 0
        until((studio.folder / "data" / "jobs" / id / "result.json").exists)
        server.start()
        all_done(studio, [id])
        assert studio.client.get(f"/jobs/{id}").json()["attempts"] == 1
        assert studio.stop() == 0


def test_ray_paints_and_loses_nothing_with_an_actor(begin: Callable[..., Process]) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: the extra ray")
    studio = begin(ray_address="local", draft_workers="0", lease_seconds="10", checkpoint_seconds="0.5")
    photo = upload(studio.client, encoded(64, 64))
    endless = {"iterations": 2000, "coarse_iterations": 2000, "min_size": 0}
    first, second = (
        submit(studio.client, photo, options=options)["id"]
        for options in ({**LONG, "iterations": 500}, endless)
    )
    until(lambda: progress(studio, first).get("step", 0) > 5)
    worker = studio.painter()
    assert "torch" not in " ".join(found.path for found in worker.memory_maps()), "it only hands over"
    actor = next(p for p in worker.children(recursive=True) if p.name().startswith("ray::Actor"))
    actor.kill()
    until(lambda: studio.status(first) == "done")
    assert studio.client.get(f"/jobs/{first}").json()["attempts"] == 2
    until(lambda: studio.client.get(f"/jobs/{second}").json()["preview"])
    studio.client.post(f"/jobs/{second}/cancel")
    until(lambda: studio.status(second) == "cancelled")
    assert studio.client.get(f"/jobs/{second}/result").content[:4] == b"\x89PNG"
    family = worker.children(recursive=True)
    assert studio.stop() == 0
    until(lambda: not any(p.is_running() and p.name().startswith("ray::Actor") for p in family))
