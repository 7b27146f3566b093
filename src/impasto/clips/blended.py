"""Steady films from a painter that treats each frame independently: a fast network.

Strokes are carried along the flow wherever it can be trusted, and are as strong as in the frame's own
painting. Coarse structure follows that painting with a delay of a few frames, and the overall colours follow
those of the scene so far.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.clips.clip import Frame
from impasto.clips.coherence import PaintedFrame, State, UnguidedPainter
from impasto.clips.flow import Flow, Motion, motion, warp
from impasto.clips.planes import blurred, largest_channel
from impasto.clips.prefetch import ahead
from impasto.clips.scenes import is_cut
from impasto.imaging.samples import to_bytes, to_uint16, unpacked
from impasto.types import Pixels, Plane

COARSE = 0.7
"""The earlier painting's share of everything coarser than strokes, relative to its share of strokes: light
and colour, which may change."""
PACE = 0.1
"""How fast the colours of a scene follow those of its frames."""

_LEVELS = 3
"""The number of levels of a Laplacian pyramid that contain strokes: up to about 8 pixels."""
_UNLIKE = 0.06
"""The difference between the photograph and the one before it, moved along the flow, over some pixels, in [0,
1], at which three quarters of the strokes are kept; at one and a half times as much, none are: something
happened that the flow does not describe."""
_NEAR = 4.0
"""The radius, in pixels of each level, within which strokes are made as strong as those of the new
painting."""


@dataclass(frozen=True)
class _Step:
    frame: Frame
    photo: NDArray[np.uint8]
    flow: Flow | None
    share: Plane | None
    cut: bool
    same: bool
    painting: Pixels | None = None


class Blended:
    """Frames painted independently, with the strokes of those before; decoding, flow and painting run in
    threads.

    ``keep``: the share of the earlier strokes where they can be trusted, in [0, 1); 0 leaves frames as they
    are. Mixing destroys strokes: with 0.8 the style distance grows two to three times as much as with 0.99.
    The share is smaller where the photographs differ even when aligned along the flow: shadows, lights,
    dissolves.
    """

    def __init__(self, painter: UnguidedPainter, *, keep: float) -> None:
        self.painter = painter
        self.keep = keep

    def paint(self, frames: Iterable[Frame], state: State | None = None) -> Generator[PaintedFrame]:
        """See ``Coherence``."""
        yield from ahead(self._mixed(frames, state))  # encoding has its own thread

    def _mixed(self, frames: Iterable[Frame], state: State | None) -> Iterator[PaintedFrame]:
        known = state or {}
        last = unpacked(known["painting"]) if "painting" in known else None
        colours = known.get("colours")
        with (
            closing(ahead(frames)) as read,
            closing(ahead(self._steps(read, known.get("photo")))) as steps,
            closing(ahead(self._painted(steps))) as painted,
        ):
            for step in painted:
                if step.same and last is not None:
                    mixed = last
                else:
                    assert step.painting is not None
                    colours = None if step.cut else colours
                    fresh, colours = _steady_colours(step.painting, colours, PACE if self.keep else 1.0)
                    mixed = fresh
                    if last is not None and step.flow is not None and step.share is not None and not step.cut:
                        mixed = mix(fresh, last, step.flow, self.keep * step.share)
                kept = to_uint16(mixed)
                last = unpacked(kept)
                assert colours is not None
                found: dict[str, NDArray[Any]] = {"photo": step.photo, "painting": kept, "colours": colours}
                yield PaintedFrame(step.frame, last, step.cut, found)

    def _steps(self, frames: Iterable[Frame], photo: NDArray[np.uint8] | None) -> Iterator[_Step]:
        for frame in frames:
            now = to_bytes(frame.pixels)
            if photo is None:
                yield _Step(frame, now, None, None, True, False)
            elif np.array_equal(now, photo):
                yield _Step(frame, now, None, None, False, True)
            else:
                pixels, earlier = unpacked(now), unpacked(photo)
                found = motion(pixels, earlier)
                moved = warp(earlier, found.flow)
                share = _trusted(pixels, moved, found)
                yield _Step(frame, now, found.flow, share, is_cut(pixels, moved, found), False)
            photo = now

    def _painted(self, steps: Iterable[_Step]) -> Iterator[_Step]:
        for step in steps:
            yield step if step.same else replace(step, painting=self.painter.paint(step.frame.pixels))


def _trusted(pixels: Pixels, moved: Pixels, before: Motion) -> Plane:
    """Return the share, (H, W) in [0, 1], of the last painting to keep.

    ``moved``: the last frame, moved along the motion.
    """
    apart = largest_channel(cv2.absdiff(blurred(moved, 2.0), blurred(pixels, 2.0)))
    alike = np.clip(1.5 * (1.5 - apart / _UNLIKE), 0, 1)
    soft = cv2.GaussianBlur(before.trust, (0, 0), 1.0) * before.trust
    return np.asarray(soft * alike, np.float32)


def mix(fresh: Pixels, last: Pixels, flow: Flow, share: Plane) -> Pixels:
    """Return ``fresh`` with the strokes of ``last``, moved along ``flow``, where ``share`` (H, W) is 1.

    Warping and mixing make strokes fainter. Each level of detail is restored to its strength in ``fresh``:
    first locally, then over the whole picture, channel by channel.
    """
    own, coarse = _split(fresh)
    moved, below = _split(warp(last, flow))
    levels: list[Pixels] = []
    for fine, other in zip(own, moved, strict=True):
        laid = fine + (other - fine) * share[..., None]
        gain = np.clip(np.sqrt(_energy(fine) / _energy(laid)), 0.8, 1.5)[..., None]
        laid = laid * gain
        whole = np.sqrt((_power(fine) + 1e-7) / (_power(laid) + 1e-7))
        levels.append(np.asarray(laid * np.clip(whole, 0.67, 1.5), np.float32))
        share = np.asarray(cv2.pyrDown(share), np.float32)
    mixed: Pixels = coarse + (below - coarse) * (COARSE * share)[..., None]
    for level in reversed(levels):
        mixed = np.asarray(cv2.pyrUp(mixed, dstsize=level.shape[1::-1]) + level, np.float32)
    return np.asarray(np.clip(mixed, 0, 1), np.float32)


def _split(pixels: Pixels) -> tuple[list[Pixels], Pixels]:
    """Return the levels of a Laplacian pyramid (Burt and Adelson 1983), finest first, and the rest."""
    levels = []
    for _ in range(_LEVELS):
        below = cv2.pyrDown(pixels)
        levels.append(pixels - cv2.pyrUp(below, dstsize=pixels.shape[1::-1]))
        pixels = np.asarray(below, np.float32)
    return levels, pixels


def _power(level: Pixels) -> NDArray[np.float32]:
    """Return the mean square of each channel, (3,)."""
    return np.asarray(np.square(level).mean((0, 1)), np.float32)


def _energy(level: Pixels) -> Plane:
    spread: Plane = np.asarray(blurred(np.square(level).mean(2), _NEAR), np.float32)
    return np.asarray(spread + 1e-6, np.float32)


def _steady_colours(
    painting: Pixels, known: NDArray[np.float64] | None, pace: float
) -> tuple[Pixels, NDArray[np.float64]]:
    """Return ``painting`` with the mean and deviation of each channel that the scene has had so far."""
    mean, deviation = cv2.meanStdDev(painting)
    own = np.stack([mean[:, 0], deviation[:, 0] + 1e-3])
    if known is None or pace == 1:
        return painting, own
    steady = known + pace * (own - known)
    gain = steady[1] / own[1]
    scaled = painting * gain.astype(np.float32) + (steady[0] - own[0] * gain).astype(np.float32)
    return np.clip(scaled, 0, 1), steady
