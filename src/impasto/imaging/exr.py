"""OpenEXR pictures, the frames of compositing: linear light, with values above white and an alpha.

libav reads and writes them; this module reads the header and adds the timecode to it.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import extras, files
from impasto.files import reason_of
from impasto.imaging.guard import picture_error, read_beginning
from impasto.types import Plane

SUFFIX = ".exr"
LONGEST_HEADER = 1 << 20
"""In bytes."""
MAGIC = b"v/1\x01"
BRIGHTEST = np.float32(65504)
"""The brightest light that is read and written, the largest half float."""
_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
"""Lines in a chunk, by compression: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB."""
_ZIP = 3
_LOGGED = threading.Lock()
"""Held while libav's log, which all threads share, is captured."""
_TILES, _DEEP, _PARTS = 0x200, 0x800, 0x1000
"""Flags of files that are not a single picture in scan lines."""


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    return extras.load("av", "OpenEXR pictures need PyAV", "video")


@dataclass(frozen=True)
class ExrHeader:
    """The header of a picture: its ``width`` and ``height``, ``alpha``: whether it has one; the ``timecode``
    attribute's word, if there is one; the ``primaries`` and white, as x and y of each, if stated; the
    ``kind`` of a part, if it says so."""

    width: int
    height: int
    alpha: bool
    timecode: int | None
    primaries: tuple[float, ...] | None
    kind: str


@dataclass(frozen=True)
class ExrPicture:
    """A picture: its ``header``; ``planes``, of light (one, or red, green and blue), as they are stored, and
    the plane of ``transparency`` if it is not opaque; these begin in row ``top`` and column ``left``, and
    around them it is black, and transparent if there is transparency."""

    header: ExrHeader
    planes: Sequence[NDArray[Any]]
    transparency: NDArray[Any] | None
    left: int
    top: int

    @property
    def light(self) -> NDArray[np.float32]:
        """All of it; see ``rows``."""
        return self.rows(0, self.header.height)[0]

    @property
    def alpha(self) -> Plane | None:
        """All of it; see ``rows``."""
        return self.rows(0, self.header.height)[1]

    def rows(self, start: int, stop: int) -> tuple[NDArray[np.float32], Plane | None]:
        """Return the light of the rows from ``start`` up to ``stop``, (N, W, 3) float32, linear, in the
        picture's own primaries, not multiplied by alpha, 0 or more; and their alpha, (N, W) in [0, 1], None
        for an opaque picture."""
        height, width = self.planes[0].shape
        first, last = (min(max(row, self.top), self.top + height) for row in (start, stop))
        rows = slice(first - self.top, last - self.top)
        own = slice(first - start, last - start), slice(self.left, self.left + width)
        light = np.zeros((stop - start, self.header.width, 3), np.float32)
        for channel in range(3):
            plane = self.planes[channel % len(self.planes)][rows].astype(np.float32)
            light[(*own, channel)] = np.nan_to_num(plane, nan=0.0, posinf=float(BRIGHTEST))
        np.clip(light, 0, BRIGHTEST, out=light)
        if self.transparency is None:
            return light, None
        alpha = np.zeros(light.shape[:2], np.float32)
        alpha[own] = np.clip(np.nan_to_num(self.transparency[rows].astype(np.float32)), 0, 1)
        with np.errstate(over="ignore"):  # where alpha is almost 0, overflow does not matter
            np.divide(light, alpha[..., None], out=light, where=alpha[..., None] > 0)
        light[alpha == 0] = 0
        return np.minimum(light, BRIGHTEST, out=light), alpha


def read_header(path: Path) -> ExrHeader:
    """Return a picture's header. Raises PictureError."""
    return parse_header(read_beginning(path, LONGEST_HEADER), path)


def parse_header(data: bytes, path: Path) -> ExrHeader:
    """Return the header of a picture from the beginning of its file. Raises PictureError."""
    try:
        return _header(data)
    except (ValueError, KeyError, IndexError, struct.error) as error:
        expected = "an OpenEXR picture"
        raise picture_error(path, expected, "its header cannot be read") from error


