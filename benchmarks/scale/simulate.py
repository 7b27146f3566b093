"""A thousand workers that are not there: the real schedule, loop and manifest, with simulated work.

Time is a number here, and chance a seed: the same run always. What is simulated is what workers and
machines do to a batch: they start late, take unequal times, fail, die alone or sixteen at a time with
their machine, hang, or are given up for dead and then deliver after all.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from impasto.jobs import Job, Reference
from impasto.jobs.batch import Batch, BatchEvent, run_with
from impasto.jobs.events import Event, Finished, Started, WorkerLost, WorkerReady
from impasto.jobs.manifest import Record
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Outcome, Task
from impasto.optimize.options import OptimizeOptions


@dataclass(frozen=True)
class World:
    """How bad things are; times in seconds.

    ``work``: a picture takes this long in the median, and varies by ``spread`` (the deviation of its
    logarithm). ``start``: of a worker. ``worker_life``, ``machine_life``: mean times to death.
    ``machine``: workers on one. ``flaky``: share of tries that fail for a reason that passes.
    ``damaged``, ``poison``: shares of pictures that always fail, or kill their worker. ``hang``: share of
    tries that never end. ``deaf``: share of deaths that are only a broken line; the worker goes on, writes
    its result, and tells.
    """

    work: float = 10.0
    spread: float = 0.4
    start: float = 8.0
    worker_life: float = 20_000.0
    machine_life: float = 20_000.0
    machine: int = 16
    flaky: float = 0.01
    damaged: float = 0.001
    poison: float = 0.0005
    hang: float = 0.0005
    deaf: float = 0.3
    tick: float = 0.05


@dataclass
class Told:
    """What happened in a simulation, beside what the manifest says."""

    painted: Counter[int] = field(default_factory=Counter)
    deaths: int = 0
    machines: int = 0
    hung: int = 0
    late: int = 0
    busy: float = 0.0


class Simulated:
    """An executor in a ``World``."""

    def __init__(self, world: World, workers: int, seed: int) -> None:
        self.world = world
        self.told = Told()
        self._chance = random.Random(seed)
        self._fate = random.Random(seed + 1)
        self._time = 0.0
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Event]] = []
        self._alive: set[int] = set()
        self._machine_of: dict[int, int] = {}
        self._on: dict[int, list[int]] = {}
        self._machines = -(-workers // world.machine)
        self._next_machine = self._chance.expovariate(self._machines / world.machine_life)
        self._poison: dict[int, str] = {}

    def now(self) -> float:
        return self._time

    def start(self, worker: int) -> None:
        world = self.world
        place = next((m for m, there in self._on.items() if len(there) < world.machine), len(self._on))
        self._on.setdefault(place, []).append(worker)
        self._machine_of[worker] = place
        self._alive.add(worker)
        begins = self._time + world.start * self._chance.uniform(0.7, 1.5)
        self._later(begins, WorkerReady(worker))
        ends = begins + self._chance.expovariate(1 / world.worker_life)
        self._later(ends, WorkerLost(worker, "killed by SIGKILL"))

    def give(self, worker: int, task: Task) -> None:
        world, item = self.world, task.item
        seconds = world.work * self._chance.lognormvariate(0.0, world.spread)
        self.told.busy += seconds
        kind = self._kind(item)
        until = self._time + seconds
        self._later(self._time, Started(worker, item))
        if kind == "poison":
            self._later(self._time + seconds / 2, WorkerLost(worker, "killed by SIGKILL"))
        elif self._chance.random() < world.hang:
            self.told.hung += 1
        elif kind == "damaged":
            self._later(until, Finished(worker, item, Outcome("failed", error="it is no picture")))
        elif self._chance.random() < world.flaky:
            failed = Outcome("failed", error="the store did not answer", is_retryable=True)
            self._later(until, Finished(worker, item, failed))
        else:
            record = Record(Path(task.job.output).name, "done", task.job, (512, 384), 100, seconds)
            self._later(until, Finished(worker, item, Outcome("done", record)))

    def dismiss(self, worker: int, *, kill: bool = False) -> None:  # noqa: ARG002
        self._bury(worker)

    def interrupt(self) -> None:
        pass

    def wait(self, seconds: float) -> list[Event]:
        """All that happens in the next tick in which anything does, or nothing for so long."""
        first = min(self._queue[0][0] if self._queue else float("inf"), self._next_machine)
        if first > self._time + seconds:
            self._time += seconds
            return []
        self._time = max(self._time, first) + self.world.tick
        found: list[Event] = []
        while self._queue and self._queue[0][0] <= self._time:
            found += self._happen(heapq.heappop(self._queue)[2])
        while self._next_machine <= self._time:
            found += self._lose_machine()
        return found

    def close(self) -> None:
        pass

    def _happen(self, event: Event) -> list[Event]:
        if event.worker in self._alive:
            if isinstance(event, WorkerLost):
                self.told.deaths += 1
                deaf = self._chance.random() < self.world.deaf
                self._alive.discard(event.worker)
                if not deaf:
                    self._bury(event.worker)
            elif isinstance(event, Finished) and event.outcome.status == "done":
                self.told.painted[event.item] += 1
            return [event]
        if isinstance(event, Finished) and event.worker in self._machine_of:  # given up for dead, and is not
            self.told.late += 1
            if event.outcome.status == "done":
                self.told.painted[event.item] += 1
            return [event]
        return []

    def _lose_machine(self) -> list[Event]:
        """A machine goes, with all workers on it; another comes in its place."""
        self._next_machine += self._chance.expovariate(self._machines / self.world.machine_life)
        there = [workers for workers in self._on.values() if workers]
        if not there:
            return []
        self.told.machines += 1
        lost = [worker for worker in self._chance.choice(there) if worker in self._alive]
        for worker in lost:
            self._bury(worker)
        return [WorkerLost(worker, "its machine is gone", at_fault=False) for worker in lost]

    def _bury(self, worker: int) -> None:
        self._alive.discard(worker)
        place = self._machine_of.pop(worker, None)
        if place is not None:
            self._on[place].remove(worker)

    def _kind(self, item: int) -> str:
        if item not in self._poison:
            number = self._fate.random()
            world = self.world
            kind = "poison" if number < world.poison else "fine"
            self._poison[item] = "damaged" if 0 <= number - world.poison < world.damaged else kind
        return self._poison[item]

    def _later(self, when: float, event: Event) -> None:
        heapq.heappush(self._queue, (when, next(self._order), event))


@dataclass(frozen=True)
class Simulation:
    """How a simulated batch went. ``seconds``: simulated; ``spent``: processor time it really took."""

    batch: Batch
    told: Told
    seconds: float
    spent: float
    settled_twice: tuple[str, ...]
    lines: int
    workers: int

    @property
    def busy(self) -> float:
        """The share of the workers' time that went into painting."""
        return self.told.busy / (self.workers * self.seconds)


