"""Uploads."""

from __future__ import annotations

from dataclasses import astuple

from impasto.studio.state.database import Database
from impasto.studio.state.records import PictureRecord, RefusalError
from impasto.studio.state.rows import ACTIVE_SET, bytes_of


class PictureStore:
    """The table of uploads. Every question names the owner; others' pictures are not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, picture: PictureRecord, *, quota: int) -> None:
        """Remember an upload. Raises RefusalError("quota") where its owner would have over ``quota``."""
        with self._database.transaction() as run:
            used = bytes_of(run, picture.owner)
            if used + picture.bytes > quota:
                raise RefusalError(
                    "quota",
                    f"your pictures take {used:,} bytes; with these {picture.bytes:,} they would be over the "
                    f"{quota:,} you have: delete some",
                )
            run("INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *astuple(picture))

    def find(self, owner: str, id: str) -> PictureRecord | None:
        with self._database.transaction(reading=True) as run:
            rows = run("SELECT * FROM pictures WHERE id = ? AND owner = ?", id, owner)
        return PictureRecord(**rows[0]) if rows else None

    def newest(
        self, owner: str, *, role: str | None = None, before: tuple[float, str] | None = None, limit: int = 50
    ) -> list[PictureRecord]:
        """The newest ``limit`` first; ``before``: only those older than (created, id)."""
        conditions, values = "owner = ?", [owner]
        if role is not None:
            conditions, values = f"{conditions} AND role = ?", [*values, role]
        if before is not None:
            conditions = f"{conditions} AND (created < ? OR (created = ? AND id < ?))"
        given = [*values, *((before[0], before[0], before[1]) if before else ()), limit]
        statement = f"SELECT * FROM pictures WHERE {conditions} ORDER BY created DESC, id DESC LIMIT ?"
        with self._database.transaction(reading=True) as run:
            return [PictureRecord(**row) for row in run(statement, *given)]

    def remove(self, owner: str, id: str) -> bool:
        """Forget an upload; False if there is none. Raises RefusalError("in-use") for what is needed."""
        with self._database.transaction() as run:
            if not run("SELECT id FROM pictures WHERE id = ? AND owner = ?", id, owner):
                return False
            needed = (
                f"SELECT jobs.id FROM uses JOIN jobs ON jobs.id = uses.job "
                f"WHERE uses.picture = ? AND jobs.status IN ({ACTIVE_SET})"
            )
            if rows := run(needed, id):
                raise RefusalError("in-use", f"job {rows[0]['id']} needs this picture and is not finished")
            run("DELETE FROM pictures WHERE id = ?", id)
            return True

    def remove_all(self, owner: str) -> list[str]:
        """Forget all of ``owner``'s uploads; returns their ids."""
        with self._database.transaction() as run:
            rows = run("DELETE FROM pictures WHERE owner = ? RETURNING id", owner)
        return [row["id"] for row in rows]

    def used(self, owner: str) -> tuple[int, int]:
        """How many bytes and how many uploads ``owner`` has; results of jobs count as bytes."""
        with self._database.transaction(reading=True) as run:
            count = run("SELECT COUNT(*) AS n FROM pictures WHERE owner = ?", owner)[0]["n"]
            return bytes_of(run, owner), int(count)

    def unused_since(self, before: float) -> list[PictureRecord]:
        """Uploads older than ``before`` that no job remembered has a use for."""
        with self._database.transaction(reading=True) as run:
            rows = run(
                "SELECT * FROM pictures WHERE created < ? AND id NOT IN (SELECT picture FROM uses)",
                before,
            )
        return [PictureRecord(**row) for row in rows]

    def ids(self) -> set[str]:
        """Of all uploads of everyone."""
        with self._database.transaction(reading=True) as run:
            return {row["id"] for row in run("SELECT id FROM pictures")}
