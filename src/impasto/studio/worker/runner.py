"""What a worker does with one job: take it, paint it, say how it goes, keep what comes of it.

Whatever happens to the worker, the job is still there: its state says so until the result is on disk.
A result is marked on disk before the state says "done", so that a worker killed between the two has the
next one find it, and not paint again.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

from impasto import files
from impasto.errors import ImpastoError
from impasto.studio.requests import job_of
from impasto.studio.results import clear, keep, names
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, State
from impasto.studio.state.retries import insist
from impasto.studio.state.storage import LOSSES, MARK, PAINTED, PARTIAL, Storage
from impasto.studio.worker.executor import ExecutorLostError, JobExecutor, LocalExecutor
from impasto.studio.worker.explanation import explain
from impasto.studio.worker.reporter import JobReporter

log = logging.getLogger("impasto.studio.worker")


def executor_for(settings: Settings) -> JobExecutor:
    """What paints, as ``settings`` say."""
    if settings.ray_address:
        from impasto.studio.worker.ray_executor import RayExecutor

        return RayExecutor(settings)
    return LocalExecutor(settings.checkpoint_seconds, settings.max_pixels)


class JobRunner:
    """A worker's hands. ``name``: the worker's, by which it holds its jobs; ``stopping``: put it down."""

    def __init__(self, settings: Settings, state: State, storage: Storage, name: str) -> None:
        self.settings, self.state, self.storage, self.name = settings, state, storage, name
        self.executor = executor_for(settings)
        self.stopping = threading.Event()

    def run_next(self, lane: str) -> str | None:
        """Take the next job of ``lane`` and see it through; its id, or None if there is none."""
        if self.stopping.is_set():
            return None
        until = time.time() + self.settings.lease_seconds
        job = insist(lambda: self.state.queue.claim(lane, self.name, until=until))
        if job is None:
            return None
        log.info("began", extra={"job": job.id, "kind": job.kind, "attempt": job.attempts})
        folder = self.storage.job(job.id)
        folder.mkdir(mode=0o700, exist_ok=True)
        with JobReporter(self.settings, self.state, job, self.name, folder) as reporter:
            try:
                self._see_through(job, reporter)
            except ExecutorLostError as error:
                log.warning("lost", extra={"job": job.id, "reason": str(error)})
                attempts = self.settings.attempts
                insist(lambda: self.state.queue.recover(time.time(), attempts, of=self.name))
            except Exception as error:
                if reporter.status() is None:  # deleted: whatever failed, failed for want of its folder
                    log.info("gone", extra={"job": job.id})
                else:
                    self._fail(job, error)
            if reporter.status(fresh=True) is None and self.state.jobs.find(job.owner, job.id) is None:
                self.storage.remove_job(job.id)
        return job.id

    def _see_through(self, job: JobRecord, reporter: JobReporter) -> None:
        marked = self._marked(job)
        if marked is None:
            explains = job.kind == "explanation"
            marked = explain(self, job, reporter) if explains else self._make(job, reporter)
        requested = reporter.status(fresh=True)
        if marked is None and requested is not None and requested != "cancelling":
            insist(lambda: self.state.queue.release(job.id, self.name))
            log.info("put down", extra={"job": job.id})
            return
        # Asked to stop, but done all the same: then it is done.
        is_whole = marked is not None and not marked["partial"]
        status = "done" if is_whole else "cancelled"
        size = self.storage.size(job.id) if self.storage.job(job.id).exists() else 0
        done = insist(lambda: self.state.queue.finish(job.id, self.name, status, result=marked, size=size))
        log.info(status if done else "gone", extra={"job": job.id, "kind": job.kind})

    def _make(self, job: JobRecord, reporter: JobReporter) -> dict[str, Any] | None:
        """Paint; returns the result's description, or None for what was put down unfinished."""
        folder = self.storage.job(job.id)
        painted, partial = folder / PAINTED, folder / PARTIAL
        began = time.monotonic()
        if not painted.exists():  # or else a worker before this one died with the brush still in its hand
            work = job_of(job.request, self.storage, painted, draft_size=self.settings.draft_size)
            self.executor.paint(
                work,
                folder,
                reporter,
                lambda: self.stopping.is_set() or reporter.status() != "running",
            )
        is_whole = painted.exists()
        if not is_whole and reporter.status(fresh=True) != "cancelling":
            return None  # what there is of it stays: it may be all there will be
        earlier = (job.progress or {}).get("elapsed", 0.0)
        seconds = earlier + time.monotonic() - began
        return self._keep(job, painted if is_whole else partial, seconds, partial=not is_whole)

    def _keep(self, job: JobRecord, made: Path, seconds: float, *, partial: bool) -> dict[str, Any]:
        found = keep(self.storage, self.state, job, made, seconds, partial=partial)
        files.replace(self.storage.job(job.id) / MARK, json.dumps(found).encode())
        clear(self.storage, job.id)
        return found

    def _marked(self, job: JobRecord) -> dict[str, Any] | None:
        """The result that a worker before this one had finished, but could not say so."""
        path = self.storage.job(job.id) / MARK
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def _fail(self, job: JobRecord, error: Exception) -> None:
        if isinstance(error, ImpastoError):
            detail = str(error)
            for path, name in names(self.storage, self.state, job).items():
                detail = detail.replace(path, name)
            detail = detail.replace(str(self.storage.root), "")
            kind, title = "/problems/painting", "It could not be painted"
        elif isinstance(error, MemoryError):
            kind, title = "/problems/painting", "It could not be painted"
            detail = "there is not enough memory for this size; try a smaller one"
        else:
            kind, title, detail = "/problems/internal", "A fault of ours", "an unexpected error; see the log"
        log.warning("failed", extra={"job": job.id}, exc_info=error)
        problem = {"type": kind, "title": title, "status": 500, "detail": detail}
        insist(lambda: self.state.queue.finish(job.id, self.name, "failed", error=problem))
        clear(self.storage, job.id)
        (self.storage.job(job.id) / LOSSES).unlink(missing_ok=True)
