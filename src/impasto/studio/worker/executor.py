"""What paints a job: this process, or an actor on a Ray cluster. Both write what they make beside its output.

A picture cut short is ``partial.png``. What was finished by a worker that was then lost is found at the
output by the next one.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from impasto import files
from impasto.errors import InputError
from impasto.jobs import Job, Reference
from impasto.painters import Painter, make_painter
from impasto.progress import Progress, ProgressCallback
from impasto.studio.state.storage import CHECKPOINT, PARTIAL, PREVIEW

log = logging.getLogger("impasto.studio.worker")
PREVIEW_SIDE = 768
SHOW_EVERY = 0.5


class ProgressListener(Protocol):
    """Who is told how a painting goes."""

    def progress(self, event: Progress) -> None:
        """Take note of one iteration."""

    def shown(self) -> None:
        """Take note of a new preview in the job's folder."""


class JobExecutor(Protocol):
    """Paints jobs."""

    def warm_up(self) -> None:
        """Load what the first job would have to wait for."""

    def paint(self, job: Job, listener: ProgressListener, cancel: Callable[[], bool]) -> None:
        """Paint ``job``. Raises what Impasto raises, and ExecutorLostError."""

    def close(self) -> None:
        """Let go of what was loaded elsewhere."""


class ExecutorLostError(Exception):
    """What painted is gone, and the job unfinished."""


class LocalExecutor:
    """Paints in this process; the network is kept from one job to the next."""

    def __init__(self, checkpoint_seconds: float, max_pixels: int) -> None:
        self._checkpoint_seconds, self._max_pixels = checkpoint_seconds, max_pixels
        self._painter: Painter | None = None

    def warm_up(self) -> None:
        self._painter = make_painter(Job(Reference(), ()))

    def paint(self, job: Job, listener: ProgressListener, cancel: Callable[[], bool]) -> None:
        checkpoint = Path(job.output).with_name(CHECKPOINT)
        had_checkpoint = checkpoint.exists()
        on_progress = PreviewWriter(checkpoint.with_name(PREVIEW), listener)
        try:
            self.perform(job, checkpoint, on_progress, cancel)
        except InputError:
            if not had_checkpoint:
                raise
            log.warning("the checkpoint cannot be used", exc_info=True)
            checkpoint.unlink(missing_ok=True)
            self.perform(job, checkpoint, on_progress, cancel)

    def close(self) -> None:
        """Nothing is elsewhere."""

    def perform(
        self, job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Callable[[], bool]
    ) -> Any:
        """Paint ``job``; returns Impasto's result."""
        from impasto.pipelines.photo import paint_job

        self._painter = make_painter(job, like=self._painter, max_pixels=self._max_pixels)
        result = paint_job(
            job,
            painter=self._painter,
            checkpoint=checkpoint,
            checkpoint_every=self._checkpoint_seconds,
            max_pixels=self._max_pixels,
            on_progress=on_progress,
            cancel=cancel,
        )
        if result.cancelled:
            result.save(Path(job.output).with_name(PARTIAL))
        return result


class PreviewWriter:
    """Passes progress on, and writes the picture as it is to ``path`` now and then."""

    def __init__(self, path: Path, listener: ProgressListener) -> None:
        self._path, self._listener = path, listener
        self._at = 0.0

    def __call__(self, event: Progress) -> None:
        now = time.monotonic()
        if event.preview is not None and now - self._at >= SHOW_EVERY:
            self._at = now
            # A folder that was deleted with its job; anything else will show when the result is kept.
            with contextlib.suppress(OSError):
                self._write(event.preview())
                self._listener.shown()
        self._listener.progress(event)

    def _write(self, pixels: Any) -> None:
        import numpy as np

        from impasto.studio.thumbnails import thumbnail
        from impasto.types import Picture

        picture = Picture(np.asarray(pixels, dtype=np.float32))
        files.replace(self._path, thumbnail(picture, PREVIEW_SIDE, quality=85))
