"""What the autoscaler of a Ray cluster is told, and whose fault a dead actor is. Ray is not started."""

from __future__ import annotations

import importlib.util
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from impasto.jobs.machine import Share, WorkerSlot
from impasto.jobs.work import WorkerPainter

pytestmark = [
    pytest.mark.slow,  # for importing Ray
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="Ray is not installed: pip install -c constraints.txt '.[ray]'",
    ),
]


class Handle:
    """An actor that is there and does nothing."""

    def __init__(self) -> None:
        self.ready = SimpleNamespace(remote=object)

    def options(self, **_: Any) -> Handle:
        return self

    def remote(self, *_: Any) -> Handle:
        return self


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set; Ray is replaced by what does nothing."""
    from impasto.jobs.executors import ray as cluster

    clock = [100.0]
    monkeypatch.setattr(cluster, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    bare = SimpleNamespace(
        remote=lambda **_: lambda _: Handle(), kill=lambda *_, **__: None, shutdown=lambda: None
    )
    monkeypatch.setattr(cluster, "ray", bare)
    return clock


def hear(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], None] = lambda: None) -> list[Any]:
    """What the autoscaler is asked for, by the function's own parameters."""
    from ray.autoscaler import sdk

    signature = inspect.signature(sdk.request_resources)
    asked: list[Any] = []

    def request(*given: Any, **named: Any) -> None:
        asked.append(signature.bind(*given, **named).arguments["bundles"])
        answer()

    monkeypatch.setattr(sdk, "request_resources", request)
    return asked


def crew_in(folder: Path) -> Any:
    from impasto.jobs.executors.ray import Cluster, RayExecutor

    (folder / ".impasto").mkdir(exist_ok=True)
    share = Share(3, WorkerSlot(2), gpu=False, memory=10**9)
    return RayExecutor(WorkerPainter("tests.jobs.painters:make"), Cluster(share, "", own=False), str(folder))


def test_the_autoscaler_is_told_of_all_workers_at_once_and_of_fewer_towards_the_end(
    tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = hear(monkeypatch)
    executor = crew_in(tmp_path)
    for worker in (1, 2, 3):
        executor.start(worker)
    assert len(asked) == 1  # not once a worker
    now[0] += 11
    executor._hint()
    now[0] += 11
    executor._hint()
    executor.dismiss(2)
    executor.close()
    each = executor._cluster.share.bundle()
    assert each["CPU"] == 2
    assert asked == [[each], [each] * 3, [each] * 2, []]


@pytest.mark.usefixtures("now")
def test_an_autoscaler_that_cannot_be_told_is_logged_and_does_not_end_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [RuntimeError("Ray is not initialized yet"), TypeError("a wrong bundle")]

    def refuse() -> None:
        raise errors.pop(0)

    hear(monkeypatch, refuse)
    with caplog.at_level(logging.WARNING):
        crew_in(tmp_path).start(1)
    assert caplog.messages == ["cannot request 1 workers from the autoscaler: Ray is not initialized yet"]
    with pytest.raises(TypeError, match="a wrong bundle"):
        crew_in(tmp_path).start(1)


@pytest.mark.parametrize(
    ("started", "nodes", "wait", "ends"),
    [(True, 0, 11, True), (True, 1, 11, False), (False, 0, 11, False), (False, 0, 46, True)],
)
def test_a_ray_of_one_s_own_that_died_ends_the_batch_and_another_s_is_waited_for_a_while(
    tmp_path: Path,
    now: list[float],
    monkeypatch: pytest.MonkeyPatch,
    *,
    started: bool,
    nodes: int,
    wait: int,
    ends: bool,
) -> None:
    from dataclasses import replace

    from impasto.errors import ImpastoError
    from impasto.jobs.executors import ray as cluster

    hear(monkeypatch)
    executor = crew_in(tmp_path)
    executor._cluster = replace(executor._cluster, started=started)
    cluster.ray.nodes = lambda: [{"Alive": False}, *[{"Alive": True}] * nodes]
    now[0] += wait
    executor._look()
    if ends:
        with pytest.raises(ImpastoError, match=r"has died.*Run the same command again to continue"):
            executor._check_alive()
    else:
        executor._check_alive()


DIED = (
    "The actor died unexpectedly before finishing this task. class_name: Actor actor_id: 8b5f namespace: n "
)


@pytest.mark.parametrize(
    ("reason", "machine"),
    [
        (
            "The actor died because its node has died. Node Id: 77 the actor's node was terminated "
            "unexpectedly: health check failed",
            True,
        ),
        ("The actor died because the actor's node was preempted: spot", True),
        (
            "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker "
            "exit detail: the process on node 77 was killed by SIGKILL",
            False,
        ),
        (
            "The actor is dead because its worker process has died. Worker exit type: NODE_OUT_OF_MEMORY "
            "Worker exit detail: killed due to the node running low on memory",
            False,
        ),
    ],
)
def test_a_picture_is_blamed_for_its_worker_and_not_for_the_machine(reason: str, machine: bool) -> None:
    from impasto.jobs.executors.ray import _machine_lost, _reason

    error = RuntimeError(DIED + reason)
    assert _machine_lost(error) == machine
    assert _reason(error).startswith("the worker died: ")
