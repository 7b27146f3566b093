"""What tests wait for: an event, with a deadline so late that only a failure meets it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 300.0
"""Seconds. A busy machine takes its time; what has not happened by then never will."""


def until(happened: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What ``happened`` returns as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, f"nothing after {seconds:.0f} seconds"
        time.sleep(0.01)
    return found
