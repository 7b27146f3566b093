"""Reading pictures: any file to an upright sRGB ``Picture``."""

from __future__ import annotations

import io
import os
import struct
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging import deep, formats, icc
from impasto.imaging.guard import ImagingWarning, check_size, decoding, load
from impasto.imaging.left_out import first_whole_page, note_left_out
from impasto.imaging.photo_metadata import read_photo_metadata
from impasto.imaging.read_options import READING, ReadOptions
from impasto.imaging.repairs import ended_jpeg, repaired_png
from impasto.imaging.stated_colours import stated_colours
from impasto.types import Picture

_ORIENTATION = 0x0112


def read(path: str | os.PathLike[str], reading: ReadOptions = READING) -> Picture:
    """Read a picture: JPEG, PNG, WebP, AVIF, TIFF (first page that is not a smaller version of another),
    GIF (first frame), BMP or HEIC.

    The format is told from the bytes, not from the name. Returns a ``Picture`` with (H, W, 3)
    float32 pixels in [0, 1], turned upright by its EXIF orientation and converted to sRGB from an
    embedded ICC profile (relative colorimetric, black point compensated), or from Adobe RGB, Display P3 or
    a gamma that the file states otherwise. Without either the values are taken to be sRGB, and CMYK is
    mixed by (1 - ink)(1 - black). ``alpha`` is straight, and None when every pixel is opaque. PNG and TIFF
    of 16 bits are read exactly (``bits`` is 16), as is floating-point TIFF in [0, 1]; only with a profile
    made of lookup tables are they converted at 8 bits. Date, author, copyright, keywords, resolution and
    place are in ``metadata``. AVIF and HEIC of 10 and 12 bits are read at 8.

    What has to be passed over is said in an ImagingWarning: a damaged profile (the values are then
    taken to be sRGB), unreadable EXIF data, a stated colour space that is not known.

    Raises:
        PictureError: there is no such file, it is not a picture in one of these formats, it is
            damaged or cut short, or has more pixels than ``reading`` allows; nothing is decoded then.
        MissingExtraError: it is HEIC, and the extra that reads it is not installed.
    """
    place = Path(path)
    return decode(load(place), place, reading)


def decode(data: bytes, place: Path = Path("picture"), reading: ReadOptions = READING) -> Picture:
    """Return the picture that a file with these bytes holds; ``place``: its name in messages. Raises as
    ``read`` does."""
    kind = formats.sniff(place, data)
    with decoding(place, kind.name):
        data = repaired_png(data) if kind is formats.PNG else data
        picture = _decode(data, kind, place, reading)
        note_left_out(data, kind)
        with warnings.catch_warnings(action="ignore"):  # what is damaged there was said, or is of no account
            about = read_photo_metadata(data, kind.codec)
    return replace(picture, metadata=about)


@dataclass(frozen=True)
class PictureHeader:
    """The header of a picture: ``width`` and ``height`` upright; ``alpha``: whether it has one, or a
    transparent colour."""

    width: int
    height: int
    alpha: bool


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return the width and height of a picture, upright; see ``read_header``."""
    header = read_header(path)
    return header.width, header.height


def read_header(path: str | os.PathLike[str]) -> PictureHeader:
    """Return what the header of a picture says, without decoding more of it.

    Raises PictureError and MissingExtraError as ``read`` does; damage behind the header is not noticed.
    """
    place = Path(path)
    if not place.is_file() or not place.stat().st_size:
        load(place)  # which says why not
    with place.open("rb") as stream:
        kind = formats.sniff(place, stream.read(512))
        stream.seek(0)
        whole = io.BytesIO(repaired_png(stream.read())) if kind is formats.PNG else stream
        with decoding(place, kind.name), Image.open(whole, formats=[kind.codec]) as image:
            width, height = image.size
            if _orientation(image) in (5, 6, 7, 8):
                width, height = height, width
            return PictureHeader(width, height, bool(image.has_transparency_data))


def _decode(data: bytes, kind: formats.Format, path: Path, reading: ReadOptions) -> Picture:
    page = 0
    if kind is formats.TIFF:
        page = first_whole_page(data)
        raster = deep.decode_tiff(data, path, lambda w, h: check_size(path, w, h, reading), page)
        if raster is not None:
            return _finish(raster)
    with Image.open(io.BytesIO(data), formats=[kind.codec]) as image:
        if page:
            image.seek(page)
        check_size(path, image.width, image.height, reading)
        stated = stated_colours(image, data, kind, path)
        if kind is formats.PNG and deep.is_deep_png(data):
            picture = _finish(deep.decode_png(data, image, _orientation(image)))
            return picture if stated is None else replace(picture, pixels=stated.to_srgb(picture.pixels))
        try:
            image.load()
        except OSError:
            ended = ended_jpeg(data) if kind is formats.JPEG else None
            if ended is None:
                raise
            return _decode_unended(*ended, path, reading)
        profile = image.info.get("icc_profile")
        orientation = _orientation(image)
        colour, alpha = separate(image)
    pixels = _scaled(icc.image_to_srgb(colour, profile))
    pixels = pixels if stated is None else stated.to_srgb(pixels)
    return _assemble(pixels, None if alpha is None else _scaled(np.asarray(alpha)), orientation, 8)


def _decode_unended(one: bytes, other: bytes, path: Path, reading: ReadOptions) -> Picture:
    """Return the picture that both files give. Raises ValueError for two different ones."""
    first, second = (_decode(data, formats.JPEG, path, reading) for data in (one, other))
    if not np.array_equal(first.pixels, second.pixels):
        raise ValueError("image file is truncated")
    return first


def _finish(raster: deep.Raster) -> Picture:
    pixels, bits = icc.array_to_srgb(raster.colour, raster.space, raster.profile)
    return _assemble(pixels, raster.alpha, raster.orientation, bits)


def _assemble(
    pixels: NDArray[np.float32], alpha: NDArray[np.float32] | None, orientation: int, bits: int
) -> Picture:
    if alpha is not None and bool((alpha == 1).all()):
        alpha = None
    turned = None if alpha is None else upright(alpha, orientation)
    return Picture(pixels=upright(pixels, orientation), alpha=turned, bits=bits)


def _scaled(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    return values.astype(np.float32) / np.float32(255)


def upright(pixels: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
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


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; unreadable EXIF data is passed over with a warning."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, struct.error) as problem:
        text = f"EXIF data cannot be read, so its orientation was passed over ({problem})"
        warnings.warn(text, ImagingWarning, stacklevel=2)
        return 1
    return value if isinstance(value, int) else 1


def separate(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split into colour in mode L, RGB, CMYK or LAB, and alpha in mode L if there is any."""
    if image.mode in ("LA", "La") or (image.mode in ("1", "L") and image.has_transparency_data):
        both = image.convert("LA")
        return both.getchannel("L"), both.getchannel("A")
    if image.has_transparency_data:
        both = image.convert("RGBA")
        return both.convert("RGB"), both.getchannel("A")
    if image.mode in ("L", "RGB", "CMYK", "LAB"):
        return image, None
    if image.mode == "1":
        return image.convert("L"), None
    if image.mode in ("P", "RGBX", "YCbCr", "HSV"):
        return image.convert("RGB"), None
    raise ValueError(f"samples of mode {image.mode}")
