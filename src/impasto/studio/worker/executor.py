"""Execution of a job, in this process or by an actor on a Ray cluster.

Both write next to the job's output. The picture of a cancelled job is ``partial.png``. If a worker dies
after writing the output, the next one finds it there.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto import files
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.jobs import Job, Reference
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.pyramid import work
from impasto.painters import make_painter
from impasto.pipelines.batch import Performer
from impasto.progress import Progress, ProgressCallback, throttled
from impasto.studio.state.storage import CHECKPOINT, PARTIAL, PREVIEW
from impasto.studio.thumbnails import thumbnail
from impasto.types import Picture

log = logging.getLogger("impasto.studio.worker")
PREVIEW_SIDE = 768
SHOW_EVERY = 0.5
MEASURED_SIDE = 256
MEASURED_STYLE = "starry-night"


class ProgressListener(Protocol):
    """The interface for following a painting."""

    def progress(self, event: Progress) -> None:
        """Handle the progress of one iteration."""

    def preview_written(self) -> None:
        """Handle a new preview in the job's folder."""


class JobExecutor(Protocol):
    """The interface of an executor of jobs."""

    def warm_up(self) -> None:
        """Load what the first job needs."""

    def measure(self) -> float | None:
        """Return the speed of painting with default options, in pixels times iterations a second; None if
        only paintings can show it."""

    def paint(self, job: Job, listener: ProgressListener, cancel: Callable[[], bool]) -> None:
        """Paint ``job``. Raises ImpastoError and ExecutorLostError."""

    def close(self) -> None:
        """Free resources on other machines."""


class ExecutorLostError(Exception):
    """Raised when the painting process has died before the job was finished."""


class LocalExecutor:
    """An executor in this process, which keeps the network loaded between jobs."""

    def __init__(self, checkpoint_seconds: float) -> None:
        self._performer = Performer(checkpoint_seconds)

    def warm_up(self) -> None:
        self._performer.warm_up()

    def measure(self) -> float:
        options = OptimizeOptions(size=MEASURED_SIDE, min_size=0, iterations=3, first_iterations=3)
        rows, columns = np.mgrid[0:MEASURED_SIDE, 0:MEASURED_SIDE]
        waves = np.sin(rows * columns / 300)[..., None] * np.array([0.2, 0.3, 0.4]) + 0.5
        began = time.monotonic()
        painter = make_painter(Job(Reference(), (Reference(MEASURED_STYLE),), options=options))
        painter.paint(Picture(waves.astype(np.float32)))
        return work(MEASURED_SIDE, MEASURED_SIDE, options) / (time.monotonic() - began)

    def paint(self, job: Job, listener: ProgressListener, cancel: Callable[[], bool]) -> None:
        checkpoint = Path(job.output).with_name(CHECKPOINT)
        had_checkpoint = checkpoint.exists()
        on_progress = with_previews(checkpoint.with_name(PREVIEW), listener)
        try:
            self.perform(job, checkpoint, on_progress, cancel)
        except InputError:
            if not had_checkpoint:
                raise
            log.warning("the checkpoint cannot be used", exc_info=True)
            checkpoint.unlink(missing_ok=True)
            self.perform(job, checkpoint, on_progress, cancel)

    def close(self) -> None:
        """Do nothing."""

    def perform(
        self, job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Callable[[], bool]
    ) -> Any:
        """Paint ``job`` and return the result."""
        result = self._performer(job, checkpoint, on_progress, cancel)
        for note in result.notes:
            log.warning(note)
        if result.cancelled:
            result.save(Path(job.output).with_name(PARTIAL))
        return result


def failure(words: str) -> ImpastoError:
    """Return the error raised in another process, from its message."""
    return OutputError(words) if files.FULL in words else InputError(words)


def with_previews(path: Path, listener: ProgressListener, every: float = SHOW_EVERY) -> ProgressCallback:
    """Return a callback that reports to ``listener`` and also writes a preview to ``path`` every ``every``
    seconds."""

    def write(event: Progress) -> None:
        # The job and its folder may have been deleted; any other error will recur with the result.
        with contextlib.suppress(OSError):
            if event.preview is not None:
                picture = Picture(np.asarray(event.preview(), dtype=np.float32))
                files.replace(path, thumbnail(picture, PREVIEW_SIDE, quality=85))
                listener.preview_written()

    preview = throttled(write, every)

    def on_progress(event: Progress) -> None:
        preview(event)
        listener.progress(event)

    return on_progress
