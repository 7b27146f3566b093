"""Colour spaces that files state by means other than an ICC profile.

Sources: Adobe RGB (1998), section 4.3; DCF 2.0, 3.2.1 (names that begin with "_"); Exif 2.32, 4.6.5 and
4.6.8 (ColorSpace, InteroperabilityIndex); PNG, third edition, 11.3.2 (cHRM, gAMA, cICP); ITU-T H.273, tables
2 and 3.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging import formats
from impasto.imaging.colour import linear_to_srgb, srgb_to_linear
from impasto.imaging.guard import warn
from impasto.types import Pixels

D65 = (0.3127, 0.3290)
Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
SRGB: Corners = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE: Corners = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3: Corners = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
BT2020: Corners = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
PRIMARIES: dict[int, Corners] = {1: SRGB, 2: SRGB, 9: BT2020, 12: P3}
"""Primaries by their numbers in H.273."""
_UNSPECIFIED = 2
SRGB_CURVES = (1, 2, 6, 13, 14, 15)
"""Transfer characteristics of H.273 that are read as sRGB's."""
_INTEROPERABILITY, _EXIF, _COLOUR_SPACE = 0xA005, 0x8769, 0xA001
_UNCALIBRATED = 0xFFFF
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_ADOBE_GAMMA = 563 / 256
_BEGINNING = 1 << 20
"""Bytes of a file in which cICP is looked for; it comes before the pixels."""
_TIFF_TAGS = {301: "a transfer function", 319: "primaries"}


@dataclass(frozen=True)
class StatedColours:
    """A colour space: the chromaticities of red, green and blue, the exponent of the transfer curve, None for
    the curve of sRGB, and the chromaticity of white."""

    primaries: Corners
    gamma: float | None = None
    white: tuple[float, float] = D65

    def to_srgb(self, pixels: Pixels) -> Pixels:
        """Return ``pixels`` (H, W, 3), in [0, 1], in sRGB; what lies outside of it is clipped."""
        light = srgb_to_linear(pixels) if self.gamma is None else pixels ** np.float32(self.gamma)
        if self.primaries != SRGB or self.white != D65:
            own = _adaptation(self.white) @ _to_xyz(self.primaries, self.white)
            change = np.linalg.inv(_to_xyz(SRGB, D65)) @ own
            light = light @ change.T.astype(np.float32)
        found = linear_to_srgb(np.clip(light, 0.0, 1.0).astype(np.float32))
        return np.clip(found, 0.0, 1.0).astype(np.float32)


def _xyz(place: tuple[float, float]) -> NDArray[np.float64]:
    """Return X, Y and Z of a chromaticity whose Y is 1."""
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(primaries: Corners, white: tuple[float, float]) -> NDArray[np.float64]:
    """Return the matrix from linear RGB to XYZ."""
    corners = np.stack([_xyz(corner) for corner in primaries], axis=1)
    return corners * np.linalg.solve(corners, _xyz(white))


def _adaptation(white: tuple[float, float]) -> NDArray[np.float64]:
    """Return the matrix that adapts XYZ with another white to D65, by Bradford's method (ICC.1:2022, E.2)."""
    return np.asarray(
        np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _xyz(D65) / (_BRADFORD @ _xyz(white))) @ _BRADFORD
    )


def stated_colours(image: Image.Image, data: bytes, kind: formats.Format, path: Path) -> StatedColours | None:
    """Return the colour space that a file without a profile states; None for sRGB or none.

    An unknown one is read as sRGB, with an ImagingWarning.
    """
    if _has_profile(image):
        return None
    found, is_stated = None, False
    if kind is formats.PNG:
        found, is_stated = _of_png(image, data)
    elif kind in (formats.AVIF, formats.HEIC):
        found, is_stated = _of_nclx(data)
    elif kind is formats.TIFF:
        _note_tags(getattr(image, "tag_v2", {}))
    return found or _of_exif(image, path, is_stated)


def colours_of_image(image: Image.Image) -> StatedColours | None:
    """Return the colour space that a Pillow image states, as ``stated_colours`` does for a file.

    Pillow does not pass on a PNG file's cICP. It is read from the image's file, which is still open before
    the image is loaded, and is opened again if its name is known.
    """
    if _has_profile(image):
        return None
    found, is_stated = _of_png(image, _beginning(image) if image.format == "PNG" else b"")
    return found or _of_exif(image, Path(getattr(image, "filename", "") or "picture"), is_stated)


def _beginning(image: Image.Image) -> bytes:
    """Return the beginning of the file of a PNG image; nothing if it cannot be read, or is another file by
    now."""
    stream, name, data = getattr(image, "fp", None), getattr(image, "filename", ""), b""
    with contextlib.suppress(OSError, ValueError):  # ValueError: the file is closed
        if stream is not None:
            place = stream.tell()
            stream.seek(0)
            data = stream.read(_BEGINNING)
            stream.seek(place)
        elif name:
            with Path(os.fsdecode(name)).open("rb") as file:
                data = file.read(_BEGINNING)
    return data if data[12:24] == b"IHDR" + struct.pack(">II", *image.size) else b""


