"""Pictures and profiles the tests of this room are made of."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from impasto.types import Picture

P3_TO_XYZ = ((0.5151, 0.2920, 0.1571), (0.2412, 0.6922, 0.0666), (-0.0011, 0.0419, 0.7841))
SRGB_TO_XYZ = ((0.43607, 0.38506, 0.14308), (0.2225, 0.71688, 0.06062), (0.01393, 0.0971, 0.71417))
ADOBE_TO_XYZ = ((0.60974, 0.20528, 0.14919), (0.31111, 0.62567, 0.06322), (0.01947, 0.06087, 0.74457))
SRGB_CURVE = (3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def noise(height: int, width: int, channels: int, seed: int = 0, top: int = 255) -> np.ndarray[Any, Any]:
    """Random integers: every value is as likely as any other."""
    kind = np.uint8 if top == 255 else np.uint16
    return np.random.default_rng(seed).integers(0, top + 1, (height, width, channels), dtype=kind)


def smooth(height: int, width: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Soft gradients, (H, W, 3) float32, which lossy formats keep well."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    planes = [x / width, y / height, 0.5 + 0.4 * np.sin((x + y + seed) / 9)]
    return np.stack(planes, axis=-1).astype(np.float32)


def picture(height: int, width: int, *, alpha: bool = False, bits: int = 8, seed: int = 0) -> Picture:
    """A random picture whose values are exact at ``bits``."""
    top = 255 if bits == 8 else 65535
    values = noise(height, width, 4, seed, top).astype(np.float32) / np.float32(top)
    return Picture(values[..., :3].copy(), values[..., 3].copy() if alpha else None, bits)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=kind, **options)
    return stream.getvalue()


def _curve(curve: float | Sequence[float]) -> bytes:
    if isinstance(curve, float):
        return b"curv" + bytes(4) + struct.pack(">IH", 1, round(curve * 256)) + bytes(2)
    if len(curve) > 8:
        values = [round(value * 65535) for value in curve]
        tag = b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)
        return tag + bytes(-len(tag) % 4)
    kind, *numbers = curve
    return (
        b"para" + bytes(4) + struct.pack(f">HH{len(numbers)}i", int(kind), 0, *(_fixed(n) for n in numbers))
    )


def _fixed(number: float) -> int:
    return round(number * 65536)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(_fixed(v) for v in values))


def _text(words: str) -> bytes:
    return (
        b"desc"
        + bytes(4)
        + struct.pack(">I", len(words) + 1)
        + words.encode()
        + bytes(1 + 4 + 4 + 2 + 1 + 67)
    )


def profile(
    matrix: Sequence[Sequence[float]] | None,
    curve: float | Sequence[float] = SRGB_CURVE,
    version: int = 0x04200000,
) -> bytes:
    """An ICC display profile: three primaries (columns of ``matrix``) and a curve, or a grey curve alone.

    ``curve``: a gamma, a parametric curve (type, then its numbers), or a table of over eight samples.
    """
    tags = {b"desc": _text("test"), b"cprt": _text("none"), b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    if matrix is None:
        tags[b"kTRC"] = _curve(curve)
    else:
        for index, name in enumerate((b"r", b"g", b"b")):
            tags[name + b"XYZ"] = _xyz([row[index] for row in matrix])
            tags[name + b"TRC"] = _curve(curve)
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    header[8:12] = struct.pack(">I", version)
    header[12:24] = b"mntr" + (b"GRAY" if matrix is None else b"RGB ") + b"XYZ "
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", *(_fixed(v) for v in (0.9642, 1.0, 0.8249)))
    return bytes(header) + table + body


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(samples: np.ndarray[Any, Any], extra: bytes = b"") -> bytes:
    """A 16-bit PNG by the letter of its specification: (H, W, 1 to 4) uint16, chunks in ``extra``."""
    height, width, channels = samples.shape
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def iccp(data: bytes) -> bytes:
    return chunk(b"iCCP", b"test\0\0" + zlib.compress(data))
