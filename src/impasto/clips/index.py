"""The index of a video file: the times of its pictures on one clock, and where decoding can begin.

It is made by reading all packets once, without decoding them. Containers' own indexes are not relied on: many
have none, and clocks may begin again within a file (cameras, discs, broadcasts, files that were joined).
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto.clips.libav import load_av, open_video

BACK = 0.1
"""In seconds: a stream whose decoding times go back by more has another clock from there on."""
AHEAD = 10
"""In seconds: so has one that jumps ahead of all streams by more, in formats whose clocks may jump (FFmpeg's
``AVFMT_TS_DISCONT``)."""
FAR = 86400
"""In seconds: so has one that jumps ahead by more in any format."""
_DISCONT, _BARE = 0x200, 0x80
_SEEKABLE = ("mov,", "matroska,")
_ENDS = ("mov,", "matroska,", "avi", "flv", "asf", "mxf", "ivf", "rm", "gxf", "film_cpk")
"""Formats whose header says how long the file is."""
_UNKNOWN = 0xFFFFFFFF
"""The number of frames in the header of an IVF file whose end was not known."""
_REST = 1 << 16
"""In bytes: an index and tags after the last packet may take as many."""
_BEGINNINGS = {
    "mov,": b"ftyp",
    "matroska,": b"\x1a\x45\xdf\xa3",
    "flv": b"FLV\x01",
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
}
"""Formats, by the beginning of their names, to what a file of theirs begins with."""
_JOINED = {
    "nut": b"nut/multimedia container\0",
    "ivf": b"DKIF\0\0\x20\0",
    "yuv4mpegpipe": b"YUV4MPEG2 ",
}
"""Formats of which libav takes the beginning of a second file for a frame, to what a file begins with: so
much that it does not occur within one."""
_HEADER = 128
"""In bytes: the header of a Y4M frame is shorter."""
_TOLERANCE = Fraction(1, 4)


@dataclass(frozen=True)
class VideoIndex:
    """The index of the video stream ``stream``, in its ``time_base``, all times on one clock.

    ``times``: when pictures are shown, sorted. ``keys``: times of the packets at which decoding can begin,
    and ``numbers``, how many packets are before each. ``ordered``: packets do not say when their pictures
    are shown, as in bare streams; then pictures have these times in the order in which they come.
    ``seekable``: the container finds these packets. ``rate``: frames a second, on average.
    ``last``: how long the last picture is shown, 0 where the file does not say. ``missing``: frames that the
    header states and that are not there. ``shifts``: for each stream, from which
    of its packets on how many seconds are to be added to their times. ``unread``: the share of the file after
    the last packet, where it is more than the rest of a file can be. ``until``: where in the file a second
    one begins that libav would read as packets of the first; None if there is none. ``broken``: whether the
    last frame is there in part only, of formats whose frames are all of one size.
    """

    stream: int
    time_base: Fraction
    times: tuple[int, ...]
    keys: tuple[int, ...]
    numbers: tuple[int, ...]
    ordered: bool
    seekable: bool
    rate: Fraction
    last: int
    missing: int
    shifts: Mapping[int, tuple[tuple[int, Fraction], ...]]
    unread: float
    until: int | None = None
    broken: bool = False

    def holds(self, packet: Any) -> bool:
        """Return whether a packet belongs to the file, not to one that was joined to it."""
        return _is_before(packet, self.until)

    def starts(self, low: int) -> Iterator[int]:
        """Yield the packets from which to decode for the pictures from ``low`` on: the nearest, an earlier
        one, the first."""
        place = 0 if self.ordered else bisect_right(self.keys, low)
        for earlier in (place - 1, place - 2):
            if earlier > 0:
                yield self.numbers[earlier]
        yield 0

    def number_at(self, time: int | None) -> int | None:
        """Return the number of the packet of this time, if decoding can begin there."""
        place = bisect_left(self.keys, time) if time is not None else len(self.keys)
        there = place < len(self.keys) and self.keys[place] == time
        return self.numbers[place] if there else None

    def first_from(self, low: int) -> int | None:
        """Return the time of the first picture at or after ``low``."""
        place = bisect_left(self.times, low)
        return self.times[place] if place < len(self.times) else None

    def last_before(self, low: int) -> int | None:
        """Return the time of the last picture before ``low``; None if there is none."""
        place = bisect_left(self.times, low)
        return self.times[place - 1] if place else None

    def shift(self, stream: int, number: int) -> Fraction:
        """Return the seconds to add to the times of a stream's packet with this ``number``."""
        found = Fraction(0)
        for first, shift in self.shifts.get(stream, ()):
            if number < first:
                break
            found = shift
        return found


