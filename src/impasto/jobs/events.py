"""What a batch and its workers say to each other, wherever the workers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from impasto.jobs.work import Outcome, Task
from impasto.progress import Progress


@dataclass(frozen=True)
class WorkerReady:
    """A worker takes tasks."""

    worker: int


@dataclass(frozen=True)
class Started:
    """A worker begins a task; ``note``: why it is painted again."""

    worker: int
    item: int
    note: str = ""


@dataclass(frozen=True)
class Progressed:
    """How a painting goes on."""

    worker: int
    item: int
    progress: Progress


@dataclass(frozen=True)
class Finished:
    """A worker is through with a task."""

    worker: int
    item: int
    outcome: Outcome


@dataclass(frozen=True)
class WorkerLost:
    """A worker is gone. ``at_fault``: the task it was at may have done it."""

    worker: int
    reason: str
    at_fault: bool = True


Event = WorkerReady | Started | Progressed | Finished | WorkerLost


class Executor(Protocol):
    """Where workers are. Events of one worker come in the order in which they happened."""

    def now(self) -> float:
        """Seconds, from anywhere on."""

    def start(self, worker: int) -> None:
        """Bring ``worker`` up; it is there when ``WorkerReady`` says so, or ``WorkerLost``."""

    def give(self, worker: int, task: Task) -> None:
        """Hand ``task`` over; never waits."""

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        """``worker`` is not needed any more, or not trusted: nothing is heard of it from now on."""

    def interrupt(self) -> None:
        """Ask all workers to keep what they have begun, and to stop."""

    def wait(self, seconds: float) -> list[Event]:
        """What happened; waits for it so long at most."""

    def close(self) -> None:
        """All workers go, at once."""
