"""Guided patch search: paint for newly visible areas, from similar parts of the keyframe's photograph.

After Jamriska et al., "Stylizing Video by Example" (SIGGRAPH 2019): from coarse to fine, the search finds
patches of the keyframe whose photograph resembles that of the frame (guides: colour and edges) and whose
paint continues the paint around them; sources used too often cost more (Kaspar et al. 2015, "Self Tuning
Texture Optimization", section 4.3). Candidates are those of PatchMatch (Barnes et al. 2009): the neighbours',
and random ones around. Departures: at the coarsest level all patches are compared; patches are compared by
nine samples of paint and five of the guides, in integers, so that every machine finds the same ones; and a
patch that does not continue its neighbours' patches costs more, because paint has strokes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.clips.correspondence import Marks, Places, own_places

Bytes = NDArray[np.uint8]

PAINT_SAMPLES = tuple((x, y) for y in (-2, 0, 2) for x in (-2, 0, 2))
_GUIDE_SAMPLES = ((0, 0), (-2, -2), (2, -2), (-2, 2), (2, 2))
_NEIGHBOURS = ((1, 0), (-1, 0), (0, 1), (0, -1), (3, 0), (-3, 0), (0, 3), (0, -3))
_PAINT = 3 * len(PAINT_SAMPLES)
_PAINT_SHARE = 0.5
"""The weight of the surrounding paint, relative to that of the guides, squared."""
_APART = 400.0
"""The cost for each neighbour whose patch is 1 pixel from the one that this patch would continue; 1.5 pixels
at most."""
_OVERUSED = 4000.0
"""The cost for each use of a place in the keyframe beyond the first."""
_USE_BLOCK = 4
_MARGIN = 3
"""The smallest distance of patches from the keyframe's border, in pixels of each level."""
_FINEST, _COARSEST = 1280, 40
"""The largest long side of the finest level; half the short side of the coarsest level is less than the
second."""
_CHUNK = 1 << 16
_NEVER = np.float32(1e9)


def guide_of(photo: Bytes) -> Bytes:
    """Return the guides of a photograph, (H, W, 4): its colours, slightly blurred, and its edges."""
    soft = cv2.GaussianBlur(photo, (0, 0), 1.0)
    grey = cv2.cvtColor(soft, cv2.COLOR_RGB2GRAY).astype(np.int16)
    edges = 128 + 2 * (grey - cv2.GaussianBlur(grey, (0, 0), 3.0))
    return np.dstack([soft, np.clip(edges, 0, 255).astype(np.uint8)])


def shrunk(picture: NDArray[Any], size: tuple[int, int], how: int = cv2.INTER_AREA) -> NDArray[Any]:
    """Return ``picture`` at ``size``, (width, height)."""
    return (
        picture if picture.shape[1::-1] == size else np.asarray(cv2.resize(picture, size, interpolation=how))
    )


def moved(picture: NDArray[Any], across: int, down: int) -> NDArray[Any]:
    """Return, for each pixel, the one ``across`` to its right and ``down`` below it, at most 2; beyond the
    border, the border's."""
    height, width = picture.shape[:2]
    wide = cv2.copyMakeBorder(picture, 2, 2, 2, 2, cv2.BORDER_REPLICATE)
    found: NDArray[Any] = wide[2 + down : 2 + down + height, 2 + across : 2 + across + width]
    return found


def _weighted(paint: Bytes) -> Bytes:
    return np.asarray(np.rint(paint * np.float32(_PAINT_SHARE)), np.uint8)


def _samples(picture: Bytes, places: Sequence[tuple[int, int]]) -> Bytes:
    """Return the values around each pixel, one row per pixel."""
    each = picture.shape[2] * len(places)
    return np.concatenate([moved(picture, *place) for place in places], axis=2).reshape(-1, each)


