"""The version of the database's schema: looked at and brought up to date when the state is opened."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from impasto.errors import InputError
from impasto.studio.state.database import Database

log = logging.getLogger("impasto.studio.state")
REVISIONS = ("0001", "0002")
"""The oldest first; the last is this version's."""
_LOCK = 7201951


def prepare(database: Database) -> None:
    """Make the tables, or upgrade those of an earlier version; an SQLite file is copied before.

    Raises InputError for a database of a later version.
    """
    with database.transaction(reading=True) as db:
        if _revision(db) == REVISIONS[-1]:
            return
    with database.transaction() as db:
        if database.is_shared:  # two processes that start at once: the second finds it done
            db.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        found = _revision(db)
        if found == REVISIONS[-1]:
            return
        if found not in ("", *REVISIONS):
            raise InputError(
                f"the studio's database has schema {found}, and this version of Impasto knows up to "
                f"{REVISIONS[-1]}: expected the version that made it, or a later one"
            )
        copy = _copied(database.path, found) if found and database.path else None
        _upgrade(db)
    if found:
        told = {"from": found, "to": REVISIONS[-1], **({"copy": str(copy)} if copy else {})}
        log.info("the database was upgraded", extra=told)


def _revision(db: Connection) -> str:
    """Return the schema's revision; "" where there are no tables."""
    tables = inspect(db)
    if tables.has_table("alembic_version"):
        return str(db.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    return REVISIONS[0] if tables.has_table("jobs") else ""  # as made before revisions were counted


def _copied(path: Path, revision: str) -> Path:
    """Copy the database at ``path``, which nobody writes to; returns where the copy is."""
    copy = path.with_name(f"{path.name}.{revision}")
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


def _upgrade(db: Connection) -> None:
    from alembic import command  # not for every start
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = db
    command.upgrade(config, "head")