def decode(data: bytes, path: Path) -> ExrPicture:
    """Return the picture in the bytes of a file: of the first part, the channels R, G and B, or Y, else those
    of the first layer that has them.

    ``path``: its name in messages. Raises PictureError, and MissingExtraError without PyAV.
    """
    header, av = parse_header(data, path), load_av()
    (flags,) = struct.unpack_from("<I", data, 4)
    if flags & _DEEP or header.kind.startswith("deep"):
        actual = "it is a deep one, with several samples a pixel"
        raise picture_error(path, "a flat OpenEXR picture", actual)
    try:
        decoder = av.CodecContext.create("exr", "r")
        decoder.options = {"layer": _layer(data)}
        decoder.thread_count = 1  # the one whose log is captured
        left, top, moved = _from_origin(data, _chunks(data))
        planes = _planes(_decoded(decoder, moved, av))
    except (av.FFmpegError, ValueError, IndexError, KeyError, ZeroDivisionError, struct.error) as error:
        reason = reason_of(error)
        expected = "an OpenEXR picture that FFmpeg decodes"
        raise picture_error(path, expected, f"it cannot be decoded ({reason})") from error
    names = {1: "y", 2: "ya", 3: "gbr", 4: "gbra"}[len(planes)]
    colours = [planes[names.index(name)] for name in ("rgb" if "g" in names else "y")]
    whole = planes[0].shape == (header.height, header.width)
    is_opaque = "a" not in names or (whole and all(bool((row >= 1).all()) for row in planes[-1]))
    return ExrPicture(header, colours, None if is_opaque else planes[-1], left, top)


