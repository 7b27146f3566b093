"""Masks: the parts of a picture where a style applies, as (H, W) float32 in [0, 1]."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OptionError, PictureError
from impasto.imaging.decoder import read
from impasto.imaging.guard import note_darkness, picture_error
from impasto.imaging.read_options import READING, ReadOptions
from impasto.types import Picture, Plane

_GREY = 16 / 255
"""The largest difference between the channels of a grey, which JPEG changes."""

_FEW = 0.01
"""The share of pixels that may deviate, because lossy formats blur edges."""

_PROPORTIONS = 0.02
"""The largest relative difference of proportions."""


def read_mask(path: str | os.PathLike[str], reading: ReadOptions = READING) -> Plane:
    """Read a mask from a grey picture in any format ``read`` knows: white is 1, black is 0.

    Returns (H, W) float32 in [0, 1], upright, as precise as the file. A picture of one colour with
    an alpha channel (paint on a transparent layer) holds the mask in its alpha; in any other,
    transparent parts count as black.

    Raises:
        PictureError: the picture has colours, or ``read`` refuses it.
        MissingExtraError: as ``read``.
    """
    place = Path(path)
    return grey_plane(read(place, reading), place)


def grey_plane(picture: Picture, place: Path) -> Plane:
    """Return the mask in ``picture``, as in ``read_mask``. ``place``: its name in errors."""
    if picture.alpha is not None and _is_one_colour(picture):
        return picture.alpha
    note_darkness(picture.pixels, picture.bits)
    spread = picture.pixels.max(axis=2) - picture.pixels.min(axis=2)
    coloured = float((_opaque(spread, picture.alpha) > _GREY).mean())
    if coloured > _FEW:
        actual = f"{coloured:.0%} of its pixels have a colour (is it a picture of coloured regions?)"
        raise picture_error(place, "a mask in black, white and greys", actual)
    return _opaque(picture.pixels[..., 1], picture.alpha)


def _is_one_colour(picture: Picture) -> bool:
    """Return whether all visible pixels have about the same colour."""
    assert picture.alpha is not None
    seen = picture.pixels[picture.alpha > 0.5]
    if len(seen) == 0:
        return True
    distance = np.abs(seen - np.median(seen, axis=0)).max(axis=1)
    return float((distance > _GREY).mean()) <= _FEW


def _opaque(plane: Plane, alpha: Plane | None) -> Plane:
    """Return ``plane`` on black."""
    return np.ascontiguousarray(plane if alpha is None else plane * alpha)


def feather(mask: Plane, radius: float) -> Plane:
    """Soften the edges of ``mask`` by a Gaussian with a standard deviation of ``radius`` pixels.

    ``mask``: (H, W) float32 in [0, 1]; so is the result. The mask is padded by repeating its border. Weights
    that sum to 1 over several masks still do. Radius 0 gives a copy; a radius larger than the mask's long
    side is reduced to it.

    Raises:
        PictureError: ``mask`` is not (H, W).
        OptionError: ``radius`` is below 0 or not finite.
    """
    _check(mask)
    if not (math.isfinite(radius) and radius >= 0):
        raise OptionError(f"radius: expected a number of pixels, 0 or more; got {radius!r}")
    if radius < 0.05:  # the nearest neighbour would weigh less than 1e-80
        return np.array(mask, dtype=np.float32)
    radius = min(radius, max(mask.shape))
    reach = math.ceil(3 * radius)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    weights /= weights.sum()
    soft = _convolve(_convolve(mask, weights).T, weights).T
    return np.ascontiguousarray(np.clip(soft, 0, 1))


def _convolve(mask: Plane, weights: NDArray[np.float64]) -> Plane:
    """Convolve the columns of ``mask`` with symmetric ``weights``."""
    reach = len(weights) // 2
    padded = np.pad(mask, ((reach, reach), (0, 0)), mode="edge")
    result = np.float32(weights[reach]) * mask
    for step in range(1, reach + 1):
        before = padded[reach - step : reach - step + len(mask)]
        after = padded[reach + step : reach + step + len(mask)]
        result += np.float32(weights[reach + step]) * (before + after)
    return np.ascontiguousarray(result)


def resize_mask(mask: Plane, width: int, height: int) -> Plane:
    """Resample a mask to ``width`` x ``height``: area averages to shrink, linear interpolation to enlarge.

    ``mask``: (H, W) float32 in [0, 1]; so is the result, (height, width), without the overshoot that
    ``resize`` has to clip. Weights that sum to 1 over several masks still do.

    Raises:
        PictureError: ``mask`` is not (H, W).
        OptionError: ``width`` or ``height`` is below one.
    """
    _check(mask)
    if width < 1 or height < 1:
        raise OptionError(f"expected a width and a height of at least 1; got {width} x {height}")
    result = np.array(mask, dtype=np.float32)
    if height < result.shape[0]:
        result = _average(result, height)
    if width < result.shape[1]:
        result = _average(result.T, width).T
    if result.shape != (height, width):
        image = Image.fromarray(np.ascontiguousarray(result))
        result = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
    return np.ascontiguousarray(np.clip(result, 0, 1))


def _average(values: Plane, size: int) -> Plane:
    """Average (N, M) over ``size`` segments of equal length along the first axis."""
    count = len(values)
    sums = np.zeros((count + 1, values.shape[1]))
    np.cumsum(values, axis=0, dtype=np.float64, out=sums[1:])
    ends = np.linspace(0, count, size + 1)
    whole = np.minimum(ends.astype(np.int64), count - 1)
    upto = sums[whole] + (ends - whole)[:, None] * values[whole]
    return np.asarray(np.diff(upto, axis=0) * (size / count), dtype=np.float32)


def check_proportions(mask: Plane, width: int, height: int, *, name: str = "mask") -> None:
    """Raise unless ``mask`` has the proportions of a picture of ``width`` x ``height``, within 2 %.

    ``name``: what the error calls the mask, such as its path.

    Raises:
        PictureError: it has others.
        OptionError: ``width`` or ``height`` is below one.
    """
    _check(mask)
    if width < 1 or height < 1:
        raise OptionError(f"expected a picture of at least 1 x 1; got {width} x {height}")
    rows, columns = mask.shape
    if abs(math.log(columns * height / (rows * width))) > math.log1p(_PROPORTIONS):
        raise PictureError(
            f"{name}: expected the proportions of the picture, {width} x {height}, but it is {columns} x"
            f" {rows}"
        )


def _check(mask: Plane) -> None:
    if mask.ndim != 2 or 0 in mask.shape:
        raise PictureError(f"expected a mask of shape (H, W), but the shape is {mask.shape}")
