"""The chunks of PNG files (PNG, third edition, 5.2 and 5.3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes | memoryview) -> bytes:
    """Return one chunk: length, four-letter ``kind``, ``body``, checksum."""
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield kind, body and all bytes of every chunk of a file; of the last, as many as there are."""
    whole, at = memoryview(data), len(SIGNATURE)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], whole[at + 8 : end - 4], whole[at:end]
        at = end
