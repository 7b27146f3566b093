"""Files that were joined, for example with ``cat``, in formats where libav cannot read past the first one."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from impasto.clips.boxes import boxes
from impasto.clips.holes import end_of_page

_BEGINNINGS = (
    b"nut/multimedia container\0",
    b"DKIF\0\0\x20\0",  # IVF
    b"YUV4MPEG2 ",
    b".RMF\0\0\0\x12",  # RealMedia
)
"""The first bytes of files in formats where libav would decode a second header as frames; long enough not to
occur within a file."""
_BASE_DATA_OFFSET = 0x1


def second_file(path: Path) -> int | None:
    """Return the offset of the second file in the one at ``path`` if libav would decode nonsense there.

    In fragmented MP4, a second file is recognised by times that restart, or by offsets relative to itself.
    """
    state = path.stat()
    return _second_file(path.absolute(), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _second_file(path: Path, size: int, _changed: int) -> int | None:
    if size < _HEAD:
        return None
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        mark = next((mark for mark in _BEGINNINGS if head.startswith(mark)), None)
        if mark is None and head[4:8] != b"ftyp" and head[:4] != b"OggS":
            return None
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if mark is None:
                return _second_of_ogg(data) if head[:4] == b"OggS" else _second_of_fragmented(data)
            found = data.find(mark, 1)
    return found if found > 0 else None


def _second_of_ogg(data: mmap.mmap) -> int | None:
    """Return the offset at which streams begin after the pages of others (RFC 3533, 4)."""
    place, began = 0, False
    while (end := end_of_page(data, place)) is not None:
        is_begin = bool(data[place + 5] & 2)
        if began and is_begin:
            return place
        began |= not is_begin
        place = end
    return None


def _second_of_fragmented(data: mmap.mmap) -> int | None:
    begin = -1
    first: dict[bytes, int] = {}
    for kind, place, length in boxes(data):
        if kind == b"ftyp":
            begin = 0 if begin < 0 else place
        if kind != b"moof":
            continue
        for track, base, time in _tracks(data, place, place + length):
            is_again = time is not None and time <= first.get(track, -1)
            if begin > 0 and (is_again or (base is not None and base < begin)):
                return begin
            if time is not None:
                first.setdefault(track, time)
    return None


def _tracks(data: mmap.mmap, place: int, end: int) -> Iterator[tuple[bytes, int | None, int | None]]:
    """Yield, for each track in a fragment, its number, the offset in the file from which its data are
    counted, and the time of its first sample, as far as these are stated (8.8.7, 8.8.12)."""
    for kind, begin, length in boxes(data, place + 8, end):
        if kind != b"traf":
            continue
        track, base, time = b"", None, None
        for own, at, size in boxes(data, begin + 8, min(begin + length, end)):
            if own == b"tfhd" and at + 24 <= len(data):
                track = data[at + 12 : at + 16]
                if data[at + 11] & _BASE_DATA_OFFSET:
                    (base,) = struct.unpack_from(">Q", data, at + 16)
            elif own == b"tfdt" and at + size <= len(data):
                (time,) = struct.unpack_from(">Q" if data[at + 8] == 1 else ">I", data, at + 12)
        yield track, base, time


_HEAD = 32
"""In bytes: no film is shorter."""
