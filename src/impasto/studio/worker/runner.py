"""Running of one job by a worker: claim, paint, report and store the result.

A job stays in the queue until its result is on disk, so that it survives its worker. The result is marked on
disk before its status becomes "done": if a worker is killed in between, the next one finds the mark and does
not paint again.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from impasto import files
from impasto.errors import ImpastoError
from impasto.jobs import Job
from impasto.jobs.identity import resolve_places
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.pyramid import work
from impasto.studio.films import FILM_SPEED, film_options, film_speed, film_work
from impasto.studio.results import store_result
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, State
from impasto.studio.state.records import failure_document
from impasto.studio.state.retries import is_full, is_outage, retry_outages
from impasto.studio.state.storage import LEARNT, LOSSES, MARK, PARTIAL, Storage
from impasto.studio.worker.executor import ExecutorLostError, JobExecutor, LocalExecutor
from impasto.studio.worker.explanation import explain
from impasto.studio.worker.films import measure_films, paint_film
from impasto.studio.worker.reporter import JobReporter
from impasto.studio.worker.training import learn

log = logging.getLogger("impasto.studio.worker")
T = TypeVar("T")
LOOK_FOR_ROOM = 5.0
DEFAULT = OptimizeOptions()
MEASURABLE_WORK = 1_000_000
"""The minimum work, in pixels times iterations, from which to measure the speed: less is mostly overhead."""
NEEDED_ROOM = 2**22
"""The bytes that must be free on a disk that was full before new jobs are started."""


def executor_for(settings: Settings) -> JobExecutor:
    """Return the executor that ``settings`` specify."""
    if settings.ray_address:
        from impasto.studio.worker.ray_executor import RayJobExecutor

        return RayJobExecutor(settings)
    return LocalExecutor(settings.checkpoint_seconds)


class JobRunner:
    """A runner of jobs.

    ``name``: the worker's name, under which it claims jobs; ``stopping``: set to requeue the current job.
    """

    def __init__(self, settings: Settings, state: State, storage: Storage, name: str) -> None:
        self.settings, self.state, self.storage, self.name = settings, state, storage, name
        self.executor = executor_for(settings)
        self.stopping = threading.Event()
        self._full_since: float | None = None

    def run_next(self, lane: str) -> str | None:
        """Run the next job of ``lane`` and return its id; None if there is none."""
        if self.stopping.is_set() or not self._has_room():
            return None
        record = self._retry(
            lambda: self.state.queue.claim(lane, self.name, until=time.time() + self.settings.lease_seconds)
        )
        if record is None:
            return None
        log.info("started", extra={"job": record.id, "kind": record.kind, "attempt": record.attempts})
        folder = self.storage.job(record.id)
        with JobReporter(self.settings, self.state, record, self.name, folder) as reporter:
            try:
                folder.mkdir(mode=0o700, exist_ok=True)
                self._run(record, reporter)
            except ExecutorLostError as error:
                log.warning("executor lost", extra={"job": record.id, "reason": str(error)})
                attempts = self.settings.attempts
                self._retry(lambda: self.state.queue.recover(time.time(), attempts, of=self.name))
            except Exception as error:
                if is_outage(error):  # and the worker is stopping
                    raise
                if reporter.status(fresh=True) is None:  # deleted, with its folder: hence the error
                    log.info("deleted", extra={"job": record.id})
                elif is_full(error):
                    self._put_back(record, error)
                else:
                    self._fail(record, error)
            if reporter.status(fresh=True) is None and self._is_deleted(record):
                self.storage.remove_job(record.id)
        return record.id

    def _retry(self, act: Callable[[], T]) -> T:
        """Return ``act()``, repeated while the database cannot be reached; see ``retry_outages``."""
        return retry_outages(act, self.stopping)

    def _is_deleted(self, record: JobRecord) -> bool:
        return self._retry(lambda: self.state.jobs.find(record.owner, record.id)) is None

    def _has_room(self) -> bool:
        """Return whether files can be written again after a full disk; checks at intervals only."""
        if self._full_since is None:
            return True
        if time.monotonic() - self._full_since < LOOK_FOR_ROOM:
            return False
        try:
            self.storage.check_room(NEEDED_ROOM)
        except OSError as error:
            self._full_since = time.monotonic()
            log.warning("not starting jobs: %s", error)
            return False
        self._full_since = None
        return True

    def _put_back(self, record: JobRecord, error: Exception) -> None:
        """Requeue a job whose files cannot be written, until there is room."""
        log.warning("put back: %s", error, extra={"job": record.id})
        self._full_since = time.monotonic()
        self._retry(lambda: self.state.queue.release(record.id, self.name))

    def _run(self, record: JobRecord, reporter: JobReporter) -> None:
        id, folder = record.id, self.storage.job(record.id)
        if (folder / MARK).exists():  # finished by an earlier worker that was then lost
            found = json.loads((folder / MARK).read_text())
        else:
            found = self._paint(record, reporter)
        requested = reporter.status(fresh=True)
        if found is None and requested is not None and requested != "cancelling":
            self._retry(lambda: self.state.queue.release(id, self.name))
            log.info("put back", extra={"job": id})
            return
        # A job that finished although it was told to stop is done.
        status = "done" if found is not None and not found["partial"] else "cancelled"
        self.storage.clear_job(id)
        size = self.storage.size(id) if folder.exists() else 0
        if status == "done" and record.kind == "training":
            self._keep_learnt(record)
        done = self._retry(lambda: self.state.queue.finish(id, self.name, status, result=found, size=size))
        log.info(status if done else "deleted", extra={"job": id, "kind": record.kind})
        if done and status == "done" and found is not None and record.kind in ("painting", "draft", "film"):
            self._note_speed(record, found)

    def _keep_learnt(self, record: JobRecord) -> None:
        """Store the style file of a training beside its painting, where previews find it."""
        id, made = str(record.request["photo"]), self.storage.job(record.id) / LEARNT
        target, data = self.storage.learnt(id), made.read_bytes()
        grown = len(data) - (target.stat().st_size if target.is_file() else 0)
        files.replace(target, data)
        if not self._retry(lambda: self.state.pictures.note_learnt(record.owner, id, time.time(), grown)):
            target.unlink(missing_ok=True)  # the painting was deleted meanwhile

    def measure_speed(self) -> None:
        """Measure this machine's speed of painting, unless a painting has already shown it."""
        if self.state.speeds.find(DEFAULT.encoder) is None:
            rate = self.executor.measure()
            if rate is not None:
                self.state.speeds.note(DEFAULT.encoder, rate)

    def measure_films(self) -> None:
        """Measure this machine's speed of painting films, unless a film has already shown it."""
        if self.state.speeds.find(FILM_SPEED) is None:
            rate = measure_films(self.stopping.is_set)
            if rate is not None:
                self.state.speeds.note(FILM_SPEED, rate)

    def _note_speed(self, record: JobRecord, found: Mapping[str, Any]) -> None:
        """Store the speed of a painting or a film that was painted without interruption."""
        job, seconds = self._job(record), found["seconds"]
        is_whole = record.attempts == 1 and record.progress is None
        if record.kind == "film":
            film = film_options(record.request["options"], job.engine)
            done = film_work(found["width"], found["height"], found["frames"], job.options, film)
            if is_whole and done >= MEASURABLE_WORK:
                self._retry(lambda: self.state.speeds.note(film_speed(job), done / max(seconds, 0.1)))
            return
        options = job.options
        assert isinstance(options, OptimizeOptions)
        if is_whole and (done := work(found["width"], found["height"], options)) >= MEASURABLE_WORK:
            self._retry(lambda: self.state.speeds.note(options.encoder, done / max(seconds, 0.1)))

    def _paint(self, record: JobRecord, reporter: JobReporter) -> dict[str, Any] | None:
        """Paint or explain; return the result's description, or None if it is unfinished or deleted."""
        job = self._job(record)
        output, began = Path(job.output), time.monotonic()

        def stopped() -> bool:
            return self.stopping.is_set() or reporter.status() != "running"

        if not output.exists():  # else an earlier worker was lost just after writing it
            if record.kind == "explanation":
                explain(job, reporter, stopped)
            elif record.kind == "film":
                paint_film(job, film_options(record.request["options"], job.engine), reporter, stopped)
            elif record.kind == "training":
                learn(job, self.settings.training_minutes, reporter, stopped)
            else:
                self.executor.paint(job, reporter, stopped)
        is_whole = output.exists()
        if not is_whole and (
            reporter.status(fresh=True) != "cancelling" or not output.with_name(PARTIAL).exists()
        ):
            return None
        earlier = (record.progress or {}).get("elapsed", 0.0)
        seconds = earlier + time.monotonic() - began
        return store_result(self.storage, record.id, seconds, partial=not is_whole)

    def _job(self, record: JobRecord) -> Job:
        """Return the job of ``record`` with the paths of its files on this machine."""
        return resolve_places(replace(Job.from_dict(record.job or {}), folder=str(self.storage.root)))

    def _fail(self, record: JobRecord, error: Exception) -> None:
        if isinstance(error, ImpastoError):
            detail = str(error)
            for one in self._job(record).inputs():
                detail = detail.replace(one.place, one.label)
            detail = detail.replace(str(self.storage.root), "")
            problem = failure_document(detail)
        elif isinstance(error, MemoryError):
            problem = failure_document("not enough memory for this size; try a smaller one")
        else:
            problem = failure_document("an unexpected error; see the log", "internal", "Internal error")
        log.warning("failed", extra={"job": record.id}, exc_info=error)
        self._retry(lambda: self.state.queue.finish(record.id, self.name, "failed", error=problem))
        self.storage.clear_job(record.id)
        (self.storage.job(record.id) / LOSSES).unlink(missing_ok=True)
