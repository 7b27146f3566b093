"""Measured speeds of painting on this machine, by network."""

from __future__ import annotations

import time

from sqlalchemy import insert, select, update

from impasto.studio.state.database import Database
from impasto.studio.state.queries import next_version
from impasto.studio.state.tables import speeds


class SpeedStore:
    """The table of speeds: pixels times iterations per second."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, network: str) -> float | None:
        """Return the latest speed measured with ``network``; None if there is none."""
        with self._database.transaction(reading=True) as db:
            return db.execute(select(speeds.c.rate).where(speeds.c.network == network)).scalar()

    def note(self, network: str, rate: float) -> None:
        """Store a ``rate`` just measured."""
        found = {"rate": rate, "measured": time.time()}
        with self._database.transaction() as db:
            next_version(db)  # others wait
            changed = db.execute(update(speeds).where(speeds.c.network == network).values(found))
            if changed.rowcount == 0:
                db.execute(insert(speeds).values(network=network, **found))
