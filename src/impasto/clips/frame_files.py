"""Pictures as the frames of a sequence: in the formats of photographs, OpenEXR and DPX."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from impasto import files, imaging
from impasto.clips.clip import Frame, frame_of
from impasto.clips.timecode import Timecode
from impasto.imaging import dpx, exr, light
from impasto.types import Picture, Pixels, Plane

READABLE = imaging.READABLE_SUFFIXES
WRITABLE = imaging.WRITABLE_SUFFIXES


@dataclass(frozen=True)
class FrameHeader:
    """The header of a picture. ``width``, ``height``: upright; ``alpha``: whether it may have one;
    ``timecode``: that of OpenEXR and DPX, if present."""

    width: int
    height: int
    alpha: bool
    timecode: int | None = None


@dataclass(frozen=True)
class FrameFile:
    """A picture as a ``frame``, and its precision, ``bits``: 8, 10 (of DPX) or 16."""

    frame: Frame
    bits: int


def is_exr(path: Path) -> bool:
    """Return whether the name of a picture is that of an OpenEXR file."""
    return path.suffix.lower() == exr.SUFFIX


def is_dpx(path: Path) -> bool:
    """Return whether the name of a picture is that of a DPX file."""
    return path.suffix.lower() == dpx.SUFFIX


def has_timecode(path: Path) -> bool:
    """Return whether a picture of this name can store a timecode."""
    return is_exr(path) or is_dpx(path)


def read_header(path: Path) -> FrameHeader:
    """Return the header of a picture file. Raises PictureError."""
    if is_exr(path):
        header = exr.read_header(path)
        return FrameHeader(header.width, header.height, header.alpha, header.timecode)
    if is_dpx(path):
        stated = dpx.read_header(path)
        return FrameHeader(stated.width, stated.height, stated.alpha, stated.timecode)
    found = imaging.read_header(path)
    return FrameHeader(found.width, found.height, found.alpha)


def read_frame(path: Path, *, alpha: bool, hdr: bool) -> FrameFile:
    """Return a picture as a frame, with its alpha and its headroom if requested.

    Raises PictureError.
    """
    picture = imaging.read(path)
    bright = picture.headroom if hdr else None
    bits = picture.bits
    if is_dpx(path) and dpx.read_header(path).bits == 10:
        bits = 10
    return FrameFile(frame_of(picture, alpha=alpha, headroom=bright), bits)


def write_frame(
    path: Path,
    pixels: Pixels,
    *,
    bits: int,
    alpha: Plane | None = None,
    headroom: Plane | None = None,
    timecode: Timecode | None = None,
    rate: Fraction = Fraction(25),
) -> None:
    """Write a painting, (H, W, 3) in [0, 1], as a picture of 8 or more ``bits``.

    OpenEXR files also get the light brighter than white and the ``timecode`` at ``rate`` frames a second; so
    do DPX files, which have 10 bits, or 16 if ``bits`` is larger. Raises OutputError.
    """
    if is_exr(path):
        stated = None if timecode is None else (timecode.to_word(), rate)
        exr.write(path, light.with_headroom(pixels, headroom), alpha, stated)
    elif is_dpx(path):
        word = None if timecode is None else timecode.to_word()
        deep = 16 if bits > 10 else 10
        data = dpx.encode(pixels, alpha, bits=deep, timecode=word, rate=rate)
        files.replace(path, data)
    else:
        imaging.write(Picture(pixels, alpha, bits=16 if bits > 8 else 8), path)
