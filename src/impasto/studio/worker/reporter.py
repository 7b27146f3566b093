"""Reports of a running job to the state (progress, losses, previews), and the job's status from there."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto import files
from impasto.progress import Progress, throttled
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, State
from impasto.studio.state.retries import is_outage, outage
from impasto.studio.state.storage import LOSSES

log = logging.getLogger("impasto.studio.worker")
SEND_EVERY = 0.25
LOOK_EVERY = 0.3


def _losses(event: Progress) -> dict[str, float]:
    """Return the finite losses summed by kind: "content relu4_2" counts as "content"."""
    found = event.losses_by_kind().items()
    return {kind: float(f"{value:.6g}") for kind, value in found if math.isfinite(value)}


class JobReporter:
    """A progress listener that writes to the state, with a thread that renews the lease."""

    def __init__(self, settings: Settings, state: State, job: JobRecord, worker: str, folder: Path) -> None:
        self.settings, self.state, self.job, self.worker, self.folder = settings, state, job, worker, folder
        self.preview = job.preview
        self._status: str | None = "running"
        self._send_progress = throttled(
            lambda event: self._send(replace(event, losses=_losses(event), parts=()).to_dict()), SEND_EVERY
        )
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._hold, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> JobReporter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def status(self, *, fresh: bool = False) -> str | None:
        """Return the job's status: "running", "pausing", "cancelling", or None if it was deleted or lost."""
        if fresh:
            self._send(None)
        return self._status

    def progress(self, event: Progress) -> None:
        """Report one iteration."""
        if event.losses:
            with contextlib.suppress(OSError):  # the job and its folder were deleted
                self._note(event)
        self._send_progress(event)

    def preview_written(self) -> None:
        """Count a new preview."""
        self.preview += 1

    def _note(self, event: Progress) -> None:
        line = {"done": round(event.done, 5), "elapsed": round(event.elapsed, 2), "level": event.level}
        text = json.dumps(line | _losses(event)) + "\n"
        files.append(self.folder / LOSSES, text.encode(), durable=False)

    def _hold(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(LOOK_EVERY):
            if time.monotonic() - renewed < self.settings.lease_seconds / 4:
                self._look()
            else:
                self._send(None)
                renewed = time.monotonic()

    def _look(self) -> None:
        try:
            self._status = self.state.queue.status(self.job.id, self.worker)
        except Exception as error:
            self._log_outage(error)

    def _send(self, progress: dict[str, Any] | None) -> None:
        until = time.time() + self.settings.lease_seconds
        try:
            with self._lock:
                self._status = self.state.queue.report(
                    self.job.id, self.worker, until=until, progress=progress, preview=self.preview
                )
        except Exception as error:
            self._log_outage(error)

    def _log_outage(self, error: Exception) -> None:
        """Log that the database cannot be reached, and continue painting; raise any other error."""
        if not is_outage(error):
            raise error
        log.warning("the database cannot be reached: %s", outage(error))
