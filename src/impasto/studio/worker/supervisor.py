"""The server's own workers: started with it, started again when they die, stopped with it."""

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
class _Place:
    """A worker's place: who has it, and how often it fell vacant."""

    lane: str
    process: subprocess.Popen[bytes] | None = None
    name: str = ""
    began: float = 0.0
    falls: int = 0
    due: float = field(default=0.0)


class Supervisor:
    """Keeps as many workers as ``settings`` say."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.settings, self.state = settings, state
        lanes = ["drafts"] * settings.draft_workers + ["paintings"] * settings.workers
        self._places = [_Place(lane) for lane in lanes]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        for place in self._places:
            self._fill(place)
        self._thread.start()

    def pids(self) -> dict[str, int]:
        """The lane's name and number to its worker's process, for tests and operators."""
        return {
            f"{place.lane}-{number}": place.process.pid
            for number, place in enumerate(self._places)
            if place.process is not None
        }

    def stop(self) -> None:
        """Have all put down what they paint; those that take too long are killed."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        running = [place.process for place in self._places if place.process is not None]
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

    def _fill(self, place: _Place) -> None:
        place.name = f"w_{secrets.token_hex(8)}"
        command = [sys.executable, "-m", "impasto.studio.worker", "--lane", place.lane]
        place.process = subprocess.Popen(
            [*command, "--name", place.name, "--parent", str(os.getpid())],
            env={**os.environ, **self.settings.environment()},
            stdin=subprocess.DEVNULL,
            # Ctrl-C is for the server, which tells its workers in its own time.
            start_new_session=True,
        )
        place.began = time.monotonic()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            for place in self._places:
                try:
                    self._look(place)
                except Exception:
                    log.exception("the supervisor stumbled")

    def _look(self, place: _Place) -> None:
        now = time.monotonic()
        if place.process is not None and place.process.poll() is not None:
            log.warning("a worker ended", extra={"lane": place.lane, "code": place.process.returncode})
            place.falls = 1 if now - place.began > STEADY else place.falls + 1
            place.due = now + min(LONGEST_PAUSE, 0.1 * 2 ** min(place.falls, 9))
            place.process = None
            # Nobody has to wait for its leases to end: it is known to be dead.
            self.state.queue.recover(time.time(), self.settings.attempts, of=place.name)
        if place.process is None and now >= place.due:
            self._fill(place)
