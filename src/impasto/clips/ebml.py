"""The elements of Matroska files (RFC 8794)."""

from __future__ import annotations

import mmap

HEADER = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"
CLUSTER = b"\x1f\x43\xb6\x75"


def element(data: mmap.mmap | bytes, place: int) -> tuple[bytes, int, int | None]:
    """Return the ID of the element at ``place``, the offset of its contents, and their length in bytes, None
    if unknown (RFC 8794, 4 to 6)."""
    lead = data[place] if place < len(data) else 0
    begin = place + 9 - lead.bit_length()  # the first bits of a number give its length
    lead = data[begin] if lead and begin < len(data) else 0
    length = 9 - lead.bit_length()
    if length > 8:
        return b"", place, None
    value = int.from_bytes(data[begin : begin + length], "big") & ((1 << 7 * length) - 1)
    return data[place:begin], begin + length, None if value == (1 << 7 * length) - 1 else value
