"""A keyframe's paint, carried from frame to frame along the flow, and paint for newly visible areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.clips.coherence import State
from impasto.clips.correspondence import (
    Marks,
    Places,
    corrected,
    extended,
    follow,
    inside,
    own_places,
    sample_at,
    seams,
    stretch,
    without_specks,
)
from impasto.clips.flow import motion, warp
from impasto.clips.patch_search import PAINT_SAMPLES, Bytes, Exemplar, fill, guide_of, moved
from impasto.clips.planes import blurred, largest_channel
from impasto.imaging.samples import to_bytes, unpacked
from impasto.types import Pixels, Plane

_UNLIKE = 0.03, 0.12
"""The differences between the photograph and the one moved along the flow above which a pixel counts as newly
visible: the first where the flow is unreliable, the second anywhere."""
_BUDGET = 15.0
"""New areas continue the paint beside them as long as the photograph there and the keyframe's differ by less
than this, of 255; otherwise they are painted by patch search."""
_LOST, _LIGHT = 30.0, 12.0
"""Paint is discarded where the keyframe's photograph at its place differs by more than the first, of 255;
changes over more pixels than the second, such as those of light, do not count."""
_FRESH, _OLD = 5, 255
"""The first: the number of frames in which wrong paint of a new area is replaced. The second: the age of
paint that was there from the beginning."""
_WORN = 1.35, 1.75
"""The range of stretching above which paint is replaced; each part of the picture has its own limit within
it, because replacing all at once would be visible."""
_RAGGED = 0.37
"""The share of pixels at seams above which paint is replaced too."""
_PART = 24
_EDGE = 1.0
"""Places up to this distance beyond the border, in pixels, count as on it, because flow is no more
accurate."""
_LEVELS = 2
_NEAR = 4.0
"""As in ``clips.blended``: the radius in pixels within which the finest levels of detail are made as strong
as in the keyframe."""


@dataclass(frozen=True)
class Keyframe:
    """A painted frame: its photograph (H, W, 3) uint8, ``paint`` (H, W, 3), and ``alpha`` (H, W), or None if
    all of it is painted."""

    photo: Bytes
    paint: Pixels
    alpha: Plane | None = None

    @cached_property
    def exemplar(self) -> Exemplar:
        return Exemplar(to_bytes(self.paint), self.photo)

    @cached_property
    def guide(self) -> NDArray[np.float32]:
        return guide_of(self.photo).astype(np.float32)

    @cached_property
    def strength(self) -> list[Plane]:
        """The local mean square of detail, for each level of a Laplacian pyramid."""
        return [_energy(level) for level in _detail(self.paint)[0]]


@dataclass(frozen=True)
class Carried:
    """A frame in a keyframe's paint.

    ``pixels``: (H, W, 3). ``places``: the place in the keyframe from which each pixel has its paint.
    ``kept``: (H, W) in [0, 1], 1 where the keyframe shows the same thing, 0 in newly visible areas.
    """

    pixels: Pixels
    places: Places
    kept: Plane


class Carrier:
    """Carries the paint of one keyframe through the frames after it, or, in reverse, before it.

    ``state``: that of another carrier after its last frame, to continue from.
    """

    def __init__(self, key: Keyframe, state: State | None = None) -> None:
        self.key = key
        height, width = key.photo.shape[:2]
        parts = np.random.default_rng(3).uniform(*_WORN, (-(-height // _PART), -(-width // _PART)))
        self._limit = parts.repeat(_PART, 0).repeat(_PART, 1)[:height, :width].astype(np.float32)
        self._photo = key.photo
        self._places = own_places(height, width)
        self._kept: Plane = np.ones((height, width), np.float32)
        self._age = np.full((height, width), _OLD, np.uint8)
        self._number = 0
        if state is not None:
            self._photo, self._places = state["photo"], state["places"]
            self._kept, self._number = unpacked(state["kept"]), int(state["number"])
            self._age = state["age"]

    @property
    def state(self) -> Mapping[str, NDArray[Any]]:
        """The state after the last frame; continuing from it gives identical results."""
        return {
            "photo": self._photo,
            "places": self._places,
            "kept": to_bytes(self._kept),
            "age": self._age,
            "number": np.array(self._number),
        }

    def show(self) -> Carried:
        """Return the last frame."""
        paint = _painted(self.key, self._places) if self._number else self.key.paint
        return Carried(_over(self.key, paint, self._places, self._photo), self._places, self._kept)

    def carry(self, photo: Bytes) -> Carried:
        """Carry the paint to the next frame, (H, W, 3) uint8, and return the result."""
        if not np.array_equal(photo, self._photo):
            self._go_on(photo)
            self._photo = photo
        self._number += 1
        return self.show()

    def _go_on(self, photo: Bytes) -> None:
        key = self.key
        pixels, before = unpacked(photo), unpacked(self._photo)
        found_motion = motion(pixels, before)
        there = own_places(*photo.shape[:2]) + found_motion.flow
        places = follow(self._places, found_motion.flow)
        kept = sample_at(self._kept, there, border=cv2.BORDER_REPLICATE)
        apart = blurred(largest_channel(cv2.absdiff(warp(before, found_motion.flow), pixels)), 1.5)
        new = (
            ~inside(there, -_EDGE)
            | ((found_motion.trust < 0.5) & (apart > _UNLIKE[0]))
            | (apart > _UNLIKE[1])
        )
        places = corrected(places, pixels, unpacked(key.photo), (kept > 0.5) & ~new)
        places = without_specks(places)
        new = cv2.morphologyEx(new.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0
        guide = guide_of(photo).astype(np.float32)
        age = sample_at(self._age.astype(np.float32), there, cv2.INTER_NEAREST, cv2.BORDER_REPLICATE).astype(
            np.uint8
        )
        settled = (age >= _FRESH) & (kept < 0.5)
        new = _grown(new | (self._lost(places, guide) & ~settled)) | ~inside(places, -_EDGE)
        worn = self._worn(places) & ~new
        places, unknown = self._extended(places, new, worn, guide)
        if unknown.any() or worn.any():
            around = extended(places, unknown)
            painting = to_bytes(_painted(key, around))
            places = fill(key.exemplar, photo, painting, around, unknown | worn, ~unknown, self._number)
        self._places = places
        self._kept = unpacked(to_bytes(np.where(new, np.float32(0), kept)))
        self._age = np.where(new | worn, 0, np.minimum(age, _OLD - 1) + 1).astype(np.uint8)

    def _lost(self, places: Places, guide: NDArray[np.float32]) -> Marks:
        """Return the pixels that do not show what the keyframe shows at their places; changes of light are
        allowed."""
        apart = sample_at(self.key.guide, places) - guide
        apart -= cv2.GaussianBlur(apart, (0, 0), _LIGHT)
        return np.asarray(blurred(_mean_square(apart), 1.0) > _LOST**2)

    def _worn(self, places: Places) -> Marks:
        """Return the pixels whose paint is stretched, squeezed or fragmented."""
        at_seams = seams(places)
        ragged = cv2.boxFilter(at_seams.astype(np.float32), -1, (15, 15)) > _RAGGED * self._limit
        return _grown(((stretch(places) > self._limit) & ~_grown(at_seams, 5)) | ragged)

    def _extended(
        self, places: Places, new: Marks, worn: Marks, guide: NDArray[np.float32]
    ) -> tuple[Places, Marks]:
        """Return ``places`` with new areas continuing from their surroundings, and a mask of those where this
        does not match the photograph."""
        if not new.any():
            return places, new
        onward = extended(places, new | worn)
        shown = sample_at(self.key.guide, onward)
        apart = blurred(_mean_square(shown - guide), 1.0)
        alike = inside(onward, 0) & (apart < _BUDGET**2)
        unknown = _grown(new & ~alike) & new
        return np.asarray(np.where((new & alike)[..., None], onward, places), np.float32), unknown


def _mean_square(picture: NDArray[Any]) -> Plane:
    planes = cv2.split(picture)
    return np.asarray(sum(np.square(plane) for plane in planes) / np.float32(len(planes)), np.float32)


def _grown(marks: Marks, size: int = 3) -> Marks:
    return np.asarray(cv2.dilate(marks.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)


def _painted(key: Keyframe, places: Places) -> Pixels:
    """Return the paint at ``places``, with patches blended at their seams and detail at its original
    strength."""
    paint = sample_at(key.paint, places, cv2.INTER_LANCZOS4)
    at_seams = seams(places)
    if at_seams.any():
        own = own_places(*places.shape[:2])
        mean = np.zeros_like(paint)
        for across, down in PAINT_SAMPLES:
            mean += sample_at(key.paint, moved(places - own, across, down) + own) / len(PAINT_SAMPLES)
        share = blurred(_grown(at_seams).astype(np.float32), 1.0)
        paint = paint + (mean - paint) * share[..., None]
    return _strengthened(np.asarray(paint, np.float32), key.strength, places)


def _strengthened(paint: Pixels, strength: list[Plane], places: Places) -> Pixels:
    """Return ``paint`` with its finest detail at ``places`` as strong as in the keyframe.

    Blending makes it fainter, and so does sampling between pixels.
    """
    levels, pixels = _detail(paint)
    for number in range(len(levels) - 1, -1, -1):
        level, wanted = levels[number], strength[number]
        where = cv2.resize(places, level.shape[1::-1], interpolation=cv2.INTER_NEAREST) / np.float32(
            2**number
        )
        there = blurred(sample_at(wanted, where), 2.0)
        gain = np.clip(np.sqrt(there / _energy(level)), 0.7, 2.5)
        level = level * gain[..., None]
        whole = np.sqrt(there.mean() / _energy(level).mean())
        pixels = cv2.pyrUp(pixels, dstsize=level.shape[1::-1]) + level * np.clip(whole, 0.8, 1.25)
    return np.asarray(np.clip(pixels, 0, 1), np.float32)


def _detail(pixels: Pixels) -> tuple[list[Pixels], Pixels]:
    """Return the finest levels of a Laplacian pyramid, and the rest."""
    levels = []
    for _ in range(_LEVELS):
        below = np.asarray(cv2.pyrDown(pixels), np.float32)
        levels.append(pixels - cv2.pyrUp(below, dstsize=pixels.shape[1::-1]))
        pixels = below
    return levels, pixels


def _energy(level: Pixels) -> Plane:
    return blurred(_mean_square(level), _NEAR) + np.float32(1e-6)


def _over(key: Keyframe, paint: Pixels, places: Places, photo: Bytes) -> Pixels:
    """Return ``paint`` over the frame, which is visible where the keyframe is transparent."""
    if key.alpha is None:
        return paint
    alpha = np.clip(sample_at(key.alpha, places), 0, 1)[..., None]
    return np.asarray(paint * alpha + unpacked(photo) * (1 - alpha), np.float32)
