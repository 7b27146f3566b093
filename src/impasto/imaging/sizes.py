"""Sizes of pictures: resampling, and fitting a frame to its long side."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import OptionError
from impasto.imaging.samples import to_bytes, unpacked

Rounding = Literal["half-up", "half-even"]


def resize(pixels: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Resample to ``width`` x ``height`` with a Lanczos filter, widened when shrinking against aliasing.

    ``pixels``: (H, W) or (H, W, C) float32 in [0, 1]. Returns a new array, (height, width) or
    (height, width, C) float32, clipped to [0, 1] where the filter would overshoot; an unchanged
    size gives an exact copy. Channels are treated one by one, on the values as they are.

    Raises:
        OptionError: ``width`` or ``height`` is below one, or ``pixels`` is not of such a shape.
    """
    if width < 1 or height < 1:
        raise OptionError(f"expected a width and a height of at least 1; got {width} x {height}")
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise OptionError(f"expected pixels of shape (H, W) or (H, W, C), but the shape is {pixels.shape}")
    if pixels.shape[:2] == (height, width):
        return np.array(pixels, dtype=np.float32)
    if pixels.ndim == 2:
        return _resize_plane(pixels, width, height)
    result = np.empty((height, width, pixels.shape[2]), dtype=np.float32)
    for channel in range(pixels.shape[2]):
        result[..., channel] = _resize_plane(pixels[..., channel], width, height)
    return result


def _resize_plane(plane: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    resized = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)
    return np.clip(resized, 0.0, 1.0)


def resample_joined(
    pixels: NDArray[np.float32], width: int, height: int, filter: str, seamless: str
) -> NDArray[np.float32]:
    """Resample as ``resample``, where opposite edges meet: left and right with "x" in ``seamless``, top and
    bottom with "y".
    """
    edges = []
    for own, wanted, axis in ((pixels.shape[0], height, "y"), (pixels.shape[1], width, "x")):
        edges.append(overlap(own, wanted) if axis in seamless else (0, 0))
    (above, top), (before, left) = edges
    padded = np.pad(pixels, ((above, above), (before, before), (0, 0)), mode="wrap")
    found = resample(padded, width + 2 * left, height + 2 * top, filter)
    return found[top : top + height, left : left + width]


def overlap(own: int, wanted: int) -> tuple[int, int]:
    """Return how many of a side's ``own`` pixels to repeat beyond each end, and how many these are after
    resampling to ``wanted``: integers, and at least the reach of a Lanczos filter."""
    unit = own // math.gcd(own, wanted)
    times = -(-(3 * max(1, -(-own // wanted)) + 1) // unit)
    return times * unit, times * wanted // math.gcd(own, wanted)


def resample(pixels: NDArray[np.float32], width: int, height: int, filter: str) -> NDArray[np.float32]:
    """Resample as ``resize`` for "lanczos"; for "bilinear", "bicubic" and "nearest", by Pillow's filter on
    8-bit values.

    The latter three match programs that resize decoded 8-bit pictures: every value of the result is a
    multiple of 1/255. ``pixels``: (H, W, 3) float32 in [0, 1].

    Raises OptionError for another filter, or a size below one.
    """
    if filter == "lanczos":
        return resize(pixels, width, height)
    filters = {
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "nearest": Image.Resampling.NEAREST,
    }
    if filter not in filters or min(width, height) < 1:
        raise OptionError(
            f"expected lanczos, bilinear, bicubic or nearest, and a size of at least 1 x 1; got {filter}, "
            f"{width} x {height}"
        )
    image = Image.fromarray(to_bytes(pixels))
    return unpacked(np.asarray(image.resize((width, height), filters[filter])))


def fit(
    width: int, height: int, size: int | tuple[int, int], rounding: Rounding = "half-up"
) -> tuple[int, int]:
    """Return the size with the proportions of ``width`` x ``height`` whose long side is ``size``.

    Returns (width, height) in pixels; the short side is rounded to the nearest integer (halves go up, or
    to the even number where ``rounding`` is "half-even") and at least 1. Enlarges as well as shrinks. An
    exact ``size``, a (width, height), is returned as it is.

    Raises:
        OptionError: any of the three is below one.
    """
    if isinstance(size, tuple):
        return size
    if min(width, height, size) < 1:
        raise OptionError(f"expected sides of at least 1; got {width} x {height} for a long side of {size}")
    longest = max(width, height)

    def scaled(side: int) -> int:
        if rounding == "half-even":
            return max(1, round(size * side / longest))
        return max(1, (2 * side * size + longest) // (2 * longest))

    return scaled(width), scaled(height)
