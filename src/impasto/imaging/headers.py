"""The headers of pictures: their sizes, without decoding them."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from impasto.imaging import deep, dpx, exr, formats, png_strips
from impasto.imaging.guard import decoding, load
from impasto.imaging.orientation import orientation_of
from impasto.imaging.repairs import repaired_png


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
    """Return the header of a picture without decoding its pixels.

    Raises PictureError and MissingExtraError as ``read`` does; damage after the header is not detected.
    """
    place = Path(path)
    if not place.is_file() or not place.stat().st_size:
        load(place)  # which says why not
    with place.open("rb") as stream:
        kind = formats.sniff(place, stream.read(512))
        stream.seek(0)
        data = repaired_png(stream.read()) if kind is formats.PNG else b""
        with decoding(place, kind.name):
            if kind is formats.TIFF:
                width, height, orientation, alpha = deep.tiff_header(stream)
            elif kind is formats.EXR:
                found = exr.parse_header(stream.read(exr.LONGEST_HEADER), place)
                width, height, orientation, alpha = found.width, found.height, 1, found.alpha
            elif kind is formats.DPX:
                stated = dpx.parse_header(stream.read(dpx.HEADER), place)
                width, height, orientation = stated.width, stated.height, stated.orientation
                alpha = stated.alpha
            else:
                with Image.open(io.BytesIO(data) if data else stream, formats=[kind.codec]) as image:
                    width, height = image.size
                    alpha = bool(image.has_transparency_data)
                    orientation = orientation_of(png_strips.open_without_pixels(data) if data else image)
            if orientation in (5, 6, 7, 8):
                width, height = height, width
            return PictureHeader(width, height, alpha)
