"""ICC profiles: conversion of pictures to sRGB.

8-bit pictures are converted by Little CMS (through Pillow), which supports all profiles but only 8 bits here.
16-bit pictures are converted in NumPy if their profile is a matrix and three curves, or one grey curve, as
for all camera and working spaces; with a profile made of lookup tables they are converted at 8 bits, with an
ImagingWarning.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from impasto.imaging.colour import linear_to_srgb
from impasto.imaging.guard import warn
from impasto.imaging.samples import to_bytes, unpacked

SRGB_TO_XYZ = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
"""Linear sRGB to XYZ as profiles hold it: adapted to white D50 by Bradford's method."""

_SPACES = {"gray": b"GRAY", "rgb": b"RGB ", "cmyk": b"CMYK", "lab": b"Lab "}
_MODES = {"L": "gray", "RGB": "rgb", "CMYK": "cmyk", "LAB": "lab"}
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}


@dataclass(frozen=True)
class Curve:
    """A transfer curve: ``table`` of samples over [0, 1], or an ICC parametric ``kind`` and numbers."""

    kind: int
    numbers: tuple[float, ...] = ()
    table: NDArray[np.float64] | None = None

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the amounts of light for encoded ``values`` in [0, 1]."""
        if self.table is not None:
            places = np.linspace(0.0, 1.0, len(self.table))
            return np.interp(values, places, self.table).astype(np.float32)
        g, a, b, c, d, e, f = (*self.numbers, *(0.0,) * (7 - len(self.numbers)))
        if self.kind == 0:
            return np.asarray(np.maximum(values, 0.0) ** np.float32(g), dtype=np.float32)
        if self.kind in (1, 2):  # the straight part is the constant c, and begins where a x + b does
            d, e, c, f = (-b / a if a else 0.0), c, 0.0, c
        curved = np.maximum(np.float32(a) * values + np.float32(b), 0.0) ** np.float32(g) + np.float32(e)
        straight = np.float32(c) * values + np.float32(f)
        return np.where(values >= d, curved, straight).astype(np.float32)


@dataclass(frozen=True)
class CurveProfile:
    """A profile simple enough for NumPy: one curve (grey), or three and a (3, 3) matrix to XYZ D50."""

    curves: tuple[Curve, ...]
    matrix: NDArray[np.float64] | None

    def is_srgb(self) -> bool:
        """Return whether converting changes every colour by less than a third of an 8-bit step."""
        ramp = np.linspace(0.0, 1.0, 512, dtype=np.float32)
        if any(np.abs(linear_to_srgb(curve(ramp)) - ramp).max() > 1e-3 for curve in self.curves):
            return False
        return self.matrix is None or bool(np.abs(self.matrix - SRGB_TO_XYZ).max() < 1e-3)


def parse(profile: bytes) -> CurveProfile | None:
    """Return the curves and matrix of an ICC profile; None for one made of lookup tables.

    Source: ICC.1:2022, 7.2 (header), 10.6 (curveType), 10.18 (parametricCurveType).

    Raises:
        ValueError: the profile is damaged.
    """
    try:
        return _parse(profile)
    except (struct.error, IndexError, KeyError, OverflowError) as problem:
        raise ValueError(f"damaged ICC profile ({problem})") from problem


def _parse(profile: bytes) -> CurveProfile | None:
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise ValueError("damaged ICC profile (no header)")
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 1000:
        raise ValueError(f"damaged ICC profile ({count} tags)")
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * i) for i in range(count)]
    tags = {name: profile[at : at + size] for name, at, size in entries}
    if any(name[:3] == b"A2B" for name in tags) or profile[20:24] != b"XYZ ":
        return None
    if profile[16:20] == b"GRAY":
        return CurveProfile((_curve(tags[b"kTRC"]),), None)
    if profile[16:20] != b"RGB ":
        return None
    columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    curves = tuple(_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    return CurveProfile(curves, np.array(columns, dtype=np.float64).T / 65536)


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        numbers = struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)
        return Curve(kind, tuple(number / 65536 for number in numbers))
    if tag[:4] != b"curv":
        raise ValueError(f"damaged ICC profile (a curve of type {tag[:4]!r})")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return Curve(0, (1.0,))
    table = np.frombuffer(tag, dtype=">u2", count=count, offset=12).astype(np.float64)
    return Curve(0, (float(table[0]) / 256,)) if count == 1 else Curve(-1, table=table / 65535)


@cache
def srgb_profile() -> bytes:
    """Return the ICC profile of sRGB for results, always with the same bytes."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)  # the date of creation
    made[84:100] = bytes(16)  # a checksum that would cover the date
    return bytes(made)


