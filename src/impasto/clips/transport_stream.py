"""MPEG transport streams: where packets are missing, and whether a stream is truncated."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_PACKETS = (188, 192, 204)
"""In bytes: the lengths of packets of an MPEG transport stream: alone, with a time before, with a checksum
after."""
_SYNC = 0x47
_SEEN = 5
"""The number of packets in a row, each with its first byte, that cannot be a coincidence."""
_BLOCK = 1 << 14
"""The number of packets examined together."""
_TAIL = 1 << 20
"""In bytes: longer than the last packet of a stream within another one."""


def breaches(path: Path, video: int, others: Collection[int]) -> Iterator[tuple[int, bool]]:
    """Yield where packets do not follow each other (ISO/IEC 13818-1, 2.4.3.2 and 2.4.3.3), because none
    begins at its place or the counter of a stream skips numbers; and whether that is within a picture.

    Joined files, each of which counts from 0, skip numbers as well, but not within a picture.
    """
    data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
    size, place = _packets_of(data, 0)
    newest: dict[int, int] = {}
    while size and place + size <= len(data):
        count = min(_BLOCK, (len(data) - place) // size)
        rows = np.asarray(data[place : place + count * size]).reshape(count, size)
        is_packet = rows[:, 0] == _SYNC
        good = count if is_packet.all() else int(is_packet.argmin())
        for row in _breaks(rows[:good], (video, *others), newest):
            is_begin = rows[row, 1] & 0x40
            yield place + row * size, bool(_pids(rows[row]) == video and not is_begin)
        place += good * size
        if good < count:
            yield place, False
            _, place = _packets_of(data, place + 1, size)
            place = place or len(data)


def _packets_of(data: NDArray[np.uint8], place: int, known: int = 0) -> tuple[int, int]:
    """Return the length of packets, and where the first one begins from ``place`` on; 0 if none does."""
    while place < len(data):
        block = data[place : place + (_BLOCK << 4)]
        for first in np.flatnonzero(block == _SYNC).tolist():
            for size in (known,) if known else _PACKETS:
                begins = data[place + first : place + first + _SEEN * size : size]
                if (begins == _SYNC).all() and (len(begins) == _SEEN or known):
                    return size, place + first
        place += len(block)
    return 0, 0


def breaks_off(path: Path) -> bool:
    """Return whether a transport stream ends within one of its packets, or within data spread over several of
    them. One that ends after these may be complete: the format does not mark its end."""
    data: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
    size, first = _packets_of(data, max(0, len(data) - _TAIL))
    if not size:
        return False
    count, rest = divmod(len(data) - first, size)
    if rest and data[len(data) - rest] == _SYNC and rest < min(_PACKETS):
        return True
    rows = data[first : first + count * size].reshape(count, size)
    return _is_unfinished(rows[(rows[:, 0] == _SYNC) & (rows[:, 3] & 0x10 > 0)])


def _is_unfinished(rows: NDArray[np.uint8]) -> bool:
    """Return whether the last packet of a stream (PES) is cut off; ``rows``: the packets of the transport
    stream with a payload. A PES packet without a stated length fills its last transport packet by stuffing,
    so missing stuffing means that it continues (ISO/IEC 13818-1, 2.4.3.3 and 2.4.3.7)."""
    begins = np.where(rows[:, 3] & 0x20 > 0, 5 + rows[:, 4].astype(int), 4)
    pids = _pids(rows)
    for pid in np.unique(pids):
        own = np.flatnonzero(pids == pid)
        first = own[rows[own, 1] & 0x40 > 0]
        head = bytes(rows[first[-1], begins[first[-1]] :][:6]) if len(first) else b""
        if head[:3] != b"\0\0\1" or len(head) < 6:
            continue
        stated = int.from_bytes(head[4:], "big")
        there = int((min(_PACKETS) - begins[own[own >= first[-1]]]).sum())
        if there < stated + 6 if stated else _is_full(rows[own[-1]]):
            return True
    return False


def _is_full(row: NDArray[np.uint8]) -> bool:
    """Return whether a packet has no stuffing: its adaptation field is only as long as its contents (ISO/IEC
    13818-1, 2.4.3.4)."""
    if not row[3] & 0x20:
        return True
    flags = int(row[5])
    held = 1 + 6 * (flags >> 4 & 1) + 6 * (flags >> 3 & 1) + (flags >> 2 & 1)
    return not flags & 3 and int(row[4]) == held


def _pids(rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the packet identifiers of packets (..., bytes)."""
    return (rows[..., 1].astype(np.int64) & 0x1F) << 8 | rows[..., 2]


def _breaks(rows: NDArray[np.uint8], streams: Collection[int], newest: dict[int, int]) -> list[int]:
    """Return the numbers of the packets before which others of their stream are missing; ``newest``: the last
    counter of each stream."""
    pids = _pids(rows)
    has_payload = rows[:, 3] & 0x10 > 0
    is_told = (rows[:, 3] & 0x20 > 0) & (rows[:, 4] > 0) & (rows[:, 5] & 0x80 > 0)
    found: list[int] = np.flatnonzero((rows[:, 1] & 0x80 > 0) & np.isin(pids, list(streams))).tolist()
    for pid in streams:
        own = np.flatnonzero((pids == pid) & has_payload)
        if not len(own):
            continue
        counters = (rows[own, 3] & 15).astype(int)
        before = np.concatenate([[newest.get(pid, counters[0] - 1)], counters[:-1]])
        steps = (counters - before) % 16  # 0: the same packet repeated
        found += own[(steps > 1) & ~is_told[own]].tolist()
        newest[pid] = int(counters[-1])
    return sorted(found)
