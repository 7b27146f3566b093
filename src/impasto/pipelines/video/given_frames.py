"""Frames in memory, read one by one and stored losslessly as the clip of a film."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from impasto import imaging
from impasto.clips.codecs import CODECS, VIDEO_SUFFIXES, VideoOutput, exact_rate, find_target
from impasto.clips.writer import SegmentWriter, check_encoder
from impasto.errors import InputError, OptionError, PictureError
from impasto.imaging.guard import warn
from impasto.imaging.inputs import PictureLike, kind_of, load_picture
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.options import FilmOptions
from impasto.progress import Cancel
from impasto.types import Picture

Rate = int | float | str | Fraction
"""Frames a second, exactly: 24, 29.97 (2997/100) or "30000/1001"."""


def check_frames(frames: object) -> None:
    """Raise InputError if ``frames`` are not frames; a picture or a path is iterable too."""
    shape = f"an array of shape {frames.shape}" if isinstance(frames, np.ndarray) else kind_of(frames)
    if isinstance(frames, (str, os.PathLike)):
        raise InputError(f"expected frames, such as arrays; got a path, which impasto.video takes: {frames}")
    single = isinstance(frames, np.ndarray) and frames.ndim != 4
    if single or isinstance(frames, (bytes, bytearray, memoryview)) or not isinstance(frames, Iterable):
        raise InputError(f"expected frames: pictures, or an array of shape (N, H, W, 3); got {shape}")


def read_pictures(frames: Iterable[PictureLike]) -> Iterator[tuple[PictureLike, Picture]]:
    """Yield each of ``frames`` unchanged, and as a picture.

    Raises PictureError for a frame that cannot be read, and InputError if its size differs from the first
    one's.
    """
    own: tuple[int, int] | None = None
    for number, source in enumerate(frames):
        try:
            picture = load_picture(source)
        except PictureError as error:
            raise PictureError(f"frame {number}: {error}") from error
        size = picture.width, picture.height
        own = own or size
        if own != size:
            raise InputError(
                f"frame {number}: expected {own[0]} x {own[1]} pixels, as the first; got {size[0]} x "
                f"{size[1]}"
            )
        yield source, picture


def check_rate(rate: Rate | None) -> Fraction:
    """Return the rate of frames in memory. Raises OptionError if it is missing or invalid."""
    if rate is None:
        raise OptionError("missing option: fps, the frames per second of frames in memory, such as fps=25")
    return exact_rate(rate, "fps")


@contextlib.contextmanager
def stored_frames(
    frames: Iterable[PictureLike], rate: Fraction, output: Path, film: FilmOptions, cancel: Cancel
) -> Iterator[Path | None]:
    """Yield the path of a lossless video of ``frames``, which exists until the block ends; None if ``cancel``
    returns True before all are read.

    It is beside the film's own folder. The same frames give the same file, so that a film can be resumed.
    Raises InputError and OutputError.
    """
    target = find_target(output, film.bits or 8, codec=film.codec, quality=film.quality)
    if target.kind != "frames":
        imaging.check_writable(output, suffixes=VIDEO_SUFFIXES)
    store = FilmFolder.of(output).frames
    with store.alone():
        path = store.path / "frames.avi"
        try:
            yield path if _store(frames, rate, path, cancel) else None
        finally:
            path.unlink(missing_ok=True)


def _store(frames: Iterable[PictureLike], rate: Fraction, path: Path, cancel: Cancel) -> bool:
    """Write ``frames`` to ``path``, with alpha and bit depth as the first one requires.

    Returns False if ``cancel`` returns True.
    """
    writer: SegmentWriter | None = None
    told = False
    try:
        for number, (source, picture) in enumerate(read_pictures(frames)):
            if cancel():
                return False
            bits, alpha = _bits(source, picture), picture.alpha is not None
            if writer is None:
                size = picture.width, picture.height
                target = VideoOutput(
                    path, "file", CODECS["ffv1"], bits, alpha=alpha or _may_have_alpha(source)
                )
                check_encoder(target, *size, rate)
                writer = SegmentWriter(path, target, *size, rate)
            if picture.headroom is not None and picture.headroom.any() and not told:
                told = True
                warn(
                    "highlights brighter than white were compressed in frames given one by one; a folder of "
                    "the files or a pattern of their names keeps them"
                )
            target = writer.target
            if alpha and not target.alpha:
                raise InputError(f"frame {number}: expected no transparency, as the first; got some")
            if bits > target.bits:
                raise InputError(f"frame {number}: expected 8 bits a channel, as the first; got more")
            writer.write(picture.pixels, number, picture.alpha)
        if writer is None:
            raise InputError("expected frames; got none")
        writer.close()
        writer = None
        return True
    finally:
        if writer is not None:
            writer.discard()


def _bits(source: PictureLike, picture: Picture) -> int:
    """Return the bits per channel with which to store a frame: 16 for arrays of floats, which hold more than
    8."""
    array: Any = source
    return 16 if isinstance(source, np.ndarray) and array.dtype.kind == "f" else picture.bits


def _may_have_alpha(source: PictureLike) -> bool:
    """Return True if an opaque frame may be followed by a transparent one."""
    if isinstance(source, np.ndarray):
        return source.ndim == 3 and source.shape[2] == 4
    return isinstance(source, Image.Image) and source.has_transparency_data