def image_to_srgb(image: Image.Image, profile: bytes | None) -> NDArray[np.uint8]:
    """Convert an 8-bit picture of mode L, RGB, CMYK or LAB to sRGB.

    Without a profile grey and RGB are taken to be sRGB, CMYK is mixed by (1 - ink)(1 - black),
    and L*a*b* is taken to have white D50. A profile that is damaged, or is for another kind of
    picture, is ignored with an ImagingWarning. Returns (H, W, 3) uint8.
    """
    if profile:
        try:
            return _managed(image, profile)
        except (ImageCms.PyCMSError, ValueError, OSError, TypeError) as problem:
            warn(f"the embedded colour profile cannot be used and was ignored ({problem})")
    if image.mode == "LAB":
        return _transform(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    return np.asarray(image.convert("RGB"))


def _managed(image: Image.Image, profile: bytes) -> NDArray[np.uint8]:
    image = _matching(image, profile)
    simple = parse(profile)
    if simple is not None and simple.is_srgb():
        return np.asarray(image.convert("RGB"))
    if simple is not None and simple.matrix is None:  # Little CMS is several steps off in dark greys
        light = simple.curves[0](np.arange(256, dtype=np.float32) / np.float32(255))
        steps = np.rint(255 * np.clip(linear_to_srgb(light), 0.0, 1.0)).astype(np.uint8)
        return np.repeat(steps[np.asarray(image)][..., None], 3, axis=2)
    return _transform(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))


def _matching(image: Image.Image, profile: bytes) -> Image.Image:
    """Return ``image`` in the colour space of ``profile``: a grey picture may carry an RGB profile."""
    space = profile[16:20]
    if image.mode == "L" and space == b"RGB ":
        return image.convert("RGB")
    if space != _SPACES[_MODES[image.mode]]:
        raise ValueError(f"it is for {_named(space)}, and the picture is {image.mode}")
    return image


def _transform(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> NDArray[np.uint8]:
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ValueError("Little CMS returned no picture")
    return np.asarray(converted)


def array_to_srgb(
    colour: NDArray[np.float32], space: str, profile: bytes | None
) -> tuple[NDArray[np.float32], int]:
    """Convert a picture of more than 8 bits to sRGB.

    ``colour``: (H, W, 1), (H, W, 3) or (H, W, 4) float32 in [0, 1], in ``space`` "gray", "rgb" or
    "cmyk" (1 is full ink). Returns (H, W, 3) float32 in [0, 1], and the bits it is precise to: 16,
    or 8 when the profile, made of lookup tables, had to go through Little CMS.
    """
    if profile:
        try:
            return _managed_array(colour, space, profile)
        except (ImageCms.PyCMSError, ValueError, OSError, TypeError) as problem:
            warn(f"the embedded colour profile cannot be used and was ignored ({problem})")
    return _plain(colour, space), 16


def _plain(colour: NDArray[np.float32], space: str) -> NDArray[np.float32]:
    if space == "cmyk":
        return np.asarray((1 - colour[..., :3]) * (1 - colour[..., 3:]), dtype=np.float32)
    return np.repeat(colour, 3, axis=2) if space == "gray" else colour


def _named(space: bytes) -> str:
    """Return the name of a profile's colour space, as its header has it."""
    name = space.decode("ascii", "replace").strip("\0 ")
    return name if name.isprintable() and name else "an unknown colour space"


def _managed_array(
    colour: NDArray[np.float32], space: str, profile: bytes
) -> tuple[NDArray[np.float32], int]:
    if space == "gray" and profile[16:20] == b"RGB ":
        colour, space = np.repeat(colour, 3, axis=2), "rgb"
    if profile[16:20] != _SPACES[space]:
        raise ValueError(f"it is for {_named(profile[16:20])}, and the picture is {space}")
    simple = parse(profile)
    if simple is None:
        converted = _managed(_eight_bits(colour, space), profile)
        warn("the colour profile is made of lookup tables, so the picture was converted at 8 bits")
        return unpacked(converted), 8
    if simple.is_srgb():
        return _plain(colour, space), 16
    light = np.empty_like(colour)
    for channel, curve in enumerate(simple.curves):
        light[..., channel] = curve(colour[..., channel])
    if simple.matrix is not None:
        light = light @ (np.linalg.inv(SRGB_TO_XYZ) @ simple.matrix).T.astype(np.float32)
    return _plain(np.clip(linear_to_srgb(light), 0.0, 1.0), space), 16


def _eight_bits(colour: NDArray[np.float32], space: str) -> Image.Image:
    mode = next(mode for mode, name in _MODES.items() if name == space)
    return Image.frombytes(mode, (colour.shape[1], colour.shape[0]), to_bytes(colour).tobytes())
