"""The version of the database's schema, checked and upgraded when the state is opened."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from impasto.errors import InputError
from impasto.studio.state.database import Database

log = logging.getLogger("impasto.studio.state")
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""The schema's revisions, oldest first; the last is this version's."""
_LOCK = 7201951


def prepare_schema(database: Database) -> None:
    """Create the tables, or upgrade those of an earlier version after copying an SQLite file.

    Raises InputError for a database of a later version.
    """
    with database.transaction(reading=True) as db:
        if _revision(db) == REVISIONS[-1]:
            return
    with database.transaction() as db:
        if database.is_shared:  # when two processes start at once, the second waits
            db.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        found = _revision(db)
        if found == REVISIONS[-1]:
            return
        if found not in ("", *REVISIONS):
            raise InputError(
                f"the studio's database has schema {found}; this version of Impasto supports up to "
                f"{REVISIONS[-1]}: use the version that made it, or a later one"
            )
        copy = _copied(database.path, found) if found and database.path else None
        _upgrade(db)
    if found:
        details = {"from": found, "to": REVISIONS[-1], **({"copy": str(copy)} if copy else {})}
        log.info("the database was upgraded", extra=details)


def check_schema(database: Database) -> None:
    """Raise InputError unless the database has the schema of this version; change nothing."""
    with database.transaction(reading=True) as db:
        found = _revision(db)
    if found != REVISIONS[-1]:
        raise InputError(
            f"the studio's database has schema {found or 'none'}; this version of Impasto has "
            f"{REVISIONS[-1]}: start the studio of this version once, or use the version that runs"
        )


def _revision(db: Connection) -> str:
    """Return the schema's revision, or "" if there are no tables."""
    tables = inspect(db)
    if tables.has_table("alembic_version"):
        return str(db.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    return REVISIONS[0] if tables.has_table("jobs") else ""  # before Alembic was used


def _copied(path: Path, revision: str) -> Path:
    """Copy the database at ``path``, which is locked, and return the copy's path."""
    copy = path.with_name(f"{path.name}.{revision}")
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    return copy


def _upgrade(db: Connection) -> None:
    from alembic import command  # rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = db
    command.upgrade(config, "head")
