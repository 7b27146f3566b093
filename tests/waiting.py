"""What tests wait for: an event, with a deadline so late that only a failure meets it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 300.0
"""Seconds. A busy machine takes its time; what has not happened by then never will."""


def until(happened: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What ``happened`` returns soon after it is true.

    Asking takes a sixth of the time at most: on a slow machine it would starve what is waited for.
    """
    end = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if found := happened():
            return found
        assert asked < end, f"nothing after {seconds:.0f} seconds"
        time.sleep(min(1.0, max(0.01, 5 * (time.monotonic() - asked))))


def rest_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process, of which lines were read, still writes to standard output and error until it ends.

    ``communicate`` would lose lines that came together with those that were read.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        with ThreadPoolExecutor(1) as beside:
            errors = beside.submit(process.stderr.read)
            return process.stdout.read(), errors.result()
    finally:
        process.wait()
        late.cancel()
