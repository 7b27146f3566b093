"""Pictures out of paths and arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import PictureError
from impasto.imaging.decoder import MAX_PIXELS, read
from impasto.imaging.transparency import fill_transparent
from impasto.types import Picture

PictureLike = str | os.PathLike[str] | Picture | NDArray[Any]
"""A path, a decoded ``Picture``, or an array (H, W, 3): uint8, or floats in [0, 1], sRGB."""


MaskLike = str | os.PathLike[str] | NDArray[Any]
"""A path, or an array: (H, W) floats in [0, 1] for a grey mask, (H, W, 3) for coloured regions."""


def name_of(source: object) -> str:
    """Return the path or name of a source; "" for one that is in memory only."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""


def kind_of(thing: object) -> str:
    """Return the name that errors use for a value of the wrong type."""
    return "None" if thing is None else f"an object of type {type(thing).__name__}"


def load_picture(source: PictureLike, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return a ``Picture`` from a path, an array or a ``Picture``. Raises PictureError."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return from_array(source)
    if not isinstance(source, (str, os.PathLike)):
        raise PictureError(f"expected a picture: a path, an array or a Picture; got {kind_of(source)}")
    return read(source, max_pixels=max_pixels)


def from_array(array: NDArray[Any]) -> Picture:
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PictureError(f"expected an array of shape (H, W, 3); got shape {array.shape}")
    if array.dtype == np.uint8:
        return Picture(array.astype(np.float32) / np.float32(255))
    if not np.issubdtype(array.dtype, np.floating):
        raise PictureError(f"expected an array of uint8 or of floats in [0, 1]; got {array.dtype}")
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
        raise PictureError(f"expected floats in [0, 1]; got values from {array.min():g} to {array.max():g}")
    return Picture(array.astype(np.float32))


def opaque(picture: Picture) -> Picture:
    """Return ``picture`` without transparency: what cannot be seen has the colours around it."""
    if picture.alpha is None:
        return picture
    return Picture(fill_transparent(picture), None, picture.bits)
