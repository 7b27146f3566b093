"""Databases that cannot be reached for a while: wait for them, rather than lose what was painted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger("impasto.studio.state")
T = TypeVar("T")


def insist(act: Callable[[], T], *, seconds: float = 60.0) -> T:
    """Do ``act``; while the database cannot be reached, again, for so many ``seconds``."""
    end, pause = time.monotonic() + seconds, 0.2
    while True:
        try:
            return act()
        except Exception as error:
            if not is_outage(error) or time.monotonic() > end:
                raise
            log.warning("the database cannot be reached: %s", error)
            time.sleep(pause)
            pause = min(5.0, pause * 2)


def is_outage(error: Exception) -> bool:
    """Whether a database's error may pass."""
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError))
