"""A worker of a cluster: what it does between being placed on some machine and going. Knows no Ray."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from impasto.files import places
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.work import Task, WorkerPainter, carry_out, throttled
from impasto.progress import Progress


class Actor:
    """Keeps what ``painter`` makes, loaded once, and paints one task after the other.

    ``here``: the folder that relative names start from, where this machine has it. Raises InputError
    where it does not see the ``token`` in ``folder``, for its results would lie elsewhere.
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
        """Answers once everything is loaded."""

    def paint(self, task: dict[str, Any]) -> dict[str, Any]:
        """The item, the outcome, and why it was painted again."""
        one = Task.from_dict(task)
        said = {"item": one.item, "note": ""}

        def begun(note: str) -> None:
            said["note"] = note
            self._latest = {**said, "progress": None}

        def on_progress(progress: Progress) -> None:
            self._latest = {**said, "progress": progress.to_dict()}

        outcome = carry_out(
            one,
            self._perform,
            begun=begun,
            on_progress=throttled(on_progress, time.monotonic),
            stop=self._stopping.is_set,
        )
        self._latest = None
        return {**said, "outcome": outcome.to_dict()}

    def look(self, seconds: float) -> dict[str, Any] | None:
        """What it is at, after so many seconds: asked again and again, this is not too often."""
        time.sleep(seconds)
        return self._latest

    def stop(self) -> None:
        """Keep what is begun, and paint no more."""
        self._stopping.set()
