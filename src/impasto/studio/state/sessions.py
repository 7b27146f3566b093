"""Sessions of signed-in users. Only the SHA-256 of a session's key is stored."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from impasto.files import digests
from impasto.studio.state.database import Database
from impasto.studio.state.tables import sessions


class SessionStore:
    """The table of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: str, owner: str, expires: float) -> None:
        with self._database.transaction() as db:
            db.execute(insert(sessions).values(digest=digests.of_bytes(key), owner=owner, expires=expires))

    def find(self, key: str, now: float) -> tuple[str, float] | None:
        """Return the session's owner and expiry time; None if it does not exist or has expired."""
        valid = (sessions.c.digest == digests.of_bytes(key), sessions.c.expires > now)
        with self._database.transaction(reading=True) as db:
            row = db.execute(select(sessions.c.owner, sessions.c.expires).where(*valid)).first()
        return None if row is None else (row.owner, row.expires)

    def remove(self, key: str) -> None:
        with self._database.transaction() as db:
            db.execute(delete(sessions).where(sessions.c.digest == digests.of_bytes(key)))

    def remove_ended(self, now: float) -> None:
        with self._database.transaction() as db:
            db.execute(delete(sessions).where(sessions.c.expires <= now))
