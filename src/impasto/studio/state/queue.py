"""The queue: jobs claimed by workers, held by a lease, finished or requeued."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select, update

from impasto.studio.state.database import Database
from impasto.studio.state.queries import in_lane, next_version, queue_webhook, read_job
from impasto.studio.state.records import FINAL, HELD, JobRecord, failure_document, job_of
from impasto.studio.state.tables import jobs
from impasto.studio.state.turns import give_back_turn, next_job, take_turn


class JobQueue:
    """The table of jobs, for workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, lane: str, worker: str, *, until: float) -> JobRecord | None:
        """Claim and return the next job of ``lane``, or None."""
        queued = select(jobs.c.id).where(jobs.c.status == "queued", in_lane(lane)).limit(1)
        with self._database.transaction(reading=True) as db:
            if db.execute(queued).first() is None:  # no lock for an empty queue
                return None
        with self._database.transaction() as db:
            version = next_version(db)  # other claims wait
            found = next_job(db, lane)
            if found is None:
                return None
            id, owner = found
            take_turn(db, owner, lane)
            changes = {"status": "running", "worker": worker, "lease": until, "version": version}
            db.execute(
                update(jobs)
                .where(jobs.c.id == id)
                .values(changes)
                .values(attempts=jobs.c.attempts + 1, started=func.coalesce(jobs.c.started, time.time()))
            )
            return read_job(db, id)

    def report(
        self, id: str, worker: str, *, until: float, progress: Mapping[str, Any] | None, preview: int
    ) -> str | None:
        """Renew a job's lease and store its progress; return its status, or None if ``worker`` has lost it.

        With ``progress`` None, only renew the lease.
        """
        with self._database.transaction() as db:
            changes: dict[str, Any] = {"lease": until}
            if progress is not None:
                changes |= {"progress": progress, "preview": preview, "version": next_version(db)}
            return db.execute(_held(id, worker).values(changes).returning(jobs.c.status)).scalar()

    def status(self, id: str, worker: str) -> str | None:
        """Return the job's status, or None if ``worker`` has lost it."""
        found = select(jobs.c.status).where(jobs.c.id == id, jobs.c.worker == worker)
        with self._database.transaction(reading=True) as db:
            return db.execute(found).scalar()

    def finish(
        self,
        id: str,
        worker: str,
        status: str,
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
        size: int = 0,
    ) -> JobRecord | None:
        """Finish a job and return it; None if ``worker`` has lost it. ``size``: bytes on disk."""
        with self._database.transaction() as db:
            ended = {"status": status, "result": result, "error": error, "bytes": size}
            free = {"finished": time.time(), "worker": None, "lease": None, "version": next_version(db)}
            row = db.execute(_held(id, worker).values(ended | free).returning(jobs)).first()
            if row is None:
                return None
            job = job_of(row)
            queue_webhook(db, job)
            if job.kind == "explanation" and status == "done":
                explained = update(jobs).where(jobs.c.id == job.explains, jobs.c.owner == job.owner)
                db.execute(explained.values(explanation=1, version=next_version(db)))
            return job

    def release(self, id: str, worker: str) -> str | None:
        """Requeue an unfinished job without counting the attempt; return its status, or None if lost."""
        with self._database.transaction() as db:
            row = db.execute(select(jobs).where(jobs.c.id == id, jobs.c.worker == worker)).first()
            return None if row is None else _requeue(db, job_of(row))

    def recover(self, now: float, attempts: int, *, of: str | None = None) -> list[JobRecord]:
        """Requeue, and return, the jobs whose lease has expired, or those ``of`` a dead worker.

        A job that has lost its worker ``attempts`` times fails: it may be what crashes workers.
        """
        lost = jobs.c.lease < now if of is None else jobs.c.worker == of
        silent = select(jobs).where(jobs.c.status.in_(HELD), lost)
        with self._database.transaction(reading=True) as db:
            if db.execute(silent).first() is None:
                return []
        with self._database.transaction() as db:
            next_version(db)
            found = list(map(job_of, db.execute(silent)))
            for job in found:
                _requeue(db, job, attempts=attempts)
            return [read_job(db, job.id) for job in found]


def _held(id: str, worker: str) -> Any:
    return update(jobs).where(jobs.c.id == id, jobs.c.worker == worker, jobs.c.status.in_(HELD))


def _requeue(db: Connection, job: JobRecord, attempts: int | None = None) -> str:
    """Take a job from its worker and return its status. ``attempts``: their maximum, if the worker was
    lost."""
    then = {"running": "queued", "pausing": "paused", "cancelling": "cancelled"}[job.status]
    count, error = job.attempts if attempts is not None else max(0, job.attempts - 1), None
    if attempts is not None and then == "queued" and count >= attempts:
        then = "failed"
        detail = f"its worker died {count} times; the job may need more memory than there is"
        error = failure_document(detail)
    changes = {
        "status": then,
        "error": error,
        "finished": time.time() if then in FINAL else None,
        "attempts": count,
        "worker": None,
        "lease": None,
        "version": next_version(db),
    }
    db.execute(update(jobs).where(jobs.c.id == job.id).values(changes))
    if then == "queued":
        give_back_turn(db, job.owner, job.lane)
    if then in FINAL:
        queue_webhook(db, read_job(db, job.id))
    return then
