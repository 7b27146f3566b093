"""Jobs: accepted, taken by workers, finished. Every change gets a number, in the order of the changes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from impasto.studio.state.database import Database, Transaction
from impasto.studio.state.records import ACTIVE, FINAL, HELD, JobRecord, RefusalError, job_of

_ACTIVE, _FINAL, _HELD = (", ".join(f"'{s}'" for s in group) for group in (ACTIVE, FINAL, HELD))
_DRAFTS = {"drafts": "kind = 'draft'", "paintings": "kind <> 'draft'"}
# What is asked for, from which status, and what becomes of it.
_WISHES: dict[str, dict[str, str]] = {
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


class Jobs:
    """The table of jobs. What people ask names the owner; what workers do does not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- what people ask -----------------------------------------------------------------------

    def submit(
        self,
        job: JobRecord,
        *,
        key: str | None = None,
        fingerprint: str = "",
        most: int,
        most_of_owner: int,
    ) -> tuple[JobRecord, bool]:
        """Accept ``job``, or find the one accepted under the same ``key``: (job, whether it is new).

        Raises RefusalError: "idempotency" for a key that came with another ``fingerprint``, "queue-full" with
        ``most`` unfinished jobs, or ``most_of_owner``.
        """
        with self._database.transaction() as run:
            version = _next(run)  # also makes those who submit wait for each other
            if key is not None:
                known = run("SELECT job, fingerprint FROM keys WHERE owner = ? AND key = ?", job.owner, key)
                if known:
                    if known[0]["fingerprint"] != fingerprint:
                        raise RefusalError(
                            "idempotency", "this Idempotency-Key came with another request before"
                        )
                    return _read(run, known[0]["job"]), False
            _check_room(run, job.owner, most, most_of_owner)
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
            return _read(run, job.id), True

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

    def ask(self, owner: str, id: str, wish: str) -> JobRecord | None:
        """Have a job cancelled, paused or resumed; None if there is none. Raises RefusalError("state")."""
        with self._database.transaction() as run:
            version = _next(run)
            rows = run("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
            if not rows:
                return None
            status = str(rows[0]["status"])
            then = _WISHES[wish].get(status)
            if then is None:
                raise RefusalError("state", f"the job is {status}: there is nothing to {wish}")
            if then == status:
                return job_of(rows[0])
            finished = time.time() if then in FINAL else None
            run(
                "UPDATE jobs SET status = ?, finished = ?, waiting = ?, attempts = ?, version = ? "
                "WHERE id = ?",
                *(then, finished, time.time(), 0 if wish == "resume" else rows[0]["attempts"], version, id),
            )
            job = _read(run, id)
            if job.is_final:
                _announce(run, job)
            return job

    def remove(self, owner: str, id: str) -> JobRecord | None:
        """Forget a job at once, wherever it stands; None if there is none. Who paints it finds it gone."""
        with self._database.transaction() as run:
            rows = run("SELECT * FROM jobs WHERE id = ? AND owner = ?", id, owner)
            if not rows:
                return None
            _forget(run, rows[0])
            return job_of(rows[0])

    def remove_all(self, owner: str) -> list[str]:
        """Forget all jobs of ``owner``; returns their ids."""
        with self._database.transaction() as run:
            rows = run("SELECT * FROM jobs WHERE owner = ?", owner)
            for row in rows:
                _forget(run, row)
        return [row["id"] for row in rows]

    def position(self, job: JobRecord) -> int | None:
        """How many are before it in its queue, itself included; None unless it is queued."""
        if job.status != "queued":
            return None
        ahead = (
            f"SELECT COUNT(*) AS n FROM jobs WHERE status = 'queued' AND {_DRAFTS[job.lane]} "
            "AND (waiting < ? OR (waiting = ? AND id < ?))"
        )
        with self._database.transaction(reading=True) as run:
            return int(run(ahead, job.waiting, job.waiting, job.id)[0]["n"]) + 1

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs there are of each (kind, status)."""
        with self._database.transaction(reading=True) as run:
            rows = run("SELECT kind, status, COUNT(*) AS n FROM jobs GROUP BY kind, status")
        return {(row["kind"], row["status"]): int(row["n"]) for row in rows}

    def active(self, owner: str) -> int:
        """How many unfinished jobs ``owner`` has."""
        with self._database.transaction(reading=True) as run:
            return _active(run, owner)

    def changes(self, since: int) -> tuple[list[JobRecord], list[tuple[str, str]], int]:
        """Jobs changed after version ``since``, (owner, id) of those deleted, and the latest version."""
        with self._database.transaction(reading=True) as run:
            # First, so that nothing that comes in meanwhile is passed over.
            latest = int(run("SELECT value FROM counters WHERE name = 'version'")[0]["value"])
            if latest == since:
                return [], [], latest
            changed = run("SELECT * FROM jobs WHERE version > ? ORDER BY version", since)
            gone = run("SELECT owner, job FROM gone WHERE version > ? ORDER BY version", since)
        return list(map(job_of, changed)), [(row["owner"], row["job"]) for row in gone], latest

    def explanation_of(self, owner: str, id: str) -> JobRecord | None:
        """The latest finished explanation of a job."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                "SELECT * FROM jobs WHERE owner = ? AND explains = ? AND status = 'done' "
                "ORDER BY created DESC LIMIT 1",
                *(owner, id),
            )
        return job_of(rows[0]) if rows else None

    def soonest(self, *, default: int) -> int:
        """In how many seconds one of those being painted may be done; ``default`` where none can say."""
        with self._database.transaction(reading=True) as run:
            rows = run(f"SELECT progress FROM jobs WHERE status IN ({_HELD}) AND progress IS NOT NULL")
        left = [json.loads(row["progress"]).get("left") for row in rows]
        return max(1, round(min((value for value in left if value is not None), default=default)))

    def latest(self) -> int:
        """The number of the latest change."""
        with self._database.transaction(reading=True) as run:
            return int(run("SELECT value FROM counters WHERE name = 'version'")[0]["value"])

    # -- what workers do -----------------------------------------------------------------------

    def claim(self, id: str, worker: str, *, until: float) -> JobRecord | None:
        """Take a queued job; None if it is not queued (any more), so that nothing is painted twice."""
        with self._database.transaction() as run:
            version = _next(run)
            run(
                "UPDATE jobs SET status = 'running', worker = ?, lease = ?, attempts = attempts + 1, "
                "started = COALESCE(started, ?), version = ? WHERE id = ? AND status = 'queued'",
                *(worker, until, time.time(), version, id),
            )
            rows = run("SELECT * FROM jobs WHERE id = ? AND worker = ? AND version = ?", id, worker, version)
            if not rows:
                return None
            uses = tuple(row["picture"] for row in run("SELECT picture FROM uses WHERE job = ?", id))
            return JobRecord(**{**job_of(rows[0]).__dict__, "uses": uses})

    def report(
        self, id: str, worker: str, *, until: float, progress: Mapping[str, Any] | None, preview: int
    ) -> str | None:
        """Say that a job goes on; returns its status, or None if it is ``worker``'s no more.

        ``progress`` None: nothing is new, the lease alone is renewed.
        """
        with self._database.transaction() as run:
            if progress is None:
                rows = run(
                    f"UPDATE jobs SET lease = ? WHERE id = ? AND worker = ? AND status IN ({_HELD}) "
                    "RETURNING status",
                    *(until, id, worker),
                )
            else:
                rows = run(
                    "UPDATE jobs SET lease = ?, progress = ?, preview = ?, version = ? "
                    f"WHERE id = ? AND worker = ? AND status IN ({_HELD}) RETURNING status",
                    *(until, json.dumps(progress), preview, _next(run), id, worker),
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
            version = _next(run)
            plain = [None if value is None else json.dumps(value) for value in (result, error)]
            rows = run(
                "UPDATE jobs SET status = ?, result = ?, error = ?, bytes = ?, finished = ?, worker = NULL, "
                f"lease = NULL, version = ? WHERE id = ? AND worker = ? AND status IN ({_HELD}) RETURNING *",
                *(status, *plain, size, time.time(), version, id, worker),
            )
            if not rows:
                return None
            job = job_of(rows[0])
            _announce(run, job)
            if job.kind == "explanation" and status == "done":
                run(
                    "UPDATE jobs SET explanation = 1, version = ? WHERE id = ? AND owner = ?",
                    *(_next(run), job.explains, job.owner),
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
        silent = f"SELECT * FROM jobs WHERE status IN ({_HELD}) AND "
        with self._database.transaction() as run:
            rows = run(silent + "lease < ?", now) if of is None else run(silent + "worker = ?", of)
            for row in rows:
                _let_go(run, row, blame=True, attempts=attempts)
            return [_read(run, row["id"]) for row in rows]

    def waiting(self, lane: str, *, before: float) -> list[str]:
        """Ids of jobs that have been queued since before ``before``, the longest first."""
        found = f"SELECT id FROM jobs WHERE status = 'queued' AND waiting < ? AND {_DRAFTS[lane]}"
        with self._database.transaction(reading=True) as run:
            return [row["id"] for row in run(f"{found} ORDER BY waiting, id LIMIT 500", before)]

    def expired(self, *, finished: float | None, drafts: float) -> list[JobRecord]:
        """Jobs whose time is over: finished before ``finished``, or drafts finished before ``drafts``."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                f"SELECT * FROM jobs WHERE status IN ({_FINAL}) "
                "AND (finished < ? OR (kind = 'draft' AND finished < ?))",
                *(-1.0 if finished is None else finished, drafts),
            )
        return list(map(job_of, rows))

    def ids(self) -> set[str]:
        """Of all jobs of everyone."""
        with self._database.transaction(reading=True) as run:
            return {row["id"] for row in run("SELECT id FROM jobs")}

    def forget_gone(self, before: float) -> None:
        """Forget that jobs were deleted, once everyone has been told."""
        with self._database.transaction() as run:
            run("DELETE FROM gone WHERE at < ?", before)


def _next(run: Transaction) -> int:
    """The number of this change; whoever changes next waits until this one is kept."""
    return int(
        run("UPDATE counters SET value = value + 1 WHERE name = 'version' RETURNING value")[0]["value"]
    )


def _read(run: Transaction, id: str) -> JobRecord:
    return job_of(run("SELECT * FROM jobs WHERE id = ?", id)[0])


def _active(run: Transaction, owner: str) -> int:
    return int(
        run(f"SELECT COUNT(*) AS n FROM jobs WHERE owner = ? AND status IN ({_ACTIVE})", owner)[0]["n"]
    )


def _check_room(run: Transaction, owner: str, most: int, most_of_owner: int) -> None:
    everyone = int(run(f"SELECT COUNT(*) AS n FROM jobs WHERE status IN ({_ACTIVE})")[0]["n"])
    if everyone >= most:
        raise RefusalError(
            "queue-full", f"{everyone} jobs are waiting, which is as many as this server takes"
        )
    own = _active(run, owner)
    if own >= most_of_owner:
        raise RefusalError("queue-full", f"{own} jobs of yours are unfinished, which is your share")


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
        *(then, error, finished, max(0, count), row["waiting"], _next(run), row["id"]),
    )
    if then in FINAL:
        _announce(run, _read(run, row["id"]))
    return then


def _announce(run: Transaction, job: JobRecord) -> None:
    """Have a webhook sent."""
    if job.webhook:
        run(
            "INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, '', 0, ?) ON CONFLICT (id) DO NOTHING",
            *(f"d_{job.id[2:]}", job.id, job.owner, job.webhook, f"job.{job.status}", time.time()),
        )


def _forget(run: Transaction, row: Mapping[str, Any]) -> None:
    version = _next(run)
    for table in ("uses", "keys", "deliveries"):
        run(f"DELETE FROM {table} WHERE job = ?", row["id"])
    run("DELETE FROM jobs WHERE id = ?", row["id"])
    run("INSERT INTO gone VALUES (?, ?, ?, ?)", row["id"], row["owner"], version, time.time())
