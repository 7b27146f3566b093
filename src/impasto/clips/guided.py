"""Steady films from a painter that accepts a guide: Ruder, Dosovitskiy and Brox 2016.

Each frame starts from the painting before it, moved along the flow, and is kept close to it and to older
paintings wherever the flow can be trusted.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.clips.clip import Frame
from impasto.clips.coherence import Aim, FramePainter, Guide, PaintedFrame, State
from impasto.clips.flow import Motion, motion, warp
from impasto.clips.scenes import is_cut
from impasto.errors import OptionError
from impasto.imaging.samples import to_bytes, to_uint16, unpacked
from impasto.types import Pixels, Plane

BLEND = 0.5
"""The neighbour's share of a frame's start, in passes after the first (Ruder's delta)."""


@dataclass(frozen=True)
class _EarlierFrame:
    """An earlier frame of the scene: its photograph in 8 bits, its painting in 16."""

    photo: NDArray[np.uint8]
    painting: NDArray[np.uint16]

    @property
    def pixels(self) -> Pixels:
        return unpacked(self.photo)


@dataclass
class _Scene:
    """The scene so far: its newest frames, and how far its first frame was painted."""

    frames: list[_EarlierFrame]
    aim: Aim


class Guided:
    """Frames painted one after the other, each guided by the earlier ones in its scene.

    ``long_term``: the distances, in frames, of the earlier paintings used, 1 first (section 4.2 of the
    paper). ``passes``: if more than one, every run of ``run`` frames is painted that often, forwards and
    backwards in turn (section 4.4); the painting before the run does not change, and guides the first frame
    of the run in every pass.
    """

    def __init__(
        self, painter: FramePainter, *, long_term: Sequence[int], passes: int = 1, run: int = 24
    ) -> None:
        distances = tuple(long_term)
        if not distances or distances[0] != 1 or any(a >= b for a, b in pairwise(distances)):
            raise OptionError(
                f"expected long_term to be growing numbers of frames from 1 on; got {distances}"
            )
        self.painter = painter
        self.long_term = distances
        self.passes = passes
        self.run = run

    def paint(self, frames: Iterable[Frame], state: State | None = None) -> Generator[PaintedFrame]:
        """See ``Coherence``. With several passes, the paintings of a run are yielded together, after the last
        pass."""
        scene = _restored(state)
        if self.passes == 1:
            for frame in frames:
                yield self._next(frame, scene)
            return
        gathered: list[Frame] = []
        for frame in frames:
            gathered.append(frame)
            if len(gathered) == self.run:
                yield from self._several(gathered, scene)
                gathered = []
        if gathered:
            yield from self._several(gathered, scene)

    def _next(self, frame: Frame, scene: _Scene) -> PaintedFrame:
        """Paint one frame and append it to ``scene``, which restarts at a cut."""
        photo, earlier = to_bytes(frame.pixels), scene.frames
        pixels = unpacked(photo)
        before = motion(pixels, earlier[-1].pixels) if earlier else None
        cut = before is None or is_cut(pixels, warp(earlier[-1].pixels, before.flow), before)
        if cut:
            earlier.clear()
        if earlier and np.array_equal(photo, earlier[-1].photo):
            painting = earlier[-1].painting
        else:
            guide = None if before is None or cut else self._guide(photo, before, scene)
            found = self.painter.paint(frame.pixels, guide)
            painting = to_uint16(found.pixels)
            if guide is None:
                scene.aim = found.reached
        earlier.append(_EarlierFrame(photo, painting))
        del earlier[: -max(self.long_term)]
        return PaintedFrame(frame, unpacked(painting), cut, _saved(scene))

    def _guide(self, photo: NDArray[np.uint8], before: Motion, scene: _Scene) -> Guide:
        pixels = unpacked(photo)
        wanted: list[tuple[Pixels, Plane]] = []
        covered = np.zeros(photo.shape[:2], np.float32)
        start, bare = pixels, np.ones(photo.shape[:2], np.float32)
        for distance in self.long_term:
            if distance > len(scene.frames):
                break
            kept = scene.frames[-distance]
            found = before if distance == 1 else motion(pixels, kept.pixels)
            moved = warp(unpacked(kept.painting), found.flow)
            weight = np.clip(found.trust - covered, 0, 1)  # section 4.2: older where newer are hidden
            covered = np.maximum(covered, found.trust)
            wanted.append((moved, weight))
            soft = _soft(weight)
            start = _laid_over(start, moved, soft)
            bare = bare * (1 - soft)
        return Guide(start, tuple(wanted), bare, scene.aim)

    def _several(self, frames: Sequence[Frame], scene: _Scene) -> Iterator[PaintedFrame]:
        """Paint a run in several passes. Scenes within it do not affect each other."""
        older = list(scene.frames)
        anchor = older[-1] if older else None
        first, aims = [], []
        for frame in frames:
            first.append(self._next(frame, scene))
            aims.append(scene.aim)
        photos = [to_bytes(frame.pixels) for frame in frames]
        paintings = [to_uint16(painted.pixels) for painted in first]
        for number in range(1, self.passes):
            forwards = number % 2 == 0
            order = range(len(frames)) if forwards else range(len(frames) - 1, -1, -1)
            for place in order:
                around = self._neighbours(place, forwards, first, photos, paintings, anchor)
                if around:
                    guide = self._between(photos[place], paintings[place], around, aims[place])
                    paintings[place] = to_uint16(self.painter.paint(frames[place].pixels, guide).pixels)
        fresh = [_EarlierFrame(photo, painting) for photo, painting in zip(photos, paintings, strict=True)]
        for place, painted in enumerate(first):
            if painted.cut:
                older = []
            older = [*older, fresh[place]][-max(self.long_term) :]
            saved = _saved(_Scene(older, aims[place]))
            yield PaintedFrame(painted.frame, unpacked(paintings[place]), painted.cut, saved)
        scene.frames[:] = older

    def _neighbours(
        self,
        place: int,
        forwards: bool,
        first: Sequence[PaintedFrame],
        photos: Sequence[NDArray[np.uint8]],
        paintings: Sequence[NDArray[np.uint16]],
        anchor: _EarlierFrame | None,
    ) -> list[_EarlierFrame]:
        """Return the frames on both sides in the same scene, beginning with the one already painted in this
        pass."""
        found: list[_EarlierFrame] = []
        if not first[place].cut:
            before = anchor if place == 0 else _EarlierFrame(photos[place - 1], paintings[place - 1])
            found += [before] if before is not None else []
        if place + 1 < len(first) and not first[place + 1].cut:
            after = _EarlierFrame(photos[place + 1], paintings[place + 1])
            found = [*found, after] if forwards else [after, *found]
        return found

    def _between(
        self,
        photo: NDArray[np.uint8],
        painting: NDArray[np.uint16],
        around: Sequence[_EarlierFrame],
        aim: Aim,
    ) -> Guide:
        """Guide by both neighbours, from a blend with the first (Ruder et al. 2016, equation 9)."""
        wanted = []
        for kept in around:
            found = motion(unpacked(photo), kept.pixels)
            trust: Plane = found.trust / np.float32(len(around))
            wanted.append((warp(unpacked(kept.painting), found.flow), trust))
        moved, weight = wanted[0]
        share: Plane = np.asarray(np.clip(weight * len(around), 0, 1) * BLEND, np.float32)
        start = _laid_over(unpacked(painting), moved, _soft(share))
        return Guide(start, tuple(wanted), np.zeros_like(share), aim)


def _soft(weight: Plane) -> Plane:
    """Return ``weight`` (H, W) with soft edges, nowhere larger than before."""
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), 1.0) * weight, np.float32)


def _laid_over(below: Pixels, above: Pixels, share: Plane) -> Pixels:
    return np.asarray(below + (above - below) * share[..., None], np.float32)


def _saved(scene: _Scene) -> State:
    found: dict[str, Any] = {"aim": np.array([scene.aim.loss, scene.aim.hardness])}
    for place, kept in enumerate(scene.frames):
        found[f"photo-{place:03d}"] = kept.photo
        found[f"painting-{place:03d}"] = kept.painting
    return found


def _restored(state: State | None) -> _Scene:
    if not state:
        return _Scene([], Aim(0.0, 0.0))
    names = sorted(name for name in state if name.startswith("photo-"))
    frames = [_EarlierFrame(state[n], state[n.replace("photo", "painting")]) for n in names]
    loss, hardness = state["aim"].tolist()
    return _Scene(frames, Aim(loss, hardness))
