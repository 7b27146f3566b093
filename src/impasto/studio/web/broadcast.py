"""Event streams of changes: one thread polls the state for all subscribers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from impasto.studio.state import JobRecord, State

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("impasto.studio.events")
LOOK_EVERY = 0.2
IDLE_EVERY = 1.0
KEEP_ALIVE = 15.0
News = JobRecord | str
"""A changed job, or the id of a deleted one."""


class Subscriber:
    """The queue of one event stream. It keeps only the latest news of each job, so that it stays small."""

    def __init__(self, owner: str, job: str | None) -> None:
        self.owner, self.job = owner, job
        self._news: dict[str, News] = {}
        self._arrived = asyncio.Event()
        self.is_closed = False

    def put(self, id: str, news: News) -> None:
        self._news.pop(id, None)
        self._news[id] = news
        self._arrived.set()

    def close(self) -> None:
        self.is_closed = True
        self._arrived.set()

    async def news(self) -> AsyncIterator[News | None]:
        """Yield news, or None after a while without any. Ends when the server stops."""
        while not self.is_closed:
            try:
                await asyncio.wait_for(self._arrived.wait(), KEEP_ALIVE)
            except TimeoutError:
                yield None
                continue
            self._arrived.clear()
            while self._news and not self.is_closed:
                yield self._news.pop(next(iter(self._news)))


class Broadcaster:
    """A broadcaster that polls the state and sends each subscriber the news of its jobs."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._subscribers: set[Subscriber] = set()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._look, name="broadcaster", daemon=True)

    @property
    def streams(self) -> int:
        """The number of open streams."""
        return len(self._subscribers)

    def streams_of(self, owner: str) -> int:
        """Return the number of open streams of ``owner``."""
        return sum(subscriber.owner == owner for subscriber in self._subscribers)

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """End all streams; may be called from any thread."""
        self._stopping.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._close_all)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    @contextmanager
    def subscribe(self, owner: str, job: str | None) -> Iterator[Subscriber]:
        """Yield a subscriber to one job of ``owner``, or to all."""
        subscriber = Subscriber(owner, job)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def _close_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.close()

    def _look(self) -> None:
        since = -1
        while not self._stopping.is_set():
            try:
                if since < 0:
                    since = self.state.overview.latest()
                else:
                    # Even without subscribers, so that a new one misses no change.
                    jobs, gone, since = self.state.overview.changes(since)
                    if (jobs or gone) and self._subscribers and self._loop is not None:
                        with contextlib.suppress(RuntimeError):  # the loop has ended
                            self._loop.call_soon_threadsafe(self._tell, jobs, gone)
            except Exception as error:
                log.warning("cannot read changes: %s", error)
                time.sleep(IDLE_EVERY)
            self._stopping.wait(LOOK_EVERY)

    def _tell(self, jobs: list[JobRecord], gone: list[tuple[str, str]]) -> None:
        for subscriber in self._subscribers:
            for job in jobs:
                if job.owner == subscriber.owner and subscriber.job in (None, job.id):
                    subscriber.put(job.id, job)
            for owner, id in gone:
                if owner == subscriber.owner and subscriber.job in (None, id):
                    subscriber.put(id, id)
