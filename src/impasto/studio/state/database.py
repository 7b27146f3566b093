"""A pool of connections to SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from impasto import extras

CONNECTIONS = 12
# Committed data survives a loss of power; deleted data is overwritten.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=30000")


class Database:
    """The database at ``url``: postgresql://..., or the path of an SQLite file, created if missing."""

    def __init__(self, url: str) -> None:
        self.is_shared = url.startswith(("postgresql://", "postgres://"))
        self.path = None if self.is_shared else Path(url)
        self.engine = _postgresql(url) if self.is_shared else _sqlite(Path(url))

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[Connection]:
        """Run the block in a transaction; roll back if it raises. ``reading``: the block changes nothing."""
        with self.engine.connect().execution_options(reading=reading) as connection, connection.begin():
            yield connection

    def empty_log(self) -> None:
        """Write SQLite's log into the database file and empty it, because it still contains deleted data."""
        if not self.is_shared:
            with contextlib.closing(self.engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.engine.dispose()


def _postgresql(url: str) -> Engine:
    try:
        return create_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_pre_ping=True,  # connections die silently when the server restarts
            connect_args={"connect_timeout": 10},
        )
    except ModuleNotFoundError as error:
        raise extras.missing("PostgreSQL needs psycopg", "studio-servers") from error


def _sqlite(path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": 30},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not in the sqlite3 module
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Writers take their lock at the beginning, so that none fails half-way after starting as a reader.
        is_reading = connection.get_execution_options()["reading"]
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")

    return engine