def simulate(
    folder: Path,
    *,
    items: int,
    workers: int = 1000,
    world: World | None = None,
    policy: Policy | None = None,
    seed: int = 0,
) -> Simulation:
    """Run a batch of so many pictures in ``folder``, which gets its manifest, and no pictures."""
    photo = folder / "photo.jpg"
    photo.write_bytes(b"one photograph for all")
    out = folder / "out"
    out.mkdir(exist_ok=True)
    source = Reference(str(photo))
    jobs = [Job(source, (source,), str(out / f"{n:07d}.png"), OptimizeOptions()) for n in range(items)]
    executor = Simulated(world or World(), workers, seed)
    settled: Counter[str] = Counter()

    def tell(event: BatchEvent) -> None:
        if event.record is not None:
            settled[event.record.output] += 1

    began = time.process_time()
    batch = run_with(
        lambda: (executor, workers), jobs, out, policy=policy or Policy(silence=120.0), on_event=tell
    )
    spent = time.process_time() - began
    lines = _lines(out / "manifest.jsonl")
    twice = tuple(name for name, count in settled.items() if count > 1)
    return Simulation(batch, executor.told, executor.now(), spent, twice, lines, workers)


def _lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _ in stream)


def table(runs: Sequence[tuple[str, Simulation]]) -> str:
    rows = [
        "| world | painted | set aside | workers died | machines lost | hung | spoke after death | "
        "painted twice | lines in the manifest | workers busy | simulated | real processor time a picture |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, run in runs:
        done = len(run.batch.records) - len(run.batch.failed)
        twice = sum(count > 1 for count in run.told.painted.values())
        rows.append(
            f"| {name} | {done} | {len(run.batch.failed)} | {run.told.deaths} | {run.told.machines} | "
            f"{run.told.hung} | {run.told.late} | {twice} | {run.lines} | {run.busy:.0%} | "
            f"{run.seconds / 60:.0f} min | {run.spent / run.lines * 1e6:.0f} µs |"
        )
    return "\n".join(rows)
