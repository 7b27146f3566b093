"""The executor with processes on this machine."""

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

from impasto.jobs.events import Event, Finished, Heartbeat, Progressed, Started, WorkerLost, WorkerReady
from impasto.jobs.machine import WorkerSlot
from impasto.jobs.work import Outcome, Task, WorkerPainter
from impasto.progress import Progress

SHUTDOWN_SECONDS = 5.0
"""Seconds after which a process that does not end is killed."""


class ProcessExecutor:
    """An executor with a worker process on each of the ``slots``, performing the tasks of ``painter``.

    A worker is a fresh Python, not a fork: threads and CUDA do not survive forking, and scripts need no
    ``if __name__ == "__main__"``.
    """

    def __init__(self, painter: WorkerPainter, slots: Sequence[WorkerSlot]) -> None:
        self._painter = painter
        self._free_slots = deque(slots)
        self._workers: dict[int, _Process] = {}
        self._leaving: list[_Process] = []
        self._events: queue.SimpleQueue[tuple[int, dict[str, Any] | None]] = queue.SimpleQueue()

    def now(self) -> float:
        return time.monotonic()

    def start(self, worker: int) -> None:
        slot = self._free_slots.popleft()
        self._workers[worker] = _Process(worker, slot, self._painter, self._events)

    def give(self, worker: int, task: Task) -> None:
        self._workers[worker].send(task.to_dict())

    def dismiss(self, worker: int, *, kill: bool = False) -> None:
        process = self._workers.pop(worker)
        self._free_slots.append(process.slot)
        self._leaving.append(process)
        process.close_input(kill=kill)

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
            self._free_slots.append(process.slot)
            return [WorkerLost(worker, process.exit_reason())]
        if "warning" in said:
            warnings.warn(said["warning"], stacklevel=2)
            return []
        if "alive" in said:
            return [Heartbeat(worker)]
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
            process.close_input()
        until = time.monotonic() + SHUTDOWN_SECONDS
        for process in everybody:
            process.join(max(0.0, until - time.monotonic()))
        self._workers.clear()
        self._leaving.clear()


class _Process:
    """A worker process, and the threads that read its output."""

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
        self._stderr_tail: deque[str] = deque(maxlen=20)
        self._popen = subprocess.Popen(
            # -P: a file in the current folder must not take the place of a module.
            [sys.executable, "-P", "-m", "impasto.jobs.executors.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | slot.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            encoding="utf-8",
            errors="surrogateescape",
            process_group=0 if os.name == "posix" else None,  # not reached by Ctrl-C
        )
        # Errors are read completely before the worker counts as lost: they hold the reason.
        self._errors = self._thread(self._keep_words, self._popen.stderr)
        self._listener = self._thread(self._listen, self._popen.stdout)
        self.send({"make": painter.make, "settings": dict(painter.settings)})

    @staticmethod
    def _thread(work: Any, stream: IO[str] | None) -> threading.Thread:
        thread = threading.Thread(target=work, args=(stream,), daemon=True)
        thread.start()
        return thread

    def _keep_words(self, stream: IO[str]) -> None:
        self._stderr_tail.extend(stream)

    def _listen(self, stream: IO[str]) -> None:
        for line in stream:
            with contextlib.suppress(ValueError):  # truncated: the process is dying
                self._events.put((self.worker, json.loads(line)))
        self._errors.join(SHUTDOWN_SECONDS)
        self._events.put((self.worker, None))

    def send(self, message: Any) -> None:
        stdin = self._popen.stdin
        assert stdin is not None
        # A broken pipe means that the worker has died, which its listener reports.
        with contextlib.suppress(OSError, ValueError):
            stdin.write(json.dumps(message) + "\n")
            stdin.flush()

    def close_input(self, *, kill: bool = False) -> None:
        if kill:
            self._popen.kill()
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.close()

    def join(self, seconds: float) -> None:
        """Wait for the process to end, and kill it after so many seconds."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._listener.join(SHUTDOWN_SECONDS)
        for stream in (self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()

    def exit_reason(self) -> str:
        self.close_input()
        self.join(SHUTDOWN_SECONDS)
        code = self._popen.returncode
        words = [line.strip() for line in self._stderr_tail if line.strip()]
        last = f": {words[-1]}" if words else ""
        if code >= 0:
            return f"the worker ended with code {code}{last}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
        more = ", possibly out of memory" if name == "SIGKILL" else last
        return f"the worker was killed by {name}{more}"
