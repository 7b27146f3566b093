"""Conversion between pixels and the inputs and outputs of graphs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.errors import PictureError
from impasto.inference.options import MINIMUM_SIDE
from impasto.types import Pixels

Planes = NDArray[np.float32]


def planes(pixels: Pixels) -> Planes:
    """Return pixels (H, W, 3) as (1, 3, H, W)."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]


def to_pixels(painting: Planes) -> Pixels:
    """Return a painting (1, 3, H, W) as pixels (H, W, 3), clipped to [0, 1]."""
    found = np.empty((*painting.shape[2:], 3), np.float32)
    for channel in range(3):
        np.clip(painting[0, channel], 0, 1, out=found[..., channel])
    return found


def check_pixels(pixels: Pixels) -> Pixels:
    """Return ``pixels`` if they can be painted. Raises PictureError."""
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise PictureError(f"expected pixels of shape (H, W, 3); got {getattr(pixels, 'shape', pixels)}")
    if pixels.dtype != np.float32:
        raise PictureError(f"expected pixels of float32 in [0, 1]; got {pixels.dtype}")
    if min(pixels.shape[:2]) < MINIMUM_SIDE:
        height, width = pixels.shape[:2]
        raise PictureError(
            f"expected at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; got {width} x {height}"
        )
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= -1 and high <= 2):  # slightly out of range does no harm; NaN does
        raise PictureError(f"expected pixels from 0 to 1; got {low:g} to {high:g}")
    return pixels
