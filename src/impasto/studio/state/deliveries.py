"""Webhooks waiting to be sent. They are written in the transaction that finishes their job."""

from __future__ import annotations

from impasto.studio.state.database import Database
from impasto.studio.state.records import Delivery


class DeliveryStore:
    """The table of webhooks to send."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, now: float, *, hold: float) -> Delivery | None:
        """The next one that is due, not offered again for ``hold`` seconds; None if there is none."""
        with self._database.transaction() as run:
            rows = run("SELECT * FROM deliveries WHERE due <= ? ORDER BY due LIMIT 1", now)
            if not rows:
                return None
            # Two senders may see the same one; only one moves it on.
            moved = run(
                "UPDATE deliveries SET due = ?, attempts = attempts + 1 WHERE id = ? AND due = ? RETURNING *",
                now + hold,
                rows[0]["id"],
                rows[0]["due"],
            )
        return Delivery(**moved[0]) if moved else None

    def postpone(self, id: str, due: float) -> None:
        with self._database.transaction() as run:
            run("UPDATE deliveries SET due = ? WHERE id = ?", due, id)

    def remove(self, id: str) -> None:
        with self._database.transaction() as run:
            run("DELETE FROM deliveries WHERE id = ?", id)
