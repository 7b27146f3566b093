"""SQLite or PostgreSQL behind one small face: transactions, statements with ``?``, rows as dictionaries."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from impasto.errors import MissingExtraError

Row = dict[str, Any]


class Transaction(Protocol):
    """Runs statements that are kept together or not at all."""

    def __call__(self, statement: str, *values: Any) -> list[Row]:
        """The rows ``statement`` gives, with ``values`` for its question marks."""


class Database:
    """A pool of connections to one database; at most ``most`` at a time.

    ``url``: postgresql://..., or the path of an SQLite file, which is made.
    """

    def __init__(self, url: str, *, most: int = 12) -> None:
        self.url = url
        self.is_shared = url.startswith(("postgresql://", "postgres://"))
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(most)

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[Transaction]:
        """A transaction: kept when the block ends, undone when it raises. ``reading``: changes nothing."""
        with self._places:
            connection = self._take()
            try:
                yield from self._within(connection, reading)
            except BaseException:
                if self._is_broken(connection):
                    connection.close()
                else:
                    self._idle.put(connection)
                raise
            self._idle.put(connection)

    def settle(self) -> None:
        """Write SQLite's log into its file and empty it: until then it holds what was deleted."""
        if self.is_shared:
            return
        with self._places:
            connection = self._take()
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                self._idle.put(connection)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _within(self, connection: Any, reading: bool) -> Iterator[Transaction]:
        if self.is_shared:
            with connection.transaction():

                def run_shared(statement: str, *values: Any) -> list[Row]:
                    cursor = connection.execute(statement.replace("?", "%s"), values)
                    return list(cursor.fetchall()) if cursor.description else []

                yield run_shared
            return

        def run(statement: str, *values: Any) -> list[Row]:
            return list(connection.execute(statement, values).fetchall())

        # Writers wait for each other at the beginning: none fails half-way because it began by reading.
        connection.execute("BEGIN" if reading else "BEGIN IMMEDIATE")
        try:
            yield run
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _take(self) -> Any:
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return _connect_shared(self.url) if self.is_shared else _connect(self.url)
            if not self._is_broken(connection):
                return connection
            connection.close()

    def _is_broken(self, connection: Any) -> bool:
        if not self.is_shared:
            return False
        if connection.closed or connection.broken:
            return True
        try:  # after a restart of the server, a connection only looks alive
            if connection.info.transaction_status == 0:
                connection.execute("SELECT 1")
        except Exception:
            return True
        return False


def _connect(path: str) -> sqlite3.Connection:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.row_factory = _as_dictionary
    # What was accepted stays through a loss of power; what was deleted is overwritten.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _as_dictionary(cursor: sqlite3.Cursor, row: Sequence[Any]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _connect_shared(url: str) -> Any:
    try:
        import psycopg
        from psycopg.rows import dict_row
    except ImportError as error:
        raise MissingExtraError(
            "PostgreSQL needs psycopg, which is not installed: pip install 'impasto[studio-servers]'"
        ) from error
    return psycopg.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=10)