def video_index(path: Path, stream: int) -> VideoIndex:
    """Return the index of a file's video ``stream``. Raises PyAV's errors if the file cannot be opened."""
    state = path.stat()
    return _scan(path.absolute(), stream, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4)
def _scan(path: Path, chosen: int, size: int, _changed: int) -> VideoIndex:
    with open_video(path) as container:
        stream = container.streams[chosen]
        others = [s for s in container.streams if s.type in ("audio", "subtitle")]
        flags = container.format.flags
        texts = frozenset(s.index for s in others if s.type == "subtitle")
        clocks = _Clocks(chosen, texts, jumps=bool(flags & _DISCONT))
        pictures: list[tuple[int | None, int | None, bool]] = []
        end, last = 0, (0, 0)
        name = container.format.name
        until = _second(path, name)
        try:
            for packet in container.demux([stream, *others]):
                if packet.size and _is_before(packet, until):
                    end = max(end, (packet.pos or 0) + packet.size)
                    clocks.take(packet)
                    if packet.stream_index == chosen:
                        usable = packet.is_keyframe and not packet.is_discard
                        pictures.append((packet.pts, packet.dts, usable))
                        if packet.pts is not None:
                            last = max(last, (packet.pts, packet.duration or 0))
        except load_av().FFmpegError:
            pass  # a file that breaks off: what is there counts, and reading it again will say so
        unread = _unread(path, name, end, size) if until is None else (size - until) / size
        index = replace(
            _index(container, stream, clocks, pictures, unread),
            until=until,
            broken=until is None and name == "yuv4mpegpipe" and _has_part_of_frame(path, end),
        )
        return replace(index, last=last[1]) if name == "gif" else index


def _is_before(packet: Any, until: int | None) -> bool:
    return until is None or packet.pos is None or packet.pos < until


def _second(path: Path, name: str) -> int | None:
    """Return where in a file a second one begins, of formats whose packets go on there as nonsense."""
    mark = _JOINED.get(name)
    if mark is None:
        return None
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = data.find(mark, 1)
    return found if found > 0 else None


def _has_part_of_frame(path: Path, end: int) -> bool:
    """Return whether a Y4M goes on with a frame after its last whole one, the data of which end soon after
    ``end``."""
    with path.open("rb") as stream:
        stream.seek(max(0, end))
        return b"FRAME" in stream.read(_HEADER)


def _index(container: Any, stream: Any, clocks: _Clocks, pictures: list[Any], unread: float) -> VideoIndex:
    unit, shifts = Fraction(stream.time_base), clocks.shifts()
    bare = bool(container.format.flags & _BARE)
    rate = Fraction((stream.guessed_rate if bare else stream.average_rate) or stream.guessed_rate or 25)
    moved = _moved(pictures, shifts.get(stream.index, ()), unit)
    ordered = bare or container.format.name == "avi" or any(shown is None for shown, *_ in pictures)
    if bare or None in moved:
        step = max(1, round(1 / (rate * unit)))
        moved = [number * step for number in range(len(pictures))]
    usable = sorted((moved[number], number) for number, (*_, key) in enumerate(pictures) if key)
    times = sorted(moved)
    if len(times) > 1 and times[-1] > times[0]:
        measured = (len(times) - 1) / ((times[-1] - times[0]) * unit)
        if not Fraction(19, 20) < rate / measured < Fraction(20, 19):
            rate = measured.limit_denominator(1001) or rate
    single = all(len(found) <= 1 for found in shifts.values())
    return VideoIndex(
        stream=stream.index,
        time_base=unit,
        times=tuple(times),
        keys=tuple(time for time, _ in usable),
        numbers=tuple(number for _, number in usable),
        ordered=ordered,
        seekable=single and container.format.name.startswith(_SEEKABLE),
        rate=rate,
        last=0,
        missing=_missing(container, stream, pictures, rate, clocks) if single else 0,
        shifts=shifts,
        unread=unread,
    )


