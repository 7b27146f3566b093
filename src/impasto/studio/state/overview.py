"""All jobs of everyone: what has changed, what there is, what is over. For the server and the sweeper."""

from __future__ import annotations

import json

from impasto.studio.state.database import Database
from impasto.studio.state.records import JobRecord, job_of
from impasto.studio.state.rows import FINAL_SET, HELD_SET


class JobOverview:
    """The table of jobs as a whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> dict[tuple[str, str], int]:
        """How many jobs there are of each (kind, status)."""
        with self._database.transaction(reading=True) as run:
            rows = run("SELECT kind, status, COUNT(*) AS n FROM jobs GROUP BY kind, status")
        return {(row["kind"], row["status"]): int(row["n"]) for row in rows}

    def changes(self, since: int) -> tuple[list[JobRecord], list[tuple[str, str]], int]:
        """JobStore changed after version ``since``, (owner, id) of those deleted, and the latest version."""
        with self._database.transaction(reading=True) as run:
            # First, so that nothing that comes in meanwhile is passed over.
            latest = int(run("SELECT value FROM counters WHERE name = 'version'")[0]["value"])
            if latest == since:
                return [], [], latest
            changed = run("SELECT * FROM jobs WHERE version > ? ORDER BY version", since)
            gone = run("SELECT owner, job FROM gone WHERE version > ? ORDER BY version", since)
        return list(map(job_of, changed)), [(row["owner"], row["job"]) for row in gone], latest

    def latest(self) -> int:
        """The number of the latest change."""
        with self._database.transaction(reading=True) as run:
            return int(run("SELECT value FROM counters WHERE name = 'version'")[0]["value"])

    def soonest(self, *, default: int) -> int:
        """In how many seconds one of those being painted may be done; ``default`` where none can say."""
        with self._database.transaction(reading=True) as run:
            rows = run(f"SELECT progress FROM jobs WHERE status IN ({HELD_SET}) AND progress IS NOT NULL")
        left = [json.loads(row["progress"]).get("left") for row in rows]
        return max(1, round(min((value for value in left if value is not None), default=default)))

    def expired(self, *, finished: float | None, drafts: float) -> list[JobRecord]:
        """JobStore whose time is over: finished before ``finished``, or drafts finished before ``drafts``."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                f"SELECT * FROM jobs WHERE status IN ({FINAL_SET}) "
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
