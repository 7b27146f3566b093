"""Execution on a Ray cluster, through ``jobs.executors.ray``: a worker sends its jobs to an actor there.

The cluster's machines share the data folder under the same path; checkpoints, previews, results and the
request to stop are files in it. Progress is sent over Ray.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.jobs import Job
from impasto.jobs.events import Finished, Progressed, WorkerLost
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.run import HIDDEN
from impasto.jobs.work import Perform, Task, WorkerPainter
from impasto.progress import Progress
from impasto.studio.settings import Settings
from impasto.studio.state.storage import CHECKPOINT, PREVIEW
from impasto.studio.worker.executor import (
    ExecutorLostError,
    LocalExecutor,
    ProgressListener,
    failure,
    with_previews,
)

STOP = "stop"
"""The file in the job's folder that asks the actor to stop."""
LOOK_EVERY = 0.3
_ME = 0


class RayJobExecutor:
    """An executor with one actor on the cluster, which is replaced when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._executor: Any = None
        self._item = 0

    def warm_up(self) -> None:
        """Join the cluster and start the actor. Raises MissingExtraError, InputError."""
        from impasto.jobs.executors import ray as cluster

        settings, folder = self._settings, self._settings.data_dir.resolve()
        (folder / HIDDEN).mkdir(mode=0o700, exist_ok=True)
        memory = settings.ray_memory_gb * 1e9
        found = cluster.join(settings.ray_address, 1, 1, gpus=True, memory=memory)
        given = {"checkpoint_seconds": settings.checkpoint_seconds}
        painter = WorkerPainter("impasto.studio.worker.ray_executor:make_performer", given)
        # Others share the cluster, so the operator sets the resources of a painting.
        share = replace(found.share, workers=1, slot=WorkerSlot(settings.ray_cores))
        self._executor = cluster.RayExecutor(painter, replace(found, share=share), str(folder))
        self._executor.start(_ME)

    def measure(self) -> None:
        """Return None, so that the first painting measures the speed: this machine does not paint."""

    def paint(self, job: Job, listener: ProgressListener, cancel: Callable[[], bool]) -> None:
        folder = Path(job.output).parent
        stop, seen = folder / STOP, _changed(folder / PREVIEW)
        stop.unlink(missing_ok=True)
        self._item += 1
        self._executor.give(_ME, Task(self._item, job, str(folder / CHECKPOINT)))
        while True:
            for event in self._executor.wait(LOOK_EVERY):
                if isinstance(event, WorkerLost):
                    self._executor.start(_ME)
                    raise ExecutorLostError(event.reason)
                if isinstance(event, Progressed) and event.item == self._item:
                    listener.progress(event.progress)
                if isinstance(event, Finished) and event.item == self._item:
                    stop.unlink(missing_ok=True)
                    if event.outcome.status == "failed":
                        raise failure(event.outcome.error)
                    return
            if (now := _changed(folder / PREVIEW)) != seen:
                seen = now
                listener.preview_written()
            if cancel():
                with contextlib.suppress(FileNotFoundError):  # the job was deleted, which stops it too
                    stop.touch()

    def close(self) -> None:
        if self._executor is not None:
            self._executor.close()


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def make_performer(checkpoint_seconds: float) -> Perform:
    """Return the function that performs an actor's tasks; called on the cluster."""
    local = LocalExecutor(checkpoint_seconds)
    local.warm_up()

    def perform(
        job: Job, checkpoint: Path, on_progress: Callable[[Progress], None], cancel: Callable[[], bool]
    ) -> Any:
        folder = Path(job.output).parent

        class Listener:
            def progress(self, event: Progress) -> None:
                on_progress(event)

            def preview_written(self) -> None:
                """Do nothing: the worker watches the file."""

        stopped = _throttled(lambda: (folder / STOP).exists() or not folder.exists())
        writer = with_previews(folder / PREVIEW, Listener())
        return local.perform(job, checkpoint, writer, lambda: cancel() or stopped())

    return perform


def _throttled(look: Callable[[], bool]) -> Callable[[], bool]:
    """Return ``look``, called at most once in ``LOOK_EVERY`` seconds, because the folder may be remote."""
    at, found = 0.0, False

    def looked() -> bool:
        nonlocal at, found
        if time.monotonic() - at >= LOOK_EVERY:
            at, found = time.monotonic(), look()
        return found

    return looked
