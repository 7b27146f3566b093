"""A worker on a cluster, without Ray's own parts."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from impasto.files import places
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.work import Task, WorkerPainter, perform_task
from impasto.progress import Progress, throttled


class Actor:
    """A worker that loads ``painter`` once and performs one task after the other.

    ``here``: the current folder, if this machine has it. Raises InputError if this machine does not see the
    ``token`` in ``folder``, since its results would be written elsewhere.
    """

    def __init__(self, painter: WorkerPainter, slot: WorkerSlot, here: str, folder: str, token: str) -> None:
        os.environ.update(slot.environment())
        if Path(here).is_dir():
            os.chdir(here)
        places.check_seen(folder, token)
        self._perform = painter.load()
        import cv2
        import torch

        torch.set_num_threads(slot.threads)
        cv2.setNumThreads(slot.threads)
        self._stopping = threading.Event()
        self._latest: dict[str, Any] | None = None

    def ready(self) -> None:
        """Return once everything is loaded."""

    def paint(self, task: dict[str, Any]) -> dict[str, Any]:
        """Perform a task; return its item, its outcome, and why it was painted again."""
        one = Task.from_dict(task)
        said = {"item": one.item, "note": ""}

        def begun(note: str) -> None:
            said["note"] = note
            self._latest = {**said, "progress": None}

        def on_progress(progress: Progress) -> None:
            self._latest = {**said, "progress": progress.to_dict()}

        outcome = perform_task(
            one,
            self._perform,
            begun=begun,
            on_progress=throttled(on_progress, every=0.2),
            stop=self._stopping.is_set,
        )
        self._latest = None
        return {**said, "outcome": outcome.to_dict()}

    def look(self, seconds: float) -> dict[str, Any] | None:
        """Return the latest event after ``seconds``, which limits the rate of polling."""
        time.sleep(seconds)
        return self._latest

    def stop(self) -> None:
        """Save the current painting and stop."""
        self._stopping.set()
