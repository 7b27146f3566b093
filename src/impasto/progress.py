"""What a running job tells whoever watches: one event type for terminal, JSON and web."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """One step of an optimisation.

    ``level`` and ``iteration`` count from 1; ``width`` and ``height`` are this level's size in
    pixels. ``done`` is the finished share of the whole job in [0, 1], by estimated work.
    ``losses`` has the total under ``"total"`` and its named, weighted parts. ``elapsed`` and
    ``left`` are seconds; ``left`` is None until it can be estimated. ``stage`` names what is done before
    the painting itself ("strokes"), which then has its own ``done``; "" is the painting.
    ``recoveries`` counts how often this level stepped back, with half the learning rate, from a loss
    that was no number. ``preview`` returns the current picture, (height, width, 3) float32 in [0, 1],
    and costs nothing until called; call it inside the callback, since the picture moves on.
    """

    level: int
    levels: int
    iteration: int
    iterations: int
    width: int
    height: int
    done: float
    losses: Mapping[str, float]
    elapsed: float
    left: float | None = None
    recoveries: int = 0
    stage: str = ""
    preview: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the preview, ready for JSON."""
        return {
            "level": self.level,
            "levels": self.levels,
            "iteration": self.iteration,
            "iterations": self.iterations,
            "width": self.width,
            "height": self.height,
            "done": round(self.done, 4),
            "losses": dict(self.losses),
            "elapsed": round(self.elapsed, 3),
            "recoveries": self.recoveries,
            "stage": self.stage,
            "left": None if self.left is None else round(self.left, 1),
        }


ProgressCallback = Callable[[Progress], None]
Cancel = Callable[[], bool]
"""Asked again and again while something runs; True stops it."""
