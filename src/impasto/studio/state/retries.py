"""Retries while the database cannot be reached, so that no painting is lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

log = logging.getLogger("impasto.studio.state")
T = TypeVar("T")


def retry_outages(act: Callable[[], T], *, seconds: float = 60.0) -> T:
    """Return ``act()``, repeated for up to ``seconds`` while the database cannot be reached."""
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
    """Return whether ``error`` means that the database cannot be reached for now."""
    return isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError))
