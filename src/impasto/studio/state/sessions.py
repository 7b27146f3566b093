"""Who is signed in. A session's key is kept as its SHA-256: whoever reads the table cannot use it."""

from __future__ import annotations

import hashlib

from impasto.studio.state.database import Database


class SessionStore:
    """The table of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, key: str, owner: str, expires: float) -> None:
        with self._database.transaction() as run:
            run("INSERT INTO sessions VALUES (?, ?, ?)", _digest(key), owner, expires)

    def find(self, key: str, now: float) -> tuple[str, float] | None:
        """The owner of the session and when it ends; None for none, or one that has ended."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                "SELECT owner, expires FROM sessions WHERE digest = ? AND expires > ?", _digest(key), now
            )
        return (rows[0]["owner"], rows[0]["expires"]) if rows else None

    def remove(self, key: str) -> None:
        with self._database.transaction() as run:
            run("DELETE FROM sessions WHERE digest = ?", _digest(key))

    def remove_ended(self, now: float) -> None:
        with self._database.transaction() as run:
            run("DELETE FROM sessions WHERE expires <= ?", now)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
