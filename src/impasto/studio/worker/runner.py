"""What a worker does with one job: take it, paint it, report on it, keep what comes of it.

Whatever happens to the worker, the job is still there: its state says so until the result is on disk.
A result is marked on disk before the state says "done", so that where a worker is killed between the two,
the next one finds it, and does not paint again.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError
from impasto.jobs import Job
from impasto.jobs.identity import located
from impasto.studio.results import keep_result
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, State
from impasto.studio.state.retries import retry_outages
from impasto.studio.state.storage import LOSSES, MARK, PARTIAL, Storage
from impasto.studio.worker.executor import ExecutorLostError, JobExecutor, LocalExecutor
from impasto.studio.worker.explanation import explain
from impasto.studio.worker.reporter import JobReporter

log = logging.getLogger("impasto.studio.worker")


def executor_for(settings: Settings) -> JobExecutor:
    """Return what paints, as ``settings`` say."""
    if settings.ray_address:
        from impasto.studio.worker.ray_executor import RayJobExecutor

        return RayJobExecutor(settings)
    return LocalExecutor(settings.checkpoint_seconds, settings.max_pixels)


class JobRunner:
    """Takes jobs and sees them through.

    ``name``: the worker's, by which it holds its jobs; ``stopping``: it is to give back what it has.
    """

    def __init__(self, settings: Settings, state: State, storage: Storage, name: str) -> None:
        self.settings, self.state, self.storage, self.name = settings, state, storage, name
        self.executor = executor_for(settings)
        self.stopping = threading.Event()

    def run_next(self, lane: str) -> str | None:
        """Take the next job of ``lane`` and see it through; its id, or None if there is none."""
        if self.stopping.is_set():
            return None
        until = time.time() + self.settings.lease_seconds
        record = retry_outages(lambda: self.state.queue.claim(lane, self.name, until=until))
        if record is None:
            return None
        log.info("began", extra={"job": record.id, "kind": record.kind, "attempt": record.attempts})
        folder = self.storage.job(record.id)
        folder.mkdir(mode=0o700, exist_ok=True)
        with JobReporter(self.settings, self.state, record, self.name, folder) as reporter:
            try:
                self._see_through(record, reporter)
            except ExecutorLostError as error:
                log.warning("lost", extra={"job": record.id, "reason": str(error)})
                attempts = self.settings.attempts
                retry_outages(lambda: self.state.queue.recover(time.time(), attempts, of=self.name))
            except Exception as error:
                if reporter.status() is None:  # deleted: whatever failed, failed for want of its folder
                    log.info("gone", extra={"job": record.id})
                else:
                    self._fail(record, error)
            if reporter.status(fresh=True) is None and self.state.jobs.find(record.owner, record.id) is None:
                self.storage.remove_job(record.id)
        return record.id

    def _see_through(self, record: JobRecord, reporter: JobReporter) -> None:
        id, folder = record.id, self.storage.job(record.id)
        if (folder / MARK).exists():  # a worker before this one had finished, but could not say so
            found = json.loads((folder / MARK).read_text())
        else:
            found = self._made(record, reporter)
        requested = reporter.status(fresh=True)
        if found is None and requested is not None and requested != "cancelling":
            retry_outages(lambda: self.state.queue.release(id, self.name))
            log.info("put down", extra={"job": id})
            return
        # Asked to stop, but done all the same: then it is done.
        status = "done" if found is not None and not found["partial"] else "cancelled"
        self.storage.clear_job(id)
        size = self.storage.size(id) if folder.exists() else 0
        done = retry_outages(lambda: self.state.queue.finish(id, self.name, status, result=found, size=size))
        log.info(status if done else "gone", extra={"job": id, "kind": record.kind})

    def _made(self, record: JobRecord, reporter: JobReporter) -> dict[str, Any] | None:
        """Paint or explain; returns the result's description, None for what is to go on later or is gone."""
        job = self._job(record)
        output, began = Path(job.output), time.monotonic()

        def stopped() -> bool:
            return self.stopping.is_set() or reporter.status() != "running"

        if not output.exists():  # or else a worker before this one was lost just then
            if record.kind == "explanation":
                explain(job, reporter.progress, stopped)
            else:
                self.executor.paint(job, reporter, stopped)
        is_whole = output.exists()
        if not is_whole and (
            reporter.status(fresh=True) != "cancelling" or not output.with_name(PARTIAL).exists()
        ):
            return None
        earlier = (record.progress or {}).get("elapsed", 0.0)
        seconds = earlier + time.monotonic() - began
        return keep_result(self.storage, record.id, seconds, partial=not is_whole)

    def _job(self, record: JobRecord) -> Job:
        """Return what ``record`` asks for, with its files where they are on this machine."""
        return located(replace(Job.from_dict(record.job or {}), folder=str(self.storage.root)))

    def _fail(self, record: JobRecord, error: Exception) -> None:
        if isinstance(error, ImpastoError):
            detail = str(error)
            for one in self._job(record).inputs():
                detail = detail.replace(one.place, one.label)
            detail = detail.replace(str(self.storage.root), "")
            kind, title = "/problems/painting", "It could not be painted"
        elif isinstance(error, MemoryError):
            kind, title = "/problems/painting", "It could not be painted"
            detail = "there is not enough memory for this size; try a smaller one"
        else:
            kind, title, detail = "/problems/internal", "A fault of ours", "an unexpected error; see the log"
        log.warning("failed", extra={"job": record.id}, exc_info=error)
        problem = {"type": kind, "title": title, "status": 500, "detail": detail}
        retry_outages(lambda: self.state.queue.finish(record.id, self.name, "failed", error=problem))
        self.storage.clear_job(record.id)
        (self.storage.job(record.id) / LOSSES).unlink(missing_ok=True)
