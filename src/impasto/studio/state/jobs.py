"""Jobs of an owner: submitted, listed, cancelled, paused, resumed and deleted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from impasto.studio.settings import Limits
from impasto.studio.state.database import Database
from impasto.studio.state.queries import (
    bin_bytes_of,
    bytes_of,
    delete_jobs,
    in_lane,
    newest,
    next_version,
    queue_webhook,
    quota_words,
    read_job,
)
from impasto.studio.state.records import (
    ACTIVE,
    BINNED,
    FINAL,
    WAITING,
    BatchRecord,
    JobRecord,
    RefusalError,
    job_of,
)
from impasto.studio.state.tables import jobs, keys, links, pictures, uses
from impasto.studio.state.turns import line

AT_ONCE = 200
"""The number of jobs deleted in one transaction."""
# Action -> status before -> status after.
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
    """The table of jobs. Every query names the owner; the jobs of others are invisible."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(
        self, job: JobRecord, limits: Limits, *, key: str | None = None, fingerprint: str = ""
    ) -> tuple[JobRecord, bool]:
        """Accept ``job``, or find the one accepted under the same ``key``; return it and whether it is new.

        Raises RefusalError: "idempotency" for a key used with another ``fingerprint``, "queue-full" or
        "quota" beyond the ``limits``.
        """
        with self._database.transaction() as db:
            version = next_version(db)  # also serialises submissions
            if key is not None and (known := _known(db, job.owner, key, fingerprint)) is not None:
                return known, False
            _check_queue(db, job, limits.jobs_waiting)
            _check_owner(db, job, limits)
            row = {column.name: getattr(job, column.name) for column in jobs.c if column.name != "lease"}
            changed = {"waiting": job.created, "explanation": 0, "version": version}
            db.execute(insert(jobs).values(row | changed))
            for picture in dict.fromkeys(job.uses):
                owned = and_(pictures.c.id == picture, pictures.c.owner == job.owner)
                if db.execute(select(pictures.c.id).where(owned)).first() is None:
                    raise RefusalError("unsuitable", f"unknown picture: {picture}")
                db.execute(insert(uses).values(job=job.id, picture=picture))
            if key is not None:
                db.execute(insert(keys).values(owner=job.owner, key=key, fingerprint=fingerprint, job=job.id))
            return read_job(db, job.id), True

    def find(self, owner: str, id: str) -> JobRecord | None:
        with self._database.transaction(reading=True) as db:
            return _find(db, owner, id)

    def newest(
        self,
        owner: str,
        *,
        statuses: Sequence[str] = (),
        kinds: Sequence[str] = (),
        batch: str | None = None,
        before: tuple[float, str] | None = None,
        limit: int = 50,
        in_bin: bool = False,
    ) -> list[JobRecord]:
        """Return at most ``limit`` jobs, newest first; ``before``: only those older than (created, id).

        ``in_bin``: those in the bin instead of the others.
        """
        found = newest(jobs, owner, before, limit)
        found = found.where(jobs.c.deleted.is_not(None) if in_bin else jobs.c.deleted.is_(None))
        if statuses:
            found = found.where(jobs.c.status.in_(statuses))
        if kinds:
            found = found.where(jobs.c.kind.in_(kinds))
        if batch is not None:
            found = found.where(jobs.c.batch == batch)
        with self._database.transaction(reading=True) as db:
            return list(map(job_of, db.execute(found)))

    def batches(self, owner: str, limit: int) -> list[BatchRecord]:
        """Return at most ``limit`` batches of ``owner``, newest first, not counting the bin."""
        found = select(
            jobs.c.batch, jobs.c.status, func.count(), func.min(jobs.c.created), func.max(jobs.c.created)
        ).where(jobs.c.owner == owner, jobs.c.batch.is_not(None), jobs.c.deleted.is_(None))
        made: dict[str, BatchRecord] = {}
        with self._database.transaction(reading=True) as db:
            for name, status, count, first, last in db.execute(found.group_by(jobs.c.batch, jobs.c.status)):
                known = made.get(name, BatchRecord(name, {}, first, last))
                counts = {**known.jobs, status: int(count)}
                made[name] = BatchRecord(name, counts, min(known.created, first), max(known.latest, last))
        return sorted(made.values(), key=lambda batch: batch.latest, reverse=True)[:limit]

    def of_batch(self, owner: str, name: str) -> list[JobRecord]:
        """Return the jobs of a batch, oldest first, without those in the bin."""
        found = select(jobs).where(jobs.c.owner == owner, jobs.c.batch == name, jobs.c.deleted.is_(None))
        with self._database.transaction(reading=True) as db:
            return list(map(job_of, db.execute(found.order_by(jobs.c.created, jobs.c.id))))

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
        """Cancel, pause or resume a job and return it; None if it does not exist.

        ``result``, ``size``: the partial result, and its bytes, of a job cancelled while not running.
        Raises RefusalError: "state" if the job's status does not allow it, "queue-full" if a job to be
        resumed finds the queue full.
        """
        with self._database.transaction() as db:
            version = next_version(db)
            job = _find(db, owner, id)
            if job is None:
                return None
            then = _TRANSITIONS[action].get(job.status)
            if then is None:
                raise RefusalError("state", f"cannot {action} a job that is {job.status}")
            if then == job.status:
                return job
            if then == "queued":
                _check_queue(db, job, limits.jobs_waiting)
            now = time.time()
            changes: dict[str, Any] = {
                "status": then,
                "finished": now if then in FINAL else None,
                "waiting": now,
                "attempts": 0 if action == "resume" else job.attempts,
                "version": version,
            }
            if then == "cancelled" and result is not None:
                changes |= {"result": result, "bytes": size}
            db.execute(update(jobs).where(jobs.c.id == id).values(changes))
            job = read_job(db, id)
            if job.is_final:
                queue_webhook(db, job)
            return job

    def discard(self, owner: str, id: str) -> JobRecord | None:
        """Move a finished painting or film to the bin, revoke its links, and return it; None if there is
        none.

        A job already in the bin is left unchanged. Its idempotency key becomes free: the same request paints
        again.
        """
        kept = (jobs.c.id == id, jobs.c.owner == owner, jobs.c.deleted.is_(None))
        with self._database.transaction() as db:
            version = next_version(db)
            finished = (jobs.c.kind.in_(BINNED), jobs.c.status.in_(FINAL))
            binned = update(jobs).where(*kept, *finished).values(deleted=time.time(), version=version)
            if db.execute(binned).rowcount == 0:
                job = _find(db, owner, id)
                return job if job is not None and job.deleted is not None else None
            for table in (links, keys):
                db.execute(delete(table).where(table.c.job == id))
            return read_job(db, id)

    def restore(self, owner: str, id: str) -> JobRecord | None:
        """Take a job out of the bin and return it; None if unknown. Raises RefusalError("state")."""
        with self._database.transaction() as db:
            version = next_version(db)
            job = _find(db, owner, id)
            if job is None:
                return None
            if job.deleted is None:
                raise RefusalError("state", "the job is not in the bin")
            db.execute(update(jobs).where(jobs.c.id == id).values(deleted=None, version=version))
            return read_job(db, id)

    def empty_bin(self, owner: str) -> list[str]:
        """Delete everything in the bin of ``owner`` permanently; return the ids deleted."""
        return self._remove_those(jobs.c.owner == owner, jobs.c.deleted.is_not(None))

    def remove(self, owner: str, id: str) -> list[str]:
        """Delete a job, in any status, and its explanations permanently; return the ids deleted.

        A worker that is painting it notices and stops.
        """
        return self._remove_those(jobs.c.owner == owner, jobs.c.id == id)

    def remove_all(self, owner: str) -> list[str]:
        """Delete all jobs of ``owner`` permanently; return their ids."""
        return self._remove_those(jobs.c.owner == owner)

    def remove_expired(self, *, finished: float | None, drafts: float, deleted: float) -> list[str]:
        """Permanently delete jobs finished before ``finished``, drafts finished before ``drafts``, and those
        moved to the bin before ``deleted``; return the ids deleted."""
        is_over = or_(and_(jobs.c.kind == "draft", jobs.c.finished < drafts), jobs.c.deleted < deleted)
        if finished is not None:
            is_over = or_(is_over, jobs.c.finished < finished)
        return self._remove_those(jobs.c.status.in_(FINAL), is_over)

    def _remove_those(self, *conditions: Any) -> list[str]:
        """Delete all jobs that meet ``conditions``, a few at a time, so that others do not wait long."""
        with self._database.transaction(reading=True) as db:
            ids = list(db.execute(select(jobs.c.id).where(*conditions)).scalars())
        gone: list[str] = []
        for at in range(0, len(ids), AT_ONCE):
            some = select(jobs).where(jobs.c.id.in_(ids[at : at + AT_ONCE]), *conditions)
            with self._database.transaction() as db:
                next_version(db)  # jobs restored meanwhile are seen, and kept
                gone += delete_jobs(db, list(map(job_of, db.execute(some))))
        return gone

    def position(self, job: JobRecord) -> int | None:
        """Return the job's place in its lane by the order of turns, from 1; None unless it is queued."""
        if job.status != "queued":
            return None
        return self.positions([job]).get(job.id)

    def positions(self, found: Iterable[JobRecord]) -> dict[str, int]:
        """Return the places of the queued jobs among ``found``, by id; see ``position``."""
        lanes = {job.lane for job in found if job.status == "queued"}
        with self._database.transaction(reading=True) as db:
            return {id: place for lane in lanes for place, id in enumerate(line(db, lane), 1)}

    def before(self, owner: str, lane: str) -> int:
        """Return the number of jobs of ``lane`` that a new one of ``owner`` would wait for."""
        counts = select(jobs.c.owner, jobs.c.status == "queued", func.count()).where(
            jobs.c.status.in_(WAITING), in_lane(lane)
        )
        held, queued = 0, dict[str, int]()
        with self._database.transaction(reading=True) as db:
            for other, is_queued, count in db.execute(counts.group_by(jobs.c.owner, jobs.c.status)):
                if is_queued:
                    queued[other] = int(count)
                else:
                    held += int(count)
        own = queued.pop(owner, 0)
        return held + own + sum(min(count, own + 1) for count in queued.values())

    def note_size(self, owner: str, id: str, size: int) -> None:
        """Record the bytes on disk of a job that has ended."""
        with self._database.transaction() as db:
            db.execute(update(jobs).where(jobs.c.id == id, jobs.c.owner == owner).values(bytes=size))

    def reserve(self, owner: str, id: str, size: int, *, quota: int) -> None:
        """Record that the files of a job that has ended take ``size`` bytes. Raises RefusalError("quota") if
        its owner would have more than ``quota`` bytes."""
        with self._database.transaction() as db:
            next_version(db)  # concurrent additions come before or after
            job = _find(db, owner, id)
            own = 0 if job is None else job.bytes
            used = bytes_of(db, owner)
            if used - own + size > quota:
                words = quota_words(db, owner, used, quota)
                raise RefusalError("quota", f"this one needs {size - own:,} bytes more, and {words}")
            db.execute(update(jobs).where(jobs.c.id == id, jobs.c.owner == owner).values(bytes=size))

    def bin_bytes(self, owner: str) -> int:
        """Return the bytes in the bin of ``owner``, which count against the quota."""
        with self._database.transaction(reading=True) as db:
            return bin_bytes_of(db, owner)

    def active(self, owner: str) -> int:
        """Return the number of unfinished jobs of ``owner``, in all lanes."""
        with self._database.transaction(reading=True) as db:
            return _count(db, jobs.c.owner == owner, jobs.c.status.in_(ACTIVE))

    def explanation_of(self, owner: str, id: str, statuses: Sequence[str] = ("done",)) -> JobRecord | None:
        """Return the latest explanation of a job with one of the ``statuses``."""
        found = newest(jobs, owner, None, 1).where(jobs.c.explains == id, jobs.c.status.in_(statuses))
        with self._database.transaction(reading=True) as db:
            row = db.execute(found).first()
        return None if row is None else job_of(row)


