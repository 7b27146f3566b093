"""Paintings handed over to a executor elsewhere. Here the executor is a thread; test_real.py has Ray."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from impasto.imaging import read_parameters
from impasto.jobs.events import Finished, Progressed, WorkerLost
from impasto.jobs.work import Task, perform_task
from impasto.studio.worker.ray_executor import RayJobExecutor, make_performer
from tests.studio.conftest import House, encoded, submit, until, upload


class Executor:
    """A worker on a thread; ``die`` has it vanish in the middle."""

    def __init__(self) -> None:
        self.events: queue.Queue[Any] = queue.Queue()
        self.started = 0
        self.dies = False
        self._perform = make_performer(checkpoint_seconds=0)

    def start(self, worker: int) -> None:  # noqa: ARG002
        self.started += 1

    def give(self, worker: int, task: Task) -> None:
        plain = Task.from_dict(task.to_dict())  # as it goes over the network
        threading.Thread(target=self._paint, args=(worker, plain), daemon=True).start()

    def wait(self, seconds: float) -> list[Any]:
        try:
            return [self.events.get(timeout=seconds)]
        except queue.Empty:
            return []

    def close(self) -> None:
        pass

    def _paint(self, worker: int, task: Task) -> None:
        count = 0

        def said(progress: Any) -> None:
            nonlocal count
            count += 1
            self.events.put(Progressed(worker, task.item, progress))
            if self.dies and count > 3:
                raise SystemExit

        try:
            outcome = perform_task(
                task, self._perform, begun=lambda _: None, on_progress=said, stop=lambda: False
            )
        except SystemExit:
            self.events.put(WorkerLost(worker, "the machine is gone"))
        else:
            self.events.put(Finished(worker, task.item, outcome))


@pytest.fixture
def away(make: Callable[..., House]) -> tuple[House, Executor]:
    """A house whose painter has its paintings made elsewhere."""
    house, executor = make(checkpoint_seconds=0), Executor()
    house.painter.executor = brush = RayJobExecutor(
        house.settings
    )  # without warming up: that would join a cluster
    brush._executor = executor
    executor.start(0)
    return house, executor


def test_what_is_painted_elsewhere_is_as_painted_here(away: tuple[House, Executor], tmp_path: Any) -> None:
    house, _ = away
    with house.client() as client:
        photo = upload(client, encoded(64, 48), name="cat.png")
        id = submit(client, photo)["id"]
        house.paint(id)
        job = client.get(f"/jobs/{id}").json()
        assert (job["status"], job["result"]["width"], job["result"]["partial"]) == ("done", 64, False)
        assert job["progress"]["done"] == 1.0
        assert client.get(f"/jobs/{id}/losses").json()["losses"][-1]["done"] == 1.0
        path = tmp_path / "out.png"
        path.write_bytes(client.get(f"/jobs/{id}/result").content)
        parameters: Any = read_parameters(path)
        assert parameters["content"] == "cat.png"
        failing = submit(client, photo)["id"]
        house.services.storage.picture(photo).write_bytes(b"damaged")
        house.paint(failing)
        error = client.get(f"/jobs/{failing}").json()["error"]["detail"]
        assert "cat.png" in error
        assert str(house.settings.data_dir) not in error


LONG = {"iterations": 2000, "coarse_iterations": 2000, "min_size": 0}


def painting(house: House, client: httpx.Client) -> tuple[str, threading.Thread]:
    id = submit(client, upload(client, encoded(64, 64)), options=LONG)["id"]
    thread = threading.Thread(target=house.painter.run_next, args=("paintings",))
    thread.start()
    until(lambda: client.get(f"/jobs/{id}").json()["preview"])
    return id, thread


@pytest.mark.parametrize(("wish", "then"), [("cancel", "cancelled"), ("pause", "paused")])
def test_wishes_reach_who_paints_elsewhere(away: tuple[House, Executor], wish: str, then: str) -> None:
    house, _ = away
    with house.client() as client:
        id, thread = painting(house, client)
        client.post(f"/jobs/{id}/{wish}")
        thread.join(20)
        job = client.get(f"/jobs/{id}").json()
        assert job["status"] == then
        folder = house.services.storage.job(id)
        assert (job["result"] is not None) is (then == "cancelled")
        assert (folder / "checkpoint.state").exists() is (then == "paused")
        assert not (folder / "stop").exists()
        assert (folder / "partial.png").exists() is (then == "paused")


def test_a_painter_that_dies_elsewhere_is_replaced_and_its_job_goes_on(away: tuple[House, Executor]) -> None:
    house, executor = away
    with house.client() as client:
        photo = upload(client, encoded(64, 64))
        id = submit(client, photo, options={"iterations": 12, "coarse_iterations": 12, "min_size": 0})["id"]
        executor.dies = True
        assert house.painter.run_next("paintings") == id
        job = client.get(f"/jobs/{id}").json()
        assert (job["status"], job["attempts"], executor.started) == ("queued", 1, 2)
        assert (house.services.storage.job(id) / "checkpoint.state").exists()
        executor.dies = False
        assert house.painter.run_next("paintings") == id
        assert client.get(f"/jobs/{id}").json()["status"] == "done"
