"""The jobs of all owners: counts and changes."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from impasto.studio.state.database import Database
from impasto.studio.state.queries import in_lane, latest_version
from impasto.studio.state.records import ACTIVE, HELD, JobRecord, job_of
from impasto.studio.state.tables import gone, jobs, turns


class JobOverview:
    """The table of jobs as a whole, for the server and the sweeper."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[tuple[str, str], int]:
        """Return the number of jobs of each (kind, status)."""
        groups = select(jobs.c.kind, jobs.c.status, func.count()).group_by(jobs.c.kind, jobs.c.status)
        with self._database.transaction(reading=True) as db:
            return {(kind, status): count for kind, status, count in db.execute(groups)}

    def find(self, id: str) -> JobRecord | None:
        """Return the job ``id`` of any owner."""
        with self._database.transaction(reading=True) as db:
            row = db.execute(select(jobs).where(jobs.c.id == id)).first()
        return None if row is None else job_of(row)

    def unfinished(self) -> list[JobRecord]:
        """Return all unfinished jobs: first those in progress, then the others by the time of entering the
        queue."""
        found = select(jobs).where(jobs.c.status.in_(ACTIVE)).order_by(jobs.c.waiting, jobs.c.id)
        with self._database.transaction(reading=True) as db:
            return sorted(map(job_of, db.execute(found)), key=lambda job: job.worker is None)

    def changes(self, since: int) -> tuple[list[JobRecord], list[tuple[str, str]], int]:
        """Return the jobs changed since a version, (owner, id) of those deleted, and the latest version."""
        with self._database.transaction(reading=True) as db:
            # Read first, so that no change in between is missed.
            latest = latest_version(db)
            if latest == since:
                return [], [], latest
            changed = db.execute(select(jobs).where(jobs.c.version > since).order_by(jobs.c.version))
            records = list(map(job_of, changed))
            deleted = select(gone.c.owner, gone.c.job).where(gone.c.version > since).order_by(gone.c.version)
            return records, [(owner, job) for owner, job in db.execute(deleted)], latest

    def latest(self) -> int:
        """Return the number of the latest change."""
        with self._database.transaction(reading=True) as db:
            return latest_version(db)

    def seconds_left(self, lane: str) -> float | None:
        """Return the seconds until a job of ``lane`` is expected to finish; None if unknown."""
        under_way = (jobs.c.status.in_(HELD), in_lane(lane), jobs.c.progress.is_not(None))
        with self._database.transaction(reading=True) as db:
            found = db.execute(select(jobs.c.progress).where(*under_way)).scalars().all()
        left = (progress.get("left") for progress in found)
        return min((value for value in left if value is not None), default=None)

    def ids(self) -> set[str]:
        """Return the ids of all jobs."""
        with self._database.transaction(reading=True) as db:
            return set(db.execute(select(jobs.c.id)).scalars())

    def remove_deleted(self, before: float) -> None:
        """Remove the records of jobs deleted ``before`` a time."""
        with self._database.transaction() as db:
            db.execute(delete(gone).where(gone.c.at < before))

    def forget_turns(self, before: float) -> None:
        """Remove the records of turns in the queue taken ``before`` a time."""
        with self._database.transaction() as db:
            db.execute(delete(turns).where(turns.c.served < before))
