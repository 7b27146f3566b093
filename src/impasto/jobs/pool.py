"""The loop of a batch: events of workers update the schedule and the manifest, and tasks go to the workers.

The executor decides where workers run: in this process (``inline``), in others (``process``), on a cluster
(``ray``), or in a simulation (``benchmarks/scale``).
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
    Heartbeat,
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
"""Seconds after Ctrl-C for workers to save their paintings and stop."""
PULSE = 0.25
"""Seconds between checks whether to stop."""
STALL = 30.0
"""A pause between two checks, in seconds, that means that this process itself was suspended."""


class Pool:
    """A pool that performs ``tasks`` with an ``executor`` and a number of ``workers``.

    ``store_records`` is called with the records of finished and failed tasks; no tasks are assigned until it
    returns, so that a slow disk slows the workers down instead of filling memory. ``keep`` is called
    regularly.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        executor: Executor,
        workers: int,
        *,
        store_records: Callable[[Sequence[Record]], None],
        tell: BatchCallback,
        policy: Policy | None = None,
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        self.tasks = {task.item: task for task in tasks}
        self.executor = executor
        self.schedule = Schedule(self.tasks, workers, policy)
        self._store_records = store_records
        self._tell = tell
        self._keep = keep
        self._finished_records: list[Record] = []
        self._news: list[BatchEvent] = []
        self._reason = ""
        self._stop: Cancel = lambda: False
        self._cut = False

    def run(self, stop: Cancel) -> bool:
        """Run until all tasks are finished or have failed; return False if ``stop`` returned True before.

        Raises ImpastoError if no worker can be started, and the errors of ``store_records``.
        """
        self._stop = stop
        looked = self.executor.now()
        try:
            while not self.schedule.finished:
                if stop():
                    self._stop_workers()
                    return False
                now = self.executor.now()
                if now - looked > STALL:
                    self.schedule.excuse_silence(now)
                looked = now
                self._schedule_tasks()
                self.handle(self.executor.wait(min(PULSE, self.schedule.due(self.executor.now()))))
            return not self._cut
        finally:
            self.executor.close()

    def _schedule_tasks(self) -> None:
        """Start and dismiss workers as needed, and assign tasks."""
        now = self.executor.now()
        if self.schedule.cannot_start:
            raise ImpastoError(f"no worker can be started: {self._reason}")
        for worker, reason in self.schedule.unresponsive(now):
            self.executor.dismiss(worker, kill=True)
            self._lost(WorkerLost(worker, reason))
        for worker in self.schedule.start(now):
            self.executor.start(worker)
        for assignment in self.schedule.assign(now):
            self.executor.give(assignment.worker, self.tasks[assignment.item])
        for worker in self.schedule.dismiss_idle():
            self.executor.dismiss(worker)

    def handle(self, events: Sequence[Event]) -> None:
        """Handle events of workers."""
        for event in events:
            self._take(event)
        if self._finished_records:
            self._store_records(self._finished_records)  # one write for all
            self._finished_records = []
        self._keep()
        news, self._news = self._news, []
        for one in news:  # only after the records are on disk
            self._tell(one)

    def _take(self, event: Event) -> None:
        now, worker = self.executor.now(), event.worker
        self.schedule.note_event(worker, now, moved=not isinstance(event, Heartbeat))
        if isinstance(event, Heartbeat):
            return
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
        if outcome.status == "stopped":  # not by this process
            error, is_retryable = "the worker was interrupted", True
        verdict = self.schedule.failed(event.worker, item, now, is_retryable=is_retryable)
        if verdict == "retry":
            self._say("retrying", item, event.worker, note=error)
        elif verdict == "give up":
            self._finish(failure(self.tasks[item], error, attempt), item, event.worker)

    def _lost(self, event: WorkerLost) -> None:
        now = self.executor.now()
        self._reason = event.reason
        fates = self.schedule.lost(event.worker, now, at_fault=event.at_fault)
        for item, verdict in fates:
            if verdict == "retry":
                self._say("replaced", item, event.worker, note=event.reason)
            else:
                attempts = self.schedule.attempt(item) - 1
                words = f"{attempts} workers died while painting it; the last one: {event.reason}"
                self._finish(failure(self.tasks[item], words, attempts), item, event.worker)
        if not fates:
            self._say("replaced", None, event.worker, note=event.reason)

    def _finish(self, record: Record, item: int, worker: int) -> None:
        self._finished_records.append(record)
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

    def _stop_workers(self) -> None:
        """Stop the workers, which save their paintings; record those that are finished."""
        self.executor.interrupt()
        until = self.executor.now() + GRACE
        while self.schedule.assigned and self.executor.now() < until:
            events = self.executor.wait(PULSE)
            for event in events:
                if isinstance(event, Finished) and event.outcome.status != "done":
                    self.schedule.done(event.worker, event.item, self.executor.now())
                elif isinstance(event, WorkerLost):
                    self.schedule.lost(event.worker, self.executor.now(), at_fault=False)
            # Failures at this moment are not recorded, and are retried by the next run.
            self.handle([e for e in events if isinstance(e, Finished) and e.outcome.status == "done"])
