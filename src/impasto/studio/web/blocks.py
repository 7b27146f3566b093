"""Rejection of files divided into very many blocks, each of which costs a decoder time.

A few bytes of a JPEG make a decoder process the whole picture once more, and a PNG decoder takes microseconds
for a chunk of twelve bytes: a file within the limits of bytes and pixels could occupy it for hours.
"""

from __future__ import annotations

import re

MOST_SCANS = 100
"""The maximum number of scans of a JPEG; encoders write about ten (ITU T.81, G)."""
SPARE_BLOCKS = 4096
"""The number of blocks that any file may have."""
LEAST_BLOCK = 512
"""The smallest average size of further blocks in bytes; encoders write some kilobytes."""
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE = {0x01, 0xD8, *range(0xD0, 0xD8)}
"""Markers without a length."""


def check_jpeg(data: bytes) -> None:
    """Raise ValueError for a JPEG with too many scans or segments (ITU T.81, B)."""
    scans, at, left = 0, 0, _most(data)
    while (found := _MARKER.search(data, at)) is not None and data[found.end() - 1] != _END:
        at, marker = found.end(), data[found.end() - 1]
        scans += marker == _START_OF_SCAN
        left -= 1
        if scans > MOST_SCANS:
            raise ValueError(f"it has more than {MOST_SCANS} scans")
        if not left:
            raise ValueError("it is cut into segments of a few bytes each")
        if marker not in _ALONE:
            at += max(2, int.from_bytes(data[at : at + 2], "big"))


def check_png(data: bytes) -> None:
    """Raise ValueError for a PNG with too many chunks (PNG, third edition, 5.3)."""
    at, left = 8, _most(data)
    while at < len(data):
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        left -= 1
        if not left:
            raise ValueError("it is cut into chunks of a few bytes each")


def _most(data: bytes) -> int:
    return SPARE_BLOCKS + len(data) // LEAST_BLOCK