def _unread(path: Path, name: str, end: int, size: int) -> float:
    """Return the share of a file of ``size`` bytes after ``end``; 0 for what may be an index or tags.

    Of files that were joined, libav reads the first only, or of Matroska the first two.
    """
    for prefix, mark in _BEGINNINGS.items():
        if name.startswith(prefix) and 0 < end < size:
            with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found = data.find(mark, end)
            if found > 0:
                return (size - found) / size
    rest = size - end
    return rest / size if name.startswith(("matroska,", "flv")) and rest > max(_REST, size / 10) else 0.0


def _moved(pictures: list[Any], shifts: tuple[tuple[int, Fraction], ...], unit: Fraction) -> list[Any]:
    """Return the time of each packet on the first clock; None where it has none."""
    found: list[int | None] = []
    place = shift = 0
    for number, (shown, decoded, _) in enumerate(pictures):
        while place < len(shifts) and shifts[place][0] <= number:
            shift, place = round(shifts[place][1] / unit), place + 1
        time = decoded if shown is None else shown
        found.append(None if time is None else time + shift)
    return found


def _missing(container: Any, stream: Any, pictures: list[Any], rate: Fraction, clocks: _Clocks) -> int:
    """Return how many frames more than the ``pictures`` there are the header states."""
    count = len(pictures)
    name, unit = container.format.name, Fraction(stream.time_base)
    if not name.startswith(_ENDS):
        return 0
    if name == "avi":
        # Its header counts chunks, also empty ones, which show the frame before once more.
        if _is_whole_avi(Path(container.name.removeprefix("file:"))):
            return 0
        newest = max((decoded for _, decoded, _ in pictures if decoded is not None), default=-1)
        return max(0, int(stream.frames) - newest - 1)
    if stream.frames:
        # Frames that an edit list leaves out count as well: the time must be missing too.
        end = ((stream.start_time or 0) + (stream.duration or 0)) * unit
        late = name == "ivf" or end - clocks.end(stream.index) > Fraction(1, 2) / rate
        return max(0, int(stream.frames) - count) if late and stream.frames != _UNKNOWN else 0
    length = _stated_length(container)
    begin = Fraction(container.start_time or 0, 1_000_000)
    # Of Matroska files, some programs state when they end, others how long they are.
    end = (length or Fraction(0)) + (min(begin, Fraction(0)) if name.startswith("matroska,") else begin)
    if end - clocks.end() <= _TOLERANCE:
        return 0
    return max(0, round((end - clocks.begin(stream.index)) * rate) - count)


def is_whole_gif(path: Path) -> bool:
    """Return whether a GIF has all its blocks up to the last (GIF89a, section 17 and following)."""
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
    """Return whether the RIFF chunks of an AVI file are as long as they say."""
    with path.open("rb") as stream:
        place, size = 0, path.stat().st_size
        while place < size:
            stream.seek(place)
            kind, length = struct.unpack("<4sI", stream.read(8).ljust(8, b"\0"))
            if kind != b"RIFF":
                break
            place += 8 + length
    return 0 < place <= size + 1


def _stated_length(container: Any) -> Fraction | None:
    """Return the length that the header states. For Matroska without one, libav estimates it from the size of
    the file, which is not what is asked here; of ASF that is cut short, it drops the length."""
    name = container.format.name
    if name.startswith(("matroska,", "asf")):
        with Path(container.name.removeprefix("file:")).open("rb") as stream:
            head = stream.read(1 << 16)
        if name == "asf":
            return _length_of_asf(head)
        info = head[max(0, head.find(b"\x15\x49\xa9\x66")) :][:4096]
        if b"\x44\x89\x88" not in info and b"\x44\x89\x84" not in info:
            return None
    return Fraction(container.duration, 1_000_000) if container.duration else None


def _length_of_asf(head: bytes) -> Fraction | None:
    """Return the length in the File Properties Object (ASF specification, 3.2)."""
    place = head.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    if place < 0 or len(head) < place + 92:
        return None
    played, _, preroll, flags = struct.unpack_from("<QQQI", head, place + 64)
    is_live = flags & 1
    return None if is_live else Fraction(played, 10_000_000) - Fraction(preroll, 1000)


@dataclass
class _Clock:
    """The packets on one clock: the latest time, in seconds, and of each stream how many there are, when
    the first and the last begin, and when the last ends as they state, in its own unit."""

    front: float | None = None
    count: Counter[int] = field(default_factory=Counter)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    stated: dict[int, int] = field(default_factory=dict)

    def end(self, stream: int) -> Fraction:
        """Return when a stream ends, in its own unit: its last packet is as long as all are on average."""
        first, last = self.first[stream], self.last[stream]
        return last + Fraction(last - first, max(1, self.count[stream] - 1))


