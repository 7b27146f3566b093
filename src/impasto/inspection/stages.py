"""Progress of a figure made of many paintings: one type of event for all watchers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from impasto.progress import Progress, ProgressCallback


@dataclass(frozen=True)
class Stage:
    """``title``: what is being made. ``done``: the share of the whole, in [0, 1]. ``elapsed`` and ``left``:
    seconds; ``left`` is None until it can be estimated. ``painting``: the event of the painting at hand.
    """

    title: str
    done: float
    elapsed: float
    left: float | None = None
    painting: Progress | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "title": self.title,
            "done": round(self.done, 4),
            "elapsed": round(self.elapsed, 3),
            "left": None if self.left is None else round(self.left, 1),
        }


StageCallback = Callable[[Stage], None]


class Stages:
    """Shares out the whole among parts of known ``costs`` (name to any positive measure of work)."""

    def __init__(self, costs: Mapping[str, float], on_stage: StageCallback | None = None) -> None:
        self._costs = dict(costs)
        self._total = sum(costs.values())
        self._finished = 0.0
        self._on_stage = on_stage
        self._began = time.perf_counter()

    def part(self, name: str, title: str | None = None) -> ProgressCallback:
        """Return a callback for the painting called ``name``, which begins now; the ones before are done."""
        self._tell(title or name, 0.0)
        cost = self._costs[name]

        def on_progress(event: Progress) -> None:
            self._tell(title or name, cost * event.done, event)

        return on_progress

    def finish(self, name: str, title: str | None = None) -> None:
        """Mark the part called ``name`` as done."""
        self._finished += self._costs.pop(name)
        self._tell(title or name, 0.0)

    def _tell(self, title: str, more: float, painting: Progress | None = None) -> None:
        if self._on_stage is None:
            return
        done = min(1.0, (self._finished + more) / self._total)
        elapsed = time.perf_counter() - self._began
        left = elapsed * (1 - done) / done if done > 0.02 else None
        self._on_stage(Stage(title, done, elapsed, left, painting))
