"""How much one caller may ask for in a while: token buckets, one per caller and kind of request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from impasto.studio.problems import ProblemError

MOST_CALLERS = 10_000


class Buckets:
    """Lets ``per_minute`` requests of each caller pass, as many at once, then as they drip in."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = float(per_minute)
        self.rate = per_minute / 60
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Take one. Raises ProblemError("rate") with the time until there is one again."""
        self._pass(caller, 1)

    def check(self, caller: str) -> None:
        """As ``take``, but take none."""
        self._pass(caller, 0)

    def _pass(self, caller: str, count: int) -> None:
        now = self._clock()
        with self._lock:
            level, before = self._levels.get(caller, (self.size, now))
            level = min(self.size, level + (now - before) * self.rate)
            if level < 1:
                self._levels[caller] = (level, now)
                wait = (1 - level) / self.rate
                raise ProblemError(
                    "rate", f"too many requests; try again in {max(1, round(wait))} s", retry_after=wait
                )
            if len(self._levels) >= MOST_CALLERS and caller not in self._levels:
                self._forget_full(now)
            self._levels[caller] = (level - count, now)

    def _forget_full(self, now: float) -> None:
        """Forget callers whose bucket is full again: they are as good as new."""
        kept = {
            caller: (level, before)
            for caller, (level, before) in self._levels.items()
            if level + (now - before) * self.rate < self.size
        }
        self._levels = kept if len(kept) < MOST_CALLERS else {}
