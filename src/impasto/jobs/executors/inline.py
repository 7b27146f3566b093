"""The executor in this process, which paints during ``wait``."""

from __future__ import annotations

import time
from collections.abc import Callable

from impasto.jobs.events import Event, Finished, Progressed, Started, WorkerReady
from impasto.jobs.work import Perform, Task, perform_task
from impasto.progress import Cancel


class InlineExecutor:
    """An executor that performs one task after the other; ``stop`` is called between iterations."""

    def __init__(self, perform: Perform, stop: Cancel) -> None:
        self.say: Callable[[Event], None] = lambda _: None
        """Called with the events of a painting."""
        self._perform = perform
        self._stop = stop
        self._ready: list[Event] = []
        self._given: list[tuple[int, Task]] = []

    def now(self) -> float:
        return time.monotonic()

    def start(self, worker: int) -> None:
        self._ready.append(WorkerReady(worker))

    def give(self, worker: int, task: Task) -> None:
        self._given.append((worker, task))

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        pass

    def interrupt(self) -> None:
        pass

    def wait(self, seconds: float) -> list[Event]:
        if self._ready:
            ready, self._ready = self._ready, []
            return ready
        if not self._given:
            time.sleep(seconds)
            return []
        worker, task = self._given.pop(0)
        outcome = perform_task(
            task,
            self._perform,
            begun=lambda note: self.say(Started(worker, task.item, note)),
            on_progress=lambda progress: self.say(Progressed(worker, task.item, progress)),
            stop=self._stop,
        )
        return [Finished(worker, task.item, outcome)]

    def close(self) -> None:
        pass
