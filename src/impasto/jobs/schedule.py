"""The schedule of a batch: a state machine without clock, processes or files.

It is used with local processes, with Ray and in the simulation of ``benchmarks/scale``. From events and
their times, it decides which worker gets which item, what to retry, and what to give up.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["retry", "give up"]
STALL_FACTOR, LEAST_PATIENCE, FIRST_PATIENCE = 20, 120.0, 3600.0
LONGEST_DOUBLING = 60
"""How often a delay is doubled at most: far beyond every limit, and no number overflows."""


@dataclass(frozen=True)
class Policy:
    """The limits of a batch; times in seconds.

    ``retries``: the number of retries of an item that failed for a reason that may pass, first after
    ``delay``, then after twice as long, and so on up to ``longest_delay``. ``crashes``: the number of
    workers that may die with an item before it is given up. ``ahead``: the items assigned to a worker at a
    time, including the one it paints. ``starts``: the number of failed starts in a row, with no worker
    running, before the batch fails. ``silence``: the time without any event, heartbeats included, after
    which a worker with an item counts as dead. ``patience``: the time without progress of its item after
    which it counts as stuck; None: ``STALL_FACTOR`` times the longest pause between two events of an item in
    this batch, at least ``LEAST_PATIENCE``, and ``FIRST_PATIENCE`` until an item is finished.
    """

    retries: int = 2
    crashes: int = 3
    delay: float = 1.0
    longest_delay: float = 60.0
    ahead: int = 1
    starts: int = 3
    silence: float = 180.0
    patience: float | None = None

    def wait(self, failures: int) -> float:
        """Return the seconds before the next attempt after so many failures."""
        doublings = min(failures - 1, LONGEST_DOUBLING)
        return min(self.delay * 2.0**doublings, self.longest_delay)


@dataclass(frozen=True)
class Assignment:
    """An item assigned to a worker. ``attempt`` counts from 1."""

    worker: int
    item: int
    attempt: int


class Schedule:
    """A schedule of items for at most ``workers`` workers. Every item is finished or given up exactly once.

    Events of a worker about an item that it does not have (any more) are ignored: a worker that counts as
    dead may still be running.
    """

    def __init__(self, items: Iterable[int], workers: int, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.workers = workers
        self._fresh: deque[int] = deque(items)
        self._returned: deque[int] = deque()
        self._later: list[tuple[float, int]] = []
        self._failures: dict[int, int] = {}
        self._crashes: dict[int, int] = {}
        # By the round of their start: deaths in one round count as one failed start.
        self._starting: dict[int, int] = {}
        self._round = 0
        self._items: dict[int, list[int]] = {}
        self._heard: dict[int, float] = {}
        self._moved: dict[int, float] = {}
        self._longest = 0.0
        self._is_known = False
        self._free_slots: deque[int] = deque()
        self.assigned = 0
        """The number of items that workers have."""
        self.at_work = 0
        """The number of workers that have an item."""
        self._last_number = 0
        self._failed_starts = 0
        self._next_start = 0.0
        self._next_look = 0.0

    # State

    @property
    def waiting(self) -> int:
        """The number of items that no worker has."""
        return len(self._fresh) + len(self._returned) + len(self._later)

    @property
    def finished(self) -> bool:
        return not self.waiting and not self.assigned

    @property
    def cannot_start(self) -> bool:
        """True if starting workers has failed as often as the policy allows, and none is running."""
        return self._has_failed_to_start and not self._starting

    @property
    def _has_failed_to_start(self) -> bool:
        """True if no more starts are allowed: the last ones failed, and no worker is running."""
        return self._failed_starts >= self.policy.starts and not self._items

    def attempt(self, item: int) -> int:
        """Return the number of the current or next attempt at ``item``, from 1."""
        return 1 + self._failures.get(item, 0) + self._crashes.get(item, 0)

    def due(self, now: float) -> float:
        """Return the seconds until the next retry of an item or start of a worker."""
        times = [self._later[0][0]] if self._later else []
        if self._next_start > now and self._missing() > 0:
            times.append(self._next_start)
        return max(0.0, min(times) - now) if times else self.policy.longest_delay

    # Workers

    def start(self, now: float) -> list[int]:
        """Return the numbers of workers to start now; numbers are never reused."""
        if now < self._next_start or self._has_failed_to_start:
            return []
        found = list(range(self._last_number + 1, self._last_number + 1 + max(0, self._missing())))
        self._last_number += len(found)
        self._starting |= dict.fromkeys(found, self._round)
        return found

    def _missing(self) -> int:
        needed = min(self.workers, -(-(self.waiting + self.assigned) // self.policy.ahead))
        return needed - len(self._starting) - len(self._items)

    def ready(self, worker: int, now: float) -> None:
        """Record that ``worker`` is ready for items."""
        if worker in self._starting:
            del self._starting[worker]
            self._failed_starts = 0
            self._items[worker] = []
            self._heard[worker] = self._moved[worker] = now
            self._free_slots.extend([worker] * self.policy.ahead)

    def dismiss_idle(self) -> list[int]:
        """Remove and return the workers without an item, if no items are waiting."""
        if self.waiting:
            return []
        found = [worker for worker, items in self._items.items() if not items]
        for worker in found:
            self._forget(worker)
        return found

    def note_event(self, worker: int, now: float, *, moved: bool = True) -> None:
        """Record an event of ``worker``; ``moved``: about its item, and not only a heartbeat."""
        if worker not in self._heard:
            return
        self._heard[worker] = now
        if moved:
            if self._items[worker]:
                self._longest = max(self._longest, now - self._moved[worker])
            self._moved[worker] = now

    @property
    def patience(self) -> float:
        """The time without progress of its item after which a worker counts as stuck."""
        if self.policy.patience is not None:
            return self.policy.patience
        return max(LEAST_PATIENCE, STALL_FACTOR * self._longest) if self._is_known else FIRST_PATIENCE

    def unresponsive(self, now: float) -> list[tuple[int, str]]:
        """Return the workers with an item that are silent or stuck, and which of these."""
        if now < self._next_look:
            return []
        patience, silence = self.patience, self.policy.silence
        self._next_look = now + min(patience, silence) / 20
        found = []
        for worker, items in self._items.items():
            if items and now - self._moved[worker] > patience:
                found.append((worker, f"its painting has made no progress for {patience:.0f} s"))
            elif items and now - self._heard[worker] > silence:
                found.append((worker, f"the worker did not respond for {silence:.0f} s"))
        return found

    def excuse_silence(self, now: float) -> None:
        """Restart the measurement of every worker's silence: this process could not listen before."""
        self._heard = dict.fromkeys(self._heard, now)
        self._moved = dict.fromkeys(self._moved, now)

    # Items

    def assign(self, now: float) -> Iterator[Assignment]:
        """Assign waiting items to free workers, those begun before first."""
        while self._later and self._later[0][0] <= now:
            self._returned.append(heapq.heappop(self._later)[1])
        while self._free_slots and (self._returned or self._fresh):
            worker = self._free_slots.popleft()
            if worker not in self._items:
                continue
            item = (self._returned or self._fresh).popleft()
            if not self._items[worker]:
                self._heard[worker] = self._moved[worker] = now
                self.at_work += 1
            self.assigned += 1
            self._items[worker].append(item)
            yield Assignment(worker, item, self.attempt(item))

    def done(self, worker: int, item: int, now: float) -> bool:
        """Record that ``worker`` finished ``item``; return False if it no longer had it."""
        found = self._take(worker, item, now)
        self._is_known |= found
        return found

    def failed(self, worker: int, item: int, now: float, *, is_retryable: bool) -> Verdict | None:
        """Record that ``item`` failed; return what to do with it, None if ``worker`` no longer had it.

        ``is_retryable``: the reason may pass.
        """
        if not self._take(worker, item, now):
            return None
        count = self._failures[item] = self._failures.get(item, 0) + 1
        if not is_retryable or count > self.policy.retries:
            return "give up"
        heapq.heappush(self._later, (now + self.policy.wait(count), item))
        return "retry"

    def lost(self, worker: int, now: float, *, at_fault: bool = True) -> list[tuple[int, Verdict]]:
        """Record that ``worker`` died; return its items, and what to do with each.

        The item that it was painting counts as the cause, unless ``at_fault`` is False (for example, if the
        machine was lost).
        """
        if worker in self._starting:
            if self._starting.pop(worker) == self._round and at_fault:
                self._round += 1
                self._failed_starts += 1
                self._next_start = now + self.policy.wait(self._failed_starts)
            return []
        found: list[tuple[int, Verdict]] = []
        for place, item in enumerate(self._forget(worker)):
            if at_fault and place == 0:
                self._crashes[item] = self._crashes.get(item, 0) + 1
            if self._crashes.get(item, 0) >= self.policy.crashes:
                found.append((item, "give up"))
            else:
                self._returned.append(item)
                found.append((item, "retry"))
        return found

    def _take(self, worker: int, item: int, now: float) -> bool:
        items = self._items.get(worker, [])
        if item not in items:
            return False
        items.remove(item)
        self.assigned -= 1
        self.at_work -= not items
        self._heard[worker] = self._moved[worker] = now
        self._free_slots.append(worker)
        return True

    def _forget(self, worker: int) -> list[int]:
        self._heard.pop(worker, None)
        self._moved.pop(worker, None)
        items = self._items.pop(worker, [])
        self.assigned -= len(items)
        self.at_work -= bool(items)
        return items
