"""Repairs of files that decoders refuse, or read wrongly, although their pictures are intact."""

from __future__ import annotations

import warnings
import zlib

from impasto.imaging.guard import ImagingWarning
from impasto.imaging.png_chunks import SIGNATURE, chunk, chunks

TEXTS = (b"tEXt", b"zTXt", b"iTXt")
KEPT = (b"impasto", b"XML:com.adobe.xmp", b"Author", b"Copyright", b"Title", b"Description", b"Creation Time")
"""The keywords of texts that are read."""
MOST_TEXT = 1 << 20
"""Bytes of a text that are read."""
MOST_PROFILE = 16 << 20
"""Bytes of a colour profile that are read; the largest, of printers, have some megabytes."""
_NAMES = {b"iCCP": "the colour profile", b"eXIf": "EXIF data"}
_LEAST = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"pHYs": 9, b"acTL": 8, b"fcTL": 26, b"fdAT": 4}
"""The bytes that chunks have at least (PNG, third edition, 11.3)."""
_LEAST_TRANSPARENCY = {0: 2, 2: 6, 3: 1}
"""Those of tRNS, by the colour type."""
_GREY_TOPS = {b"\2\0": 3, b"\4\0": 15}
"""The largest sample of grey pictures of 2 and 4 bits, by the depth and colour type in the header."""
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
END = b"\xff\xd9"
"""The end marker of a JPEG (ITU T.81, B.1.1.3)."""


def repaired_png(data: bytes) -> bytes:
    """Return a PNG without texts that are never read, and without damaged ancillary chunks.

    An ancillary chunk is removed, with an ImagingWarning, if its checksum is wrong or it is truncated or too
    large. An animation that loses a chunk becomes a still picture. All other damage is left to the decoder
    (PNG, third edition, 5.3 and 13.2). The transparent grey of a picture of 2 or 4 bits is stated in 8 bits,
    since Pillow compares it with samples of 8 bits.
    """
    pieces: list[bytes | memoryview] = [SIGNATURE]
    changed, still = False, _is_still(data)
    for kind, content, whole in chunks(data):
        body, sound = b"", True
        if not kind[:1].isupper() and len(whole) == len(content) + 12:  # the decoder checks the others
            body = bytes(content)
            sound = zlib.crc32(kind + body) == int.from_bytes(whole[-4:], "big")
        is_ancillary = len(kind) == 4 and bool(kind[0] & 32)
        if kind in TEXTS:
            keep = sound and body.partition(b"\0")[0] in KEPT and _fits(kind, body)
        elif is_ancillary:
            problem = _problem(kind, body, data) if sound else "its checksum is wrong"
            if not problem and still and kind in _ANIMATION:
                changed = True
                continue
            if problem:
                name = _NAMES.get(kind, f"{kind.decode('latin-1')} data")
                warnings.warn(f"{name} in the file cannot be read ({problem})", ImagingWarning, stacklevel=2)
            keep = not problem
        else:
            keep = True
        if kind == b"tRNS" and keep and (top := _GREY_TOPS.get(data[24:26])):
            pieces.append(chunk(kind, bytes([0, (body[1] & top) * 255 // top])))
            keep = False
        changed = changed or not keep
        if keep:
            pieces.append(whole)
    return b"".join(pieces) if changed else data


def _problem(kind: bytes, body: bytes, data: bytes) -> str:
    """Return what is wrong with an ancillary chunk whose checksum is right; "" if nothing."""
    if kind == b"iCCP":
        _, separator, rest = body.partition(b"\0")
        sound = separator and rest[:1] == b"\0" and _inflates(rest[1:], MOST_PROFILE)
        return "" if sound else "it is damaged or too large"
    colour_type = data[25] if len(data) > 25 else 0
    least = _LEAST_TRANSPARENCY.get(colour_type, 0) if kind == b"tRNS" else _LEAST.get(kind, 0)
    return "" if len(body) >= least else "it is cut short"


def _is_still(data: bytes) -> bool:
    """Return True if a PNG is not an animation, or one that lacks a chunk."""
    found = dict.fromkeys(_ANIMATION[:2], True)
    for kind, content, _ in chunks(data):
        if kind in _ANIMATION and len(content) < _LEAST[kind]:
            return True
        found.pop(kind, None)
    return bool(found)


def _fits(kind: bytes, body: bytes) -> bool:
    rest = body.partition(b"\0")[2]
    if kind == b"zTXt":
        return _inflates(rest[1:], MOST_TEXT)
    if kind == b"iTXt" and rest[:1] == b"\1":
        return _inflates(rest[2:].split(b"\0", 2)[-1], MOST_TEXT)
    return len(body) <= 16 * MOST_TEXT


def _inflates(data: bytes, most: int) -> bool:
    """Return True if compressed ``data`` are intact and at most ``most`` bytes long."""
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(data, most)
    except zlib.error:
        return False
    return not inflater.unconsumed_tail


def ended_jpeg(data: bytes) -> tuple[bytes, bytes] | None:
    """Return two versions of a JPEG that lacks an end marker, with different bytes and the marker appended;
    None if it has one.

    Decoders read those bytes as pixels if some are missing. If both versions decode to the same picture, it
    was complete.
    """
    if data.rstrip(b"\0").endswith(END):
        return None
    return data + bytes(range(7, 254, 3)) + END, data + bytes(range(250, 5, -3)) + END
