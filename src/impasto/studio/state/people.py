"""The users of a studio, for its administrators: their data and when they were last active."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from impasto.studio.state.database import Database
from impasto.studio.state.records import ACTIVE, PersonRecord
from impasto.studio.state.tables import jobs, pictures, sessions


class PeopleOverview:
    """The owners in all tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def people(self, now: float) -> list[PersonRecord]:
        """Return everyone who has pictures, jobs or a session valid at ``now``, by name."""
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        with self._database.transaction(reading=True) as db:
            _collect(db, found, _of_pictures())
            _collect(db, found, _of_jobs())
            _collect(db, found, _of_sessions(now))
        return [_person(owner, found[owner]) for owner in sorted(found)]


def _collect(db: Connection, found: dict[str, dict[str, Any]], query: Select[Any]) -> None:
    for row in db.execute(query).mappings():
        found[row["owner"]] |= {name: value for name, value in row.items() if name != "owner"}


def _of_pictures() -> Select[Any]:
    counted = func.count().label("pictures"), func.sum(pictures.c.bytes).label("upload_bytes")
    return select(pictures.c.owner, *counted).group_by(pictures.c.owner)


def _of_jobs() -> Select[Any]:
    active = func.sum(case((jobs.c.status.in_(ACTIVE), 1), else_=0)).label("active_jobs")
    binned = func.sum(case((jobs.c.deleted.is_not(None), jobs.c.bytes), else_=0)).label("bin_bytes")
    size, last = func.sum(jobs.c.bytes).label("job_bytes"), func.max(jobs.c.created).label("last")
    counted = func.count().label("jobs")
    return select(jobs.c.owner, counted, active, size, binned, last).group_by(jobs.c.owner)


def _of_sessions(now: float) -> Select[Any]:
    counted = select(sessions.c.owner, func.count().label("sessions"))
    return counted.where(sessions.c.expires > now).group_by(sessions.c.owner)


def _person(owner: str, found: dict[str, Any]) -> PersonRecord:
    return PersonRecord(
        owner=owner,
        bytes=int(found.get("upload_bytes", 0)) + int(found.get("job_bytes", 0)),
        bin_bytes=int(found.get("bin_bytes", 0)),
        pictures=int(found.get("pictures", 0)),
        jobs=int(found.get("jobs", 0)),
        active_jobs=int(found.get("active_jobs", 0)),
        sessions=int(found.get("sessions", 0)),
        last=found.get("last"),
    )
