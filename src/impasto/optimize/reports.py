"""Progress events from iterations, with the work of all levels."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from torch import Tensor

from impasto.progress import Progress, ProgressCallback, time_left
from impasto.tensors import to_pixels


class Reporter:
    """Measures how much of the work of a painting with these ``sizes`` and ``counts`` is done.

    ``first``: the work of an iteration at the first level, relative to one of the same size at other levels.
    """

    def __init__(
        self,
        sizes: Sequence[tuple[int, int]],
        counts: Sequence[int],
        on_progress: ProgressCallback | None,
        first: float = 1.0,
    ) -> None:
        self.sizes = sizes
        self.counts = counts
        self.on_progress = on_progress
        self.iterations = 0
        self._began = time.perf_counter()
        self._earlier = 0.0
        self._resumed = 0.0
        # A small level costs more than its share of pixels: a fixed part per iteration.
        self._costs = [(w * h + 10_000) * (1 if level else first) for level, (w, h) in enumerate(sizes)]
        self._total = sum(c * n for c, n in zip(self._costs, counts, strict=True))

    def seconds(self) -> float:
        """Return the time spent, including that before an interruption."""
        return self._earlier + time.perf_counter() - self._began

    def resume(self, level: int, iteration: int, iterations: int, seconds: float) -> None:
        """Continue counting where an earlier run stopped."""
        self.iterations = iterations
        self._earlier = seconds
        self._resumed = self._done(level, iteration)

    def report(
        self, level: int, iteration: int, image: Tensor, losses: Mapping[str, float], recoveries: int = 0
    ) -> None:
        self.iterations += 1
        if self.on_progress is None:
            return
        done = self._done(level, iteration)
        now = time.perf_counter() - self._began
        width, height = self.sizes[level]
        self.on_progress(
            Progress(
                done=done,
                elapsed=self.seconds(),
                left=time_left(now, done, self._resumed) if self.iterations > 2 else None,
                step=iteration,
                steps=self.counts[level],
                unit="iteration",
                level=level + 1,
                levels=len(self.sizes),
                width=width,
                height=height,
                losses=losses,
                recoveries=recoveries,
                preview=lambda: to_pixels(image),
            )
        )

    def _done(self, level: int, iteration: int) -> float:
        finished = sum(c * n for c, n in zip(self._costs[:level], self.counts[:level], strict=True))
        return (finished + self._costs[level] * iteration) / self._total
