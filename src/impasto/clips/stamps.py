"""The times that packets state, and detection of damaged ones."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_UNKNOWN = -(1 << 63)
_BESIDE = 7
"""The number of packets on each side whose times are compared; more than half of them have to be right."""
_FAR = 16
"""In packets: more than the distance by which decoding order moves any (H.264, H.265)."""


class Stamp(NamedTuple):
    """The presentation time, decoding time and duration of a packet of ``stream``, in units of ``unit``
    seconds; None if not stated."""

    stream: int
    unit: Fraction
    pts: int | None
    dts: int | None
    duration: int


class Stamps:
    """The times of all packets of a file, in order; ``units``: those of its streams, in seconds."""

    def __init__(self, units: Mapping[int, Fraction]) -> None:
        self.units = units
        self._order = array("i")
        self._pts = {stream: array("q") for stream in units}
        self._dts = {stream: array("q") for stream in units}
        self._durations = {stream: array("q") for stream in units}

    def take(self, packet: Any) -> None:
        """Add the next of libav's packets."""
        stream = packet.stream_index
        self._order.append(stream)
        self._pts[stream].append(_UNKNOWN if packet.pts is None else packet.pts)
        self._dts[stream].append(_UNKNOWN if packet.dts is None else packet.dts)
        self._durations[stream].append(packet.duration or 0)

    def of(self, stream: int) -> Iterator[tuple[int | None, int | None]]:
        """Yield the presentation and decoding time of each packet of a stream."""
        for pts, dts in zip(self._pts[stream], self._dts[stream], strict=True):
            yield None if pts == _UNKNOWN else pts, None if dts == _UNKNOWN else dts

    def __iter__(self) -> Iterator[Stamp]:
        rows = {stream: zip(self.of(stream), self._durations[stream], strict=True) for stream in self.units}
        for stream in self._order:
            (pts, dts), duration = next(rows[stream])
            yield Stamp(stream, self.units[stream], pts, dts, duration)

    def put_right(self, but: frozenset[int]) -> dict[int, dict[int, int]]:
        """Correct damaged times in all streams ``but`` some; return for each stream the numbers of the
        corrected packets, and by how much later they are now shown."""
        found: dict[int, dict[int, int]] = {}
        for stream in self.units.keys() - but:
            decoded, shown, own = self._dts[stream], self._pts[stream], found.setdefault(stream, {})
            wrong = find_strays(decoded, 0)
            for number, time in _between(decoded, wrong).items():
                decoded[number] = time
            # Reordering cannot explain the presentation times of packets whose decoding times are wrong.
            also = wrong & find_strays(shown, 0) if wrong else set()
            for number, time in _between(shown, find_strays(shown, _FAR) | also).items():
                own[number] = time - shown[number]
                shown[number] = time
        return found


def find_strays(times: Sequence[int], reordered: int) -> set[int]:
    """Return the numbers of the packets whose time is damaged.

    ``times``: in file order, or with packets at most ``reordered`` places from it. The times after a damaged
    one continue those before it; after a restart of the clock or a held picture, they do not.
    """
    known, values, step = _known(times)
    if len(values) < 2 * _BESIDE + 1 or step <= 0:
        return set()
    medians = np.median(np.lib.stride_tricks.sliding_window_view(values, _BESIDE), axis=1)
    before, own, after = medians[: -_BESIDE - 1], values[_BESIDE:-_BESIDE], medians[_BESIDE + 1 :]
    goes_on = (after > before) & (after - before < _FAR * step)
    far = (own < before - reordered * step) | (own > after + reordered * step)
    return set(known[np.flatnonzero(goes_on & far) + _BESIDE].tolist())


def _known(times: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
    """Return the numbers of the packets that have a time, their times, and the interval between these."""
    whole = np.asarray(times, np.int64)
    known = np.flatnonzero(whole != _UNKNOWN)
    values = whole[known].astype(np.float64)
    return known, values, float(np.median(np.diff(np.sort(values)))) if len(values) > 1 else 0.0


def _between(times: Sequence[int], damaged: set[int]) -> dict[int, int]:
    """Return, for the numbers of packets with ``damaged`` times, the times that the others leave free."""
    if not damaged:
        return {}
    known, values, step = _known(times)
    is_right = ~np.isin(known, list(damaged))
    places = np.flatnonzero(~is_right)
    found: dict[int, int] = {}
    for group in np.split(places, np.flatnonzero(np.diff(places) > _BESIDE) + 1):
        near = slice(max(0, group[0] - _FAR), group[-1] + _FAR + 1)
        right = np.sort(values[near][is_right[near]]).tolist()
        middle = median(right)
        free: list[float] = []
        for low, high in pairwise(right):
            parts = round((high - low) / step)
            free += [low + (high - low) * part / parts for part in range(1, parts)]
        free.sort(key=lambda time, middle=middle: abs(time - middle))  # type: ignore[misc]
        # If no time is free, as when packets were stored twice, they are shown for a moment.
        free += [middle + number for number in range(1, len(group) - len(free) + 1)]
        ranked = known[group[np.argsort(values[group], kind="stable")]].tolist()
        found |= zip(ranked, map(round, sorted(free[: len(group)])), strict=True)
    return found
