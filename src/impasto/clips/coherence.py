"""The interface shared by the two methods of keeping a film steady: frames, state and paintings."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from impasto.clips.clip import Frame
from impasto.types import Pixels, Plane

State = Mapping[str, NDArray[Any]]
"""The state after a frame; continuing from it with the next frame gives identical results."""


@dataclass(frozen=True)
class Aim:
    """The ``loss`` and the ``hardness`` at which to stop painting a frame.

    Each is relative to that of the picture from which the frame starts when painted alone. Hardness is the
    variance of the Laplacian of luma.
    """

    loss: float
    hardness: float


@dataclass(frozen=True)
class Guide:
    """The guidance that earlier paintings give for a frame.

    ``start``: the picture to start from, (H, W, 3). ``wanted``: pictures (H, W, 3) to stay close to, with
    weights (H, W) in [0, 1]. ``bare``: (H, W) in [0, 1], the share of ``start`` taken from the frame itself
    because no earlier painting is known there. ``aim``: how far the scene's first frame was painted; this
    frame is painted no further and no harder, or strokes would harden from frame to frame.
    """

    start: Pixels
    wanted: tuple[tuple[Pixels, Plane], ...]
    bare: Plane
    aim: Aim


@dataclass(frozen=True)
class GuidedPainting:
    """A painting (H, W, 3) and how far it was painted, not counting the guide's loss."""

    pixels: Pixels
    reached: Aim


class FramePainter(Protocol):
    """Paints one frame; all it knows of the others is in the guide."""

    is_guided: Literal[True]

    def paint(self, frame: Pixels, guide: Guide | None) -> GuidedPainting:
        """Return ``frame``, (H, W, 3) in [0, 1], as a painting of the same size."""

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:
        """Return a painting in the form to write, from the one that guides later frames."""

    def describe(self) -> str:
        """Describe the network and everything else, besides the options, that determines its paintings."""


class UnguidedPainter(Protocol):
    """Paints each frame by itself; the paintings are blended."""

    is_guided: Literal[False]

    def paint(self, frame: Pixels) -> Pixels:
        """Return ``frame``, (H, W, 3) in [0, 1], as a painting of the same size."""

    def finish(self, pixels: Pixels, frame: Pixels) -> Pixels:
        """See ``FramePainter``."""

    def describe(self) -> str:
        """See ``FramePainter``."""


@dataclass(frozen=True)
class PaintedFrame:
    """A frame and its painting. ``cut``: a scene begins with it. ``state``: what was known after it."""

    frame: Frame
    pixels: Pixels
    cut: bool
    state: State


class Coherence(Protocol):
    """A method of painting frames so that they are consistent."""

    @property
    def painter(self) -> FramePainter | UnguidedPainter: ...

    def paint(self, frames: Iterable[Frame], state: State | None = None) -> Generator[PaintedFrame]:
        """Yield the paintings of ``frames``, continuing from ``state`` if given."""
