"""The executor of processes on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Sequence
from typing import IO, Any

from impasto.jobs.events import Event, Finished, Progressed, Started, WorkerLost, WorkerReady
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.work import Outcome, Task, WorkerPainter
from impasto.progress import Progress

LEAVE = 5.0
"""Seconds that a process has to end in before it is killed."""


class ProcessExecutor:
    """Workers in processes of their own, each on one of the ``slots``. They do what ``painter`` makes.

    A worker is a fresh Python, not a copy of this process: threads and graphics processors do not
    survive copying, and a script that calls this needs no guard around its main part.
    """

    def __init__(self, painter: WorkerPainter, slots: Sequence[WorkerSlot]) -> None:
        self._painter = painter
        self._seats = deque(slots)
        self._workers: dict[int, _Process] = {}
        self._leaving: list[_Process] = []
        self._events: queue.SimpleQueue[tuple[int, dict[str, Any] | None]] = queue.SimpleQueue()

    def now(self) -> float:
        return time.monotonic()

    def start(self, worker: int) -> None:
        slot = self._seats.popleft()
        self._workers[worker] = _Process(worker, slot, self._painter, self._events)

    def give(self, worker: int, task: Task) -> None:
        self._workers[worker].send(task.to_dict())

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        process = self._workers.pop(worker)
        self._seats.append(process.slot)
        self._leaving.append(process)
        process.leave(kill=kill)

    def interrupt(self) -> None:
        for process in self._workers.values():
            process.send("stop")

    def wait(self, seconds: float) -> list[Event]:
        found: list[Event] = []
        with contextlib.suppress(queue.Empty):
            found += self._translate(*self._events.get(timeout=seconds))
            while True:
                found += self._translate(*self._events.get_nowait())
        return found

    def _translate(self, worker: int, said: dict[str, Any] | None) -> list[Event]:
        process = self._workers.get(worker)
        if process is None:
            return []  # dismissed meanwhile
        if said is None:
            del self._workers[worker]
            self._seats.append(process.slot)
            return [WorkerLost(worker, process.how_it_ended())]
        if "warning" in said:
            warnings.warn(said["warning"], stacklevel=2)
            return []
        if "ready" in said:
            return [WorkerReady(worker)]
        if "begun" in said:
            return [Started(worker, said["begun"], said["note"])]
        if "said" in said:
            return [Progressed(worker, said["said"], Progress.from_dict(said["progress"]))]
        return [Finished(worker, said["ended"], Outcome.from_dict(said["outcome"]))]

    def close(self) -> None:
        everybody = [*self._workers.values(), *self._leaving]
        for process in everybody:
            process.leave()
        until = time.monotonic() + LEAVE
        for process in everybody:
            process.bury(max(0.0, until - time.monotonic()))
        self._workers.clear()
        self._leaving.clear()


class _Process:
    """One process, and the threads that listen to it."""

    def __init__(
        self,
        worker: int,
        slot: WorkerSlot,
        painter: WorkerPainter,
        events: queue.SimpleQueue[tuple[int, dict[str, Any] | None]],
    ) -> None:
        self.worker = worker
        self.slot = slot
        self._events = events
        self._last_words: deque[str] = deque(maxlen=20)
        self._popen = subprocess.Popen(
            # -P: a file in the current folder must not take the place of a module.
            [sys.executable, "-P", "-m", "impasto.jobs.executors.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | slot.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            encoding="utf-8",
            errors="surrogateescape",
            process_group=0 if os.name == "posix" else None,  # a terminal's Ctrl-C is not for it
        )
        # Errors are read to their end before the end of the events is told: they say why.
        self._errors = self._thread(self._keep_words, self._popen.stderr)
        self._listener = self._thread(self._listen, self._popen.stdout)
        self.send({"make": painter.make, "settings": dict(painter.settings)})

    @staticmethod
    def _thread(work: Any, stream: IO[str] | None) -> threading.Thread:
        thread = threading.Thread(target=work, args=(stream,), daemon=True)
        thread.start()
        return thread

    def _keep_words(self, stream: IO[str]) -> None:
        self._last_words.extend(stream)

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            with contextlib.suppress(ValueError):  # cut short: it is dying
                self._events.put((self.worker, json.loads(line)))
        self._errors.join(LEAVE)
        self._events.put((self.worker, None))

    def send(self, message: Any) -> None:
        stdin = self._popen.stdin
        assert stdin is not None
        # A broken line is a worker that died: its listener tells.
        with contextlib.suppress(OSError, ValueError):
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()

    def leave(self, *, kill: bool = False) -> None:
        if kill:
            self._popen.kill()
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.close()

    def bury(self, seconds: float) -> None:
        """Wait for the end, and bring it about when it does not come."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._listener.join(LEAVE)
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()

    def how_it_ended(self) -> str:
        self.leave()
        self.bury(LEAVE)
        code = self._popen.returncode
        words = [line.strip() for line in self._last_words if line.strip()]
        last = f": {words[-1]}" if words else ""
        if code >= 0:
            return f"the worker ended with code {code}{last}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        more = ", perhaps for lack of memory" if name == "SIGKILL" else last
        return f"the worker was killed by {name}{more}"
