"""The index of a video file: the times of its pictures on one clock, and where decoding can begin.

It is built by reading all packets once, without decoding them. The containers' own indexes are not used: many
files have none, and clocks may restart within a file (cameras, discs, broadcasts, joined files).
"""

from __future__ import annotations

import contextlib
import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from impasto.clips.clocks import AHEAD, Clocks
from impasto.clips.endings import breaks_off, last_shown, missing_frames, unread_share
from impasto.clips.holes import Hole, find_places, has_late_gap, holes_at
from impasto.clips.libav import load_av, open_video
from impasto.clips.stamps import Stamps

_DISCONT, _BARE = 0x200, 0x80
_SEEKABLE = ("mov,", "matroska,")
_FEW = 8
"""Up to this number of pictures, some may have the same time."""
_LOOK = 32
"""The number of packets to decode to learn whether pictures are out of order."""
_SIZED = ("matroska,", "flv", "asf")
"""Formats whose header states the size of the file in bytes."""


@dataclass(frozen=True)
class VideoIndex:
    """The index of the video stream ``stream``, in its ``time_base``, all times on one clock.

    ``times``: the presentation times of pictures, sorted, without those hidden by an edit list. ``keys``: the
    times of the packets at which decoding can begin, and ``numbers``, the number of packets before each.
    ``ordered``: packets state no presentation times, as in bare streams and ASF; pictures then have these
    times in the order in which they are decoded. ``seekable``: the container can find these packets.
    ``rate``: frames a second, on average. ``last``: the duration of the last picture, 0 if the file does not
    state it.
    ``missing``: the number of frames that the header states but that do not exist. ``shifts``: for each
    stream, the seconds to add to the times of its packets, and from which packet on. ``unread``: the share of
    the file after the last packet, if that is more than an index and tags can be. ``broken``: whether the
    file ends within one of its parts, for formats whose parts state their lengths. ``holes``: where pictures
    are missing or may be damaged. ``strays``: the corrected times of pictures whose own were damaged.
    ``jumps``: pictures before which the file's own clock jumps ahead, and by how many seconds; the times omit
    these jumps.
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
    broken: bool = False
    holes: tuple[Hole, ...] = ()
    strays: tuple[int, ...] = ()
    jumps: tuple[tuple[int, Fraction], ...] = ()

    def starts(self, low: int) -> Iterator[int]:
        """Yield the packets from which to decode the pictures from ``low`` on: the nearest, an earlier one,
        the first."""
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
        stamps = Stamps({s.index: Fraction(s.time_base) for s in (stream, *others)})
        usable: list[bool] = []
        hidden: list[bool] = []  # by an edit list
        places: list[int] = []
        end, last = 0, (0, 0)
        name = container.format.name
        try:
            for packet in container.demux([stream, *others]):
                if packet.size:
                    end = max(end, (packet.pos or 0) + packet.size)
                    stamps.take(packet)
                    if packet.stream_index == chosen:
                        hidden.append(bool(packet.is_discard))
                        usable.append(packet.is_keyframe and not packet.is_discard)
                        places.append(packet.pos or 0)
                        if packet.pts is not None:
                            last = max(last, (packet.pts, packet.duration or 0))
        except load_av().FFmpegError:
            pass  # a truncated file: what there is counts, and reading it again will report the error
        unread = unread_share(path, name, end, size)
        wrong = stamps.put_right(texts)
        clocks = Clocks(chosen, texts, jumps=bool(flags & _DISCONT))
        for stamp in stamps:
            clocks.take(stamp)
        pictures = [(*times, key) for times, key in zip(stamps.of(chosen), usable, strict=True)]
        mixed = [] if name == "avi" else _reordered(path, stream, pictures)
        pictures = mixed or pictures
        index = replace(
            _index(container, stream, clocks, pictures, hidden, unread, mixed=bool(mixed)),
            broken=not unread and (breaks_off(path, name, end) or _lacks_last(name, pictures)),
        )
        if not index.ordered or mixed or name == "avi":
            found = find_places(path, name, stream.id, {other.id for other in others})
            moved = _moved(pictures, index.shifts.get(chosen, ()), index.time_base)
            single = (
                all(len(shifts) <= 1 for shifts in index.shifts.values()) and name != "avi" and not unread
            )
            over = clocks.end(but=chosen) if single else Fraction(0)
            if name == "ogg" and single:  # whose last page states the end
                over = max(over, Fraction((container.start_time or 0) + (container.duration or 0), 1_000_000))
            index = replace(
                index,
                holes=holes_at(found, list(zip(places, moved, strict=True)), round(over / index.time_base)),
            )
            index = _with_missing_in_hole(index, int(stream.frames) if name == "avi" else 0)
            if index.holes and name.startswith(_SIZED):
                index = replace(index, broken=False)  # the stated bytes may be the missing ones
        if name == "gif":
            index = replace(index, last=last[1])
        elif not index.missing and not unread and len(index.shifts.get(chosen, ())) <= 1:
            index = replace(index, last=last_shown(container, stream, index.times, index.rate, clocks))
        moved = _moved(pictures, index.shifts.get(chosen, ()), index.time_base)
        jumps = tuple(
            (moved[number], before - shift)
            for (_, before), (number, shift) in pairwise(index.shifts.get(chosen, ()))
            if before - shift > AHEAD
        )
        strays = () if index.ordered else tuple(sorted(moved[number] for number in wrong.get(chosen, ())))
        shifts = {
            own: _with_strays(found, wrong.get(own, {}), stamps.units[own])
            for own, found in index.shifts.items()
        }
        return replace(index, shifts=shifts, strays=strays, jumps=() if index.ordered else jumps)


def film_among(path: Path, streams: tuple[int, ...]) -> int:
    """Return the first of a file's video ``streams`` that has more than one picture, or else the first: a
    single picture beside a film is its cover."""
    if len(streams) == 1:
        return streams[0]
    state = path.stat()
    return _film_among(path.absolute(), streams, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=64)
def _film_among(path: Path, streams: tuple[int, ...], _size: int, _changed: int) -> int:
    once: set[int] = set()
    films: set[int] = set()
    with contextlib.suppress(load_av().FFmpegError), open_video(path) as container:
        for packet in container.demux([container.streams[index] for index in streams]):
            if packet.size:
                (films if packet.stream_index in once else once).add(packet.stream_index)
                if streams[0] in films:
                    break
    return next((index for index in streams if index in films), streams[0])


def _reordered(path: Path, stream: Any, pictures: list[Any]) -> list[Any]:
    """Return ``pictures`` with times of presentation if packets state only when they are decoded, as in ASF,
    though pictures are shown in another order; an empty list for other files.

    Decoded pictures are then out of the order of their times.
    """
    shown = [time for time, *_ in pictures if time is not None]
    if not stream.codec_context.has_b_frames or shown != sorted(shown):
        return []
    times: list[int] = []
    late = 0  # by how many packets the decoder delays pictures
    with contextlib.suppress(load_av().FFmpegError), open_video(path) as container:
        own = container.streams[stream.index]
        own.thread_type = "SLICE"
        for packet in itertools.islice(container.demux(own), _LOOK):
            times += [frame.pts for frame in packet.decode() if frame.pts is not None]
            late += not times
    if times == sorted(times):
        return []
    step = 1 / ((stream.average_rate or stream.guessed_rate or 25) * stream.time_base)
    delay = round(late * step)
    return [(time if own is None else own + delay, own, key) for time, own, key in pictures]


def _index(
    container: Any,
    stream: Any,
    clocks: Clocks,
    pictures: list[Any],
    hidden: list[bool],
    unread: float,
    *,
    mixed: bool,
) -> VideoIndex:
    unit, shifts = Fraction(stream.time_base), clocks.shifts()
    bare = bool(container.format.flags & _BARE)
    # For a single picture, libav guesses twice the rate that the codec states.
    average = stream.average_rate or (len(pictures) == 1 and stream.codec_context.framerate)
    rate = Fraction((stream.guessed_rate if bare else average) or stream.guessed_rate or 25)
    if len(pictures) == 1 and rate == 1 / unit >= 1000:
        rate = Fraction(25)  # for ASF, which states only milliseconds
    moved = _moved(pictures, shifts.get(stream.index, ()), unit)
    ordered = bare or mixed or container.format.name == "avi" or any(shown is None for shown, *_ in pictures)
    if bare or None in moved or _are_equal(moved):
        ordered = True
        step = max(1, round(1 / (rate * unit)))
        moved = [number * step for number in range(len(pictures))]
    usable = sorted((moved[number], number) for number, (*_, key) in enumerate(pictures) if key)
    times = sorted(time for time, is_hidden in zip(moved, hidden, strict=True) if ordered or not is_hidden)
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
        missing=missing_frames(container, stream, pictures, rate, clocks) if single else 0,
        shifts=shifts,
        unread=unread,
    )


def _with_missing_in_hole(index: VideoIndex, stated: int) -> VideoIndex:
    """Return the index with the frames that the header states, but that do not exist, missing in the hole
    rather than at the end. ``stated``: their total number, for an AVI, whose frames move up."""
    if not index.holes or any(hole.frames for hole in index.holes):
        return index
    missing = index.missing
    if stated:
        missing = max(missing, round((stated - index.times[-1] - 1) * index.time_base * index.rate))
    first, *others = index.holes
    return replace(index, missing=0, holes=(replace(first, frames=missing), *others))


def _lacks_last(name: str, pictures: list[Any]) -> bool:
    """Return whether pictures are missing at the end, for a format that does not mark its end."""
    shown = [shown for shown, *_ in pictures]
    return name in ("mpegts", "mpeg") and bool(shown) and None not in shown and has_late_gap(shown)


def _are_equal(times: list[Any]) -> bool:
    """Return whether nearly all pictures have the same time as another one, so that times mean nothing."""
    return len(times) > _FEW and len(set(times)) < len(times) / 4


def _with_strays(
    shifts: tuple[tuple[int, Fraction], ...], wrong: Mapping[int, int], unit: Fraction
) -> tuple[tuple[int, Fraction], ...]:
    """Return ``shifts`` combined with those of single packets: ``wrong``, by packet number, in ``unit``."""
    if not wrong:
        return shifts
    found = dict(shifts)

    def shift_at(number: int) -> Fraction:
        return next((shift for first, shift in reversed(shifts) if first <= number), Fraction(0))

    for number in sorted(wrong):
        found[number] = shift_at(number) + wrong[number] * unit
        if number + 1 not in wrong:
            found[number + 1] = shift_at(number + 1)
    return tuple(sorted(found.items()))


def _moved(pictures: list[Any], shifts: tuple[tuple[int, Fraction], ...], unit: Fraction) -> list[Any]:
    """Return the time of each packet on the first clock; None if it has none."""
    found: list[int | None] = []
    place = shift = 0
    for number, (shown, decoded, _) in enumerate(pictures):
        while place < len(shifts) and shifts[place][0] <= number:
            shift, place = round(shifts[place][1] / unit), place + 1
        time = decoded if shown is None else shown
        found.append(None if time is None else time + shift)
    return found
