"""The boxes of MP4, QuickTime and HEIF files (ISO/IEC 14496-12)."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator


def boxes(
    data: bytes | mmap.mmap, place: int = 0, end: int | None = None
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the offset and the stated length in bytes of each box (4.2).

    The last box may be cut off. ``place``, ``end``: the range of boxes within another one.
    """
    end = len(data) if end is None else min(end, len(data))
    while place + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, place)
        if length == 1 and place + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, place + 8)
        if length == 0:
            length = end - place
        if length < 8:
            return
        yield kind, place, length
        place += length