def encode(
    light: NDArray[np.float32],
    alpha: Plane | None,
    *,
    timecode: tuple[int, Fraction] | None = None,
    texts: Mapping[str, str] | None = None,
) -> bytes:
    """Return the file of a picture: linear ``light`` of BT.709 primaries, (H, W, 3), and ``alpha``, as half
    floats, ZIP-compressed.

    ``timecode``: the word and the frames a second of the attributes. ``texts``: further attributes. Raises
    PyAV's errors, and MissingExtraError without it.
    """
    av = load_av()
    height, width = light.shape[:2]
    light = np.minimum(light, BRIGHTEST)
    channels = [light[..., 1], light[..., 2], light[..., 0]]
    if alpha is not None:
        channels = [plane * alpha for plane in channels] + [alpha]
    encoder = av.CodecContext.create("exr", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "gbrpf32le" if alpha is None else "gbrapf32le"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"format": "half", "compression": "zip16"}
    frame = av.VideoFrame(width, height, encoder.pix_fmt)
    for plane, values in zip(frame.planes, channels, strict=True):
        rows = np.frombuffer(plane, np.float32).reshape(plane.height, plane.line_size // 4)
        rows[:, :width] = values
    frame.pts, frame.time_base = 0, encoder.time_base
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    more = b""
    if timecode is not None:
        word, rate = timecode
        seconds = struct.pack("<iI", rate.numerator, rate.denominator)
        more += _attribute("framesPerSecond", "rational", seconds)
        more += _attribute("timeCode", "timecode", struct.pack("<II", word, 0))
    for name, text in (texts or {}).items():
        more += _attribute(name, "string", text.encode())
    return _with_attributes(data, height, more) if more else data


def write(
    path: Path, light: NDArray[np.float32], alpha: Plane | None, timecode: tuple[int, Fraction] | None
) -> None:
    """Write a picture as ``encode`` makes it. Raises OutputError."""
    try:
        data = encode(light, alpha, timecode=timecode)
    except load_av().FFmpegError as error:
        raise files.cannot_write(path, error) from error
    files.replace(path, data)


def read_text(data: bytes, name: str) -> str | None:
    """Return a text among the attributes of a picture's file, if it is there. Raises ValueError."""
    found = _attributes(data)[0].get(name)
    return None if found is None else found.decode("utf-8", "replace")


def other_parts(data: bytes) -> int:
    """Return the number of parts of a file after the first. Raises ValueError."""
    (flags,) = struct.unpack_from("<I", data, 4)
    return _headers(data)[0] - 1 if flags & _PARTS else 0


def _planes(frame: Any) -> list[NDArray[Any]]:
    """Return the planes of a frame, (H, W), of half floats or floats, without copying them."""
    kind: Any = np.float16 if "f16" in frame.format.name else np.float32
    if "f16" not in frame.format.name and "f32" not in frame.format.name:
        raise ValueError(f"samples of {frame.format.name}")
    found = []
    for plane in frame.planes:
        row = plane.line_size // np.dtype(kind).itemsize
        values = np.frombuffer(plane, kind).reshape(plane.height, row)
        if frame.format.name.startswith("ya"):
            values = values[:, : 2 * frame.width]
            return [values[:, 0::2], values[:, 1::2]]
        found.append(values[:, : frame.width])
    return found


def _header(data: bytes) -> ExrHeader:
    found, _ = _attributes(data)
    left, top, right, bottom = struct.unpack("<4i", found["displayWindow"])
    names = [name.rpartition(b".")[2] for name in _channels(found["channels"])]
    primaries = found.get("chromaticities")
    word = found.get("timeCode")
    return ExrHeader(
        right - left + 1,
        bottom - top + 1,
        b"A" in names,
        None if word is None else struct.unpack("<I", word[:4])[0],
        None if primaries is None else struct.unpack("<8f", primaries),
        found.get("type", b"").decode("latin-1"),
    )


def _decoded(decoder: Any, data: bytes, av: Any) -> Any:
    """Return the frame in ``data``. Raises PyAV's errors, and ValueError where parts of it are damaged.

    libav leaves such parts black and reports them only in its log.
    """
    packet = av.Packet(data)
    with _LOGGED:
        level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
        av.logging.set_level(av.logging.ERROR)
        av.logging.set_skip_repeated(False)
        try:
            with av.logging.Capture() as told:
                frames = [*decoder.decode(packet), *decoder.decode(None)]
        finally:
            av.logging.set_skip_repeated(skips)
            av.logging.set_level(level)
    if told:
        raise ValueError(f"damaged: {told[0][2].strip()}")
    return frames[0]


def _layer(data: bytes) -> str:
    """Return the layer to decode: "", unless only one with a name has R, G and B, or Y."""
    channels = _channels(_attributes(data)[0]["channels"])
    layers = dict.fromkeys(name.rpartition(b".")[0] for name in channels)
    for layer in sorted(layers, key=lambda one: one != b""):
        own = {name.rpartition(b".")[2] for name in channels if name.rpartition(b".")[0] == layer}
        if own >= {b"R", b"G", b"B"} or b"Y" in own:
            return layer.decode("latin-1")
    named = ", ".join(name.decode("latin-1") for name in channels)
    raise ValueError(f"expected channels R, G and B, or Y; got {named or 'none'}")


def _from_origin(data: bytes, chunks: Sequence[int]) -> tuple[int, int, bytes]:
    """Return ``data`` with its display window, which libav decodes, reduced to the part that has data; and
    the column and row at which that part begins in the original display window.

    The corner of the new window is at 0, 0, as libav assumes. ``chunks``: the offsets of the chunks' line
    numbers.
    """
    places = _places(data)[0]
    there, shown = (struct.unpack_from("<4i", data, places[n][0]) for n in ("dataWindow", "displayWindow"))
    part = (*map(max, there[:2], shown[:2]), *map(min, there[2:], shown[2:]))
    if part[2] < part[0] or part[3] < part[1]:  # none: one black pixel will do
        part = (*shown[:2], *shown[:2])
    left, top = part[:2]
    corner = left - shown[0], top - shown[1]
    if (left, top) == (0, 0) and part == shown:
        return *corner, data
    moved = bytearray(data)
    for name, (x0, y0, x1, y1) in (("dataWindow", there), ("displayWindow", part)):
        struct.pack_into("<4i", moved, places[name][0], x0 - left, y0 - top, x1 - left, y1 - top)
    for place in chunks if top else ():
        (line,) = struct.unpack_from("<i", data, place)
        struct.pack_into("<i", moved, place, line - top)
    return *corner, bytes(moved)


def _chunks(data: bytes) -> list[int]:
    """Return the offsets of the chunks' line numbers; none for tiles.

    Raises ValueError for a truncated picture, of which libav would leave parts black.
    """
    found, end = _attributes(data)
    (flags,) = struct.unpack_from("<I", data, 4)
    left, top, right, bottom = struct.unpack("<4i", found["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    numbered = 4 if flags & _PARTS else 0  # bytes of the part's number before a chunk
    is_tiled = bool(flags & _TILES) or found.get("type") == b"tiledimage"
    lines = 0
    if is_tiled:
        across, down = struct.unpack_from("<II", found["tiles"])
        chunks, place = -(-width // across) * -(-height // down), numbered + 16
    else:
        kind = found["compression"][0]
        if kind not in _LINES:
            raise ValueError(f"compression {kind}, which is not known")
        lines = _LINES[kind]
        chunks, place = -(-height // lines), numbered + 4
    table = _headers(data)[1] + 1 if numbered else end + 1
    if len(data) < table + 8 * chunks:
        raise ValueError("it is cut short")
    starts = []
    for number, (offset,) in enumerate(struct.iter_unpack("<Q", data[table : table + 8 * chunks])):
        begin = offset + place
        whole = offset and begin + 4 <= len(data)
        if not whole or begin + 4 + struct.unpack_from("<i", data, begin)[0] > len(data):
            raise ValueError("it is cut short")
        starts.append(offset + numbered)
        if not is_tiled and struct.unpack_from("<i", data, starts[-1])[0] != top + number * lines:
            raise ValueError("damaged: lines are not where they should be")
    return [] if is_tiled else starts


def _headers(data: bytes) -> tuple[int, int]:
    """Return the number of headers in a multi-part file, and the offset of the mark after them."""
    count, place = 0, 8
    while data[place] != 0:
        count, place = count + 1, _attributes(data, place)[1] + 1
    return count, place


def _attributes(data: bytes, place: int = 8) -> tuple[dict[str, bytes], int]:
    """Return the attributes of the header that begins at ``place``, and where it ends."""
    places, end = _places(data, place)
    return {name: data[begin:stop] for name, (begin, stop) in places.items()}, end


def _places(data: bytes, place: int = 8) -> tuple[dict[str, tuple[int, int]], int]:
    """Return the offsets at which attribute values begin and end, and the end of the header that begins at
    ``place``."""
    if data[:4] != MAGIC:
        raise ValueError("no OpenEXR file")
    found: dict[str, tuple[int, int]] = {}
    while data[place] != 0:
        name_end = data.index(b"\0", place)
        kind_end = data.index(b"\0", name_end + 1)
        (size,) = struct.unpack_from("<i", data, kind_end + 1)
        begin = kind_end + 5
        if size < 0 or begin + size > len(data):
            raise ValueError("an attribute is cut short")
        found[data[place:name_end].decode("latin-1")] = begin, begin + size
        place = begin + size
    return found, place


def _channels(data: bytes) -> list[bytes]:
    """Return the names in a list of channels, each of which is followed by 16 bytes."""
    found, place = [], 0
    while data[place] != 0:
        end = data.index(b"\0", place)
        found.append(data[place:end])
        place = end + 17
    return found


def _attribute(name: str, kind: str, value: bytes) -> bytes:
    return f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value


def _with_attributes(data: bytes, height: int, more: bytes) -> bytes:
    """Return an encoded picture of ``height`` lines with attributes added to its header.

    The table of offsets after the header is adjusted, because it counts from the beginning of the file.
    """
    _, end = _attributes(data)
    chunks = -(-height // _LINES[_ZIP])
    table = np.frombuffer(data, "<u8", chunks, end + 1) + np.uint64(len(more))
    return data[:end] + more + data[end : end + 1] + table.tobytes() + data[end + 1 + 8 * chunks :]
