"""The EXIF orientation of pictures, and turning them upright."""

from __future__ import annotations

import struct
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging.guard import ImagingWarning

_ORIENTATION = 0x0112


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation; unreadable EXIF data is ignored with a warning."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error) as problem:
        text = f"EXIF data cannot be read, so its orientation was ignored ({problem})"
        warnings.warn(text, ImagingWarning, stacklevel=2)
        return 1
    return value if isinstance(value, int) else 1


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn stored pixels upright, by their EXIF orientation.

    ``pixels``: (H, W) or (H, W, C). ``orientation``: 1 to 8; any other number counts as 1.
    Returns a contiguous array, width and height swapped for 5 to 8. Source: TIFF 6.0, section 8,
    "Orientation"; Exif 2.32, 4.6.4.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