def _find(db: Connection, owner: str, id: str) -> JobRecord | None:
    row = db.execute(select(jobs).where(jobs.c.id == id, jobs.c.owner == owner)).first()
    return None if row is None else job_of(row)


def _count(db: Connection, *conditions: Any) -> int:
    return int(db.execute(select(func.count()).select_from(jobs).where(*conditions)).scalar_one())


def _known(db: Connection, owner: str, key: str, fingerprint: str) -> JobRecord | None:
    """Return the job ``owner`` submitted under ``key``. Raises RefusalError for another fingerprint."""
    found = db.execute(select(keys).where(keys.c.owner == owner, keys.c.key == key)).first()
    if found is None:
        return None
    if found.fingerprint != fingerprint:
        raise RefusalError("idempotency", "this Idempotency-Key was used with another request")
    return read_job(db, found.job)


def _check_queue(db: Connection, job: JobRecord, most: int) -> None:
    """Raise RefusalError if the lane of ``job`` is full. Paused jobs do not count.

    An owner with less than an equal share of a full lane is admitted: others cannot keep them out.
    """
    waiting = (
        select(jobs.c.owner, func.count())
        .where(jobs.c.status.in_(WAITING), in_lane(job.lane))
        .group_by(jobs.c.owner)
    )
    counts = {owner: int(count) for owner, count in db.execute(waiting)}
    own, total = counts.get(job.owner, 0), sum(counts.values())
    if total >= most and own >= max(1, most // len({*counts, job.owner})):
        raise RefusalError(
            "queue-full", f"the queue of {job.lane} is full with {total} jobs, {own} of them yours"
        )


def _check_owner(db: Connection, job: JobRecord, limits: Limits) -> None:
    """Raise RefusalError if the owner of ``job`` has reached the limits of one user."""
    unfinished = (jobs.c.owner == job.owner, jobs.c.status.in_(ACTIVE), in_lane(job.lane))
    own, used = _count(db, *unfinished), bytes_of(db, job.owner)
    if own >= limits.jobs_per_owner:
        raise RefusalError("queue-full", f"you have {own} unfinished {job.lane}, the most allowed")
    if used >= limits.bytes:
        raise RefusalError("quota", quota_words(db, job.owner, used, limits.bytes))
