"""The flat colours of a picture, and the colours assigned to each.

Colours are (..., 3) float32 in steps of 255, since masks are painted and saved in such steps.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.types import Pixels

MAX_COLOURS = 64

_STEADY = 4
"""The largest difference between pixels of one flat colour in most of a JPEG, in steps of 255."""

_STEADY_SHARE = 0.1
"""The smallest share of a noisy flat colour that noise does not change."""

_SNAP = 3
"""The largest distance by which JPEG moves a channel from 0 or 255."""

_CORE_SHARE = 0.25
"""The smallest share of the pixels assigned to a flat colour that match it within one step per channel."""

_FLAT_SHARE = 0.5
"""The smallest share of pixels that have a flat colour in a picture of flat colours."""

_BLEND_SHARE = 1 / 3
"""The smallest share of steady pixels with which a mixture of two flat colours counts as a third."""

Levels = NDArray[np.float32]
"""(..., 3) float32 in steps of 255."""


@dataclass(frozen=True)
class ColourCounts:
    """The distinct colours of a picture, (U, 3).

    ``counts``: how often each occurs; ``steady``: how often with four neighbours of about its
    colour. ``which``: the place of each pixel's colour.
    """

    colours: Levels
    counts: NDArray[np.int64]
    steady: NDArray[np.int64]
    which: NDArray[np.int64]


def count(pixels: Pixels) -> ColourCounts:
    """Return the distinct colours of (H, W, 3) ``pixels`` in [0, 1], to one step of 255."""
    levels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.int16)
    codes = levels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    distinct, which, counts = np.unique(codes.reshape(-1), return_inverse=True, return_counts=True)
    colours = np.stack([distinct >> 16, distinct >> 8 & 255, distinct & 255], axis=-1).astype(np.float32)
    steady = np.bincount(which[_steady(levels).reshape(-1)], minlength=len(counts))
    return ColourCounts(colours, counts, steady, which)


def _steady(levels: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return the pixels that have the colour of their four neighbours, (H, W)."""
    steady = np.ones(levels.shape[:2], dtype=bool)
    down = (np.abs(np.diff(levels, axis=0)) <= _STEADY).all(axis=2)
    across = (np.abs(np.diff(levels, axis=1)) <= _STEADY).all(axis=2)
    steady[1:] &= down
    steady[:-1] &= down
    steady[:, 1:] &= across
    steady[:, :-1] &= across
    return steady


def find(census: ColourCounts, radius: float, least_share: float) -> tuple[Levels, NDArray[np.int64]]:
    """Return the flat colours of a picture, those of most pixels first, and the pixels they stand for.

    ``radius``: how far from a flat colour, in steps of 255, others count as it. ``least_share``: the
    share of all pixels a flat colour has at least. Returns (K, 3), where K over ``MAX_COLOURS`` means
    more than that many, and for each colour of ``census`` the place of its flat colour, or -1.
    """
    palette, owner = _cluster(census, radius, least_share)
    if len(palette) <= MAX_COLOURS:
        palette, owner = _without_blends(census, palette, owner, radius)
    return census.colours[palette], owner


def _cluster(census: ColourCounts, radius: float, least_share: float) -> tuple[list[int], NDArray[np.int64]]:
    """Return the places of flat colours in ``census``, and for each colour the place in that list, or -1.

    The most frequent colour takes all within ``radius`` with it, then the most frequent of the rest,
    and so on. Colours around which others spread evenly (soft edges, photographs) are not flat.
    Stops when there are too many.
    """
    least = least_share * census.which.size
    rarest = least * _CORE_SHARE / 27  # there are 27 colours to one step a channel
    owner = np.full(len(census.counts), -1)
    taken = np.zeros(len(census.counts), dtype=bool)
    palette: list[int] = []
    for candidate in np.argsort(-census.counts, kind="stable"):
        if census.counts[candidate] < rarest or len(palette) > MAX_COLOURS:
            break
        if taken[candidate]:
            continue
        near = distances(census.colours, census.colours[candidate]) <= radius
        mine = near & ~taken
        taken |= near
        if census.counts[mine].sum() >= least and _has_core(census, candidate, near):
            owner[mine] = len(palette)
            palette.append(int(candidate))
    return _largest_first(census, palette, owner)


def _has_core(census: ColourCounts, candidate: int, near: NDArray[np.bool_]) -> bool:
    """Return whether pixels of the colours ``near`` crowd around ``candidate``, noise aside."""
    core = near & (np.abs(census.colours - census.colours[candidate]) <= 1).all(axis=1)
    whole, steady = census.counts[near].sum(), census.steady[near].sum()
    if census.counts[core].sum() >= _CORE_SHARE * whole:
        return True
    return bool(steady >= _STEADY_SHARE * whole and census.steady[core].sum() >= _CORE_SHARE * steady)


def _largest_first(
    census: ColourCounts, palette: list[int], owner: NDArray[np.int64]
) -> tuple[list[int], NDArray[np.int64]]:
    sizes = [-int(census.counts[owner == place].sum()) for place in range(len(palette))]
    order = sorted(range(len(palette)), key=lambda place: (sizes[place], palette[place]))
    places = np.full(len(palette) + 1, -1)  # the last one is for owner -1
    places[order] = np.arange(len(palette))
    return [palette[place] for place in order], places[owner]


def _without_blends(
    census: ColourCounts, palette: list[int], owner: NDArray[np.int64], radius: float
) -> tuple[list[int], NDArray[np.int64]]:
    """Remove colours that occur only along edges between two more frequent ones."""
    kept: list[int] = []
    places = np.full(len(palette) + 1, -1)
    for place, colour in enumerate(palette):
        mine = owner == place
        if census.steady[mine].sum() < _BLEND_SHARE * census.counts[mine].sum() and any(
            off_line(census.colours[colour], census.colours[a], census.colours[b])[0] <= radius
            for a, b in itertools.combinations(kept, 2)
        ):
            continue
        places[place] = len(kept)
        kept.append(colour)
    return kept, places[owner]


def is_flat(census: ColourCounts, centres: Levels, radius: float) -> bool:
    """Return whether most pixels are close to a centre, rather than spread to the edge of ``radius``."""
    close = np.zeros(len(census.counts), dtype=bool)
    for centre in centres:
        close |= distances(census.colours, centre) <= min(radius, _STEADY)
    return bool(census.counts[close].sum() >= _FLAT_SHARE * census.which.size)


def off_line(colours: Levels, start: Levels, end: Levels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the distance of ``colours`` (..., 3) from the line between two others, and the place on it."""
    line = end - start
    along = np.clip((colours - start) @ line / (line @ line), 0, 1)
    return distances(colours, start + along[..., None] * line), along.astype(np.float32)


def distances(colours: Levels, colour: Levels) -> NDArray[np.float32]:
    """Return the distances of ``colours`` (..., 3) from ``colour``, in steps of 255: (...)."""
    return np.asarray(np.sqrt(((colours - colour) ** 2).sum(axis=-1)), dtype=np.float32)


def name_of(colour: Levels, radius: float) -> str:
    """Return ``colour`` as "#rrggbb", with channels near 0 or 255 moved there, to undo changes by JPEG.

    The moves are small enough that two colours further apart than ``radius`` keep different names.
    """
    snap = min(_SNAP, radius / 4)
    named = np.where(colour <= snap, 0, np.where(colour >= 255 - snap, 255, colour)).astype(int)
    return "#" + "".join(f"{value:02x}" for value in named)
