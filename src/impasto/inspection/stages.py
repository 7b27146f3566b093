"""The progress of a figure that consists of many paintings."""

from __future__ import annotations

import time
from collections.abc import Mapping

from impasto.progress import Progress, ProgressCallback, time_left


class Stages:
    """The stages of a figure; ``costs`` (name to any positive measure of work) determine their shares of the
    total."""

    def __init__(self, costs: Mapping[str, float], on_progress: ProgressCallback | None = None) -> None:
        self._costs = dict(costs)
        self._total = sum(costs.values())
        self._finished = 0.0
        self._on_progress = on_progress
        self._began = time.perf_counter()

    def part(self, name: str, title: str | None = None) -> ProgressCallback:
        """Return a callback for the painting called ``name``, which begins now; earlier ones are done."""
        self._tell(title or name, 0.0)
        cost = self._costs[name]

        def on_progress(event: Progress) -> None:
            self._tell(title or name, cost * event.done, event)

        return on_progress

    def finish(self, name: str, title: str | None = None) -> None:
        """Mark the part called ``name`` as done."""
        self._finished += self._costs.pop(name)
        self._tell(title or name, 0.0)

    def _tell(self, title: str, more: float, *parts: Progress) -> None:
        if self._on_progress is None:
            return
        done = min(1.0, (self._finished + more) / self._total)
        elapsed = time.perf_counter() - self._began
        left = time_left(elapsed, done) if done > 0.02 else None
        self._on_progress(Progress(stage=title, done=done, elapsed=elapsed, left=left, parts=parts))
