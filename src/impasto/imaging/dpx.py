"""DPX pictures (SMPTE 268M), the frames of film laboratories: decoded by libav, their header read here."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import extras
from impasto.files import reason_of
from impasto.imaging.colour import linear_to_srgb
from impasto.imaging.guard import picture_error, warn

SUFFIX = ".dpx"
MAGICS = (b"SDPX", b"XPDS")
HEADER = 2048
"""The bytes of a header that are read."""
_GREY, _RGB, _RGBA, _ABGR = 6, 50, 51, 52
_KINDS = (_GREY, _RGB, _RGBA, _ABGR)
_DENSITY, _LINEAR, _LOGARITHMIC = 1, 2, 3
_VIDEO = range(4, 11)
_UNSTATED = 0xFFFFFFFF
_LEAST_BEGIN = 1664
"""The bytes of the least header: all but the parts for film, television and their users."""
_TURNS = (1, 2, 4, 3)
"""EXIF's orientation for the first four of DPX's: mirrored, upside down, both."""


@dataclass(frozen=True)
class DpxHeader:
    """The header of a picture: ``width`` and ``height`` upright, EXIF's ``orientation``, ``alpha``: whether
    it has one; its ``bits`` a channel, ``transfer``'s number, and the codes of black and white, ``low`` and
    ``high``."""

    width: int
    height: int
    orientation: int
    alpha: bool
    bits: int
    transfer: int
    low: int
    high: int


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    return extras.load("av", "DPX pictures need PyAV", "video")


def parse_header(data: bytes, path: Path) -> DpxHeader:
    """Return the header of a picture from the beginning of its file.

    Raises PictureError, also for what cannot be read honestly: logarithmic codes, several elements, colour
    differences.
    """
    if data[:4] not in MAGICS or len(data) < 816:
        raise picture_error(path, "a DPX picture", "its header cannot be read")
    order = ">" if data[:4] == b"SDPX" else "<"
    turn, elements, width, height = struct.unpack_from(f"{order}HHII", data, 768)
    low, _, high = struct.unpack_from(f"{order}III", data, 784)
    kind, transfer, _, bits = data[800:804]
    if transfer in (_DENSITY, _LOGARITHMIC):
        actual = "its codes are logarithmic densities of film, whose look the file does not state"
        raise picture_error(path, "a DPX picture of video or linear light", actual)
    if elements != 1 or kind not in _KINDS or turn >= len(_TURNS):
        actual = f"it has {elements} elements, of kind {kind}, orientation {turn}"
        raise picture_error(path, "a DPX picture of one element, grey, RGB or RGBA, in lines", actual)
    (begin,) = struct.unpack_from(f"{order}I", data, 4)
    sign, own, padding = (struct.unpack_from(f"{order}I", data, place)[0] for place in (780, 808, 812))
    if sign == 1 or padding not in (0, _UNSTATED) or own not in (0, _UNSTATED, begin) or begin < _LEAST_BEGIN:
        actual = f"its samples begin at {begin} and {own}, with {padding} bytes after each line, sign {sign}"
        raise picture_error(path, "a DPX picture of unsigned samples, line after line", actual)
    top = (1 << bits) - 1
    if not low < high <= top:
        low, high = 0, top
    return DpxHeader(width, height, _TURNS[turn], kind in (_RGBA, _ABGR), bits, transfer, low, high)


def decode(data: bytes, path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return sRGB in [0, 1], (H, W, 3), as it is stored, and the alpha, (H, W), if there is one.

    Codes of video are taken for sRGB, as those of films are. Raises PictureError, and MissingExtraError
    without PyAV.
    """
    header, av = parse_header(data, path), load_av()
    try:
        decoder = av.CodecContext.create("dpx", "r")
        packet = av.Packet(data)
        frame = [*decoder.decode(packet), *decoder.decode(None)][0]
        samples = frame.to_ndarray().astype(np.float32)
        bits = max(int(component.bits) for component in frame.format.components)
    except (av.FFmpegError, ValueError, IndexError) as error:
        reason = reason_of(error)
        actual = f"it cannot be decoded ({reason})"
        raise picture_error(path, "a DPX picture that FFmpeg decodes", actual) from error
    if bits != header.bits:
        raise picture_error(path, f"samples of {header.bits} bits", f"FFmpeg gives {bits}")
    if frame.format.name == "abgr":
        samples = samples[..., ::-1]
    if samples.ndim == 2:
        samples = samples[..., None].repeat(3, 2)
    alpha = samples[..., 3] / np.float32((1 << bits) - 1) if samples.shape[2] == 4 else None
    span = np.float32(header.high - header.low)
    pixels = np.clip((samples[..., :3] - np.float32(header.low)) / span, 0, 1)
    if header.transfer == _LINEAR:
        pixels = linear_to_srgb(pixels)
    elif header.transfer not in _VIDEO:
        warn("the file does not state the transfer of its codes, which were taken for sRGB")
    return np.ascontiguousarray(pixels, np.float32), alpha
