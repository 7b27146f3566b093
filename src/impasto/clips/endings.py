"""The ends of video files: detection of truncated files and of a second file after the first."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.clips import transport_stream
from impasto.clips.boxes import boxes
from impasto.clips.clocks import Clocks
from impasto.clips.ebml import CLUSTER, HEADER, SEGMENT, element
from impasto.clips.holes import end_of_page, ends_within_packet
from impasto.clips.joined_files import second_file
from impasto.clips.libav import file_of

_ENDS = ("mov,", "matroska,", "avi", "flv", "asf", "mxf", "ivf", "rm", "gxf", "film_cpk")
"""Formats whose header states the length of the file."""
_UNKNOWN = 0xFFFFFFFF
"""The number of frames in the header of an IVF file whose length was unknown when it was written."""
_REST = 1 << 16
"""In bytes: the largest size of an index and tags after the last packet."""
_LEAST = 1 << 11
"""In bytes: the largest size of other tracks after the last picture of a Matroska file."""
_BEGINNINGS = {
    "mov,": b"ftyp",
    "matroska,": HEADER,
    "flv": b"FLV\x01",
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "film_cpk": b"FILM",
}
"""The first bytes of files, by prefixes of the names of formats."""
_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_FLASH = (b"FWS", b"CWS", b"ZWS")
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER = 128
"""In bytes: larger than the header of a Y4M frame."""
_TOLERANCE = Fraction(1, 4)
_LENGTH = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
_HELD = Fraction(3, 2)
"""In frames: the ratio of durations above which the last frame is longer, or shorter, than the others."""
_LONGEST = 3600
"""In seconds: longer durations of the last frame are treated as damage."""


def second_picture(path: Path) -> float:
    """Return the share of a file after the start of a second animated picture (PNG, WebP, AVIF); 0 if there
    is none. Programs read only the first."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        size = len(data)
        if data[:8] == _PNG:
            found = data.find(_PNG, 8)
        elif data[:4] == b"RIFF":
            (length,) = struct.unpack_from("<I", data, 4)
            found = 8 + length + length % 2
            found = found if data[found : found + 4] == b"RIFF" else -1
        else:
            found = _second_box(data, b"ftyp")
    return (size - found) / size if found > 0 else 0.0


def _second_box(data: mmap.mmap, kind: bytes) -> int:
    """Return the offset of the second box of a ``kind``; -1 if there is none."""
    places = (place for own, place, _ in boxes(data) if own == kind)
    return next(itertools.islice(places, 1, None), -1)


def unread_words(share: float) -> str:
    """Return a remark on a file whose last ``share`` is not read."""
    return f"the last {share:.0%} of the file cannot be read: damage, or several files joined into one?"


def breaks_off(path: Path, name: str, end: int) -> bool:
    """Return whether a file ends within one of its parts, for formats whose parts state their lengths;
    ``end``: where the data of the last frame end."""
    if name == "mpegts":
        return transport_stream.breaks_off(path)
    if name == "mpeg":
        return ends_within_packet(path)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if name == "yuv4mpegpipe":
            return b"FRAME" in data[end : end + _HEADER]
        if name == "swf":
            return _length_of_swf(data) > len(data)
        if name == "rm":
            return _end_of_real_media(data) > len(data)
        if name == "ogg":
            return not _is_whole_ogg(data)
        if _stated_size(path, name) > len(data):
            return True
        if not name.startswith("mov,"):
            return False
        found = list(boxes(data))
        # If it is not fragmented, its list of frames shows which ones are missing.
        return any(kind == b"moof" for kind, *_ in found) and sum(found[-1][1:]) > len(data)


def _length_of_swf(data: mmap.mmap) -> int:
    """Return the length in bytes of a Flash film in ``data`` (SWF File Format Specification, version 19, "The
    SWF header"); more than there are if it is cut off."""
    if data[:3] == b"FWS":
        (length,) = struct.unpack_from("<I", data, 4)
        return int(length)
    if data[:3] != b"CWS":
        return 0
    unpacked, place = zlib.decompressobj(), 8
    with contextlib.suppress(zlib.error):
        while place < len(data) and not unpacked.eof:
            unpacked.decompress(data[place : place + _REST])
            place += _REST
    return min(place, len(data)) - len(unpacked.unused_data) if unpacked.eof else len(data) + 1


def _end_of_real_media(data: mmap.mmap) -> int:
    """Return where the packets of a RealMedia file end by its header; FFmpeg counts ten bytes too many, the
    length of the fields before them."""
    place = 0
    while place + 8 <= len(data):
        kind, length = struct.unpack_from(">4sI", data, place)
        if kind == b"DATA" or length < 8:
            return place + int(length) - 10
        place += length
    return 0


