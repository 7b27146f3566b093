"""A worker process: ``python -m impasto.studio.worker --lane paintings``.

Settings come from the environment. On SIGTERM and SIGINT the process saves the current job, which another
worker continues, and exits. With ``--parent`` it exits when that process has ended.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from impasto.errors import ImpastoError
from impasto.studio.logs import configure_logging
from impasto.studio.settings import Settings, load
from impasto.studio.state import LANES, open_state
from impasto.studio.state.retries import is_outage, outage
from impasto.studio.state.storage import Storage
from impasto.studio.webhooks import WebhookSender
from impasto.studio.worker.runner import JobRunner
from impasto.studio.worker.sweeper import Sweeper

log = logging.getLogger("impasto.studio.worker")
POLL_EVERY = 0.1
RECOVER_EVERY = 2.0
DELETE_EVERY = 60.0
SEND_EVERY = 1.0
PARENT_EVERY = 0.5


class Worker:
    """A worker that paints the jobs of one lane, and sweeps and sends webhooks on other threads."""

    def __init__(self, settings: Settings, lane: str, name: str, parent: int | None = None) -> None:
        self.name, self.lane, self.parent = name, lane, parent
        state, storage = open_state(settings), Storage(settings.data_dir)
        self.runner = JobRunner(settings, state, storage, name)
        self.sweeper = Sweeper(settings, state, storage)
        self.sender = WebhookSender(settings, state)
        self._is_measured = False

    def run(self) -> None:
        """Work until told to stop."""
        if self.lane in ("paintings", "drafts"):  # others load what each job needs
            self.runner.executor.warm_up()
        painting = self._every(POLL_EVERY, self._paint)
        self._every(RECOVER_EVERY, self.sweeper.recover)
        self._every(DELETE_EVERY, self.sweeper.delete_expired)
        self._every(SEND_EVERY, self._send)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        log.info("ready", extra={"worker": self.name, "lane": self.lane})
        while not self.runner.stopping.wait(PARENT_EVERY):
            if self.parent is not None and os.getppid() != self.parent:
                log.warning("the server has ended", extra={"worker": self.name})
                self.runner.stopping.set()
        painting.join()
        self.runner.executor.close()
        log.info("stopped", extra={"worker": self.name})

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.runner.stopping.set()

    def _paint(self) -> None:
        while self.runner.run_next(self.lane):
            pass
        if self.lane == "paintings" and not self._is_measured and not self.runner.stopping.is_set():
            self._is_measured = True
            self.runner.measure_speed()
        if self.lane == "films" and not self._is_measured and not self.runner.stopping.is_set():
            self._is_measured = True
            self.runner.measure_films()

    def _send(self) -> None:
        while not self.runner.stopping.is_set() and self.sender.send_next():
            pass

    def _every(self, seconds: float, act: Callable[[], object]) -> threading.Thread:
        """Start and return a thread that calls ``act`` every ``seconds``."""

        def repeat() -> None:
            while not self.runner.stopping.wait(seconds):
                try:
                    act()
                except Exception as error:
                    if is_outage(error):
                        log.warning("the database cannot be reached: %s", outage(error))
                    else:
                        log.exception("unexpected error")

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        return thread


def main() -> int:
    """Run a worker with the options of the command line; return 2 for unusable settings."""
    parser = argparse.ArgumentParser(prog="python -m impasto.studio.worker", description=__doc__)
    parser.add_argument("--lane", choices=LANES, default="paintings")
    parser.add_argument("--name", default="")
    parser.add_argument("--parent", type=int, default=None)
    arguments = parser.parse_args()
    try:
        settings = load()
        configure_logging(settings.log_format)
        name = arguments.name or f"w_{os.getpid()}_{secrets.token_hex(4)}"
        with contextlib.suppress(OSError):  # requests have priority over painting
            os.nice(5)
        Worker(settings, arguments.lane, name, arguments.parent).run()
    except ImpastoError as error:
        print(f"impasto: {error}", file=sys.stderr)
        return 2
    # torch's threads may abort an orderly exit; all results are on disk.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