def colours_of_deep_tiff(data: bytes, path: Path) -> StatedColours | None:
    """Return the colour space that a TIFF of more than 8 bits states, as ``stated_colours`` does."""
    exif = Image.Exif()
    with contextlib.suppress(Exception):  # damaged EXIF data
        exif.load(data)
    _note_tags(exif)
    return _of_exif(exif, path, is_stated=False)


def _has_profile(image: Image.Image) -> bool:
    return bool(image.info.get("icc_profile")) or image.mode in ("CMYK", "LAB")


def _of_exif(image: Image.Image | Image.Exif, path: Path, is_stated: bool) -> StatedColours | None:
    """Return the colour space in EXIF; None if ``is_stated``, that is, the file also states it elsewhere,
    which takes precedence in viewers."""
    if is_stated:
        return None
    try:
        exif = image.getexif() if isinstance(image, Image.Image) else image
        inside = exif.get_ifd(_EXIF)
        index = str(inside.get(_INTEROPERABILITY) and exif.get_ifd(_INTEROPERABILITY).get(1, "")).strip("\0 ")
        space = inside.get(_COLOUR_SPACE)
    except Exception:  # damaged EXIF data, which was said
        return None
    if space == 2 or (index == "R03" and space in (None, _UNCALIBRATED)):
        return StatedColours(ADOBE, _ADOBE_GAMMA)
    if space == _UNCALIBRATED and path.name.startswith("_"):
        return StatedColours(ADOBE, _ADOBE_GAMMA)
    if space == _UNCALIBRATED:
        warn(
            "its colours are not those of sRGB, and it does not state which they are; they were read as sRGB"
        )
    return None


_Found = tuple[StatedColours | None, bool]
"""A colour space other than sRGB, if any, and whether one is stated."""


def _of_png(image: Image.Image, data: bytes) -> _Found:
    place = data.find(b"cICP", 0, data.find(b"IDAT"))
    if place > 0 and data[place - 4 : place] == b"\0\0\0\x04":
        if data[place + 7] == 0:
            warn("the picture states a narrow range of values (16 to 235); it was read as the full range")
        return _of_numbers(data[place + 4], data[place + 5])
    if "srgb" in image.info:
        return None, True
    gamma, corners = image.info.get("gamma"), image.info.get("chromaticity")
    if gamma is None and corners is None:
        return None, False
    stated = StatedColours(SRGB)
    if isinstance(corners, tuple) and len(corners) == 8:
        stated = _of_corners(corners)
    if isinstance(gamma, float) and abs(gamma - 1 / 2.2) > 0.005:
        if not 0.1 <= gamma <= 10:
            warn(f"the picture states a gamma of {gamma:g}; it was read as sRGB")
        else:
            stated = replace(stated, gamma=1 / gamma)
    return None if stated == StatedColours(SRGB) else stated, corners is not None


def _of_corners(numbers: tuple[float, ...]) -> StatedColours:
    """Return the colour space of cHRM: x and y of white, red, green and blue."""
    white, *corners = zip(numbers[::2], numbers[1::2], strict=True)
    white = D65 if np.allclose(white, D65, atol=0.005) else white
    if white == D65:
        for known, gamma in ((SRGB, None), (ADOBE, _ADOBE_GAMMA), (P3, None), (BT2020, None)):
            if np.allclose(known, corners, atol=0.005):
                return StatedColours(known, gamma)
    red, green, blue = corners
    if _is_sensible(white, corners):
        return StatedColours((red, green, blue), None, white)
    warn("the picture states invalid primaries; they were read as sRGB's")
    return StatedColours(SRGB)


def _is_sensible(white: tuple[float, float], corners: list[tuple[float, float]]) -> bool:
    """Return whether ``white`` lies inside of the triangle of ``corners``."""
    if not all(0 <= x <= 1 and 0 < y <= 1 for x, y in (white, *corners)):
        return False
    sides = np.array([[x, y, 1.0] for x, y in corners]).T
    if abs(np.linalg.det(sides)) < 1e-3:
        return False
    return bool((np.linalg.solve(sides, np.array([*white, 1.0])) > 0).all())


def _of_nclx(data: bytes) -> _Found:
    found = re.search(rb"colrnclx(....)", data, re.DOTALL)
    return (None, False) if found is None else _of_numbers(*struct.unpack(">HH", found[1]))


def _of_numbers(primaries: int, transfer: int) -> _Found:
    if primaries not in PRIMARIES or transfer not in (*SRGB_CURVES, 8):
        warn(f"colour primaries {primaries} with transfer {transfer} were read as sRGB")
        return None, True
    stated = StatedColours(PRIMARIES[primaries], 1.0 if transfer == 8 else None)
    return None if stated == StatedColours(SRGB) else stated, primaries != _UNSPECIFIED


def _note_tags(tags: Container[int]) -> None:
    for number, name in _TIFF_TAGS.items():
        if number in tags:
            warn(f"the picture states {name} of its own without a profile; it was read as sRGB")
