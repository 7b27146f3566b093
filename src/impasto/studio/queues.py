"""The queue: huey on SQLite, or on Redis. A message is a bell: it says that a job waits, not which.

A message may be lost with the worker that took it, or come twice. Neither matters: which job is next is in
the state, a job is begun only by ``Work.claim``, and ``caretaker`` rings again for jobs that wait unheard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer

from impasto.errors import MissingExtraError
from impasto.studio.settings import Settings, secret_of

log = logging.getLogger("impasto.studio.queue")
LANES = ("paintings", "drafts")


class Queue:
    """One lane's queue. ``answer`` is called for each ring, in workers; those who only ring have none."""

    def __init__(self, settings: Settings, lane: str, answer: Callable[[], None] | None = None) -> None:
        self.lane = lane
        self.huey = _huey(settings, lane)

        def paint() -> None:
            assert answer is not None
            answer()

        self._task = self.huey.task(name="paint")(paint)

    def ring(self) -> None:
        """Have a worker look for a job. Raises whatever the queue raises when it cannot be reached."""
        self._task()

    def waiting(self) -> int:
        """How many rings nobody has answered."""
        return int(self.huey.pending_count())

    def take(self) -> bool:
        """Take a message as a worker would that dies at once: whether there was one."""
        return self.huey.dequeue() is not None


class Queues:
    """All lanes, for those who ring."""

    def __init__(self, settings: Settings) -> None:
        self._lanes = {lane: Queue(settings, lane) for lane in LANES}

    def ring(self, lane: str) -> None:
        """Ring for a job that was accepted; where the queue is away, a caretaker does so when it is back."""
        try:
            self._lanes[lane].ring()
        except Exception as error:
            log.warning("the queue cannot be reached: %s", error)

    def waiting(self, lane: str) -> int:
        """How many rings of ``lane`` nobody has answered."""
        return self._lanes[lane].waiting()

    def ready(self) -> None:
        """Raise whatever the queue raises when it cannot be reached."""
        for lane in LANES:
            self.waiting(lane)


def _huey(settings: Settings, lane: str) -> Huey:
    # Messages are pickled: a signature keeps out those written by someone else.
    serializer = SignedSerializer(secret=secret_of(settings).hex(), salt=f"impasto-{lane}")
    common: dict[str, Any] = {"results": False, "serializer": serializer}
    address = settings.queue_url.get_secret_value()
    if not address:
        path = settings.data_dir / "queue.sqlite"
        return SqliteHuey(f"impasto-{lane}", filename=str(path), strict_fifo=True, timeout=30, **common)
    try:
        import redis  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "the Redis queue needs redis, which is not installed: pip install 'impasto[studio-servers]'"
        ) from error
    return RedisHuey(f"impasto-{lane}", url=address, read_timeout=1, **common)
