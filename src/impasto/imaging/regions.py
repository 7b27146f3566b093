"""Regions: masks of flat colours, as one plane of weights per colour, and the pairing of two such masks."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError, PictureError
from impasto.imaging import palette
from impasto.imaging.decoder import read
from impasto.imaging.palette import MAX_COLOURS, ColourCounts, Levels, distances, off_line
from impasto.imaging.read_options import READING, ReadOptions
from impasto.types import Pixels, Plane

_STRAY = 45
"""Pixels further than this from any line between two regions, in steps of 255, belong to none."""

_STRAY_SHARE = 0.05
"""The largest share of a mask that may belong to none."""


def read_regions(
    path: str | os.PathLike[str],
    reading: ReadOptions = READING,
    *,
    tolerance: float = 0.06,
    least_share: float = 0.005,
) -> dict[str, Plane]:
    """Read a mask whose regions are flat colours; see ``split_regions``. Transparent parts count as black.

    Raises:
        PictureError: it is not a picture of a few flat colours, or ``read`` refuses it.
        MissingExtraError: as ``read``.
        OptionError: an option is out of its range.
    """
    place = Path(path)
    picture = read(place, reading)
    pixels = picture.pixels if picture.alpha is None else picture.pixels * picture.alpha[..., None]
    return split_regions(pixels, tolerance=tolerance, least_share=least_share, name=str(place))


def split_regions(
    pixels: Pixels, *, tolerance: float = 0.06, least_share: float = 0.005, name: str = "mask"
) -> dict[str, Plane]:
    """Split a picture of flat colours into regions, the largest first.

    ``pixels``: (H, W, 3) float32 in [0, 1]. ``tolerance``: colours at most so far apart (Euclidean,
    in sRGB) are one. ``least_share``: the share of the picture a colour needs to be a region.
    ``name``: what an error calls the picture.

    Returns the regions by colour, "#rrggbb" to (H, W) float32 weights in [0, 1] that add up to 1 in
    each pixel. A region's own pixels have weight 1. All others (soft edges, stray colours) are shared
    between the two regions on whose line they lie most nearly, by their place on it. A mixture of two
    regions that occurs along their edges only is not a region. Channels within 3/255 of an end are
    named as that end, since JPEG turns #ff0000 into #fe0000.

    Raises:
        PictureError: there are more than 64 such colours or none, too many pixels are of no such
            colour (a photograph, a small mask saved as JPEG), or ``pixels`` is not (H, W, 3).
        OptionError: ``tolerance`` is below 0, or ``least_share`` not in (0, 1].
    """
    _check(pixels, tolerance, least_share, name)
    radius = 255 * tolerance
    census = palette.count(pixels)
    centres, owner = palette.find(census, radius, least_share)
    if len(centres) > MAX_COLOURS:
        raise _not_flat(name, f"more than {MAX_COLOURS}")
    if not palette.is_flat(census, centres, radius):
        raise _not_flat(name, f"{len(census.counts):,} colours")
    weights, astray = _share(census, centres, owner)
    if astray > _STRAY_SHARE * census.which.size:
        raise _not_flat(name, f"{len(census.counts):,} colours")
    planes = (row[census.which].reshape(pixels.shape[:2]) for row in weights)
    return {palette.name_of(centre, radius): plane for centre, plane in zip(centres, planes, strict=True)}


def _not_flat(name: str, actual: str) -> PictureError:
    return PictureError(
        f"{name}: expected a picture of a few flat colours (at most {MAX_COLOURS}); got {actual}"
    )


def match_regions(content: Iterable[str], style: Iterable[str], tolerance: float = 0.1) -> dict[str, str]:
    """Pair the colours of a content mask with those of a style mask, nearest pairs first.

    ``content``, ``style``: colours "#rrggbb", such as the mappings ``split_regions`` returns.
    ``tolerance``: how far apart (Euclidean, in sRGB) the colours of a pair may be. Returns, in the
    order of ``content``, content colour to style colour; each style colour is taken at most once, and
    those that are not taken are left over.

    Raises:
        PictureError: a content colour has no partner; the message names it and the style's colours.
        OptionError: a colour is not written "#rrggbb", or ``tolerance`` is below 0.
    """
    if not tolerance >= 0:
        raise _option_error("tolerance", "a number, 0 or more", tolerance)
    wanted, offered = list(content), list(style)
    here, there = (np.array([_parse(name) for name in names]).reshape(-1, 3) for names in (wanted, offered))
    apart = np.sqrt(((here[:, None] - there) ** 2).sum(axis=2))
    pairs: dict[str, str] = {}
    free = dict.fromkeys(offered)
    for place in np.argsort(apart, axis=None, kind="stable"):
        row, column = divmod(int(place), len(offered))
        if apart[row, column] > 255 * tolerance + 1e-6:
            break
        if wanted[row] not in pairs and offered[column] in free:
            pairs[wanted[row]] = offered[column]
            del free[offered[column]]
    missing = [name for name in wanted if name not in pairs]
    if missing:
        there_are = ", ".join(name if name in free else f"{name} (taken)" for name in offered) or "no colour"
        raise PictureError(
            f"expected a colour in the style's mask for each of the content's, within {tolerance:g}, but"
            f" {', '.join(missing)} found none; the style's mask has {there_are}"
        )
    return {name: pairs[name] for name in wanted}


def _share(
    census: ColourCounts, centres: Levels, owner: NDArray[np.int64]
) -> tuple[NDArray[np.float32], int]:
    """Return (K, U) weights of the K regions for each of the U colours, and how many pixels fit nowhere."""
    weights = np.zeros((len(centres), len(owner)), dtype=np.float32)
    owned, rest = np.flatnonzero(owner >= 0), np.flatnonzero(owner < 0)
    weights[owner[owned], owned] = 1
    if len(centres) == 1:
        weights[0, rest] = 1
        astray = distances(census.colours[rest], centres[0]) > _STRAY
        return weights, int(census.counts[rest][astray].sum())
    best = np.full(len(rest), np.inf, dtype=np.float32)
    off = np.zeros(len(rest), dtype=np.float32)
    part = np.zeros(len(rest), dtype=np.float32)
    pair = np.zeros((2, len(rest)), dtype=np.int64)
    for a, b in itertools.combinations(range(len(centres)), 2):
        distance, along = off_line(census.colours[rest], centres[a], centres[b])
        # Between black, grey and white all three lines fit a dark grey: the shorter one is meant.
        cost = distance + np.float32(0.05) * distances(centres[a], centres[b])
        better = cost < best
        best[better], off[better], part[better] = cost[better], distance[better], along[better]
        pair[:, better] = [[a], [b]]
    weights[pair[0], rest] = 1 - part
    weights[pair[1], rest] = part
    return weights, int(census.counts[rest][off > _STRAY].sum())


def _parse(name: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", name):
        raise _option_error("colour", 'one written as "#ff8000"', name)
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def _check(pixels: Pixels, tolerance: float, least_share: float, name: str) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise PictureError(f"{name}: expected pixels of shape (H, W, 3), but the shape is {pixels.shape}")
    if not tolerance >= 0:
        raise _option_error("tolerance", "a number, 0 or more", tolerance)
    if not 0 < least_share <= 1:
        raise _option_error("least_share", "a number above 0 and at most 1", least_share)


def _option_error(name: str, expected: str, actual: object) -> OptionError:
    return OptionError(f"{name}: expected {expected}; got {actual!r}")
