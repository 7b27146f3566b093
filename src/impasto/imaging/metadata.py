"""The parameters a picture was painted with, kept inside its file as JSON.

PNG has a text chunk "impasto" for them, OpenEXR a text attribute, DPX its user's data; JPEG, WebP, AVIF and
HEIC hold them in the EXIF user comment, TIFF in the image description, both as ``{"impasto": ...}``.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from impasto.errors import OptionError
from impasto.files.json_text import parse_json
from impasto.imaging import dpx, exr, formats
from impasto.imaging.guard import decoding, load, picture_error
from impasto.imaging.png_chunks import SIGNATURE, chunk
from impasto.imaging.repairs import repaired_png
from impasto.types import PhotoMetadata

KEY = "impasto"
_DESCRIPTION, _EXIF_FOLDER, _USER_COMMENT = 0x010E, 0x8769, 0x9286
_BARE = (formats.PNG, formats.EXR, formats.DPX)
"""Formats with a place for the JSON alone."""
_INCHES = 39.37007874
"""Inches in a metre."""
_ASCII = b"ASCII\0\0\0"


def to_json(parameters: Mapping[str, object]) -> str:
    """Return ``parameters`` as JSON of ASCII characters.

    Raises:
        OptionError: they hold something JSON cannot.
    """
    try:
        return json.dumps(dict(parameters), ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as problem:
        raise OptionError(
            "parameters: expected text, numbers, true, false, null, and lists and mappings of them, but"
            f" JSON cannot hold them ({problem})"
        ) from problem


def comment(text: str) -> bytes:
    """Return the user comment of EXIF that holds JSON ``text`` (Exif 2.32, 4.6.5, UserComment)."""
    return _ASCII + _wrapped(text).encode("ascii")


def tiff_description(text: str) -> str:
    """Return the image description of a TIFF for JSON ``text``."""
    return _wrapped(text)


def _wrapped(text: str) -> str:
    return f'{{"{KEY}": {text}}}'


def png_profile(profile: bytes, name: str = "sRGB") -> bytes:
    """Return an iCCP chunk holding an ICC ``profile`` (PNG, third edition, 11.3.2.3)."""
    return chunk(b"iCCP", name.encode("latin-1") + b"\0\0" + zlib.compress(profile, 9))


def png_text(text: str) -> bytes:
    """Return an uncompressed iTXt chunk holding ``text`` under the key "impasto" (11.3.3.4)."""
    return chunk(b"iTXt", KEY.encode("ascii") + b"\0\0\0\0\0" + text.encode("utf-8"))


def png_about(about: PhotoMetadata, packet: bytes | None, exif: bytes | None) -> bytes:
    """Return the chunks of a photograph's metadata: pHYs (11.3.4.3), eXIf (11.3.4.5), and XMP in iTXt."""
    found = b""
    if about.resolution is not None:
        across, down = (round(side * _INCHES) for side in about.resolution)
        found += chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if exif is not None:
        found += chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    if packet is not None:
        found += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
    return found


def insert_png_chunks(png: bytes, chunks: bytes) -> bytes:
    """Put whole ``chunks`` right behind the header of an encoded PNG, before any pixel.

    Raises:
        ValueError: ``png`` does not begin as a PNG does.
    """
    if png[:8] != SIGNATURE or png[12:16] != b"IHDR":
        raise ValueError(f"expected an encoded PNG, but it begins with {png[:16].hex(' ')}")
    return png[:33] + chunks + png[33:]


def read_parameters(path: str | os.PathLike[str]) -> dict[str, object] | None:
    """Return the parameters ``write`` stored in a picture's file, or None.

    Opens the file without decoding its pixels.

    Raises:
        PictureError: the file cannot be read as a picture, or what is stored is not JSON.
        MissingExtraError: it is HEIC or OpenEXR, and the extra that reads it is not installed.
    """
    place = Path(path)
    data = load(place)
    kind = formats.sniff(place, data)
    with decoding(place, kind.name):
        text = _stored(repaired_png(data) if kind is formats.PNG else data, kind)
    if text is None:
        return None
    try:
        found = parse_json(text)
    except ValueError as problem:
        if kind not in _BARE and not text.lstrip().startswith(f'{{"{KEY}"'):
            return None  # another program's comment
        raise picture_error(place, "parameters stored as JSON", f"they are damaged ({problem})") from problem
    if kind not in _BARE:
        found = found.get(KEY) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _stored(data: bytes, kind: formats.Format) -> str | None:
    """Return the text in the place where ``write`` puts parameters, by any program."""
    if kind is formats.TIFF:
        return _tiff_text(data)
    if kind is formats.EXR:
        return exr.read_text(data, KEY)
    if kind is formats.DPX:
        return dpx.read_text(data)
    with Image.open(io.BytesIO(data), formats=[kind.codec]) as image:
        if kind is formats.PNG:
            text = image.info.get(KEY)
            return str(text) if text is not None else None
        comment = image.getexif().get_ifd(_EXIF_FOLDER).get(_USER_COMMENT)
    if isinstance(comment, bytes) and comment.startswith(_ASCII):
        return comment[len(_ASCII) :].decode("ascii", "replace").rstrip("\0 ")
    return None


def _tiff_text(data: bytes) -> str | None:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page: Any = file.pages.first
        text = page.tags.valueof(_DESCRIPTION)
    return text if isinstance(text, str) else None
