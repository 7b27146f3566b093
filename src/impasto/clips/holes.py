"""Holes in video files: places where bytes or packets are missing or were overwritten.

libav's demuxers silently skip to the next packet that they recognise. The containers' own counters and
lengths reveal the place.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from impasto.clips import transport_stream
from impasto.clips.ebml import CLUSTER, SEGMENT, element

REORDERED = 16
"""In pictures: the largest difference between decoding order and presentation order (H.264, H.265)."""
_LATE = 8
"""In frames: how long sound may continue after the last picture."""
_LONG = 1.5
"""In frames: the distance between two pictures beside a hole above which pictures are missing between
them."""


@dataclass(frozen=True)
class Hole:
    """A hole in a file.

    ``begin``: the time of the first frame that is missing or may be damaged. ``end``: the time of the first
    frame after it. ``frames``: the number of missing frames. ``first``, ``last``: the times of the pictures
    beside it, as far as reordering reaches. All times in ticks.
    """

    begin: int
    end: int
    frames: int
    first: int
    last: int


class Breach(NamedTuple):
    """An offset in a file, in bytes, before which something is missing. ``within``: a part is damaged; if
    not, complete ones may be missing, or none."""

    offset: int
    within: bool = True


def find_places(path: Path, name: str, video: int, others: Collection[int]) -> list[Breach]:
    """Return the places in a file before which something is missing.

    ``name``: libav's name of the format: MPEG transport and program streams, FLV, Ogg, Matroska, ASF, MXF,
    AVI, NUT; for others, none are found. ``video``, ``others``: the packet identifiers of a transport stream.
    """
    if name == "mpegts":
        return [Breach(*found) for found in transport_stream.breaches(path, video, others)]
    find = _BY_FORMAT.get(name)
    if find is None or not path.stat().st_size:
        return []
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return [Breach(offset) for offset in find(data)]


def holes_at(places: Sequence[Breach], pictures: Sequence[tuple[int, int]], end: int = 0) -> tuple[Hole, ...]:
    """Return the holes at ``places`` in which pictures are missing or damaged.

    ``pictures``: the offset in the file and the presentation time of each, in file order. ``end``: that of
    the other streams; if they continue after a hole and no picture does, the remaining pictures are missing.
    """
    if len(pictures) < 2 or not places:
        return ()
    offsets = np.maximum.accumulate([offset for offset, _ in pictures])
    times = sorted(time for _, time in pictures)
    step = max(1, round(median(b - a for a, b in pairwise(times))))
    found: list[Hole] = []
    for place in places:
        after = int(np.searchsorted(offsets, place.offset))  # the number of pictures that begin before it
        near = [time for _, time in pictures[max(0, after - REORDERED) : after + REORDERED]]
        if not after or (found and found[-1].first <= near[0] <= found[-1].last):
            continue
        first, last = min(near), max(near)
        shown = times[bisect_left(times, first) : bisect_right(times, last)]
        gaps = [(a + step, b) for a, b in pairwise(shown) if b - a > _LONG * step]
        gaps = gaps if after < len(pictures) else []  # no gap follows the last picture
        if after + REORDERED > len(pictures) and end - times[-1] > _LATE * step:
            gaps.append((times[-1] + step, end))
        if gaps:
            frames = sum(round((end - begin) / step) for begin, end in gaps)
            found.append(Hole(gaps[0][0], gaps[-1][1], frames, first, last))
        elif place.within and after < len(pictures):
            found.append(Hole(pictures[after - 1][1], pictures[after][1], 0, first, last))
    return tuple(found)


def ends_within_packet(path: Path) -> bool:
    """Return whether an MPEG program stream ends within a packet. One that ends after a packet may be
    complete: the format does not mark its end."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        tail = stream.read()
    end: int | None = tail.rfind(_PACK)
    while end is not None and 0 <= end < len(tail):
        end = _end_of_packet(tail, end)
    return end is not None and end > len(tail)


_TAIL = 1 << 20
"""In bytes: larger than the last pack of a program stream."""


def has_late_gap(shown: Sequence[int]) -> bool:
    """Return whether the last picture is shown before a gap that only pictures decoded before it follow: the
    pictures in the gap are then missing. ``shown``: presentation times, in decoding order."""
    times = sorted(shown)
    steps = [b - a for a, b in pairwise(times)]
    if len(steps) < REORDERED:
        return False
    most = _LONG * median(steps)
    last = bisect_left(times, shown[-1])
    return max(steps[last:], default=0) > most >= max(steps[:last])


