"""The picture formats that can be read and written.

When reading, the first bytes decide the format; when writing, the suffix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto import extras
from impasto.imaging import dpx, exr
from impasto.imaging.guard import picture_error


def _load_exr() -> None:
    exr.load_av()


def _load_dpx() -> None:
    dpx.load_av()


def _load_heic() -> None:
    extras.load("pillow_heif", "HEIC pictures need pillow-heif", "heic").register_heif_opener()


@dataclass(frozen=True)
class Format:
    """One file format.

    ``name``: its name in messages. ``codec``: Pillow's name, "" if Pillow does not know it. ``suffixes``:
    those of files that are written. ``media``: the media types that the studio accepts. ``aliases``: other
    suffixes of files that are read. ``longest_side``: the largest width and height it can hold. ``options``:
    Pillow's options for writing. ``load``: makes it readable and writable; raises MissingExtraError.
    """

    name: str
    codec: str
    suffixes: tuple[str, ...]
    media: tuple[str, ...]
    longest_side: int
    writable: bool = True
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)
    aliases: tuple[str, ...] = ()
    load: Callable[[], None] = field(default=lambda: None, compare=False)


# Without "optimize", whose buffer is too small for noise.
JPEG = Format(
    *("JPEG", "JPEG", (".jpg", ".jpeg"), ("image/jpeg",), 65_500),
    options={"subsampling": 0},
    aliases=(".jfif", ".jpe", ".jif", ".jfi", ".pjpeg", ".pjp"),
)
PNG = Format("PNG", "PNG", (".png",), ("image/png",), 2**31 - 1, aliases=(".apng",))
WEBP = Format("WebP", "WEBP", (".webp",), ("image/webp",), 16_383, options={"method": 4, "exact": True})
AVIF = Format("AVIF", "AVIF", (".avif",), ("image/avif",), 65_535, options={"subsampling": "4:4:4"})
TIFF = Format("TIFF", "TIFF", (".tif", ".tiff"), ("image/tiff",), 2**31 - 1)
BMP = Format("BMP", "BMP", (".bmp", ".dib"), ("image/bmp",), 2**31 - 1, writable=False)
GIF = Format("GIF", "GIF", (".gif",), ("image/gif",), 65_535, writable=False)
HEIC = Format(
    *("HEIC", "HEIF", (".heic", ".heif"), ("image/heic", "image/heif"), 16_384),
    options={"chroma": 444},
    aliases=(".hif",),
    load=_load_heic,
)

EXR = Format("OpenEXR", "", (exr.SUFFIX,), (), 32_766, load=_load_exr)
DPX = Format("DPX", "", (dpx.SUFFIX,), (), 32_766, load=_load_dpx)

READABLE = (JPEG, PNG, WEBP, AVIF, TIFF, GIF, BMP, HEIC, EXR, DPX)
READABLE_SUFFIXES: tuple[str, ...] = tuple(s for f in READABLE for s in (*f.suffixes, *f.aliases))
WRITABLE_SUFFIXES: tuple[str, ...] = tuple(s for f in READABLE if f.writable for s in f.suffixes)
"""The suffixes ``write`` accepts, in lower case."""
ANIMATIONS = (*GIF.suffixes, *WEBP.suffixes)
"""The suffixes of animations that are written."""

_EXPECTED = f"a {', '.join(f.name for f in READABLE[:-1])} or {READABLE[-1].name} picture"
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MARKS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (exr.MAGIC, EXR),
    *((mark, DPX) for mark in dpx.MAGICS),
    *((mark, TIFF) for mark in _TIFF_MARKS),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"<svg", "an SVG drawing"),
)
RAW_SUFFIXES = {".dng", ".nef", ".cr2", ".arw", ".orf", ".rw2", ".pef", ".srw", ".nrw", ".sr2"}


def sniff(path: Path, data: bytes) -> Format:
    """Return the format of a file's bytes, whatever its name says; Pillow can read it then.

    Raises:
        PictureError: the bytes are in no format that can be read, or are a camera's raw data.
        MissingExtraError: the format needs an extra that is not installed.
    """
    found = _recognise(data)
    if found is None:
        raise picture_error(path, _EXPECTED, f"the file holds {_describe(data)}")
    if found is TIFF and (path.suffix.lower() in RAW_SUFFIXES or data[8:10] == b"CR"):
        raise picture_error(path, _EXPECTED, "it is a camera's raw file, to be developed first")
    found.load()
    return found


def _recognise(data: bytes) -> Format | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        return _of_brands(data)
    return next((kind for mark, kind in _MARKS if data.startswith(mark)), None)


def _of_brands(data: bytes) -> Format | None:
    """Tell AVIF from HEIC by the brands in the file type box (ISO/IEC 14496-12, 4.3)."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[at : at + 4] for at in range(16, length, 4)}
    if brands & {b"avif", b"avis"}:
        return AVIF
    return HEIC if brands & _HEIC_BRANDS else None


def _describe(data: bytes) -> str:
    """Describe, in a few words, bytes that are in no known picture format."""
    for mark, words in _FOREIGN:
        if data.startswith(mark):
            return words
    if data[4:8] == b"ftyp":
        return "a video (MP4 or QuickTime)"
    head = data[:512]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as problem:
        if len(head) < 512 or problem.start < 508:
            return f"unknown data (it begins with {head[:8].hex(' ')})"
        text = head[: problem.start].decode("utf-8")
    if any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text):
        return f"unknown data (it begins with {head[:8].hex(' ')})"
    return "an SVG drawing" if "<svg" in text else "text"


def of_suffix(suffix: str) -> Format | None:
    """Return the format written under ``suffix`` (in any case), or None; Pillow can write it then.

    Raises MissingExtraError where that needs an extra that is not installed.
    """
    found = next((f for f in READABLE if f.writable and suffix.lower() in f.suffixes), None)
    if found is not None:
        found.load()
    return found
