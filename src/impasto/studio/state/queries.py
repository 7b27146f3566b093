"""Queries shared by several stores."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, func, insert, select, tuple_, update

from impasto.studio.state.records import LANE_OF, JobRecord, job_of
from impasto.studio.state.tables import counters, deliveries, gone, jobs, keys, links, pictures, uses


def next_version(db: Connection) -> int:
    """Return the number of this change; the next change waits until this one is committed."""
    bump = update(counters).where(counters.c.name == "version").values(value=counters.c.value + 1)
    return int(db.execute(bump.returning(counters.c.value)).scalar_one())


def latest_version(db: Connection) -> int:
    """Return the number of the latest change."""
    return int(db.execute(select(counters.c.value).where(counters.c.name == "version")).scalar_one())


def read_job(db: Connection, id: str) -> JobRecord:
    """Return the job ``id``, which must exist."""
    return job_of(db.execute(select(jobs).where(jobs.c.id == id)).one())


def in_lane(lane: str) -> Any:
    """Return the condition that a job belongs to ``lane``."""
    return jobs.c.kind.in_([kind for kind, found in LANE_OF.items() if found == lane])


def newest(table: Table, owner: str, before: tuple[float, str] | None, limit: int) -> Select[Any]:
    """Return a query for the newest rows of ``owner``; ``before``: only those older than (created, id)."""
    found = select(table).where(table.c.owner == owner)
    if before is not None:
        found = found.where(tuple_(table.c.created, table.c.id) < tuple_(*before))
    return found.order_by(table.c.created.desc(), table.c.id.desc()).limit(limit)


def queue_webhook(db: Connection, job: JobRecord) -> None:
    """Queue the webhook of a job that has ended, if it has one."""
    if job.webhook:
        db.execute(
            insert(deliveries).values(
                id=f"d_{job.id[2:]}",
                job=job.id,
                owner=job.owner,
                address=job.webhook,
                event=f"job.{job.status}",
                attempts=0,
                due=time.time(),
            )
        )


def delete_jobs(db: Connection, found: Sequence[JobRecord]) -> list[str]:
    """Delete jobs and their explanations, which show their pictures; return the ids deleted.

    The caller holds ``next_version``, so that nothing has changed since it read them. Call with at most some
    hundreds at once: others have to wait meanwhile.
    """
    ids = [job.id for job in found]
    explanations = select(jobs.c.id).where(jobs.c.explains.in_(ids))
    forgotten = list(dict.fromkeys([*ids, *db.execute(explanations).scalars()]))
    owners = {
        row.id: row.owner
        for row in db.execute(select(jobs.c.id, jobs.c.owner).where(jobs.c.id.in_(forgotten)))
    }
    for table in (uses, keys, deliveries, links):
        db.execute(delete(table).where(table.c.job.in_(forgotten)))
    db.execute(delete(jobs).where(jobs.c.id.in_(forgotten)))
    version, now = next_version(db), time.time()
    if owners:
        db.execute(
            insert(gone),
            [{"job": id, "owner": owner, "version": version, "at": now} for id, owner in owners.items()],
        )
    for explained in {job.explains for job in found if job.explains is not None} - set(forgotten):
        other = select(jobs.c.id).where(jobs.c.explains == explained, jobs.c.status == "done")
        has_other = db.execute(other).first() is not None
        changed = {"explanation": int(has_other), "version": next_version(db)}
        db.execute(update(jobs).where(jobs.c.id == explained).values(changed))
    return list(owners)


def bytes_of(db: Connection, owner: str) -> int:
    """Return the bytes on disk of the uploads and results of ``owner``."""
    return sum(
        int(
            db.execute(
                select(func.coalesce(func.sum(table.c.bytes), 0)).where(table.c.owner == owner)
            ).scalar_one()
        )
        for table in (pictures, jobs)
    )


def bin_bytes_of(db: Connection, owner: str) -> int:
    """Return the bytes on disk of what ``owner`` has in the bin."""
    size = select(func.coalesce(func.sum(jobs.c.bytes), 0))
    return int(db.execute(size.where(jobs.c.owner == owner, jobs.c.deleted.is_not(None))).scalar_one())


def quota_words(db: Connection, owner: str, used: int, most: int) -> str:
    """Return a message with the space used of the quota by ``owner`` and how to make room."""
    binned = bin_bytes_of(db, owner)
    words = f"your pictures take {used:,} of {most:,} bytes"
    if binned:
        return f"{words}, {binned:,} of them in the bin; empty it, or delete some"
    return f"{words}; delete some"
