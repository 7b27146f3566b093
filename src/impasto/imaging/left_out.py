"""Pages, frames and gain maps of a file that are not read."""

from __future__ import annotations

import contextlib
import io
import re

from PIL import Image

from impasto.imaging import deep, exr, formats
from impasto.imaging.guard import warn

_GAIN_MAPS = re.compile(
    rb"hdrgm:Version|urn:iso:std:iso:ts:21496:-1|apple:photo:2020:aux:hdrgainmap"
    rb"|infe[\2\3].{5}(?:..)?..tmap",
    re.DOTALL,
)
"""Marks of gain maps: of Ultra HDR (Android), ISO 21496-1 (in JPEG), Apple, and ISO 21496-1 in HEIC and AVIF,
the type of an item (ISO/IEC 14496-12, 8.11.6.2)."""


def note_left_out(data: bytes, kind: formats.Format) -> None:
    """Issue an ImagingWarning about further pages, frames and gain maps of a file, which are not read."""
    frames = 1
    with contextlib.suppress(Exception):
        frames = _count(data, kind)
    if frames > 1:
        one, several = _WORDS.get(kind.name, ("frame", "frames"))
        number = f"{frames - 1} other {one if frames == 2 else several}"
        warn(f"the file has {number}; only the first one was read")
    elif _GAIN_MAPS.search(data):
        warn("the gain map, for screens with high dynamic range, was left out")


_WORDS = {formats.TIFF.name: ("page", "pages"), formats.EXR.name: ("part", "parts")}


def _count(data: bytes, kind: formats.Format) -> int:
    if kind is formats.EXR:
        return 1 + exr.other_parts(data)
    return deep.whole_pages(data) if kind is formats.TIFF else _frames(data, kind)


def _frames(data: bytes, kind: formats.Format) -> int:
    with Image.open(io.BytesIO(data), formats=[kind.codec]) as image:
        return int(getattr(image, "n_frames", 1))
