"""The loop of a batch: what workers say goes into the schedule and the manifest, and what it answers to them.

Where the workers are is the executor's affair: in this process (``inline``), in others (``process``), on a
cluster (``cluster``), or nowhere (the simulation of ``benchmarks/scale``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from impasto.errors import ImpastoError
from impasto.jobs.events import (
    BatchCallback,
    BatchEvent,
    Event,
    Executor,
    Finished,
    Progressed,
    Started,
    State,
    WorkerLost,
    WorkerReady,
)
from impasto.jobs.manifest import Record
from impasto.jobs.schedule import Policy, Schedule
from impasto.jobs.work import Task, failure
from impasto.progress import Cancel, Progress

GRACE = 60.0
"""Seconds that workers have, after Ctrl-C, to keep what they have begun and stop."""
PULSE = 0.25
"""Seconds between two looks at whether to stop."""


class Pool:
    """Performs ``tasks`` with a ``executor`` of so many ``workers``.

    ``settle`` takes the records of what is done or set aside, each once, several at a time; nothing
    more is handed out before it returns, so that a slow disk slows the workers and memory does not
    grow. ``keep`` is called again and again.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        executor: Executor,
        workers: int,
        *,
        settle: Callable[[Sequence[Record]], None],
        tell: BatchCallback,
        policy: Policy | None = None,
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        self.tasks = {task.item: task for task in tasks}
        self.executor = executor
        self.schedule = Schedule(self.tasks, workers, policy)
        self._settle = settle
        self._tell = tell
        self._keep = keep
        self._settled: list[Record] = []
        self._news: list[BatchEvent] = []
        self._reason = ""
        self._stop: Cancel = lambda: False
        self._cut = False

    def run(self, stop: Cancel) -> bool:
        """Until everything is settled; False when ``stop`` said so before.

        Raises ImpastoError when no worker can be started, and what ``settle`` raises.
        """
        self._stop = stop
        try:
            while not self.schedule.finished:
                if stop():
                    self._wind_up()
                    return False
                self._arrange()
                self.take_in(self.executor.wait(min(PULSE, self.schedule.due(self.executor.now()))))
            return not self._cut
        finally:
            self.executor.close()

    def _arrange(self) -> None:
        """Workers come and go as needed, and get tasks."""
        now = self.executor.now()
        if self.schedule.hopeless:
            raise ImpastoError(f"no worker can be started: {self._reason}")
        for worker in self.schedule.silent(now):
            self.executor.dismiss(worker, kill=True)
            self._lost(WorkerLost(worker, f"it said nothing for {self.schedule.policy.patience:.0f} s"))
        for worker in self.schedule.start(now):
            self.executor.start(worker)
        for assignment in self.schedule.assign(now):
            self.executor.give(assignment.worker, self.tasks[assignment.item])
        for worker in self.schedule.surplus():
            self.executor.dismiss(worker)

    def take_in(self, events: Sequence[Event]) -> None:
        """What happened, and what follows from it."""
        for event in events:
            self._take(event)
        if self._settled:
            self._settle(self._settled)  # all that came together is one write
            self._settled = []
        self._keep()
        news, self._news = self._news, []
        for one in news:  # what is told as done is on the disk
            self._tell(one)

    def _take(self, event: Event) -> None:
        now, worker = self.executor.now(), event.worker
        self.schedule.heard(worker, now)
        if isinstance(event, WorkerReady):
            self.schedule.ready(worker, now)
        elif isinstance(event, Started):
            self._say("started", event.item, worker, note=event.note)
        elif isinstance(event, Progressed):
            self._say("painting", event.item, worker, progress=event.progress)
        elif isinstance(event, WorkerLost):
            self._lost(event)
        else:
            self._ended(event, now)

    def _ended(self, event: Finished, now: float) -> None:
        outcome, item = event.outcome, event.item
        attempt = self.schedule.attempt(item)
        if outcome.status == "done" and outcome.record is not None:
            if self.schedule.done(event.worker, item, now):
                self._finish(replace(outcome.record, attempts=attempt), item, event.worker)
            return
        error, is_retryable = outcome.error, outcome.is_retryable
        if outcome.status == "stopped" and self._stop():
            self._cut = True
            self.schedule.done(event.worker, item, now)
            return
        if outcome.status == "stopped":  # though nobody here asked it to
            error, is_retryable = "the worker was interrupted", True
        verdict = self.schedule.failed(event.worker, item, now, is_retryable=is_retryable)
        if verdict == "again":
            self._say("retrying", item, event.worker, note=error)
        elif verdict == "aside":
            self._finish(failure(self.tasks[item], error, attempt), item, event.worker)

    def _lost(self, event: WorkerLost) -> None:
        now = self.executor.now()
        self._reason = event.reason
        fates = self.schedule.lost(event.worker, now, at_fault=event.at_fault)
        for item, verdict in fates:
            if verdict == "again":
                self._say("replaced", item, event.worker, note=event.reason)
            else:
                attempts = self.schedule.attempt(item) - 1
                words = f"{attempts} workers died over it; the last one: {event.reason}"
                self._finish(failure(self.tasks[item], words, attempts), item, event.worker)
        if not fates:
            self._say("replaced", None, event.worker, note=event.reason)

    def _finish(self, record: Record, item: int, worker: int) -> None:
        self._settled.append(record)
        self._say(record.status, item, worker, record=record)

    def _say(
        self,
        state: State,
        item: int | None,
        worker: int,
        *,
        note: str = "",
        progress: Progress | None = None,
        record: Record | None = None,
    ) -> None:
        job, number = (None, 0) if item is None else (self.tasks[item].job, item + 1)
        self._news.append(BatchEvent(state, job, number, worker, note, progress, record))

    def _wind_up(self) -> None:
        """What is finished by now counts; what is not is kept by its worker."""
        self.executor.interrupt()
        until = self.executor.now() + GRACE
        while self.schedule.in_hand and self.executor.now() < until:
            events = self.executor.wait(PULSE)
            for event in events:
                if isinstance(event, Finished) and event.outcome.status != "done":
                    self.schedule.done(event.worker, event.item, self.executor.now())
                elif isinstance(event, WorkerLost):
                    self.schedule.lost(event.worker, self.executor.now(), at_fault=False)
            # What failed at this moment is tried again next time.
            self.take_in([e for e in events if isinstance(e, Finished) and e.outcome.status == "done"])
