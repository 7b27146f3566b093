"""Who does what next: a state machine without clock, processes or files.

Local processes, Ray and the simulation of ``benchmarks/scale`` all drive this one. It is told what
happened and when; it answers what to hand to whom, what to try again, and what to set aside.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["again", "aside"]


@dataclass(frozen=True)
class Policy:
    """How patient a batch is; times in seconds.

    ``retries``: how often an item that failed for a reason that may pass is tried again, first after
    ``delay``, then after twice as long, and so on up to ``longest_delay``. ``crashes``: how many workers
    may die over an item before it is set aside. ``ahead``: items a worker has at a time, the one it
    works on among them. ``starts``: how often in a row workers may die before they are ready, when no
    other lives. ``patience``: how long a worker with an item may say nothing before it counts as dead.
    """

    retries: int = 2
    crashes: int = 3
    delay: float = 1.0
    longest_delay: float = 60.0
    ahead: int = 1
    starts: int = 3
    patience: float = 3600.0

    def wait(self, failures: int) -> float:
        """Seconds before the next try after so many failures."""
        return min(self.delay * 2.0 ** (failures - 1), self.longest_delay)


@dataclass(frozen=True)
class Assignment:
    """An item for a worker. ``attempt`` counts from 1."""

    worker: int
    item: int
    attempt: int


class Schedule:
    """Items for at most ``workers`` workers. Every item is settled exactly once.

    What a worker says of an item that is not (or no longer) its own does not count: a worker that was
    given up for dead may still be at work somewhere.
    """

    def __init__(self, items: Iterable[int], workers: int, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.workers = workers
        self._fresh: deque[int] = deque(items)
        self._returned: deque[int] = deque()
        self._later: list[tuple[float, int]] = []
        self._failures: dict[int, int] = {}
        self._crashes: dict[int, int] = {}
        # By the round they were started in: those of one round that die together fail once.
        self._starting: dict[int, int] = {}
        self._round = 0
        self._hands: dict[int, list[int]] = {}
        self._heard: dict[int, float] = {}
        self._room: deque[int] = deque()
        self.in_hand = 0
        """Items that workers have."""
        self.at_work = 0
        """Workers that have an item."""
        self._numbers = 0
        self._failed_starts = 0
        self._next_start = 0.0
        self._next_look = 0.0

    # What there is

    @property
    def waiting(self) -> int:
        """Items that no worker has."""
        return len(self._fresh) + len(self._returned) + len(self._later)

    @property
    def finished(self) -> bool:
        return not self.waiting and not self.in_hand

    @property
    def hopeless(self) -> bool:
        """Whether workers died before they were ready, as often as the policy allows, and none lives."""
        return self._failed_starts >= self.policy.starts and not self._hands and not self._starting

    def attempt(self, item: int) -> int:
        """The number of the try that ``item`` is in, or would be in next, from 1."""
        return 1 + self._failures.get(item, 0) + self._crashes.get(item, 0)

    def due(self, now: float) -> float:
        """Seconds until something waits no longer: an item to be tried again, or a worker to start."""
        times = [self._later[0][0]] if self._later else []
        if self._next_start > now and self._missing() > 0:
            times.append(self._next_start)
        return max(0.0, min(times) - now) if times else self.policy.longest_delay

    # Workers

    def start(self, now: float) -> list[int]:
        """The numbers of workers to start now; a number is never used again."""
        if now < self._next_start:
            return []
        found = list(range(self._numbers + 1, self._numbers + 1 + max(0, self._missing())))
        self._numbers += len(found)
        self._starting |= dict.fromkeys(found, self._round)
        return found

    def _missing(self) -> int:
        needed = min(self.workers, -(-(self.waiting + self.in_hand) // self.policy.ahead))
        return needed - len(self._starting) - len(self._hands)

    def ready(self, worker: int, now: float) -> None:
        """``worker`` is there and takes items."""
        if worker in self._starting:
            del self._starting[worker]
            self._failed_starts = 0
            self._hands[worker] = []
            self._heard[worker] = now
            self._room.extend([worker] * self.policy.ahead)

    def surplus(self) -> list[int]:
        """Workers to let go: they have nothing to do, and nothing waits. They are forgotten here."""
        if self.waiting:
            return []
        found = [worker for worker, items in self._hands.items() if not items]
        for worker in found:
            self._forget(worker)
        return found

    def heard(self, worker: int, now: float) -> None:
        if worker in self._heard:
            self._heard[worker] = now

    def silent(self, now: float) -> list[int]:
        """Workers that have an item and said nothing for longer than the policy's patience."""
        if now < self._next_look:
            return []
        self._next_look = now + self.policy.patience / 20
        return [
            w for w, items in self._hands.items() if items and now - self._heard[w] > self.policy.patience
        ]

    # Items

    def assign(self, now: float) -> Iterator[Assignment]:
        """Hand out what waits, as far as there are workers with room: first what was begun before."""
        while self._later and self._later[0][0] <= now:
            self._returned.append(heapq.heappop(self._later)[1])
        while self._room and (self._returned or self._fresh):
            worker = self._room.popleft()
            if worker not in self._hands:
                continue
            item = (self._returned or self._fresh).popleft()
            if not self._hands[worker]:
                self._heard[worker] = now
                self.at_work += 1
            self.in_hand += 1
            self._hands[worker].append(item)
            yield Assignment(worker, item, self.attempt(item))

    def done(self, worker: int, item: int, now: float) -> bool:
        """``worker`` finished ``item``; False when it was not its own any more."""
        return self._take(worker, item, now)

    def failed(self, worker: int, item: int, now: float, *, is_retryable: bool) -> Verdict | None:
        """``worker`` could not do ``item``; what becomes of it, None when it was not its own any more.

        ``is_retryable``: the reason may not be there another time.
        """
        if not self._take(worker, item, now):
            return None
        count = self._failures[item] = self._failures.get(item, 0) + 1
        if not is_retryable or count > self.policy.retries:
            return "aside"
        heapq.heappush(self._later, (now + self.policy.wait(count), item))
        return "again"

    def lost(self, worker: int, now: float, *, at_fault: bool = True) -> list[tuple[int, Verdict]]:
        """``worker`` is gone; its items, and what becomes of each.

        The item it worked on is suspected of having killed it, unless ``at_fault`` is False (the machine
        was taken away, say); the items behind it are not.
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
                found.append((item, "aside"))
            else:
                self._returned.append(item)
                found.append((item, "again"))
        return found

    def _take(self, worker: int, item: int, now: float) -> bool:
        items = self._hands.get(worker, [])
        if item not in items:
            return False
        items.remove(item)
        self.in_hand -= 1
        self.at_work -= not items
        self._heard[worker] = now
        self._room.append(worker)
        return True

    def _forget(self, worker: int) -> list[int]:
        self._heard.pop(worker, None)
        items = self._hands.pop(worker, [])
        self.in_hand -= len(items)
        self.at_work -= bool(items)
        return items
