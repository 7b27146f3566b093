"""The one place where decoders run; it converts their errors, warnings and limits into Impasto's."""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from impasto.errors import ImpastoError, PictureError
from impasto.files import reason_of
from impasto.files.local import INVALID
from impasto.imaging.read_options import ReadOptions


class ImagingWarning(UserWarning):
    """A picture was read, but something in its file had to be ignored; the message says what."""


def warn(text: str) -> None:
    """Issue an ImagingWarning about something that was ignored."""
    warnings.warn(text, ImagingWarning, stacklevel=3)


def note_darkness(values: NDArray[np.float32], bits: int) -> None:
    """Warn if 16-bit ``values`` seem to be 8-bit ones."""
    if bits == 16 and values.size and 0 < values.max() < 256 / 65535:
        warn(
            "its 16-bit values end at 255 of 65535 or below, which is nearly black; those from 0 to 255 are "
            "expected as uint8, or in mode L"
        )


MOST_TEXT = 16 << 20
"""Bytes of a compressed text or profile that Pillow reads; ``repairs`` removes larger ones."""

_TAG = re.compile(r"<tifffile\.TiffTag (\d+)")

_decoders = threading.RLock()
"""Pillow's pixel limit and Python's warning filters are global, so one picture is decoded at a time."""


def picture_error(path: Path, expected: str, actual: str) -> PictureError:
    """Return a one-sentence error about the picture at ``path``."""
    return PictureError(f"{path}: expected {expected}, but {actual}.")


def load(path: Path) -> bytes:
    """Return the bytes of the picture file at ``path``.

    Raises:
        PictureError: there is no such file, it is a folder or a device, it is empty, or it may not
            be read.
    """
    expected = "a picture file"
    try:
        if path.is_dir():
            raise picture_error(path, expected, "it is a folder")
        if path.exists() and not path.is_file():
            raise picture_error(path, expected, "it is not a regular file")
        data = path.read_bytes()
    except FileNotFoundError as problem:
        raise picture_error(path, expected, "there is no such file") from problem
    except PermissionError as problem:
        raise picture_error(path, "a readable picture file", "permission is denied") from problem
    except PictureError:
        raise
    except (OSError, ValueError) as problem:  # ValueError: a zero byte in the name
        raise picture_error(path, expected, f"it cannot be opened ({reason_of(problem)})") from problem
    if not data:
        raise picture_error(path, expected, "the file is empty")
    return data


def read_beginning(path: Path, length: int) -> bytes:
    """Return the first ``length`` bytes of the file at ``path``, or fewer if it is shorter.

    Raises PictureError.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(length)
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {reason_of(error)}") from error


def check_size(path: Path, width: int, height: int, reading: ReadOptions) -> None:
    """Raise PictureError when a picture of this size holds no pixel, or more than ``reading`` allows."""
    if width < 1 or height < 1:
        raise picture_error(path, "at least one pixel", f"the picture is {width} x {height}")
    if expected := reading.refuses(width, height):
        actual = f"the picture has {width} x {height} = {width * height:,} (--max-pixels raises the limit)"
        raise picture_error(path, expected, actual)


@contextmanager
def decoding(path: Path, kind: str) -> Iterator[None]:
    """Run decoders of a file of ``kind`` inside this block.

    A decoder's exceptions become PictureErrors and its warnings ImagingWarnings. Pillow's own pixel limit is
    lifted, because ``check_size`` applies ours.

    Raises:
        PictureError: the file is damaged, cut short, or of a variety that cannot be decoded.
    """
    with _decoders:
        limit = Image.MAX_IMAGE_PIXELS
        longest = PngImagePlugin.MAX_TEXT_CHUNK
        Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = None, MOST_TEXT
        try:
            with warnings.catch_warnings(record=True) as caught, _listening() as logged:
                warnings.simplefilter("always")
                yield
        except ImpastoError:
            raise
        except MemoryError as problem:
            raise picture_error(path, f"a picture ({kind}) that fits into memory", "it does not") from problem
        except Exception as problem:  # a decoder given damaged data may raise anything
            is_header = isinstance(problem, UnidentifiedImageError)
            reason = "its header is invalid" if is_header else reason_of(problem).rstrip(".")
            actual = "its data is damaged, cut short or of an unknown variety"
            actual += "" if reason == INVALID else f" ({reason})"
            raise picture_error(path, f"a complete {kind} picture", actual) from problem
        finally:
            Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK = limit, longest
    _pass_on(path, caught, logged)


class _Listener(logging.Handler):
    """Collects messages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        words = " ".join(record.getMessage().split())
        tag = _TAG.search(words)
        self.heard.append(f"its TIFF tag {tag[1]} cannot be read" if tag else words)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what tifffile would log, which by default is printed."""
    logger, listener = logging.getLogger("tifffile"), _Listener()
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield listener.heard
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated


def _pass_on(path: Path, caught: list[warnings.WarningMessage], logged: list[str]) -> None:
    """Repeat the decoders' warnings, each once, as ImagingWarning."""
    heard = dict.fromkeys(logged)
    for item in caught:
        if issubclass(item.category, (UserWarning, RuntimeWarning)):
            heard[" ".join(str(item.message).split())] = None
    for text in heard:
        warnings.warn(f"{path}: {text}", ImagingWarning, stacklevel=6)