def _in_program_stream(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no packet begins at the end of the one before (ISO/IEC 13818-1, 2.5.3; ISO/IEC
    11172-1)."""
    before = place = max(0, data.find(_PACK))
    while place < len(data):
        end = _end_of_packet(data, place)
        if end is not None:
            before, place = place, end
            continue
        following = data.find(_PACK, before + 1)
        following = len(data) if following < 0 else following
        if following < place or any(data[place:following]):  # sectors are padded with zeros
            yield place
        before = place = following


_PACK = b"\0\0\1\xba"


def _end_of_packet(data: mmap.mmap | bytes, place: int) -> int | None:
    """Return where the packet of a program stream at ``place`` ends; None if no packet begins there."""
    head = data[place : place + 14]
    if head[:3] != b"\0\0\1":
        return len(data) if len(data) - place < 4 else None
    kind = head[3] if len(head) > 3 else 0
    if kind == 0xB9:
        return place + 4
    if kind == 0xBA:
        if len(head) == 14 and head[4] >> 6 == 1:
            return place + 14 + (head[13] & 7)
        return place + 12
    if kind < 0xBB or len(head) < 6:
        return None
    return place + 6 + int.from_bytes(head[4:6], "big")


_TAG = re.compile(rb"[\x08\x09\x12].{7}\0\0\0", re.DOTALL)


def _in_flash_video(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no tag begins at the end of the one before, or a tag misstates the length of
    the one before (Adobe Flash Video File Format Specification, version 10.1, annex E.3 and E.4.1)."""
    (place,) = struct.unpack_from(">I", data, 5)
    place += 4
    is_told = _flash_tag(data, place, is_told=True) is not None
    while place < len(data) - 15:
        end = _flash_tag(data, place, is_told=is_told)
        if end is not None:
            place = end
            continue
        yield place
        found = _TAG.search(data, place + 1)
        while found and _flash_tag(data, found.start(), is_told=is_told) is None:
            found = _TAG.search(data, found.start() + 1)
        place = found.start() if found else len(data)


def _flash_tag(data: mmap.mmap, place: int, *, is_told: bool) -> int | None:
    """Return where the tag after the one at ``place`` begins; None if no tag begins at ``place``.
    ``is_told``: whether tags are followed by their length."""
    if not _TAG.match(data, place):
        return None
    end = place + 11 + int.from_bytes(data[place + 1 : place + 4], "big")
    told = data[end : end + 4]
    return None if is_told and len(told) == 4 and int.from_bytes(told, "big") != end - place else end + 4


_PAGE = b"OggS"
_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def _in_ogg(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no page begins at the end of the one before, where a page's number does not
    follow the last one of its stream, or where a checksum is wrong (RFC 3533, 6)."""
    newest: dict[int, int] = {}
    place = 0
    while place < len(data):
        end = end_of_page(data, place)
        if end is None or end > len(data):
            yield place
            place = data.find(_PAGE, place + 1)
            place = len(data) if place < 0 else place
            continue
        kind, serial, number, checksum = struct.unpack_from("<5xB8xIII", data, place)
        page = bytearray(data[place:end])
        page[22:26] = bytes(4)
        # Ogg's checksum is zlib's with the bits of each byte reversed, and an initial value of 0.
        found = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
        is_whole = int(f"{found:032b}"[::-1], 2) == checksum
        follows = kind & 2 or serial not in newest or number == newest[serial] + 1
        if not is_whole or not follows:
            yield place
        newest[serial] = number
        place = end if is_whole else place + 4


def end_of_page(data: mmap.mmap, place: int) -> int | None:
    """Return where the page of an Ogg file at ``place`` ends; None if no page begins there."""
    if data[place : place + 4] != _PAGE or place + 27 > len(data):
        return None
    pieces = data[place + 26]
    return place + 27 + pieces + sum(data[place + 27 : place + 27 + pieces])


_WITHIN = frozenset(map(bytes.fromhex, ["e7", "a3", "a0", "a7", "ab", "af", "5854", "ec", "bf", "a1"]))
"""The elements of a cluster (RFC 9559, 5.1.3), and those allowed anywhere."""
_BESIDE = frozenset(
    map(
        bytes.fromhex,
        ["114d9b74", "1549a966", "1654ae6b", "1c53bb6b", "1941a469", "1043a770", "1254c367", "1a45dfa3"],
    )
)
"""The other elements of a segment (RFC 9559, 5.1)."""


def _in_matroska(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no element begins at the end of the one before, or where a cluster does not
    have its stated length (RFC 9559)."""
    before = place = end = 0  # end: of the cluster; 0 if unknown
    while place < len(data):
        kind, begin, length = element(data, place)
        inside, has_parts = kind in _WITHIN, kind in (SEGMENT, CLUSTER)
        is_element = inside or ((has_parts or kind in _BESIDE) and (not end or place == end))
        if not is_element or (length is None and not has_parts) or 0 < end < place:
            yield place
            place, end = data.find(CLUSTER, before + 1), 0
            place = len(data) if place < 0 else place
        elif has_parts:
            place, end = begin, 0 if kind == SEGMENT or length is None else begin + length
        else:
            before, place = place, begin + (length or 0)
            end = end if inside else 0


_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_BEGIN = b"\x82\0\0"
"""The error correction data at the start of ASF packets."""


def _in_asf(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no packet of the common length begins at the end of the one before (ASF
    specification, 3.2, 5.1 and 5.2.1). Files whose packets lack the usual beginning yield nothing."""
    about, place = data.find(_FILE), data.find(_DATA) + 50
    if about < 0 or place < 50 or about + 96 > len(data):
        return
    (length,) = struct.unpack_from("<I", data, about + 92)
    (count,) = struct.unpack_from("<Q", data, place - 10)
    before = place
    if not length or not data[place : place + 3] == data[place + length : place + length + 3] == _BEGIN:
        return
    while count > 0 and place < len(data):
        if data[place : place + 3] == _BEGIN:
            before, place = place, place + length
            count -= 1
            continue
        yield place
        place = data.find(_BEGIN, before + 1)
        while 0 <= place < len(data) - length and data[place + length : place + length + 3] != _BEGIN:
            place = data.find(_BEGIN, place + 1)
        place = len(data) if place < 0 else place


_MXF = b"\x06\x0e\x2b\x34"


def _in_mxf(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no key begins at the end of the value before (SMPTE ST 377-1, 6.3)."""
    before = place = max(0, data.find(_MXF))
    while place < len(data):
        lead = data[place + 16] if place + 17 <= len(data) else 0
        more = lead & 0x7F if lead > 0x7F else 0
        if data[place : place + 4] == _MXF and more <= 8:
            length = int.from_bytes(data[place + 17 : place + 17 + more], "big") if more else lead
            before, place = place, place + 17 + more + length
            continue
        yield place
        place = data.find(_MXF, before + 1)
        before = place = len(data) if place < 0 else place


_CHUNK = re.compile(rb"\d\d(?:d[bcd]|wb|tx|pc|ix|iv)|ix\d\d|idx1|indx|JUNK|LIST|RIFF|odml|[a-zA-Z][\w ]{3}")
_FRAME = re.compile(rb"\d\d(?:d[bc]|wb)|RIFF|idx1")


def _in_avi(data: mmap.mmap) -> Iterator[int]:
    """Yield the offsets where no chunk begins at the end of the one before (RIFF)."""
    before = place = 0
    while place + 8 <= len(data):
        if _CHUNK.match(data, place):
            before = place
            place = place + 12 if data[place : place + 4] in (b"RIFF", b"LIST") else _after(data, place)
            continue
        yield place
        found = _FRAME.search(data, before + 1)
        while found and not _CHUNK.match(data, _after(data, found.start())):
            found = _FRAME.search(data, found.start() + 1)
        before = place = found.start() if found else len(data)


def _after(data: mmap.mmap, place: int) -> int:
    """Return where the chunk after the one at ``place`` begins: at an even offset, if the writer obeyed that
    rule."""
    end = place + 8 + int.from_bytes(data[place + 4 : place + 8], "little")
    return end if _CHUNK.match(data, end) else end + end % 2


def _in_nut(data: mmap.mmap) -> Iterator[int]:
    """Yield the syncpoints that do not lie as far after an earlier one as they state (NUT specification:
    ``back_ptr_div16``)."""
    place = data.find(_SYNCPOINT)
    while place >= 0:
        at = place + len(_SYNCPOINT)
        length, at = _nut_number(data, at)
        at += 4 if length > _CHECKED else 0  # the header's checksum
        _, at = _nut_number(data, at)
        back, _ = _nut_number(data, at)
        nearest = place - 16 * back
        if data.find(_SYNCPOINT, max(0, nearest - 15), max(0, nearest) + len(_SYNCPOINT)) < 0:
            yield place
        place = data.find(_SYNCPOINT, place + 1)


def _nut_number(data: mmap.mmap, place: int) -> tuple[int, int]:
    """Return the number at ``place``, seven bits a byte, and where it ends."""
    number = 0
    for at in range(place, min(place + 9, len(data))):
        number = number << 7 | data[at] & 0x7F
        if data[at] < 0x80:
            return number, at + 1
    return number, place + 9


_SYNCPOINT = b"NK\xe4\xad\xee\xca\x45\x69"
_CHECKED = 4096

_BY_FORMAT: dict[str, Callable[[mmap.mmap], Iterator[int]]] = {
    "mpeg": _in_program_stream,
    "flv": _in_flash_video,
    "ogg": _in_ogg,
    "matroska,webm": _in_matroska,
    "asf": _in_asf,
    "mxf": _in_mxf,
    "avi": _in_avi,
    "nut": _in_nut,
}
"""The functions that find holes, by libav's names of formats."""
