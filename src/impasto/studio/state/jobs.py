"""JobStore as people see them: submitted, listed, asked to stop, deleted. Every question names the owner."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from impasto.studio.settings import Limits
from impasto.studio.state.database import Database, Transaction
from impasto.studio.state.records import FINAL, JobRecord, RefusalError, job_of
from impasto.studio.state.rows import (
    ACTIVE_SET,
    IN_LINE_SET,
    LANES,
    announce,
    bytes_of,
    forget,
    next_version,
    read_job,
)

# What is asked for, from which status, and what becomes of it.
_TRANSITIONS: dict[str, dict[str, str]] = {
    "cancel": {
        "queued": "cancelled",
        "paused": "cancelled",
        "running": "cancelling",
        "pausing": "cancelling",
        "cancelling": "cancelling",
        "cancelled": "cancelled",
    },
    "pause": {"queued": "paused", "running": "pausing", "pausing": "pausing", "paused": "paused"},
    "resume": {"paused": "queued", "queued": "queued", "running": "running"},
}


class JobStore:
    """The table of jobs; others' jobs are not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(
        self, job: JobRecord, limits: Limits, *, key: str | None = None, fingerprint: str = ""
    ) -> tuple[JobRecord, bool]:
        """Accept ``job``, or find the one accepted under the same ``key``: (job, whether it is new).

        Raises RefusalError: "idempotency" for a key that came with another ``fingerprint``, "queue-full" or
        "quota" beyond the ``limits``.
        """
        with self._database.transaction() as run:
            version = next_version(run)  # also makes those who submit wait for each other
            if key is not None:
                known = _known(run, job.owner, key, fingerprint)
                if known is not None:
                    return known, False
            _check_line(run, limits.in_line)
            _check_share(run, job.owner, limits)
            run(
                "INSERT INTO jobs (id, owner, kind, status, title, request, explains, webhook, created, "
                "waiting, attempts, preview, explanation, bytes, version) "
                "VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?)",
                *(job.id, job.owner, job.kind, job.title, json.dumps(job.request), job.explains),
                *(job.webhook, job.created, job.created, version),
            )
            for picture in dict.fromkeys(job.uses):
                if not run("SELECT id FROM pictures WHERE id = ? AND owner = ?", picture, job.owner):
                    raise RefusalError("unsuitable", f"there is no picture {picture}")
                run("INSERT INTO uses VALUES (?, ?)", job.id, picture)
            if key is not None:
                run("INSERT INTO keys VALUES (?, ?, ?, ?)", job.owner, key, fingerprint, job.id)
            return read_job(run, job.id), True

    def find(self, owner: str, id: str) -> JobRecord | None:
        with self._database.transaction(reading=True) as run:
            rows = run("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
        return job_of(rows[0]) if rows else None

    def newest(
        self,
        owner: str,
        *,
        statuses: Sequence[str] = (),
        kind: str | None = None,
        before: tuple[float, str] | None = None,
        limit: int = 50,
    ) -> list[JobRecord]:
        """The newest ``limit`` first; ``before``: only those older than (created, id)."""
        conditions, values = ["owner = ?"], [owner]
        if statuses:
            conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
            values.extend(statuses)
        if kind is not None:
            conditions.append("kind = ?")
            values.append(kind)
        given: list[Any] = list(values)
        if before is not None:
            conditions.append("(created < ? OR (created = ? AND id < ?))")
            given += [before[0], before[0], before[1]]
        found = f"SELECT * FROM jobs WHERE {' AND '.join(conditions)} ORDER BY created DESC, id DESC LIMIT ?"
        with self._database.transaction(reading=True) as run:
            return [job_of(row) for row in run(found, *given, limit)]

    def request(
        self,
        owner: str,
        id: str,
        action: str,
        limits: Limits,
        *,
        result: Mapping[str, Any] | None = None,
        size: int = 0,
    ) -> JobRecord | None:
        """Have a job cancelled, paused or resumed; None if there is none.

        ``result``, ``size``: what there is of one that is cancelled while nobody paints it, and its bytes.
        Raises RefusalError: "state" where it cannot be, "queue-full" for one to be resumed without room.
        """
        with self._database.transaction() as run:
            version = next_version(run)
            rows = run("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
            if not rows:
                return None
            status = str(rows[0]["status"])
            then = _TRANSITIONS[action].get(status)
            if then is None:
                raise RefusalError("state", f"the job is {status}: there is nothing to {action}")
            if then == status:
                return job_of(rows[0])
            if then == "queued":
                _check_line(run, limits.in_line)
            now, attempts = time.time(), 0 if action == "resume" else rows[0]["attempts"]
            run(
                "UPDATE jobs SET status = ?, finished = ?, waiting = ?, attempts = ?, version = ? "
                "WHERE id = ?",
                *(then, now if then in FINAL else None, now, attempts, version, id),
            )
            if then == "cancelled" and result is not None:
                run("UPDATE jobs SET result = ?, bytes = ? WHERE id = ?", json.dumps(result), size, id)
            job = read_job(run, id)
            if job.is_final:
                announce(run, job)
            return job

    def remove(self, owner: str, id: str) -> list[str]:
        """Forget a job at once, wherever it stands, and what explains it; the ids of what is forgotten.

        None, if there is none. Who paints it finds it gone.
        """
        with self._database.transaction() as run:
            rows = run("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
            return forget(run, rows[0]) if rows else []

    def remove_all(self, owner: str) -> list[str]:
        """Forget all jobs of ``owner``; returns their ids."""
        with self._database.transaction() as run:
            rows = run("SELECT * FROM jobs WHERE owner = ?", owner)
            for row in rows:
                forget(run, row)
        return [row["id"] for row in rows]

    def position(self, job: JobRecord) -> int | None:
        """How many are before it in its queue, itself included; None unless it is queued."""
        if job.status != "queued":
            return None
        ahead = (
            f"SELECT COUNT(*) AS n FROM jobs WHERE status = 'queued' AND {LANES[job.lane]} "
            "AND (waiting < ? OR (waiting = ? AND id < ?))"
        )
        with self._database.transaction(reading=True) as run:
            return int(run(ahead, job.waiting, job.waiting, job.id)[0]["n"]) + 1

    def active(self, owner: str) -> int:
        """How many unfinished jobs ``owner`` has."""
        with self._database.transaction(reading=True) as run:
            return _active(run, owner)

    def explanation_of(self, owner: str, id: str) -> JobRecord | None:
        """The latest finished explanation of a job."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                "SELECT * FROM jobs WHERE owner = ? AND explains = ? AND status = 'done' "
                "ORDER BY created DESC LIMIT 1",
                *(owner, id),
            )
        return job_of(rows[0]) if rows else None


def _active(run: Transaction, owner: str) -> int:
    return int(
        run(f"SELECT COUNT(*) AS n FROM jobs WHERE owner = ? AND status IN ({ACTIVE_SET})", owner)[0]["n"]
    )


def _known(run: Transaction, owner: str, key: str, fingerprint: str) -> JobRecord | None:
    """The job that ``owner`` submitted under ``key``. Raises RefusalError for that of another request."""
    found = run("SELECT job, fingerprint FROM keys WHERE owner = ? AND key = ?", owner, key)
    if not found:
        return None
    if found[0]["fingerprint"] != fingerprint:
        raise RefusalError("idempotency", "this Idempotency-Key came with another request before")
    return read_job(run, found[0]["job"])


def _check_line(run: Transaction, most: int) -> None:
    """Raise RefusalError where the queue is full. What is paused takes no place in it."""
    count = int(run(f"SELECT COUNT(*) AS n FROM jobs WHERE status IN ({IN_LINE_SET})")[0]["n"])
    if count >= most:
        raise RefusalError("queue-full", f"{count} jobs are waiting, which is as many as this server takes")


def _check_share(run: Transaction, owner: str, limits: Limits) -> None:
    """Raise RefusalError where ``owner`` has as much as one person may have."""
    own, used = _active(run, owner), bytes_of(run, owner)
    if own >= limits.of_owner:
        raise RefusalError("queue-full", f"{own} jobs of yours are unfinished, which is your share")
    if used >= limits.bytes:
        raise RefusalError(
            "quota", f"your pictures take {used:,} bytes, and {limits.bytes:,} is all you have: delete some"
        )
