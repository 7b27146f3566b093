"""DPX pictures (SMPTE 268M), the frames of film laboratories: decoded by libav; headers and encoding are
here."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import extras
from impasto.files import reason_of
from impasto.imaging.colour import linear_to_srgb
from impasto.imaging.guard import picture_error, read_beginning, warn
from impasto.types import PhotoMetadata

SUFFIX = ".dpx"
MAGICS = (b"SDPX", b"XPDS")
KEY = b"impasto"
"""The name that marks the user data of a header as this program's."""
HEADER = 2048
"""The bytes of a header that are read."""
_GREY, _RGB, _RGBA, _ABGR = 6, 50, 51, 52
_KINDS = (_GREY, _RGB, _RGBA, _ABGR)
_DENSITY, _LINEAR, _LOGARITHMIC = 1, 2, 3
_VIDEO = range(4, 11)
_UNSTATED = 0xFFFFFFFF
_LEAST_BEGIN = 1664
"""The bytes of the smallest header, without the parts for film, television and user data."""
_TURNS = (1, 2, 4, 3)
"""The EXIF orientations for DPX's first four: normal, mirrored, upside down, both."""
_BT709 = 6
"""The transfer and primaries to write: video codes, which are read as sRGB."""
_FILLED = 1
"""The packing of three samples of 10 bits into 32, the two lowest of which are empty (method A)."""
_TIMECODE = 1920
_USER = HEADER + 32
"""The offset of the user data, after the name of their program."""
_MOST_TEXT = 1_000_000
"""The most user data, in bytes."""


@dataclass(frozen=True)
class DpxHeader:
    """The header of a picture: ``width`` and ``height`` upright, EXIF's ``orientation``, ``alpha``: whether
    it has one; its ``bits`` a channel, ``transfer``'s number, and the codes of black and white, ``low`` and
    ``high``; ``timecode``: its word, as in ``Timecode.to_word``, if there is one."""

    width: int
    height: int
    orientation: int
    alpha: bool
    bits: int
    transfer: int
    low: int
    high: int
    timecode: int | None


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    return extras.load("av", "DPX pictures need PyAV", "video")


def read_header(path: Path) -> DpxHeader:
    """Return a picture's header. Raises PictureError."""
    return parse_header(read_beginning(path, HEADER), path)


def parse_header(data: bytes, path: Path) -> DpxHeader:
    """Return the header of a picture from the beginning of its file.

    Raises PictureError, also for pictures that cannot be read faithfully: with logarithmic codes, several
    elements or colour differences.
    """
    if data[:4] not in MAGICS or len(data) < 816:
        raise picture_error(path, "a DPX picture", "its header cannot be read")
    order = ">" if data[:4] == b"SDPX" else "<"
    turn, elements, width, height = struct.unpack_from(f"{order}HHII", data, 768)
    low, _, high = struct.unpack_from(f"{order}III", data, 784)
    kind, transfer, _, bits = data[800:804]
    if transfer in (_DENSITY, _LOGARITHMIC):
        actual = "its codes are logarithmic densities of film, whose appearance the file does not state"
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
    word = _UNSTATED
    if begin >= HEADER and len(data) >= HEADER:  # there is a part for television
        (word,) = struct.unpack_from(f"{order}I", data, _TIMECODE)
    timecode = word if word not in (0, _UNSTATED) else None  # programs without timecodes write either
    alpha = kind in (_RGBA, _ABGR)
    return DpxHeader(width, height, _TURNS[turn], alpha, bits, transfer, low, high, timecode)


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


