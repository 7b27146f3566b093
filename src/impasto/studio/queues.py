"""The queue: huey on SQLite, or on Redis. A message says which job to look at; the state says what it is.

A message may be lost with the worker that took it, or come twice. Neither matters: a job is begun only by
``Jobs.claim``, and ``caretaker`` sends messages again for jobs that wait and have none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.api import Task
from huey.serializer import SignedSerializer

from impasto.errors import MissingExtraError
from impasto.studio.settings import Settings, secret_of

LANES = ("paintings", "drafts")


class Queue:
    """One lane's queue. ``perform`` is called with a job's id, in workers; those who only send have none."""

    def __init__(self, settings: Settings, lane: str, perform: Callable[[str], None] | None = None) -> None:
        self.lane = lane
        self.huey = _huey(settings, lane)

        def paint(job: str) -> None:
            assert perform is not None
            perform(job)

        self._task = self.huey.task(name="paint")(paint)

    def send(self, job: str) -> None:
        """Have a worker look at ``job``."""
        self._task(job)

    def waiting(self) -> int:
        """How many messages nobody has taken."""
        return int(self.huey.pending_count())

    def take(self) -> Task | None:
        """The next message, for tests."""
        found: Task | None = self.huey.dequeue()
        return found


class Queues:
    """All lanes, for those who send."""

    def __init__(self, settings: Settings) -> None:
        self._lanes = {lane: Queue(settings, lane) for lane in LANES}

    def send(self, lane: str, job: str) -> None:
        self._lanes[lane].send(job)

    def waiting(self, lane: str) -> int:
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
