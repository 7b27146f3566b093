"""Rate limits: token buckets, one per caller and kind of request."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable

from impasto.studio.web.problems import ProblemError

MOST_CALLERS = 10_000
"""The number of callers remembered; beyond it, the least recent are forgotten."""


def caller_at(address: str) -> str:
    """Return the key of an ``address`` for limits: the address, or its /64 network for IPv6."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


class Buckets:
    """A token bucket per caller, which holds and refills ``per_minute`` requests."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = float(per_minute)
        self.rate = per_minute / 60
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Take one request. Raises ProblemError("rate") with the time until the next one."""
        self._pass(caller, 1)

    def check(self, caller: str) -> None:
        """Raise as ``take`` does, but take nothing."""
        self._pass(caller, 0)

    def _pass(self, caller: str, count: int) -> None:
        now = self._clock()
        with self._lock:
            level, before = self._levels.pop(caller, (self.size, now))
            level = min(self.size, level + (now - before) * self.rate)
            is_enough = level >= 1
            # Reinserted at the end, so that the least recent callers come first.
            self._levels[caller] = (level - count if is_enough else level, now)
            while len(self._levels) > MOST_CALLERS:
                del self._levels[next(iter(self._levels))]
        if not is_enough:
            wait = (1 - level) / self.rate
            raise ProblemError(
                "rate", f"too many requests; try again in {max(1, round(wait))} s", retry_after=wait
            )
