"""Webhooks to send, stored in the transaction that finishes their job."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from impasto.studio.state.database import Database
from impasto.studio.state.records import Delivery
from impasto.studio.state.tables import deliveries


class DeliveryStore:
    """The table of webhooks to send."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, now: float, *, hold: float) -> Delivery | None:
        """Return the next webhook due, or None, and hide it from other callers for ``hold`` seconds."""
        due = select(deliveries).where(deliveries.c.due <= now).order_by(deliveries.c.due).limit(1)
        with self._database.transaction(reading=True) as db:
            if db.execute(due).first() is None:
                return None
        with self._database.transaction() as db:
            row = db.execute(due.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            moved = update(deliveries).where(deliveries.c.id == row.id).returning(deliveries)
            changes = {"due": now + hold, "attempts": row.attempts + 1}
            return Delivery(*db.execute(moved.values(changes)).one())

    def postpone(self, id: str, due: float) -> None:
        with self._database.transaction() as db:
            db.execute(update(deliveries).where(deliveries.c.id == id).values(due=due))

    def remove(self, id: str) -> None:
        with self._database.transaction() as db:
            db.execute(delete(deliveries).where(deliveries.c.id == id))
