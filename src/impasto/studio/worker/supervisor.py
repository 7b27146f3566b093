"""Supervision of the server's own workers: started with it, restarted when they die, stopped with it."""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from impasto.studio.settings import Settings
from impasto.studio.state import State

log = logging.getLogger("impasto.studio.supervisor")
LOOK_EVERY = 0.5
STEADY = 30.0
LONGEST_PAUSE = 30.0


@dataclass
class _SupervisedWorker:
    """One of the supervised workers: its process, and the number of quick deaths in a row."""

    lane: str
    process: subprocess.Popen[bytes] | None = None
    name: str = ""
    began: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)


class Supervisor:
    """A supervisor of as many workers as ``settings`` specify."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.settings, self.state = settings, state
        lanes = [
            *["drafts"] * settings.draft_workers,
            *["paintings"] * settings.workers,
            *["explanations"] * settings.explanation_workers,
            *["trainings"] * settings.training_workers,
            *["films"] * settings.film_workers,
        ]
        self._workers = [_SupervisedWorker(lane) for lane in lanes]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        for worker in self._workers:
            self._launch(worker)
        self._thread.start()

    def pids(self) -> dict[str, int]:
        """Return the process ids by lane and number, for tests and operators."""
        return {
            f"{worker.lane}-{number}": worker.process.pid
            for number, worker in enumerate(self._workers)
            if worker.process is not None
        }

    def stop(self) -> None:
        """Stop all workers, which put their jobs back; kill those that take too long."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        running = [worker.process for worker in self._workers if worker.process is not None]
        for process in running:
            process.terminate()
        end = time.monotonic() + self.settings.shutdown_seconds
        for process in running:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("killed", extra={"pid": process.pid})
                process.kill()
                process.wait()

    def _launch(self, worker: _SupervisedWorker) -> None:
        worker.name = f"w_{secrets.token_hex(8)}"
        command = [sys.executable, "-m", "impasto.studio.worker", "--lane", worker.lane]
        worker.process = subprocess.Popen(
            [*command, "--name", worker.name, "--parent", str(os.getpid())],
            env={**os.environ, **self.settings.environment()},
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches only the server, which then stops its workers.
            start_new_session=True,
        )
        worker.began = time.monotonic()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            for worker in self._workers:
                try:
                    self._look(worker)
                except Exception:
                    log.exception("unexpected error")

    def _look(self, worker: _SupervisedWorker) -> None:
        now = time.monotonic()
        if worker.process is not None and worker.process.poll() is not None:
            log.warning("a worker ended", extra={"lane": worker.lane, "code": worker.process.returncode})
            worker.deaths = 1 if now - worker.began > STEADY else worker.deaths + 1
            worker.due = now + min(LONGEST_PAUSE, 0.1 * 2 ** min(worker.deaths, 9))
            worker.process = None
            # The worker is dead, so there is no need to wait for its leases to expire.
            self.state.queue.recover(time.time(), self.settings.attempts, of=worker.name)
        if worker.process is None and now >= worker.due:
            self._launch(worker)
