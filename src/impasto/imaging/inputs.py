"""Pictures from paths and arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import PictureError
from impasto.files import places, reason_of
from impasto.imaging.decoder import STRIP, Size, decode, decode_image, decode_packed, read, shrunk_array
from impasto.imaging.guard import decoding, load, note_darkness
from impasto.imaging.packed import PackedPicture
from impasto.imaging.read_options import READING, ReadOptions
from impasto.imaging.samples import ROUNDING
from impasto.imaging.shrinker import shrunk_size
from impasto.imaging.transparency import fill_transparent
from impasto.types import Picture


class HasPicture(Protocol):
    """A result of painting, or anything else with a picture."""

    @property
    def picture(self) -> Picture: ...


PictureLike = str | os.PathLike[str] | Picture | HasPicture | NDArray[Any] | Image.Image | bytes | BinaryIO
"""A path, a decoded ``Picture``, an object with one as its ``picture`` (a ``Result``), a Pillow image, the
bytes of a file, a binary file object, or an array (H, W, 3) in RGB, (H, W, 4) with alpha, or (H, W) in grey:
uint8, uint16, bool, or floats in [0, 1], sRGB."""


MaskLike = PictureLike
"""A picture as above. An array is (H, W) for a grey mask, floats in [0, 1], bool, or uint8 or uint16, also of
0 and 1; and (H, W, 3) for coloured regions."""


def name_of(source: object) -> str:
    """Return the path or name of a source; "" for one that is in memory only."""
    return os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else ""


def kind_of(thing: object) -> str:
    """Return the name that errors use for a value of the wrong type."""
    if isinstance(thing, str) and not thing:
        return "an empty name"
    if type(thing).__name__ == "Tensor":
        return "a tensor: .permute(1, 2, 0).cpu().numpy() makes an array of one with its channels first"
    return "None" if thing is None else f"an object of type {type(thing).__name__}"


def load_picture(source: PictureLike, reading: ReadOptions = READING, size: Size = None) -> Picture:
    """Return the ``Picture`` of any ``PictureLike``; ``size``: as in ``read``. Raises PictureError."""
    source = in_memory(source, reading, size)
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        found = _in_strips(source, size)
        note_darkness(found.pixels, found.bits)
        return found
    if not isinstance(source, (str, os.PathLike)) or not os.fsdecode(source):
        raise PictureError(
            "expected a picture: a path, an array, a Picture, a Result, a Pillow image, bytes or a "
            f"binary file; got {kind_of(source)}"
        )
    return read(source, reading, size)


def load_packed(source: PictureLike, reading: ReadOptions = READING) -> Picture | PackedPicture:
    """Return a picture without transparency from any ``PictureLike``; packed if it is large and its file has
    none. Raises PictureError."""
    if isinstance(source, (str, os.PathLike)):
        place = Path(source)
        found = decode_packed(load(place), place, reading)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        found = decode_packed(bytes(source), reading=reading)
    else:
        found = load_picture(source, reading)
    return found if isinstance(found, PackedPicture) else opaque(found)


def in_memory(source: Any, reading: ReadOptions = READING, size: Size = None) -> Any:
    """Return ``source``, or the ``Picture`` of a result, a Pillow image, bytes or a binary file object.

    A leading file:// is removed from a path. ``size``: as in ``read``. Raises PictureError if it is not a
    picture.
    """
    if isinstance(found := getattr(source, "picture", None), Picture):
        return found
    if isinstance(source, Image.Image):
        if 0 in source.size:
            width, height = source.size
            raise PictureError(f"expected an image of at least one pixel; got {width} x {height}")
        with decoding(Path("picture"), "Pillow"):
            return decode_image(source, size)
    if isinstance(source, (bytes, bytearray, memoryview)):
        if not source:
            raise PictureError("expected the bytes of a picture; got none")
        return decode(bytes(source), reading=reading, size=size)
    if not isinstance(source, (str, os.PathLike)) and callable(getattr(source, "read", None)):
        return decode(_read(source), reading=reading, size=size)
    if isinstance(source, np.ndarray):
        return _plain(source)
    if isinstance(source, os.PathLike):
        return source if isinstance(os.fspath(source), str) else os.fsdecode(source)
    return places.plain(source) if isinstance(source, str) else source


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of a subclass as a plain one. Raises PictureError if it has masked values."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        raise PictureError("expected an array without masked values; got some: .filled(0) makes one without")
    return np.asarray(array)


def _read(stream: Any) -> bytes:
    """Return what is left in a binary file object. Raises PictureError if there is nothing."""
    try:
        data = stream.read()
    except UnicodeDecodeError as problem:
        raise PictureError("expected a file opened in binary mode; it was opened as text") from problem
    except (OSError, ValueError) as problem:  # ValueError: it is closed
        raise PictureError(f"expected an open file; it cannot be read: {reason_of(problem)}") from problem
    if not isinstance(data, bytes):
        raise PictureError(f"expected a file opened in binary mode; reading it gave {kind_of(data)}")
    if not data:
        raise PictureError("expected a file with a picture; nothing is left to read (seek(0) goes back)")
    return data


def _in_strips(array: NDArray[Any], size: Size) -> Picture:
    """Return the picture in an array, shrunk for ``size`` if it is large. Raises PictureError."""
    if array.ndim not in (2, 3) or shrunk_size(array.shape[1] or 1, array.shape[0], size) is None:
        return from_array(array)
    height, width = array.shape[:2]
    step = max(1, STRIP // width)
    strips = (from_array(array[start : start + step]) for start in range(0, height, step))
    return shrunk_array(strips, width, height, size)


def from_array(array: NDArray[Any]) -> Picture:
    """Return the picture in an array, as in ``PictureLike``. Raises PictureError for another."""
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.size == 0:
        raise PictureError(
            f"expected an array of shape (H, W, 3), (H, W, 4) or (H, W); got {array.shape}{_axes(array)}"
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    if array.dtype in (np.uint8, np.uint16, np.bool_):
        top, bits = {np.dtype(np.uint16): (65535, 16), np.dtype(np.bool_): (1, 8)}.get(array.dtype, (255, 8))
        return _with_alpha(array.astype(np.float32) / np.float32(top), bits)
    if not np.issubdtype(array.dtype, np.floating):
        raise PictureError(f"expected an array of uint8, uint16, bool or floats in [0, 1]; got {array.dtype}")
    low, high = float(array.min()), float(array.max())
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # also when they are not numbers
        raise PictureError(f"expected floats in [0, 1]; got values from {low:.4g} to {high:.4g}")
    return _with_alpha(array.astype(np.float32).clip(0, 1), 8)


def _axes(array: NDArray[Any]) -> str:
    """Return a hint for an array with its channels first, or a batch of one; "" for others."""
    if array.ndim == 4 and len(array) == 1:
        return f"; array[0] is one picture{_axes(array[0])}"
    first = array.ndim == 3 and array.shape[0] in (1, 3, 4) and array.size > 0
    return "; .transpose(1, 2, 0) puts the channels last" if first else ""


def _with_alpha(values: NDArray[np.float32], bits: int) -> Picture:
    if values.shape[2] == 3:
        return Picture(values, bits=bits)
    alpha = np.ascontiguousarray(values[..., 3])
    colours = np.ascontiguousarray(values[..., :3])
    return Picture(colours, None if bool((alpha == 1).all()) else alpha, bits)


def opaque(picture: Picture) -> Picture:
    """Return ``picture`` without transparency; transparent pixels take the colours around them."""
    if picture.alpha is None:
        return picture
    return Picture(fill_transparent(picture), None, picture.bits)
