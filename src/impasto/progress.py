"""The progress of all work: one type of event for the terminal, JSON lines, Python and the studio."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The progress of a painting, a film, a batch, a training, an explanation or a download.

    ``stage`` names what is being done, where that is more than one thing ("strokes"). ``done`` is the
    finished share of the whole in [0, 1], by estimated work; of a stage before a painting, that of the stage.
    ``elapsed`` and ``left`` are seconds; ``left`` is None until it can be estimated.

    ``step`` of ``steps`` are finished, each a ``unit``: an iteration, a step of a training, a frame, a
    picture, a byte; ``steps`` is None where their number is not known. They are those of ``level`` of
    ``levels``, which count from 1: levels of the pyramid, or stages of a training. ``width`` and ``height``
    are in pixels, 0 where there is no picture. ``failed``: how many of the steps failed.

    ``losses`` has the total under ``"total"``, where there is one, and its named, weighted parts.
    ``recoveries`` counts how often this level stepped back, with half the learning rate, from a loss that was
    no number. ``parts``: the paintings in progress, of a film, a batch or an explanation. ``preview`` returns
    the current picture, (height, width, 3) float32 in [0, 1], and costs nothing until called; call it inside
    the callback, since the picture moves on.
    """

    stage: str = ""
    done: float = 0.0
    elapsed: float = 0.0
    left: float | None = None
    step: int = 0
    steps: int | None = None
    unit: str = "step"
    level: int = 1
    levels: int = 1
    width: int = 0
    height: int = 0
    failed: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    recoveries: int = 0
    parts: tuple[Progress, ...] = ()
    preview: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the preview, ready for JSON."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "preview"}
        found |= {"done": round(self.done, 4), "elapsed": round(self.elapsed, 3), "losses": dict(self.losses)}
        left = None if self.left is None else round(self.left, 1)
        return found | {"left": left, "parts": [part.to_dict() for part in self.parts]}

    def losses_by_kind(self) -> dict[str, float]:
        """Return the losses summed over layers: "content relu4_2", for example, counts as "content"."""
        found: dict[str, float] = {}
        for name, value in self.losses.items():
            kind = name.split()[0]
            found[kind] = found.get(kind, 0.0) + value
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Progress:
        """Return the event that ``to_dict`` made ``values`` of."""
        return cls(**{**values, "parts": tuple(map(cls.from_dict, values["parts"]))})


def time_left(elapsed: float, done: float, before: float = 0.0) -> float | None:
    """Return the seconds left when the share ``done`` - ``before`` took ``elapsed``; None if that is nothing.

    ``before``: the share that was done by an earlier run.
    """
    return elapsed * max(0.0, 1 - done) / (done - before) if done > before else None


ProgressCallback = Callable[[Progress], None]


def throttled(
    callback: ProgressCallback,
    every: float,
    *,
    share: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
) -> ProgressCallback:
    """Return a callback that passes events on at most once in ``every`` seconds, and when all is done.

    ``share``: how much of the time ``callback`` may take.
    """
    due = float("-inf")

    def on_progress(event: Progress) -> None:
        nonlocal due
        began = clock()
        if began >= due or event.done >= 1:
            callback(event)
            now = clock()
            due = max(began + every, now + (now - began) * (1 / share - 1))

    return on_progress


Cancel = Callable[[], bool]
"""A function called again and again while work runs; it returns True to stop it."""
