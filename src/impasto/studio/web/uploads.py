"""Uploads: checked before decoding, and stored as pixels without metadata."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from impasto import files, imaging
from impasto.errors import MissingExtraError, PictureError
from impasto.imaging import formats
from impasto.imaging.guard import ImagingWarning, decoding
from impasto.imaging.read_options import ReadOptions
from impasto.imaging.repairs import repaired_png
from impasto.inference.options import MINIMUM_SIDE
from impasto.studio.state import RefusalError
from impasto.studio.thumbnails import SMALL_SIDE, as_image, as_jpeg, thumbnail
from impasto.studio.web.blocks import check_jpeg, check_png
from impasto.studio.web.frame_count import gif_frames, has_more_frames
from impasto.types import Picture

Role = Literal["photo", "painting", "mask"]


@dataclass(frozen=True)
class StoredUpload:
    """A stored upload: its upright size, the bytes of its files, and what its reader left out or assumed."""

    width: int
    height: int
    bytes: int
    notes: tuple[str, ...] = ()


def check_upload(source: Path, *, reading: ReadOptions, max_frames: int) -> int:
    """Return the number of pixels that the header of the upload at ``source`` states, without decoding it.

    The format is detected from the contents. Raises RefusalError if it exceeds the limits or is no picture.
    """
    with _refusing():
        return _check_header(source, reading, max_frames)


def store_upload(
    source: Path, role: Role, target: Path, small: Path, *, reading: ReadOptions
) -> StoredUpload:
    """Decode a checked upload at ``source`` and store it at ``target`` as PNG, with a ``small`` copy.

    Call this and ``check_upload`` in a separate process: libraries that read pictures may crash, and warnings
    are global to the process. Raises RefusalError.
    """
    with _refusing("mask" if role == "mask" else "picture"), _noting(source) as notes:
        if role == "mask":
            plane = imaging.read_mask(source, reading)
            picture = Picture(np.repeat(plane[..., None], 3, axis=2))
        else:
            picture = imaging.read(source, reading)
    if min(picture.width, picture.height) < MINIMUM_SIDE:
        raise RefusalError(
            "unsuitable",
            f"expected at least {MINIMUM_SIDE} pixels a side; got {picture.width} x {picture.height}",
        )
    _write(picture, role, target)
    files.replace(small, thumbnail(picture, SMALL_SIDE, role == "mask"))
    size = target.stat().st_size + small.stat().st_size
    return StoredUpload(picture.width, picture.height, size, tuple(dict.fromkeys(notes)))


@contextmanager
def _refusing(what: str = "picture") -> Iterator[None]:
    """Convert errors of reading a picture or a mask into RefusalError."""
    try:
        yield
    except MissingExtraError as error:
        raise RefusalError("not-a-picture", f"this server cannot read the picture: {error}") from error
    except PictureError as error:
        kind = "unsuitable" if what == "mask" and "mask" in str(error.expected) else "not-a-picture"
        raise RefusalError(kind, f"expected {error.expected}; {error.actual}") from error


def load_readers() -> None:
    """Import what reads pictures: this module, in a process that reads none yet."""


@contextmanager
def _noting(source: Path) -> Iterator[list[str]]:
    """Collect the warnings about the file at ``source`` while it is read, without its path, in the yielded
    list."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ImagingWarning)
        yield notes
    texts = (str(each.message) for each in caught if issubclass(each.category, ImagingWarning))
    notes += (text.removeprefix(f"{source}: ").replace(str(source), "the file") for text in texts)


def _check_header(source: Path, reading: ReadOptions, max_frames: int) -> int:
    """Return the pixels that a header states. Raises RefusalError for one that exceeds the limits."""
    if not (data := source.read_bytes()):
        raise RefusalError("not-a-picture", "expected a picture file, but the file is empty")
    kind = formats.sniff(source, data)
    if not kind.media:
        raise RefusalError(
            "not-a-picture", f"expected a picture format that browsers support; got {kind.name}"
        )
    if kind.codec == "GIF":  # before Pillow reads its blocks one by one
        _check_gif(data, max_frames)
    _check_blocks(kind, data)
    data = repaired_png(data) if kind is formats.PNG else data
    with decoding(source, kind.name), Image.open(io.BytesIO(data), formats=[kind.codec]) as image:
        width, height = image.size
        expected = reading.refuses(width, height)
        is_too_long = not expected and kind.codec != "GIF" and has_more_frames(image, max_frames)
    if expected:
        size = f"{width} x {height} = {width * height:,}"
        raise RefusalError("too-many-pixels", f"expected {expected}; got {size}")
    if is_too_long:
        raise _too_many_frames(max_frames)
    return int(width * height)


def _check_gif(data: bytes, max_frames: int) -> None:
    try:
        is_too_long = gif_frames(data, max_frames + 1) > max_frames
    except ValueError as error:
        raise RefusalError("not-a-picture", f"expected a well-formed GIF; {error}") from error
    if is_too_long:
        raise _too_many_frames(max_frames)


def _check_blocks(kind: formats.Format, data: bytes) -> None:
    check = {formats.PNG.name: check_png, formats.JPEG.name: check_jpeg}.get(kind.name)
    try:
        if check is not None:
            check(data)
    except ValueError as error:
        raise RefusalError("not-a-picture", f"expected a well-formed {kind.name}; {error}") from error


def _too_many_frames(most: int) -> RefusalError:
    return RefusalError("too-long", f"expected at most {most:,} frames; got more")


def _write(picture: Picture, role: Role, target: Path) -> None:
    if picture.bits == 16:
        imaging.write(replace(picture, metadata=None), target)
        return
    stream = io.BytesIO()
    # Lightly compressed, because this copy is read more often than sent.
    as_image(picture, role == "mask").save(stream, format="PNG", compress_level=1)
    files.replace(target, stream.getvalue())


def copy_of(path: Path, small: Path, side: int, *, is_mask: bool) -> tuple[bytes, str]:
    """Return a copy of a stored upload whose long side is at most ``side``: its bytes and media type."""
    source = small if side <= SMALL_SIDE and not is_mask else path
    with Image.open(source) as opened:
        opened.load()
        image: Image.Image = opened
        if image.mode.startswith("I"):  # Pillow's mode for 16 bits of one channel
            image = image.point(lambda value: value / 257).convert("L")
        image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
        if is_mask:
            stream = io.BytesIO()
            image.save(stream, format="PNG")
            return stream.getvalue(), "image/png"
        return as_jpeg(image), "image/jpeg"


def display_name(name: str | None, most: int = 200) -> str:
    """Return a name to display: the last part of a path, without control characters, or "picture"."""
    last = re.split(r"[/\\]", name or "")[-1]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip()
    return shown[:most] or "picture"
