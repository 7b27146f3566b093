"""Retries while the database cannot be reached, so that no painting is lost."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from impasto import files

log = logging.getLogger("impasto.studio.state")
POSTGRESQL_FULL = "53100"
T = TypeVar("T")


def retry_outages(act: Callable[[], T], stopping: threading.Event) -> T:
    """Return ``act()``, repeated while the database cannot be reached, until ``stopping`` is set."""
    pause = 0.2
    while True:
        try:
            return act()
        except Exception as error:
            if not is_outage(error) or stopping.is_set():
                raise
            log.warning("the database cannot be reached: %s", outage(error))
            stopping.wait(pause)
            pause = min(5.0, pause * 2)


def is_outage(error: Exception) -> bool:
    """Return whether ``error`` means that the database temporarily cannot be reached or written."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError))


def outage(error: Exception) -> str:
    """Return the first line of a database's message, without its link to help."""
    return str(error).partition("\n")[0]


def is_full(error: Exception) -> bool:
    """Return whether ``error`` means that the disk of the data folder or of the database is full."""
    cause = getattr(error, "orig", None)
    codes = getattr(cause, "sqlite_errorcode", None), getattr(cause, "sqlstate", None)
    return files.is_full(error) or codes[0] == sqlite3.SQLITE_FULL or codes[1] == POSTGRESQL_FULL
