"""Colour spaces that files state otherwise than by an ICC profile.

Sources: Adobe RGB (1998), section 4.3; DCF 2.0, 3.2.1 (names that begin with "_"); Exif 2.32, 4.6.5 and
4.6.8 (ColorSpace, InteroperabilityIndex); PNG, third edition, 11.3.2 (cHRM, gAMA, cICP); ITU-T H.273, tables
2 and 3.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
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
"""By their numbers in H.273."""
SRGB_CURVES = (1, 2, 6, 13, 14, 15)
"""Transfer characteristics of H.273 that are read as that of sRGB."""
_INTEROPERABILITY, _EXIF, _COLOUR_SPACE = 0xA005, 0x8769, 0xA001
_UNCALIBRATED = 0xFFFF
_TIFF_TAGS = {301: "a transfer function", 319: "primaries"}


@dataclass(frozen=True)
class StatedColours:
    """A colour space: the chromaticities of red, green and blue with white D65, and the exponent of the
    transfer curve; None for the curve of sRGB."""

    primaries: Corners
    gamma: float | None = None

    def to_srgb(self, pixels: Pixels) -> Pixels:
        """Return ``pixels`` (H, W, 3), in [0, 1], in sRGB; what lies outside of it is clipped."""
        light = srgb_to_linear(pixels) if self.gamma is None else pixels ** np.float32(self.gamma)
        if self.primaries != SRGB:
            change = np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(self.primaries)
            light = light @ change.T.astype(np.float32)
        found = linear_to_srgb(np.clip(light, 0.0, 1.0).astype(np.float32))
        return np.clip(found, 0.0, 1.0).astype(np.float32)


def _to_xyz(primaries: Corners) -> NDArray[np.float64]:
    """Return the matrix from linear RGB with white D65 to XYZ."""
    corners = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries]).T
    white = np.array([D65[0] / D65[1], 1.0, (1 - sum(D65)) / D65[1]])
    return corners * np.linalg.solve(corners, white)


def stated_colours(image: Image.Image, data: bytes, kind: formats.Format, path: Path) -> StatedColours | None:
    """Return the colour space that a file without a profile states; None for sRGB or none.

    One that is not known is said in an ImagingWarning, and read as sRGB.
    """
    if image.info.get("icc_profile") or image.mode in ("CMYK", "LAB"):
        return None
    if kind is formats.PNG:
        found = _of_png(image, data)
    elif kind in (formats.AVIF, formats.HEIC):
        found = _of_nclx(data)
    elif kind is formats.TIFF:
        _note_tags(image)
        found = None
    else:
        found = None
    return found or _of_exif(image, path)


def _of_exif(image: Image.Image, path: Path) -> StatedColours | None:
    try:
        exif = image.getexif()
        inside = exif.get_ifd(_EXIF)
        index = str(inside.get(_INTEROPERABILITY) and exif.get_ifd(_INTEROPERABILITY).get(1, "")).strip("\0 ")
        space = inside.get(_COLOUR_SPACE)
    except Exception:  # damaged EXIF data, which was said
        return None
    if space == 2 or (index == "R03" and space in (None, _UNCALIBRATED)):
        return StatedColours(ADOBE, 563 / 256)
    if space == _UNCALIBRATED and path.name.startswith("_"):
        return StatedColours(ADOBE, 563 / 256)
    if space == _UNCALIBRATED and image.format == "JPEG":
        warn("its colours are not those of sRGB, and it does not say whose they are; they were read as sRGB")
    return None


def _of_png(image: Image.Image, data: bytes) -> StatedColours | None:
    place = data.find(b"cICP", 0, data.find(b"IDAT"))
    if place > 0 and data[place - 4 : place] == b"\0\0\0\x04":
        return _of_numbers(data[place + 4], data[place + 5])
    if "srgb" in image.info:
        return None
    gamma, corners = image.info.get("gamma"), image.info.get("chromaticity")
    primaries = SRGB
    if isinstance(corners, tuple) and len(corners) == 8:
        stated = ((corners[2], corners[3]), (corners[4], corners[5]), (corners[6], corners[7]))
        near = [p for p in (SRGB, ADOBE, P3) if np.allclose(p, stated, atol=0.005)]
        if not near or not np.allclose(corners[:2], D65, atol=0.005):
            warn(
                "the picture states primaries without a profile that are not known; they were read as sRGB's"
            )
        else:
            primaries = near[0]
    curve = None
    if isinstance(gamma, float) and abs(gamma - 1 / 2.2) > 0.005:
        if not 0.1 <= gamma <= 10:
            warn(f"the picture states a gamma of {gamma:g}; it was read as sRGB")
        else:
            curve = 1 / gamma
    return None if primaries == SRGB and curve is None else StatedColours(primaries, curve)


def _of_nclx(data: bytes) -> StatedColours | None:
    found = re.search(rb"colrnclx(....)", data, re.DOTALL)
    return None if found is None else _of_numbers(*struct.unpack(">HH", found[1]))


def _of_numbers(primaries: int, transfer: int) -> StatedColours | None:
    if primaries not in PRIMARIES or transfer not in (*SRGB_CURVES, 8):
        warn(f"colour primaries {primaries} with transfer {transfer} were read as sRGB")
        return None
    curve = 1.0 if transfer == 8 else None
    return (
        None if PRIMARIES[primaries] == SRGB and curve is None else StatedColours(PRIMARIES[primaries], curve)
    )


def _note_tags(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {})
    for number, name in _TIFF_TAGS.items():
        if number in tags:
            warn(f"the picture states {name} of its own without a profile; it was read as sRGB")