def encode(
    pixels: NDArray[np.float32],
    alpha: NDArray[np.float32] | None,
    *,
    bits: int = 10,
    text: str | None = None,
    about: PhotoMetadata | None = None,
    timecode: int | None = None,
    rate: Fraction | None = None,
) -> bytes:
    """Return the bytes of a file with ``pixels``, sRGB in [0, 1], (H, W, 3), as codes of video of 10 or 16
    ``bits`` from 0, black, to the largest, white; with ``alpha``, (H, W), of 16 bits.

    ``text``: ASCII for ``read_text``; ``about``: of which it has date and copyright; ``timecode``: the
    word of ``Timecode.to_word``; ``rate``: frames a second. Raises ValueError for a text that is too long.
    """
    user = b"" if text is None else text.encode("ascii")
    if len(user) > _MOST_TEXT:
        raise ValueError(f"the recipe takes {len(user):,} bytes, and DPX has room for {_MOST_TEXT:,}")
    bits = 10 if bits == 10 and alpha is None else 16
    planes = pixels if alpha is None else np.concatenate([pixels, alpha[..., None]], axis=2)
    codes = np.rint(np.clip(planes, 0, 1) * np.float32((1 << bits) - 1)).astype(np.uint32)
    samples = _packed(codes) if bits == 10 else _lines_of_16_bits(codes)
    height, width = pixels.shape[:2]
    begin = HEADER if text is None else -(-(_USER + len(user)) // 4096) * 4096
    head = bytearray(b"\xff" * HEADER)  # unstated, of numbers

    def put(place: int, form: str, *values: object) -> None:
        struct.pack_into(f">{form}", head, place, *values)

    def put_text(place: int, length: int, value: str = "") -> None:
        put(place, f"{length}s", value.encode("ascii", "replace")[: length - 1])

    # File
    put(0, "4sI8sI", b"SDPX", begin, b"V2.0", begin + len(samples))
    put(20, "IIII", 1, _LEAST_BEGIN, HEADER - _LEAST_BEGIN, begin - HEADER)
    taken = "" if about is None or not about.taken else about.taken.replace(" ", ":")
    for place, length, value in (
        (36, 100, ""),
        (136, 24, ""),
        (160, 100, "Impasto"),
        (260, 200, ""),
        (460, 200, "" if about is None else about.copyright or ""),
        (664, 104, ""),
    ):
        put_text(place, length, value)
    # Picture: one element, and seven that are not there
    put(768, "HHII", 0, 1, width, height)
    put(780, "IIIII", 0, 0, _UNSTATED, (1 << bits) - 1, _UNSTATED)
    kind = _RGB if alpha is None else _RGBA
    put(800, "BBBBHHIII", kind, _BT709, _BT709, bits, _FILLED if bits == 10 else 0, 0, begin, 0, 0)
    for place in range(820, 820 + 8 * 72, 72):
        put_text(place, 32)
    put_text(1356, 52)
    # Where it is from
    put(1408, "II", 0, 0)
    put(1424, "II", width, height)
    for place, length, value in ((1432, 100, ""), (1532, 24, taken), (1556, 64, ""), (1636, 28, "")):
        put_text(place, length, value)
    put(1628, "II", 1, 1)
    # Film and television
    for place, length in ((1664, 48), (1732, 188), (1972, 76)):
        put_text(place, length)
    if rate is not None:
        put(1724, "f", float(rate))
        put(1940, "f", float(rate))
    if timecode is not None:
        put(_TIMECODE, "II", timecode, 0)
    put(1931, "B", 0)
    if text is None:
        return bytes(head) + samples
    return bytes(head) + (KEY.ljust(32, b"\0") + user).ljust(begin - HEADER, b"\0") + samples


def _packed(codes: NDArray[np.uint32]) -> bytes:
    words = codes[..., 0] << 22 | codes[..., 1] << 12 | codes[..., 2] << 2
    return words.astype(">u4").tobytes()


def _lines_of_16_bits(codes: NDArray[np.uint32]) -> bytes:
    """Return lines of whole words of 32 bits."""
    lines = codes.reshape(codes.shape[0], -1)
    return np.pad(lines, ((0, 0), (0, lines.shape[1] % 2))).astype(">u2").tobytes()


def read_text(data: bytes) -> str | None:
    """Return the text that ``encode`` put into a file; None if there is none."""
    order = ">" if data[:4] == b"SDPX" else "<"
    (length,) = struct.unpack_from(f"{order}I", data, 32)
    if data[HEADER:_USER].rstrip(b"\0") != KEY or not 32 < length < 2 * _MOST_TEXT:
        return None
    return data[_USER : HEADER + length].rstrip(b"\0").decode("ascii", "replace")
