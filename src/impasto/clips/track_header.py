"""The header of a track of pictures: the part of each picture that is shown, and their colours.

PyAV's decoders leave frames uncropped, and some of them forget the colours.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.clips.boxes import boxes
from impasto.clips.ebml import CLUSTER, SEGMENT, element


@dataclass(frozen=True)
class TrackHeader:
    """The header of a track of pictures.

    ``width``, ``height``: of its frames, before they are turned. ``left``, ``right``, ``top``, ``bottom``:
    the pixels that are not shown. ``matrix``, ``primaries``, ``transfer``: as in ITU-T H.273; 2 if not
    stated.
    """

    width: int = 0
    height: int = 0
    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0
    matrix: int = 2
    primaries: int = 2
    transfer: int = 2

    def size(self, frame: Any) -> tuple[int, int]:
        """Return the width and height of the shown part of ``frame``."""
        if not self._crops(frame):
            return frame.width, frame.height
        return self.width - self.left - self.right, self.height - self.top - self.bottom

    def crop(self, pixels: NDArray[np.float32], frame: Any) -> NDArray[np.float32]:
        """Return the shown part of ``pixels`` (H, W, 3), or of a plane (H, W), of ``frame``."""
        if not self._crops(frame):
            return pixels
        return pixels[self.top : self.height - self.bottom, self.left : self.width - self.right]

    def unusable(self, frame: Any) -> list[str]:
        """Return a remark if the stated cropping leaves no part of ``frame``."""
        size = frame.width, frame.height
        sides = self.left, self.right, self.top, self.bottom
        if size != (self.width, self.height) or not any(sides) or self._crops(frame):
            return []
        return [
            f"the cropping that the container states is not part of its {size[0]} x {size[1]} pixels, and "
            "was ignored"
        ]

    def _crops(self, frame: Any) -> bool:
        """Return whether to crop ``frame``: if it has another size, its codec may have done so already.

        Statements that leave no picture, or one larger than the frame, do not count.
        """
        sides = self.left, self.right, self.top, self.bottom
        shown = self.width - self.left - self.right, self.height - self.top - self.bottom
        return (frame.width, frame.height) == (self.width, self.height) and min(*shown, 1 + min(sides)) > 0


def read_track_header(path: Path, name: str, stream: Any) -> TrackHeader:
    """Return the header of ``stream`` in MP4, QuickTime, Matroska or WebM; an empty one in other formats.
    ``name``: libav's name of the format."""
    read = next((read for prefix, read in _READERS.items() if name.startswith(prefix)), None)
    if read is None:
        return TrackHeader()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return read(data, stream)


_SAMPLE_ENTRY = 86
"""In bytes: the length of a visual sample entry before its boxes (ISO/IEC 14496-12, 12.1.3)."""


def _in_mp4(data: mmap.mmap, stream: Any) -> TrackHeader:
    for track in _within(data, (0, len(data)), b"moov", b"trak"):
        heads = [data[begin:end] for begin, end in _within(data, track, b"tkhd")]
        if not any(_number(head[20:24] if head[0] else head[12:16]) == stream.id for head in heads):
            continue
        for begin, end in _within(data, track, b"mdia", b"minf", b"stbl", b"stsd"):
            _, place, length = next(boxes(data, begin + 8, end), (b"", 0, 0))
            if length > _SAMPLE_ENTRY and place + length <= len(data):
                return _sample_entry(data, place, place + length)
    return TrackHeader()


def _sample_entry(data: mmap.mmap, place: int, end: int) -> TrackHeader:
    """Return the clean aperture, in whole pixels, and the colours (ISO/IEC 14496-12, 12.1.4 and 12.1.5)."""
    width, height = struct.unpack_from(">HH", data, place + 32)
    sides, colours = (0, 0, 0, 0), (2, 2, 2)
    for kind, begin, length in boxes(data, place + _SAMPLE_ENTRY, end):
        inside = data[begin + 8 : begin + length]
        if kind == b"clap" and len(inside) >= 32:
            numbers = struct.unpack_from(">iIiIiIiI", inside)
            sides = (-1, -1, -1, -1)  # unusable, if it divides by 0
            if all(numbers[1::2]):
                shown = [Fraction(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
                sides = *_beside(width, shown[0], shown[2]), *_beside(height, shown[1], shown[3])
        if kind == b"colr" and inside[:4] in (b"nclx", b"nclc") and len(inside) >= 10:
            primaries, transfer, matrix = struct.unpack_from(">HHH", inside, 4)
            colours = matrix, primaries, transfer
    return TrackHeader(width, height, *sides, *colours)


def _beside(length: int, shown: Fraction, centre: Fraction) -> tuple[int, int]:
    """Return the pixels before and after the shown part of a side."""
    before = round((length - shown) / 2 + centre)
    return before, length - before - round(shown)


def _within(data: mmap.mmap, span: tuple[int, int], *kinds: bytes) -> Iterator[tuple[int, int]]:
    """Yield the begin and end of the contents of the boxes of the last of ``kinds``, each within one of the
    kind before."""
    for kind, place, length in boxes(data, *span):
        found = place + 8, min(place + length, span[1])
        if kind == kinds[0] and found[0] < found[1]:
            yield from _within(data, found, *kinds[1:]) if kinds[1:] else [found]


_TRACKS, _TRACK, _KIND, _VIDEO, _COLOUR = b"\x16\x54\xae\x6b", b"\xae", b"\x83", b"\xe0", b"\x55\xb0"
_NUMBERS = {
    "width": b"\xb0",
    "height": b"\xba",
    "left": b"\x54\xcc",
    "right": b"\x54\xdd",
    "top": b"\x54\xbb",
    "bottom": b"\x54\xaa",
}
_COLOURS = {"matrix": b"\x55\xb1", "primaries": b"\x55\xbb", "transfer": b"\x55\xba"}
"""The elements of a track of Matroska (RFC 9559, 5.1.4.1.28)."""


def _in_matroska(data: mmap.mmap, stream: Any) -> TrackHeader:
    tracks = [dict(_elements(inside)) for kind, inside in _elements(_tracks(data)) if kind == _TRACK]
    films = [track for track in tracks if _VIDEO in track and _number(track.get(_KIND, b"")) == 1]
    own = [other.index for other in stream.container.streams.video].index(stream.index)
    if own >= len(films):
        return TrackHeader()
    found = dict(_elements(films[own][_VIDEO]))
    numbers = {name: _number(found.get(kind, b"")) for name, kind in _NUMBERS.items()}
    stated = dict(_elements(found.get(_COLOUR, b"")))
    colours = {name: _number(stated.get(kind, b"\2")) for name, kind in _COLOURS.items()}
    return TrackHeader(**numbers, **colours)


def _tracks(data: mmap.mmap) -> bytes:
    """Return the contents of the element that describes the tracks."""
    place = 0
    while place < len(data):
        kind, begin, length = element(data, place)
        if kind == _TRACKS and length is not None:
            return data[begin : begin + length]
        if kind == CLUSTER or (length is None and kind != SEGMENT):
            break
        place = begin if kind == SEGMENT else begin + (length or 0)
    return b""


def _elements(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the ID and the contents of each element in ``data``."""
    place = 0
    while place < len(data):
        kind, begin, length = element(data, place)
        if length is None:
            return
        place = begin + length
        yield kind, data[begin:place]


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


_READERS: dict[str, Callable[[mmap.mmap, Any], TrackHeader]] = {
    "mov,": _in_mp4,
    "matroska,": _in_matroska,
}
"""The readers of headers, by prefixes of libav's names of formats."""
