"""The decoding and encoding of full-size pictures, which takes much memory: a few at once, one per person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")


class Decoders:
    """Threads that decode or encode full-size pictures: ``count`` at once, of which a person has one.

    So whoever sends many large pictures waits for themselves, and others do not.
    """

    def __init__(self, count: int) -> None:
        self._all = anyio.CapacityLimiter(count)
        self._own: dict[str, anyio.CapacityLimiter] = {}
        self._waiting: Counter[str] = Counter()

    async def run(self, owner: str, act: Callable[..., T], *given: object) -> T:
        """Return ``act(*given)``, called in a thread when it is the turn of ``owner``."""
        own = self._own.setdefault(owner, anyio.CapacityLimiter(1))
        self._waiting[owner] += 1
        try:
            async with own:
                return await to_thread.run_sync(act, *given, limiter=self._all)
        finally:
            self._waiting[owner] -= 1
            if not self._waiting[owner]:
                del self._waiting[owner], self._own[owner]