def unread_share(path: Path, name: str, end: int, size: int) -> float:
    """Return the share of a file of ``size`` bytes after ``end``; 0 if that may be an index or tags.

    Of joined files, libav reads only the first, or for Matroska the first two.
    """
    if second := second_file(path):
        return (size - second) / size
    if name == "swf":
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            length = _length_of_swf(data)
            return (size - length) / size if data[length : length + 3] in _FLASH else 0.0
    for prefix, mark in _BEGINNINGS.items():
        if name.startswith(prefix) and 0 < end < size:
            with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found = data.find(mark, end)
            if found > 0:
                return (size - found) / size
    rest = size - end
    if name.startswith("matroska,"):
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            left = _end_of_clusters(data) - end
        if left > max(_LEAST, size / 10):
            return rest / size
    return rest / size if name.startswith(("matroska,", "flv")) and rest > max(_REST, size / 10) else 0.0


def last_shown(container: Any, stream: Any, times: Sequence[int], rate: Fraction, clocks: Clocks) -> int:
    """Return the duration of the last of the pictures at ``times``, in their unit, if the file states one
    that is longer or shorter than the average; 0 otherwise."""
    unit, name = Fraction(stream.time_base), container.format.name
    end = Fraction(0)
    if not times:
        return 0
    if name.startswith("mov,") and stream.duration:
        end = ((stream.start_time or 0) + stream.duration) * unit
    elif name == "avi":  # the header counts chunks: empty ones at the end hold the last picture
        longer = int(stream.frames) - times[-1]
        end = int(stream.frames) * unit if _is_whole(container) and longer * unit * rate > _HELD else end
    elif _is_whole(container):
        stated = next((text for key, text in stream.metadata.items() if key.startswith("DURATION")), "")
        if name.startswith("matroska,") and (found := _LENGTH.fullmatch(stated)):
            hours, minutes, seconds = map(Fraction, found.groups())
            end = hours * 3600 + minutes * 60 + seconds
            if any(key.startswith("_STATISTICS") for key in stream.metadata):
                end += times[0] * unit  # mkvmerge counts from the first picture, FFmpeg from 0
        elif (whole := _stated_end(container)) - clocks.end(but=stream.index) > 1 / rate:
            end = whole  # no other stream lasts as long as the file
    held = end - times[-1] * unit
    is_usual = 1 / _HELD <= held * rate <= _HELD
    return round(held / unit) if 0 < held <= _LONGEST and not is_usual else 0


def missing_frames(container: Any, stream: Any, pictures: list[Any], rate: Fraction, clocks: Clocks) -> int:
    """Return how many frames the header states beyond the ``pictures`` found."""
    count = len(pictures)
    name, unit = container.format.name, Fraction(stream.time_base)
    if not name.startswith(_ENDS) or _is_whole(container):
        return 0  # in a complete file that lasts longer, the last frame is held
    if name == "avi":
        # The header counts chunks, including empty ones, which repeat the frame before.
        newest = max((decoded for _, decoded, _ in pictures if decoded is not None), default=-1)
        return max(0, int(stream.frames) - newest - 1)
    if stream.frames:
        # Frames hidden by an edit list count as well, so the time must be missing too.
        end = ((stream.start_time or 0) + (stream.duration or 0)) * unit
        late = name == "ivf" or end - clocks.end(stream.index) > Fraction(1, 2) / rate
        return max(0, int(stream.frames) - count) if late and stream.frames != _UNKNOWN else 0
    end = _stated_end(container)
    if end - clocks.end() <= _TOLERANCE:
        return 0
    return max(0, round((end - clocks.begin(stream.index)) * rate) - count)


def _stated_end(container: Any) -> Fraction:
    """Return the end of the file in seconds, from the length in its header; 0 if it states none."""
    length, begin = _stated_length(container), Fraction(container.start_time or 0, 1_000_000)
    if length is None:
        return Fraction(0)
    # In these formats, some programs state the end, others the length.
    is_end = container.format.name.startswith(("matroska,", "flv", "asf"))
    return length + (min(begin, Fraction(0)) if is_end else begin)


def _is_whole(container: Any) -> bool:
    """Return whether a file has all the bytes that it states, for formats that state their size."""
    name, path = container.format.name, file_of(container)
    if name == "avi":
        return _is_whole_avi(path)
    return 0 < _stated_size(path, name) <= path.stat().st_size


def _stated_size(path: Path, name: str) -> int:
    """Return the size in bytes that a file states; 0 if it states none."""
    for prefix, read in _SIZES.items():
        if name.startswith(prefix):
            with path.open("rb") as stream:
                return read(stream.read(_REST))
    return 0


