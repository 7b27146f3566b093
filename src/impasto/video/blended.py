"""Steady films out of a painter that knows nothing of time: a fast network.

Each painting is laid over with the one before it, moved along the flow, wherever that can be trusted;
and its colours as a whole follow those of the scene so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError
from impasto.types import Pixels, Plane
from impasto.video.clip import Frame
from impasto.video.coherence import Painted, Painter, State, from_bytes, from_words, to_bytes, to_words
from impasto.video.flow import Motion, motion, warp
from impasto.video.pipeline import ahead
from impasto.video.scenes import is_cut

KEEP = 0.92
"""Share of the earlier painting where it can be trusted."""
PACE = 0.1
"""How fast the colours of a scene follow those of its frames."""

_DETAIL = 2.0
"""What is finer than this, in pixels, is detail."""
_MOST = 1.5
"""How much detail is strengthened at most."""


@dataclass(frozen=True)
class _Step:
    frame: Frame
    photo: NDArray[np.uint8]
    before: Motion | None
    cut: bool
    same: bool
    painting: Pixels | None = None


class Blended:
    """Frames painted each by itself and then laid over each other; decoding, flow and painting in threads.

    ``keep``: the earlier painting's share where it can be trusted, in [0, 1); 0 leaves frames as they
    are. It is less where the two paintings differ in what they show (their means over some pixels), since
    something has happened there that the flow does not tell: shadows, lights, dissolves.
    """

    def __init__(self, painter: Painter, *, keep: float = KEEP) -> None:
        if not 0 <= keep < 1:
            raise OptionError(f"keep must be at least 0 and less than 1; it is {keep:g}")
        self.painter = painter
        self.keep = keep

    def paint(self, frames: Iterable[Frame], state: State | None = None) -> Iterator[Painted]:
        """See ``Coherence``."""
        last = None if not state else from_words(state["painting"])
        colours = None if not state else state["colours"]
        steps = ahead(self._steps(ahead(frames), None if not state else state["photo"]))
        for step in ahead(self._painted(steps)):
            if step.same and last is not None:
                mixed = last
            else:
                assert step.painting is not None
                colours = None if step.cut else colours
                fresh, colours = _steady_colours(step.painting, colours)
                mixed = fresh
                if last is not None and step.before is not None and not step.cut:
                    mixed = self._mix(fresh, last, step.before)
            kept = to_words(mixed)
            last = from_words(kept)
            assert colours is not None
            found: State = {"photo": step.photo, "painting": kept, "colours": colours}
            yield Painted(step.frame, last, step.cut, found)

    def _steps(self, frames: Iterable[Frame], photo: NDArray[np.uint8] | None) -> Iterator[_Step]:
        for frame in frames:
            now = to_bytes(frame.pixels)
            if photo is None:
                yield _Step(frame, now, None, True, False)
            elif np.array_equal(now, photo):
                yield _Step(frame, now, None, False, True)
            else:
                found = motion(from_bytes(now), from_bytes(photo))
                yield _Step(frame, now, found, is_cut(from_bytes(now), from_bytes(photo), found), False)
            photo = now

    def _painted(self, steps: Iterable[_Step]) -> Iterator[_Step]:
        for step in steps:
            painting = None if step.same else self.painter.paint(step.frame.pixels, None)
            yield _Step(step.frame, step.photo, step.before, step.cut, step.same, painting)

    def _mix(self, fresh: Pixels, last: Pixels, before: Motion) -> Pixels:
        return mix(fresh, last, before, self.keep)


def mix(fresh: Pixels, last: Pixels, before: Motion, keep: float) -> Pixels:
    """``fresh`` with a share of ``last``, moved along ``before``, as sharp as ``fresh``.

    Two textures laid over each other are fainter than either; detail is brought back to the strength it
    has in ``fresh``, place by place.
    """
    moved = warp(last, before.flow)
    apart = np.abs(_blurred(moved, 4.0) - _blurred(fresh, 4.0)).max(2)
    alike = np.clip(1.5 - apart / 0.1, 0, 1)
    soft = cv2.GaussianBlur(before.trust, (0, 0), 1.0) * before.trust
    share: Plane = np.asarray(keep * soft * alike, np.float32)
    mixed = fresh + (moved - fresh) * share[..., None]
    coarse = _blurred(mixed, _DETAIL)
    gain = np.sqrt(_energy(fresh - _blurred(fresh, _DETAIL)) / _energy(mixed - coarse))
    sharp = coarse + (mixed - coarse) * np.clip(gain, 1, _MOST)[..., None]
    return np.asarray(np.clip(sharp, 0, 1), np.float32)


def _energy(detail: Pixels) -> Plane:
    spread: Plane = np.asarray(cv2.GaussianBlur(np.square(detail).mean(2), (0, 0), 4 * _DETAIL), np.float32)
    return np.asarray(spread + 1e-6, np.float32)


def _blurred(pixels: Pixels, radius: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), radius), np.float32)


def _steady_colours(
    painting: Pixels, known: NDArray[np.float64] | None
) -> tuple[Pixels, NDArray[np.float64]]:
    """``painting`` with the mean and deviation of each channel that the scene has so far."""
    flat = painting.reshape(-1, 3).astype(np.float64)
    own = np.stack([flat.mean(0), flat.std(0) + 1e-3])
    if known is None:
        return painting, own
    steady = known + PACE * (own - known)
    scaled = (painting - own[0]) * (steady[1] / own[1]) + steady[0]
    return np.clip(scaled, 0, 1).astype(np.float32), steady
