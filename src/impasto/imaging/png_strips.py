"""Parts of PNG files as small PNG files, so that a large picture never has to be decoded as a whole.

Source: PNG, third edition, 4.5.2 (interlacing), 9 (filters), 10.1 (compression), 11.2 (critical chunks).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging.png_chunks import SIGNATURE, chunk, chunks

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel, by colour type."""
_PLAIN = {1: 0, 2: 4, 3: 2, 4: 6}
"""The colour type whose 8-bit pixels have this many bytes."""
_OF_PIXELS = (
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD"),
    *(b"sBIT", b"hIST", b"acTL", b"fcTL", b"fdAT"),
)
_FED = 1 << 20
"""Compressed bytes that are given to the inflater at once."""


def in_strips(data: bytes) -> bool:
    """Return whether ``strips`` can read a PNG: neither interlaced nor animated."""
    header = data[: data.find(b"IDAT")]
    return data[12:16] == b"IHDR" and data[26:29] == b"\0\0\0" and b"acTL" not in header


def strips(data: bytes, rows: int) -> Iterator[bytes]:
    """Yield the picture from top to bottom in PNG files of ``rows`` rows, the last one of the rest.

    They have the palette and the transparent colour of the file, but no other metadata.
    Raises ValueError and zlib.error for damaged data.
    """
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    bits = _CHANNELS[kind] * depth
    length, apart = -(-width * bits // 8), max(1, bits // 8)
    about = [chunk(name, body) for name, body, _ in chunks(data) if name in (b"PLTE", b"tRNS")]
    before: NDArray[np.uint8] | None = None
    for filtered in _blocks(data, 1 + length, height, rows):
        lines = np.frombuffer(filtered, np.uint8).reshape(-1, 1 + length)
        pixels = _unfiltered(lines, before, length // apart, apart)
        before = pixels[-1].copy()
        plain = np.zeros_like(lines)
        plain[:, 1:] = pixels
        yield _file(width, len(lines), depth, kind, about, plain)


def without_pixels(data: bytes) -> bytes:
    """Return a PNG file with a single pixel and all other chunks of the file.

    To read EXIF data that may follow the pixels, Pillow decodes the whole picture.
    """
    kept = [chunk(n, body) for n, body, _ in chunks(data) if len(n) == 4 and n not in _OF_PIXELS]
    return _file(1, 1, 8, 0, kept, np.zeros((1, 2), np.uint8))


def open_without_pixels(data: bytes) -> Image.Image:
    """Return an opened PNG without its pixels, for its metadata."""
    return Image.open(io.BytesIO(without_pixels(data)), formats=["PNG"])


def _blocks(data: bytes, stride: int, height: int, rows: int) -> Iterator[bytes]:
    """Yield ``rows`` filtered rows of ``stride`` bytes at a time."""
    inflater = zlib.decompressobj()
    found, left = bytearray(), height
    for name, body, _ in chunks(data):
        if name != b"IDAT":
            continue
        for start in range(0, len(body), _FED):
            fed: bytes | memoryview = body[start : start + _FED]
            while left and len(fed):
                wanted = min(rows, left) * stride
                found += inflater.decompress(fed, wanted - len(found))
                fed = inflater.unconsumed_tail
                if len(found) == wanted:
                    yield bytes(found)
                    left -= wanted // stride
                    found.clear()
    if left:
        raise ValueError("image file is truncated")


def _unfiltered(
    lines: NDArray[np.uint8], before: NDArray[np.uint8] | None, pixels: int, apart: int
) -> NDArray[np.uint8]:
    """Return the bytes of rows (N, 1 + length) without their filters; ``before``: the row above them.

    Filters work on bytes, so pixels of ``apart`` bytes can be decoded as another colour type.
    """
    if before is not None:
        lines = np.concatenate([np.concatenate([np.zeros(1, np.uint8), before])[None], lines])
    if apart in _PLAIN:
        file = _file(pixels, len(lines), 8, _PLAIN[apart], [], lines)
        with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
            found = np.asarray(image).reshape(len(lines), -1)
    else:
        from impasto.imaging.deep import decode_samples

        file = _file(pixels, len(lines), 16, 2 if apart == 6 else 6, [], lines)
        samples = decode_samples(file).astype(">u2")
        found = np.ascontiguousarray(samples).view(np.uint8).reshape(len(lines), -1)
    return found if before is None else found[1:]


def _file(
    width: int, height: int, depth: int, kind: int, about: list[bytes], lines: NDArray[np.uint8]
) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(lines.tobytes(), 0))
    return b"".join((SIGNATURE, header, *about, body, chunk(b"IEND", b"")))
