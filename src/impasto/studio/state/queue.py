"""JobStore in the hands of workers: taken, held by a lease, finished or put back."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from impasto.studio.state.database import Database, Transaction
from impasto.studio.state.records import FINAL, JobRecord, job_of
from impasto.studio.state.rows import HELD_SET, LANES, announce, next_version, read_job


class JobQueue:
    """The table of jobs, as workers see it: they name no owner."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, lane: str, worker: str, *, until: float) -> JobRecord | None:
        """Take the job of ``lane`` that has waited longest; None if none waits.

        A job is taken once: it is not queued any more.
        """
        oldest = f"SELECT id FROM jobs WHERE status = 'queued' AND {LANES[lane]} ORDER BY waiting, id LIMIT 1"
        with self._database.transaction(reading=True) as run:
            if not run(oldest):  # a queue without jobs is looked at without a lock
                return None
        with self._database.transaction() as run:
            version = next_version(run)  # others who take one wait until this one is kept
            rows = run(oldest)
            if not rows:
                return None
            id = rows[0]["id"]
            run(
                "UPDATE jobs SET status = 'running', worker = ?, lease = ?, attempts = attempts + 1, "
                "started = COALESCE(started, ?), version = ? WHERE id = ?",
                *(worker, until, time.time(), version, id),
            )
            uses = tuple(row["picture"] for row in run("SELECT picture FROM uses WHERE job = ?", id))
            return replace(read_job(run, id), uses=uses)

    def report(
        self, id: str, worker: str, *, until: float, progress: Mapping[str, Any] | None, preview: int
    ) -> str | None:
        """Say that a job goes on; returns its status, or None if it is ``worker``'s no more.

        ``progress`` None: nothing is new, the lease alone is renewed.
        """
        with self._database.transaction() as run:
            if progress is None:
                rows = run(
                    f"UPDATE jobs SET lease = ? WHERE id = ? AND worker = ? AND status IN ({HELD_SET}) "
                    "RETURNING status",
                    *(until, id, worker),
                )
            else:
                rows = run(
                    "UPDATE jobs SET lease = ?, progress = ?, preview = ?, version = ? "
                    f"WHERE id = ? AND worker = ? AND status IN ({HELD_SET}) RETURNING status",
                    *(until, json.dumps(progress), preview, next_version(run), id, worker),
                )
        return str(rows[0]["status"]) if rows else None

    def status(self, id: str, worker: str) -> str | None:
        """The job's status, or None if it is ``worker``'s no more."""
        with self._database.transaction(reading=True) as run:
            rows = run("SELECT status FROM jobs WHERE id = ? AND worker = ?", id, worker)
        return str(rows[0]["status"]) if rows else None

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
        """Say what became of a job; None if it is ``worker``'s no more. ``size``: bytes on disk."""
        with self._database.transaction() as run:
            version = next_version(run)
            plain = [None if value is None else json.dumps(value) for value in (result, error)]
            rows = run(
                "UPDATE jobs SET status = ?, result = ?, error = ?, bytes = ?, finished = ?, worker = NULL, "
                f"lease = NULL, version = ? WHERE id = ? AND worker = ? "
                f"AND status IN ({HELD_SET}) RETURNING *",
                *(status, *plain, size, time.time(), version, id, worker),
            )
            if not rows:
                return None
            job = job_of(rows[0])
            announce(run, job)
            if job.kind == "explanation" and status == "done":
                run(
                    "UPDATE jobs SET explanation = 1, version = ? WHERE id = ? AND owner = ?",
                    *(next_version(run), job.explains, job.owner),
                )
            return job

    def release(self, id: str, worker: str) -> str | None:
        """Give a job back unfinished, without blame: queued again, or paused if that was asked for."""
        with self._database.transaction() as run:
            rows = run("SELECT * FROM jobs WHERE id = ? AND worker = ?", id, worker)
            return _let_go(run, rows[0], blame=False) if rows else None

    def recover(self, now: float, attempts: int, *, of: str | None = None) -> list[JobRecord]:
        """Take back jobs whose worker has been silent beyond its lease, or those ``of`` a dead worker.

        One that was begun ``attempts`` times and never ended fails: it may be what kills workers.
        """
        silent = f"SELECT * FROM jobs WHERE status IN ({HELD_SET}) AND "
        with self._database.transaction() as run:
            rows = run(silent + "lease < ?", now) if of is None else run(silent + "worker = ?", of)
            for row in rows:
                _let_go(run, row, blame=True, attempts=attempts)
            return [read_job(run, row["id"]) for row in rows]


def _let_go(run: Transaction, row: Mapping[str, Any], *, blame: bool, attempts: int = 0) -> str:
    then = {"running": "queued", "pausing": "paused", "cancelling": "cancelled"}[row["status"]]
    count = row["attempts"] if blame else row["attempts"] - 1
    error = None
    if blame and then == "queued" and count >= attempts:
        then = "failed"
        detail = f"its painter stopped {count} times without a word; it may need more memory than there is"
        error = json.dumps(
            {
                "type": "/problems/painting",
                "title": "It could not be painted",
                "status": 500,
                "detail": detail,
            }
        )
    finished = time.time() if then in FINAL else None
    run(
        "UPDATE jobs SET status = ?, error = ?, finished = ?, attempts = ?, worker = NULL, lease = NULL, "
        "waiting = ?, version = ? WHERE id = ?",
        *(then, error, finished, max(0, count), row["waiting"], next_version(run), row["id"]),
    )
    if then in FINAL:
        announce(run, read_job(run, row["id"]))
    return then