def is_whole_gif(path: Path) -> bool:
    """Return whether a GIF is complete up to its last block (GIF89a, section 17 and following)."""
    data = path.read_bytes()
    place = 13
    if len(data) > 10 and data[10] & 0x80:
        place += 3 << (data[10] & 7) + 1
    while place < len(data) and data[place] in b"!,":
        if data[place] == 0x21:
            place += 2
        else:
            packed = data[place + 9] if place + 9 < len(data) else 0
            place += 11 + (3 << (packed & 7) + 1 if packed & 0x80 else 0)
        while place < len(data) and data[place]:
            place += 1 + data[place]
        place += 1
    return place < len(data)


def _is_whole_avi(path: Path) -> bool:
    """Return whether the RIFF chunks of an AVI file have the lengths that they state."""
    with path.open("rb") as stream:
        place, size = 0, path.stat().st_size
        while place < size:
            stream.seek(place)
            kind, length = struct.unpack("<4sI", stream.read(8).ljust(8, b"\0"))
            if kind != b"RIFF":
                break
            place += 8 + length
    return 0 < place <= size + 1


def _size_of_matroska(head: bytes) -> int:
    """Return where the segment of a Matroska file ends; 0 if unknown."""
    kind, place, length = element(head, 0)
    if kind != HEADER or length is None:
        return 0
    kind, place, length = element(head, place + length)
    return place + length if kind == SEGMENT and length is not None else 0


def _end_of_clusters(data: mmap.mmap) -> int:
    """Return where the last cluster of a Matroska file ends, which has the last pictures; the end of the
    segment if its elements are damaged, and 0 if unknown."""
    _, place, length = element(data, 0)
    _, place, length = element(data, place + (length or 0))
    whole = len(data) if length is None else min(place + length, len(data))
    end = 0
    while place < whole:
        kind, place, length = element(data, place)
        if length is None:
            return 0 if kind == CLUSTER else whole
        place += length
        if kind == CLUSTER:
            end = min(place, whole)
    return end


def _stated_length(container: Any) -> Fraction | None:
    """Return the length that the header states. If Matroska states none, libav estimates it from the size of
    the file, which is not wanted here; for truncated ASF files, it drops the stated one."""
    name = container.format.name
    if name.startswith(("matroska,", "asf")):
        with file_of(container).open("rb") as stream:
            head = stream.read(1 << 16)
        if name == "asf":
            return _length_of_asf(head)
        info = head[max(0, head.find(b"\x15\x49\xa9\x66")) :][:4096]
        if b"\x44\x89\x88" not in info and b"\x44\x89\x84" not in info:
            return None
    return Fraction(container.duration, 1_000_000) if container.duration else None


def _length_of_asf(head: bytes) -> Fraction | None:
    """Return the length in the File Properties Object (ASF specification, 3.2)."""
    place = head.find(_FILE_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return None
    played, _, preroll, flags = struct.unpack_from("<QQQI", head, place + 64)
    is_live = flags & 1
    return None if is_live else Fraction(played, 10_000_000) - Fraction(preroll, 1000)


def _size_of_flv(head: bytes) -> int:
    """Return the size in bytes in the metadata of an FLV file (Adobe Flash Video File Format Specification,
    version 10.1, annex E.5: ``filesize``, a number of AMF 0); 0 if there is none."""
    name = b"\x00\x08filesize\x00"
    place = head.lower().find(name) + len(name)
    if place < len(name) or len(head) < place + 8:
        return 0
    (size,) = struct.unpack_from(">d", head, place)
    return int(size) if 0 < size < 1 << 53 else 0


def _size_of_asf(head: bytes) -> int:
    """Return the size in bytes in the File Properties Object of an ASF file; 0 if unknown."""
    place = head.find(_FILE_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return 0
    size, flags = struct.unpack_from("<Q40xI", head, place + 40)
    return 0 if flags & 1 else int(size)


_SIZES: dict[str, Callable[[bytes], int]] = {
    "matroska,": _size_of_matroska,
    "flv": _size_of_flv,
    "asf": _size_of_asf,
}
"""The readers of the stated size of a file, by prefixes of the names of formats."""


def _is_whole_ogg(data: mmap.mmap) -> bool:
    """Return whether an Ogg file ends with a complete page, and each of its streams with a page marked as the
    last (RFC 3533, 6)."""
    is_ended: dict[int, bool] = {}
    place = 0
    while 0 <= place < len(data):
        end = end_of_page(data, place)
        if end is None:  # damage, which is reported as a hole
            place = data.find(b"OggS", place + 1)
            continue
        kind, serial = struct.unpack_from("<5xB8xI", data, place)
        is_ended[serial] = bool(kind & 4) and end <= len(data)
        place = end
    return bool(is_ended) and all(is_ended.values())
