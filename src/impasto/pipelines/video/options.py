"""What can be asked of a film, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from impasto.clips import Damage
from impasto.clips.blended import KEEP
from impasto.clips.guided import LONG_TERM
from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions
from impasto.painters.frames import NEXT_ITERATIONS, TEMPORAL_WEIGHT
from impasto.progress import Progress
from impasto.types import Pixels

Engine = Literal["fast", "optimize"]
OPTIMISED_SIZE = OptimizeOptions().size
"""Long side, in pixels, of films painted by optimisation, unless another is asked for."""
SEGMENTS = {"fast": 120, "optimize": 24}
"""How many frames a segment has: what a crash costs at most."""


@dataclass(frozen=True)
class FilmOptions:
    """What a film has that a picture has not.

    ``size``: long side in pixels or exact (width, height); None: the clip's own, and at most 512 where it
    is optimised. ``start``, ``end``: in seconds. ``rate``: frames a second of a sequence of pictures.
    ``bits``: 8 or 10, None as the clip. ``codec``, ``quality``: see docs/video.md; None for the output's
    own. ``damage``: "conceal" damaged frames, or "refuse" them. ``sound``: copy it.
    ``long_term``, ``passes``: as in ``clips.Guided``; ``temporal_weight``, ``next_iterations``: as in
    ``OptimisedFramePainter``; ``keep``: as in ``clips.Blended``; ``strength``, ``stroke_size``,
    ``keep_color``: as the gallery takes them. ``segment``: frames in each; None for the engine's.
    """

    size: int | tuple[int, int] | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    rate: Fraction = Fraction(25)
    bits: int | None = None
    codec: str | None = None
    quality: int | None = None
    damage: Damage = "conceal"
    sound: bool = True
    long_term: tuple[int, ...] = LONG_TERM
    passes: int = 1
    temporal_weight: float = TEMPORAL_WEIGHT
    next_iterations: int = NEXT_ITERATIONS
    keep: float = KEEP
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    segment: int | None = None

    def __post_init__(self) -> None:
        if self.bits not in (None, 8, 10):
            raise OptionError(f"bits must be 8 or 10; it is {self.bits!r}")
        if self.segment is not None and self.segment < 2:
            raise OptionError(f"segment must be 2 frames or more; it is {self.segment!r}")


@dataclass(frozen=True)
class FilmProgress:
    """What a film tells whoever watches: ``frame`` of ``frames`` are painted (None: nobody knows how many),
    ``elapsed`` and ``left`` in seconds. ``painting``: of the frame at hand, where it is optimised.
    ``preview``: gives the last painting, (H, W, 3)."""

    frame: int
    frames: int | None
    elapsed: float
    left: float | None = None
    painting: Progress | None = None
    preview: Callable[[], Pixels] | None = field(default=None, repr=False, compare=False)

    @property
    def done(self) -> float:
        """The finished share in [0, 1]; 0 where nobody knows."""
        within = 0.0 if self.painting is None else self.painting.done
        return min(1.0, (self.frame + within) / self.frames) if self.frames else 0.0


@dataclass(frozen=True)
class Film:
    """How a film went: ``frames`` in it, ``resumed`` of them from an earlier run; ``cuts``: numbers of the
    frames that scenes begin with, as far as they are known; ``notes``: damage, sound, and what else was
    unlike the clip. ``device``: where fast networks painted, "" where it was optimised. ``cancelled``: cut
    short, and nothing written but finished segments."""

    path: Path
    engine: Engine
    device: str
    width: int
    height: int
    frames: int
    resumed: int
    seconds: float
    cuts: tuple[int, ...]
    notes: tuple[str, ...]
    cancelled: bool = False