class Exemplar:
    """A keyframe to take paint from: ``painting`` and ``photo``, (H, W, 3) uint8 each, at several sizes.

    ``sizes``: (width, height) of the levels, from fine to coarse. ``rows``: the values by which patches are
    compared.
    """

    def __init__(self, painting: Bytes, photo: Bytes) -> None:
        height, width = painting.shape[:2]
        scale = max(1.0, max(height, width) / _FINEST)
        self.size = (width, height)
        self.sizes = [(max(1, round(width / scale)), max(1, round(height / scale)))]
        while min(self.sizes[-1]) // 2 >= _COARSEST:
            self.sizes.append((self.sizes[-1][0] // 2, self.sizes[-1][1] // 2))
        self.paint = [shrunk(painting, size) for size in self.sizes]
        self.rows = [
            np.hstack(
                [
                    _samples(_weighted(paint), PAINT_SAMPLES),
                    _samples(guide_of(shrunk(photo, size)), _GUIDE_SAMPLES),
                ]
            )
            for paint, size in zip(self.paint, self.sizes, strict=True)
        ]


class _Level:
    """The search at one size: ``offsets``, (H, W, 2), from each pixel to its place, and ``painting``, (H, W,
    3), both changed within ``hole``."""

    def __init__(
        self, key: Exemplar, number: int, photo: Bytes, painting: Bytes, offsets: Places, hole: Marks
    ) -> None:
        self.width, self.height = key.sizes[number]
        self.paint, self.rows = key.paint[number].reshape(-1, 3), key.rows[number]
        self.painting, self.offsets = painting, offsets
        self.y, self.x = np.nonzero(hole)
        self._rows_and_columns: dict[tuple[int, int], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        guide = guide_of(photo)
        self.wanted = np.empty((len(self.y), self.rows.shape[1]), np.uint8)
        for place, (across, down) in enumerate(_GUIDE_SAMPLES):
            first = _PAINT + 4 * place
            self.wanted[:, first : first + 4] = guide[self._around(across, down)[:2]]
        self.overuse = np.zeros(self.width * self.height, np.float32)

    def _around(self, across: int, down: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the row and the column of the pixel at this distance from each pixel of the hole, within the
        frame."""
        if (across, down) not in self._rows_and_columns:
            self._rows_and_columns[across, down] = (
                np.clip(self.y + down, 0, self.height - 1),
                np.clip(self.x + across, 0, self.width - 1),
            )
        return self._rows_and_columns[across, down]

    @property
    def chosen(self) -> Places:
        """The offsets of the pixels of the hole, (N, 2)."""
        return self.offsets[self.y, self.x]

    @chosen.setter
    def chosen(self, offsets: Places) -> None:
        self.offsets[self.y, self.x] = offsets

    def compare_all(self) -> None:
        """Choose the patches with the most similar photograph."""
        allowed = np.zeros((self.height, self.width), bool)
        allowed[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = True
        numbers = np.flatnonzero(allowed)
        known = self.rows[numbers, _PAINT:].astype(np.float32)
        squares = np.square(known).sum(1)
        best = [
            numbers[np.argmin(squares - 2 * (rows.astype(np.float32) @ known.T), axis=1)]
            for rows in np.array_split(self.wanted[:, _PAINT:], len(self.y) // 1024 + 1)
        ]
        number = np.concatenate(best)
        self.chosen = np.stack([number % self.width - self.x, number // self.width - self.y], 1).astype(
            np.float32
        )

    def paint_hole(self) -> None:
        """Paint the hole with the mean of overlapping patches."""
        total = np.zeros((len(self.y), 3), np.float32)
        for place in PAINT_SAMPLES:
            offsets = self.offsets[self._around(*place)]
            total += self.paint[self._numbers(offsets)[0]]
        self.painting[self.y, self.x] = np.rint(total / len(PAINT_SAMPLES)).astype(np.uint8)

    def look(self) -> None:
        """Update the paint around each pixel of the hole, and how often each place is used."""
        weighted = _weighted(self.painting)
        for number, place in enumerate(PAINT_SAMPLES):
            self.wanted[:, 3 * number : 3 * number + 3] = weighted[self._around(*place)]
        places = self.offsets + own_places(self.height, self.width)
        x = np.clip(places[..., 0], 0, self.width - 1).astype(np.int64) // _USE_BLOCK
        y = np.clip(places[..., 1], 0, self.height - 1).astype(np.int64) // _USE_BLOCK
        shape = -(-self.height // _USE_BLOCK), -(-self.width // _USE_BLOCK)
        counts = np.bincount((y * shape[1] + x).ravel(), minlength=shape[0] * shape[1]).reshape(shape)
        uses = cv2.GaussianBlur((counts / _USE_BLOCK**2).astype(np.float32), (0, 0), 1.0)
        cost = _OVERUSED * np.clip(uses - 1, 0, 3)
        whole = cost.repeat(_USE_BLOCK, 0).repeat(_USE_BLOCK, 1)[: self.height, : self.width]
        self.overuse = np.ascontiguousarray(whole, np.float32).ravel()

    def _numbers(self, offsets: Places) -> tuple[NDArray[np.int64], Marks]:
        """Return the numbers of the places at ``offsets``, and a mask of those too near the border."""
        x = np.rint(self.x + offsets[:, 0]).astype(np.int64)
        y = np.rint(self.y + offsets[:, 1]).astype(np.int64)
        right, bottom = self.width - _MARGIN, self.height - _MARGIN
        outside = (x < _MARGIN) | (y < _MARGIN) | (x >= right) | (y >= bottom)
        return np.clip(y, 0, self.height - 1) * self.width + np.clip(x, 0, self.width - 1), outside

    def cost(self, offsets: Places) -> NDArray[np.float32]:
        """Return the cost of ``offsets`` for each pixel of the hole, (N,)."""
        numbers, outside = self._numbers(offsets)
        total = self.overuse[numbers]
        for first in range(0, len(numbers), _CHUNK):
            part = np.s_[first : first + _CHUNK]
            apart = self.rows[numbers[part]].astype(np.int16) - self.wanted[part]
            total[part] += np.einsum("ij,ij->i", apart, apart, dtype=np.int32)
        for place in _NEIGHBOURS:
            away = np.abs(self.offsets[self._around(*place)] - offsets)
            total += np.float32(_APART) * np.minimum(np.maximum(away[:, 0], away[:, 1]), 1.5)
        total[outside] = _NEVER
        return total

    def search(self, random: np.random.Generator, steps: Sequence[int], radius: float, draws: int) -> None:
        """Choose among the offsets of neighbours at the distances ``steps``, and random places within
        ``radius``."""
        offsets = self.chosen
        least = self.cost(offsets)

        def consider(others: Places) -> None:
            cost = self.cost(others)
            better = cost < least
            offsets[better], least[better] = others[better], cost[better]
            self.chosen = offsets

        for step in steps:
            for across, down in ((step, 0), (-step, 0), (0, step), (0, -step)):
                consider(self.offsets[self._around(across, down)])
        for _ in range(draws):
            consider(offsets + np.rint(random.uniform(-radius, radius, offsets.shape)).astype(np.float32))
            radius = max(1.0, radius / 2)


def fill(
    key: Exemplar, photo: Bytes, painting: Bytes, places: Places, hole: Marks, known: Marks, seed: int
) -> Places:
    """Return ``places`` with those in ``hole`` found by guided patch search.

    ``photo`` and ``painting``, (H, W, 3) uint8: the frame and its painting, which is used where it is
    ``known``: outside the hole, and within it where paint is to stay as it is. ``seed``: determines the
    random candidates.
    """
    own = own_places(*hole.shape)
    given = places - own
    share = known.astype(np.float32)
    coarser: Places | None = None
    for number in range(len(key.sizes) - 1, -1, -1):
        size = key.sizes[number]
        ratio = np.array(size, np.float32) / np.array(key.size, np.float32)
        offsets = np.asarray(shrunk(given, size, cv2.INTER_NEAREST) * ratio, np.float32)
        here = shrunk(hole.astype(np.float32), size) > (0.0 if number else 0.499)
        part = shrunk(share, size)
        mean = shrunk(painting * share[..., None], size) / np.maximum(part, 1e-3)[..., None]
        level = _Level(
            key, number, shrunk(photo, size), np.rint(np.clip(mean, 0, 255)).astype(np.uint8), offsets, here
        )
        unknown = part[level.y, level.x] < 0.3
        if coarser is None:
            before = level.chosen
            level.compare_all()
            level.chosen = np.where(unknown[:, None], level.chosen, before)
        else:
            larger = np.array(size, np.float32) / np.array(key.sizes[number + 1], np.float32)
            level.chosen = np.rint(shrunk(coarser, size, cv2.INTER_NEAREST) * larger)[level.y, level.x]
        _search_level(level, np.random.default_rng([seed, number]), unknown, coarser is None, number == 0)
        coarser = level.offsets
    assert coarser is not None
    if key.sizes[0] != key.size:
        larger = np.array(key.size, np.float32) / np.array(key.sizes[0], np.float32)
        coarser = np.asarray(shrunk(coarser, key.size, cv2.INTER_NEAREST) * larger, np.float32)
    return np.asarray(np.where(hole[..., None], coarser + own, places), np.float32)


def _search_level(
    level: _Level, random: np.random.Generator, unknown: Marks, coarsest: bool, finest: bool
) -> None:
    """Search at one level: paint the hole and choose again, several times at the coarser levels."""
    if not len(level.y):
        return
    steps, radius, draws = (
        ((8, 4, 2, 1), max(level.width, level.height) / 4, 6) if coarsest else ((4, 1), 4, 3)
    )
    for time in range(4 if coarsest else 1 if finest else 2):
        kept = level.painting[level.y, level.x]
        level.paint_hole()
        if time == 0:
            fresh = level.painting[level.y, level.x]
            level.painting[level.y, level.x] = np.where(unknown[:, None], fresh, kept)
        level.look()
        level.search(random, steps, radius, draws)
