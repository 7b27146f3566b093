"""The clocks of a video file, which may restart within it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

from impasto.clips.stamps import Stamp

BACK = 0.1
"""In seconds: if the decoding times of a stream go back by more, it has a new clock from there on."""
AHEAD = 10
"""In seconds: the same for jumps ahead of all streams, in formats whose clocks may jump (FFmpeg's
``AVFMT_TS_DISCONT``)."""
FAR = 86400
"""In seconds: the same for jumps ahead in any format."""


@dataclass
class _Clock:
    """The packets on one clock: the latest time, in seconds, and for each stream their number, the beginnings
    of the first and the last, and the stated end of the last, in the stream's unit."""

    front: float | None = None
    count: Counter[int] = field(default_factory=Counter)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    stated: dict[int, int] = field(default_factory=dict)

    def end(self, stream: int) -> Fraction:
        """Return when a stream ends, in its own unit; its last packet counts as long as the average one."""
        first, last = self.first[stream], self.last[stream]
        return last + Fraction(last - first, max(1, self.count[stream] - 1))


@dataclass
class _Stream:
    """A stream's clock, its unit of time, whether it has subtitles, its last decoding time in seconds, the
    number of its packets, and where its clocks began."""

    clock: int
    unit: Fraction
    text: bool
    last: float | None = None
    count: int = 0
    began: list[tuple[int, int]] = field(default_factory=list)


class Clocks:
    """Finds where the clocks of a file restart, packet by packet.

    Because packets of both clocks are interleaved, streams change to a new clock one after the other.
    Subtitles (``texts``) need not be in the order of their times, so they follow the other streams.
    """

    def __init__(self, video: int, texts: frozenset[int], *, jumps: bool) -> None:
        self._video = video
        self._texts = texts
        self._jumps = jumps
        self._clocks = [_Clock()]
        self._streams: dict[int, _Stream] = {}

    def take(self, packet: Stamp) -> None:
        """Add the next packet, of any stream."""
        index, newest = packet.stream, len(self._clocks) - 1
        stream = self._streams.get(index)
        if stream is None:
            text = index in self._texts
            stream = _Stream(newest, packet.unit, text, began=[(0, newest)])
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
            ends = shown + (packet.duration)
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

    def end(self, stream: int | None = None, *, but: int | None = None) -> Fraction:
        """Return when the last packet of ``stream`` ends, or of all streams (``but`` one), in seconds, if
        there is only one clock."""
        clock = self._clocks[0]
        ends = [
            max(clock.end(index), Fraction(clock.stated[index] if self._streams[index].text else 0))
            * self._streams[index].unit
            for index in clock.last
            if stream in (None, index) and index != but
        ]
        return max(ends, default=Fraction(0))

    def begin(self, stream: int) -> Fraction:
        """Return when the first packet of ``stream`` begins, in seconds, if there is only one clock; 0 if
        there is no packet."""
        first = self._clocks[0].first.get(stream)
        return Fraction(0) if first is None else first * self._streams[stream].unit

    def shifts(self) -> dict[int, tuple[tuple[int, Fraction], ...]]:
        """Return, for each stream, the seconds to add to the times of its packets, and from which packet on.

        The first picture on a new clock follows the last one before it.
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