@dataclass
class _Stream:
    """A stream's clock, the unit of its times, whether it is of subtitles, its last decoding time in seconds,
    the number of its packets, and where its clocks began."""

    clock: int
    unit: Fraction
    text: bool
    last: float | None = None
    count: int = 0
    began: list[tuple[int, int]] = field(default_factory=list)


class _Clocks:
    """Finds where the clocks of a file begin again, packet by packet.

    Streams change to a new clock one after the other, as packets of both are interleaved. Subtitles
    (``texts``), which need not be in the order of their times, follow the others.
    """

    def __init__(self, video: int, texts: frozenset[int], *, jumps: bool) -> None:
        self._video = video
        self._texts = texts
        self._jumps = jumps
        self._clocks = [_Clock()]
        self._streams: dict[int, _Stream] = {}

    def take(self, packet: Any) -> None:
        """Take the next packet of any stream."""
        index, newest = packet.stream_index, len(self._clocks) - 1
        stream = self._streams.get(index)
        if stream is None:
            text = index in self._texts
            stream = _Stream(newest, Fraction(packet.time_base), text, began=[(0, newest)])
            self._streams[index] = stream
        ticks = packet.pts if packet.dts is None else packet.dts
        if ticks is not None:
            time = ticks * float(stream.unit)
            clock = self._clock(stream, time, newest)
            if clock != stream.clock:
                stream.clock = clock
                stream.began.append((stream.count, clock))
            if packet.dts is not None:  # times of presentation do not always grow
                stream.last = time
            found = self._clocks[clock]
            if not stream.text:
                found.front = time if found.front is None else max(found.front, time)
            shown = ticks if packet.pts is None else packet.pts
            found.first[index] = min(found.first.get(index, shown), shown)
            found.last[index] = max(found.last.get(index, shown), shown)
            ends = shown + (packet.duration or 0)
            found.stated[index] = max(found.stated.get(index, ends), ends)
            found.count[index] += 1
        stream.count += 1

    def _clock(self, stream: _Stream, time: float, newest: int) -> int:
        back = stream.last is not None and time < stream.last - BACK
        front = self._clocks[newest].front
        if stream.clock < newest:
            own = self._clocks[stream.clock].front
            nearer = front is not None and own is not None and abs(time - front) < abs(time - own)
            return newest if back or nearer else stream.clock
        ahead = front is not None and time > front + (AHEAD if self._jumps else FAR)
        if (back or ahead) and not stream.text:
            self._clocks.append(_Clock())
            return newest + 1
        return newest

    def end(self, stream: int | None = None) -> Fraction:
        """Return when the last packet ends, of ``stream`` or of all, in seconds, where there is one clock."""
        clock = self._clocks[0]
        ends = [
            max(clock.end(index), Fraction(clock.stated[index] if self._streams[index].text else 0))
            * self._streams[index].unit
            for index in clock.last
            if stream in (None, index)
        ]
        return max(ends, default=Fraction(0))

    def begin(self, stream: int) -> Fraction:
        """Return when the first packet of ``stream`` begins, in seconds, where there is one clock."""
        return self._clocks[0].first[stream] * self._streams[stream].unit

    def shifts(self) -> dict[int, tuple[tuple[int, Fraction], ...]]:
        """Return for each stream from which packet on how many seconds are to be added.

        The first picture on a new clock follows the last one before.
        """
        shifts: list[Fraction] = []
        ends: dict[int, Fraction] = {}
        for clock in self._clocks:
            first = {index: ticks * self._streams[index].unit for index, ticks in clock.first.items()}
            last = {index: clock.end(index) * self._streams[index].unit for index in clock.last}
            shared = sorted(ends.keys() & first.keys(), key=lambda index: (index != self._video, index))
            shift = Fraction(0)
            if shared:
                shift = ends[shared[0]] - first[shared[0]]
            elif ends and first:
                shift = max(ends.values()) - min(first.values())
            shifts.append(shift)
            ends |= {index: time + shift for index, time in last.items()}
        return {
            index: tuple((number, shifts[clock]) for number, clock in stream.began)
            for index, stream in self._streams.items()
        }
