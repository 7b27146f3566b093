"""Work on pictures that takes much memory or time: a few tasks at once, shared fairly among users."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Literal, TypeVar

import anyio
from anyio import to_process, to_thread

from impasto.studio.state import RefusalError

T = TypeVar("T")
Upload = Literal["picture", "film"]
log = logging.getLogger("impasto.studio.web.decoders")
STILL_SECONDS, MEGAPIXEL_SECONDS = 30.0, 1.0
"""The time that a process may take for a picture: so much, and so much for each million pixels."""
FILM_SECONDS, MEGABYTE_SECONDS = 60.0, 0.5
"""The time that a process may take for a film: so much, and so much for each million bytes."""


def picture_seconds(pixels: int = 0) -> float:
    """Return the time in seconds that reading a picture of so many ``pixels``, or its header, may take."""
    return STILL_SECONDS + MEGAPIXEL_SECONDS * pixels / 1e6


def film_seconds(size: int) -> float:
    """Return the time in seconds that reading a film of ``size`` bytes may take."""
    return FILM_SECONDS + MEGABYTE_SECONDS * size / 1e6


class Decoders:
    """Threads and processes that decode, encode or paint pictures: ``count`` at once, at most ``each`` for
    one user.

    A user who sends many large pictures therefore delays only themselves. One place is never held by films,
    which may take minutes.
    """

    def __init__(self, count: int, each: int = 1) -> None:
        self._all, self._each = anyio.CapacityLimiter(count), each
        self._films = anyio.CapacityLimiter(max(1, count - 1))
        self._own: dict[str, anyio.CapacityLimiter] = {}
        self._held: Counter[str] = Counter()

    async def run(self, owner: str, act: Callable[..., T], *given: object) -> T:
        """Return ``act(*given)``, called in a thread when it is the turn of ``owner``."""
        async with self._turn(owner):
            return await to_thread.run_sync(act, *given, limiter=self._all)

    async def run_apart(
        self, owner: str, what: Upload, seconds: float, act: Callable[..., T], *given: object
    ) -> T:
        """Return ``act(*given)``, called in a separate process when it is the turn of ``owner``.

        For libraries that a damaged file may crash: the server keeps running. ``act``, ``given``, its return
        value and its exceptions are pickled. ``what``: the kind of file to read. Raises RefusalError
        ("not-a-picture", "not-a-film") if the process dies or takes longer than ``seconds``, without the
        time spent waiting for a place; anyio's BrokenWorkerProcess if no process can be started.
        """
        async with self._turn(owner), self._films if what == "film" else nullcontext(), self._all:
            try:
                with anyio.fail_after(seconds):
                    return await to_process.run_sync(
                        act, *given, cancellable=True, limiter=anyio.CapacityLimiter(1)
                    )
            except TimeoutError as error:
                raise RefusalError(
                    f"not-a-{what}",
                    f"expected a {what} that can be read in {seconds:.0f} s; it took longer",
                ) from error
            except anyio.BrokenWorkerProcess as error:
                await to_process.run_sync(os.getpid)  # raises again if no process works at all
                log.warning("a process that read a %s has died", what)
                raise RefusalError(
                    f"not-a-{what}",
                    f"expected a {what} that can be read; it crashes the process that reads it",
                ) from error

    async def prepare(self, act: Callable[[], object]) -> None:
        """Call ``act`` in a process that later calls of ``run_apart`` use: the first need not wait for it."""
        try:
            await to_process.run_sync(act, cancellable=True)
        except anyio.BrokenWorkerProcess:
            log.warning("a process that reads pictures could not be started")

    @asynccontextmanager
    async def _turn(self, owner: str) -> AsyncIterator[None]:
        """Wait for one of the places of ``owner``."""
        own = self._own.setdefault(owner, anyio.CapacityLimiter(self._each))
        self._held[owner] += 1
        try:
            async with own:
                yield
        finally:
            self._held[owner] -= 1
            if not self._held[owner]:
                del self._held[owner], self._own[owner]

    def has_room(self, owner: str, most: int) -> bool:
        """Return whether fewer than ``most`` tasks are running or waiting, or ``owner`` has less than an
        equal share of them, so that others cannot keep them out."""
        share = max(1, most // len({*self._held, owner}))
        return self._held.total() < most or self._held[owner] < share
