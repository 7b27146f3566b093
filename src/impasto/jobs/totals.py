"""How far a batch is, how fast it goes, and how long it still takes."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

WINDOW = 300.0
"""Seconds over which speed is measured."""
MARKS = 256


@dataclass(frozen=True)
class Totals:
    """Counts of pictures; ``skipped`` were there already, ``running`` are being painted by as many workers.

    ``per_minute``: pictures done in a minute, over the last five; ``left``: seconds, at that speed. Both
    are None before the first picture is done.
    """

    total: int
    skipped: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    per_minute: float | None = None
    left: float | None = None

    @property
    def settled(self) -> int:
        return self.skipped + self.done + self.failed

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        found = asdict(self)
        for name in ("per_minute", "left"):
            if found[name] is not None:
                found[name] = round(found[name], 2)
        return found


class Counter:
    """Counts what is settled. Memory stays the same however much that is."""

    def __init__(self, total: int, skipped: int, began: float) -> None:
        self.total = total
        self.skipped = skipped
        self.done = 0
        self.failed = 0
        # (time, how many were done then); not every one where they are many.
        self._marks: deque[tuple[float, int]] = deque([(began, 0)])

    def add(self, *, done: bool, now: float) -> None:
        if not done:
            self.failed += 1
            return
        self.done += 1
        if now - self._marks[-1][0] >= WINDOW / MARKS or self.done == 1:
            self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW:
            self._marks.popleft()

    def totals(self, running: int, now: float) -> Totals:
        since, before = self._marks[0]
        speed = None
        if self.done > before and now > since:
            speed = (self.done - before) / (now - since)
        waiting = self.total - self.skipped - self.done - self.failed
        return Totals(
            self.total,
            self.skipped,
            self.done,
            self.failed,
            running,
            None if speed is None else 60.0 * speed,
            None if speed is None else waiting / speed,
        )
