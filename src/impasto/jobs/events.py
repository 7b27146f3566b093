"""The events of a batch: those that its workers send, and those that it tells its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from impasto.jobs.job import Job
from impasto.jobs.manifest import Record
from impasto.jobs.work import Outcome, Task
from impasto.progress import Progress


@dataclass(frozen=True)
class WorkerReady:
    """A worker is up, and takes tasks."""

    worker: int


@dataclass(frozen=True)
class Started:
    """A worker has begun a task; ``note``: why it is painted again."""

    worker: int
    item: int
    note: str = ""


@dataclass(frozen=True)
class Heartbeat:
    """A worker's process runs, whether or not its painting moves on."""

    worker: int


@dataclass(frozen=True)
class Progressed:
    """The progress of a worker's painting."""

    worker: int
    item: int
    progress: Progress


@dataclass(frozen=True)
class Finished:
    """A worker has ended a task."""

    worker: int
    item: int
    outcome: Outcome


@dataclass(frozen=True)
class WorkerLost:
    """A worker has died. ``at_fault``: its task may be the cause."""

    worker: int
    reason: str
    at_fault: bool = True


Event = WorkerReady | Started | Heartbeat | Progressed | Finished | WorkerLost

State = Literal["skipped", "started", "painting", "retrying", "replaced", "done", "failed"]


@dataclass(frozen=True)
class BatchEvent:
    """A change in one job of a batch; ``Progress`` reports the batch as a whole.

    ``number`` counts from 1. ``worker``: the number of the worker that has the job. ``note``: why an earlier
    painting is made again; why it is retried ("retrying"); what happened to its worker ("replaced").
    ``progress``: that of the painting, in the state "painting". ``record``: the manifest's line for a job
    that is skipped, done or failed. A worker that died without a job is "replaced" with ``number`` 0 and no
    ``job``.
    """

    state: State
    job: Job | None
    number: int
    worker: int = 1
    note: str = ""
    progress: Progress | None = None
    record: Record | None = None


BatchCallback = Callable[[BatchEvent], None]


class Executor(Protocol):
    """The interface to workers, wherever they are. The events of one worker come in order.

    Workers in other processes send a ``Heartbeat`` every few seconds while they have a task.
    """

    def now(self) -> float:
        """Return the time in seconds, from any origin."""

    def start(self, worker: int) -> None:
        """Start ``worker``; ``WorkerReady`` or ``WorkerLost`` follows."""

    def give(self, worker: int, task: Task) -> None:
        """Assign ``task`` to ``worker``; never waits."""

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        """Stop ``worker``, which is no longer needed or trusted; it sends no more events."""

    def interrupt(self) -> None:
        """Ask all workers to save what they have begun, and to stop."""

    def wait(self, seconds: float) -> list[Event]:
        """Return what happened, after waiting for it for ``seconds`` at most."""

    def close(self) -> None:
        """End all workers at once."""
