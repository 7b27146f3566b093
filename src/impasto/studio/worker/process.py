"""A worker process: ``python -m impasto.studio.worker --lane paintings``.

Settings come from the environment. It ends gracefully on SIGTERM and SIGINT: what it paints is kept, and
goes on elsewhere. ``--parent`` has it end when that process is no more.
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

from huey.consumer import Consumer

from impasto.errors import ImpastoError
from impasto.studio.logs import set_up
from impasto.studio.queues import LANES, Queue, Queues
from impasto.studio.settings import Settings, load
from impasto.studio.state import open_state
from impasto.studio.state.retries import is_outage
from impasto.studio.state.storage import Storage
from impasto.studio.webhooks import Postman
from impasto.studio.worker.runner import Painter
from impasto.studio.worker.sweeper import Caretaker

log = logging.getLogger("impasto.studio.worker")
CARE_EVERY = 2.0
TIDY_EVERY = 60.0
POST_EVERY = 1.0


class Worker:
    """One lane's painter, with the caretaker and the postman on threads of their own."""

    def __init__(self, settings: Settings, lane: str, name: str, parent: int | None = None) -> None:
        self.settings, self.name, self.parent = settings, name, parent
        self.state = open_state(settings)
        self.storage = Storage(settings.data_dir)
        self.painter = Painter(settings, self.state, self.storage, name)
        self.queue = Queue(settings, lane, self._answer)
        self.caretaker = Caretaker(settings, self.state, self.storage, Queues(settings))
        self.postman = Postman(settings, self.state)
        self.consumer = Consumer(
            self.queue.huey,
            workers=1,
            worker_type="thread",
            periodic=False,
            initial_delay=0.05,
            max_delay=0.3,
        )

    def run(self) -> None:
        """Until it is told to stop."""
        stopping = self.painter.stopping
        threads = [
            threading.Thread(target=self._every, args=(CARE_EVERY, self._care), daemon=True),
            threading.Thread(target=self._every, args=(TIDY_EVERY, self.caretaker.tidy), daemon=True),
            threading.Thread(target=self._every, args=(POST_EVERY, self._post), daemon=True),
        ]
        self.painter.brush.warm_up()
        for thread in threads:
            thread.start()
        self.consumer.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        log.info("ready", extra={"worker": self.name, "lane": self.queue.lane})
        while not stopping.wait(0.5):
            if self.parent is not None and os.getppid() != self.parent:
                log.warning("the server is gone", extra={"worker": self.name})
                stopping.set()
            self.consumer.check_worker_health()
        self.consumer.stop(graceful=True)
        self.painter.brush.close()
        log.info("ended", extra={"worker": self.name})

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.painter.stopping.set()

    def _answer(self) -> None:
        self.painter.paint(self.queue.lane)

    def _care(self) -> None:
        self.caretaker.recover()

    def _post(self) -> None:
        while not self.painter.stopping.is_set() and self.postman.send_next():
            pass

    def _every(self, seconds: float, act: Callable[[], object]) -> None:
        while not self.painter.stopping.wait(seconds):
            try:
                act()
            except Exception as error:
                if is_outage(error):
                    log.warning("the database cannot be reached: %s", error)
                else:
                    log.exception("the caretaker stumbled")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m impasto.studio.worker", description=__doc__)
    parser.add_argument("--lane", choices=LANES, default="paintings")
    parser.add_argument("--name", default="")
    parser.add_argument("--parent", type=int, default=None)
    arguments = parser.parse_args()
    try:
        settings = load()
        set_up(settings.log_format)
        name = arguments.name or f"w_{os.getpid()}_{secrets.token_hex(4)}"
        with contextlib.suppress(OSError):  # those who wait for a page come before those who wait for a job
            os.nice(5)
        Worker(settings, arguments.lane, name, arguments.parent).run()
    except ImpastoError as error:
        print(f"impasto: {error}", file=sys.stderr)
        return 2
    # Threads of torch may abort an orderly exit; everything of worth is on disk.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
