"""Uploaded pictures."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, func, insert, select, update

from impasto.studio.state.database import Database
from impasto.studio.state.queries import bytes_of, newest, quota_words
from impasto.studio.state.records import ACTIVE, PictureRecord, RefusalError
from impasto.studio.state.tables import jobs, pictures, uses


class PictureStore:
    """The table of uploads. Every query names the owner; the pictures of others are invisible."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, picture: PictureRecord, *, quota: int) -> None:
        """Add an upload. Raises RefusalError("quota") if its owner would have more than ``quota`` bytes."""
        with self._database.transaction() as db:
            used = bytes_of(db, picture.owner)
            if used + picture.bytes > quota:
                words = quota_words(db, picture.owner, used, quota)
                raise RefusalError("quota", f"this one needs {picture.bytes:,} bytes, and {words}")
            db.execute(insert(pictures).values(asdict(picture)))

    def find(self, owner: str, id: str) -> PictureRecord | None:
        with self._database.transaction(reading=True) as db:
            row = db.execute(select(pictures).where(pictures.c.id == id, pictures.c.owner == owner)).first()
        return None if row is None else PictureRecord(*row)

    def newest(
        self, owner: str, *, role: str | None = None, before: tuple[float, str] | None = None, limit: int = 50
    ) -> list[PictureRecord]:
        """Return at most ``limit`` uploads, newest first; ``before``: only those older than (created, id)."""
        found = newest(pictures, owner, before, limit)
        if role is not None:
            found = found.where(pictures.c.role == role)
        with self._database.transaction(reading=True) as db:
            return [PictureRecord(*row) for row in db.execute(found)]

    def remove(self, owner: str, id: str) -> bool:
        """Delete an upload; return False if it does not exist. Raises RefusalError("in-use")."""
        needing = (
            select(jobs.c.id)
            .join(uses, uses.c.job == jobs.c.id)
            .where(uses.c.picture == id, jobs.c.owner == owner, jobs.c.status.in_(ACTIVE))
        )
        with self._database.transaction() as db:
            if job := db.execute(needing).scalar():
                raise RefusalError("in-use", f"the picture is used by job {job}, which is not finished")
            gone = delete(pictures).where(pictures.c.id == id, pictures.c.owner == owner)
            return db.execute(gone).rowcount > 0

    def remove_all(self, owner: str) -> list[str]:
        """Delete all uploads of ``owner``; return their ids."""
        with self._database.transaction() as db:
            gone = delete(pictures).where(pictures.c.owner == owner).returning(pictures.c.id)
            return list(db.execute(gone).scalars())

    def note_learnt(self, owner: str, id: str, at: float | None, grown: int) -> bool:
        """Record when the network was refined on an upload, None if it no longer is, and by how many bytes
        its files have ``grown``. Return False if the upload does not exist."""
        with self._database.transaction() as db:
            there = (pictures.c.id == id, pictures.c.owner == owner)
            changes = {"learnt": at, "bytes": pictures.c.bytes + grown}
            return db.execute(update(pictures).where(*there).values(changes)).rowcount > 0

    def used(self, owner: str) -> tuple[int, int]:
        """Return the bytes, including results, and the number of uploads of ``owner``."""
        count = select(func.count()).select_from(pictures).where(pictures.c.owner == owner)
        with self._database.transaction(reading=True) as db:
            return bytes_of(db, owner), int(db.execute(count).scalar_one())

    def unused_since(self, before: float) -> list[PictureRecord]:
        """Return uploads older than ``before`` that no job uses."""
        unused = pictures.c.id.not_in(select(uses.c.picture))
        with self._database.transaction(reading=True) as db:
            found = db.execute(select(pictures).where(pictures.c.created < before, unused))
            return [PictureRecord(*row) for row in found]

    def ids(self) -> set[str]:
        """Return the ids of all uploads."""
        with self._database.transaction(reading=True) as db:
            return set(db.execute(select(pictures.c.id)).scalars())
