"""Work on pictures that takes much memory or time: a few at once, shared out among people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

T = TypeVar("T")


class Decoders:
    """Threads that decode, encode or paint pictures: ``count`` at once, at most ``each`` for one user.

    So a user who sends many large pictures delays only themselves.
    """

    def __init__(self, count: int, each: int = 1) -> None:
        self._all, self._each = anyio.CapacityLimiter(count), each
        self._own: dict[str, anyio.CapacityLimiter] = {}
        self._held: Counter[str] = Counter()

    async def run(self, owner: str, act: Callable[..., T], *given: object) -> T:
        """Return ``act(*given)``, called in a thread when it is the turn of ``owner``."""
        own = self._own.setdefault(owner, anyio.CapacityLimiter(self._each))
        self._held[owner] += 1
        try:
            async with own:
                return await to_thread.run_sync(act, *given, limiter=self._all)
        finally:
            self._held[owner] -= 1
            if not self._held[owner]:
                del self._held[owner], self._own[owner]

    def has_room(self, owner: str, most: int) -> bool:
        """Return whether fewer than ``most`` are under way or wait, or ``owner`` has less than an equal share
        of them: others keep nobody out.
        """
        share = max(1, most // len({*self._held, owner}))
        return self._held.total() < most or self._held[owner] < share
