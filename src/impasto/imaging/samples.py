"""Conversion of pixels to integers of 8 or 16 bits, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.types import Pixels

ROUNDING = 1 / 512
"""How far floats may lie outside [0, 1]: less than half an 8-bit step counts as rounding."""


def to_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values in [0, 1], of any shape, as uint8; those beyond are clipped."""
    return np.asarray(np.rint(np.clip(pixels, 0, 1) * 255), np.uint8)


def to_uint16(pixels: NDArray[Any]) -> NDArray[np.uint16]:
    """Return values in [0, 1], of any shape, as uint16; those beyond are clipped."""
    return np.asarray(np.rint(np.clip(pixels, 0, 1) * 65535), np.uint16)


def unpacked(samples: NDArray[Any]) -> Pixels:
    """Return float32 in [0, 1] for samples of uint8 or uint16, of any shape."""
    return samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max)
