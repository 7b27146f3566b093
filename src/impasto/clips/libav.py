"""PyAV, from the extra ``video``: imported only for videos, with its errors converted."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto import extras, files
from impasto.clips.joined_files import second_file


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError if it is not installed."""
    av = extras.load("av", "videos need PyAV", "video")
    _take_unknown_data()
    return av


@functools.cache
def _take_unknown_data() -> None:
    """Make PyAV accept side data of frames that only a newer FFmpeg knows: for unknown kinds, such as a
    camera's EXIF, it raises ValueError, and the rotation is lost too."""
    from av.sidedata.sidedata import Type

    def unknown(kind: Any, value: int) -> Any:
        found = object.__new__(kind)
        found._name_, found._value_ = f"UNKNOWN_{value}", value
        return found

    setattr(Type, "_missing_", classmethod(unknown))  # noqa: B010


def open_video(path: Path) -> Any:
    """Return the container in the file at ``path``, open for reading; raises PyAV's errors.

    Names such as ``12:30.mp4``, which libav would treat as an address, are opened as files. Of joined files,
    only the first is opened if libav would decode nonsense in the second. Compressed Flash films are
    decompressed here, because libav itself would lose their end.
    """
    av = load_av()
    if path.suffix.lower() == ".swf" and (film := _unpacked_flash(path)) is not None:
        return av.open(film, format="swf", metadata_errors=_TAGS)
    end = second_file(path)
    if end is not None:
        return av.open(f"subfile,,start,0,end,{end},,:file:{path}", metadata_errors=_TAGS)
    return av.open(f"file:{path}", metadata_errors=_TAGS)


_TAGS = "surrogateescape"
"""Tags are UTF-8; other bytes are preserved for ``readable``."""


def readable(text: str) -> str:
    """Return a tag of an open file as readable text: if it is not UTF-8, as from old programs, it is decoded
    as Windows-1252."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors=_TAGS).decode("cp1252", errors="replace")
    return text


def _unpacked_flash(path: Path) -> io.BytesIO | None:
    """Return a compressed Flash film decompressed; None for other files."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if head[:3] != b"CWS" or len(head) < 8:
            return None
        (length,) = struct.unpack_from("<I", head, 4)
        if length > _MOST_FLASH:
            raise ValueError(f"compressed Flash films of more than {_MOST_FLASH >> 20} MiB are not read")
        film = io.BytesIO()
        film.write(b"F" + head[1:])
        unpacked = zlib.decompressobj()
        with contextlib.suppress(zlib.error):  # keep what can be read of a damaged one
            while film.tell() < length and (part := stream.read(1 << 16)):
                film.write(unpacked.decompress(part, length - film.tell()))
    film.seek(0)
    return film


def file_of(container: Any) -> Path:
    """Return the file that ``open_video`` opened."""
    return Path(re.sub(r"^(subfile,[^:]*:)?file:", "", container.name))


def container_format(suffix: str) -> str:
    """Return FFmpeg's name of the container for a suffix."""
    own = {".mkv": "matroska", ".m4v": "mp4"}
    return own.get(suffix.lower(), suffix.lower().removeprefix("."))


_MOST_FLASH = 1 << 29
"""In bytes: a decompressed film is held in memory."""
_QUICK = 500
"""Frames a second above which MP4's edits, counted in milliseconds, are too coarse: decoders would drop
frames at the end."""


def timing_options(suffix: str, rate: Fraction) -> dict[str, str]:
    """Return the muxer's options for a video of ``rate`` frames a second."""
    if rate <= _QUICK or container_format(suffix) not in ("mp4", "mov"):
        return {}
    return {"movie_timescale": "1000000"}


@contextlib.contextmanager
def ordinary_priority() -> Iterator[None]:
    """Keep this process's threads at their original priority.

    When opened by root, SVT-AV1 makes its threads and the calling one real-time (SCHED_FIFO, priority 99),
    which would keep the processor from every other process on the machine.
    """
    tasks = Path("/proc/self/task")
    if not hasattr(os, "sched_setscheduler") or not tasks.exists():
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for task in tasks.iterdir():
            with contextlib.suppress(ProcessLookupError):
                if os.sched_getscheduler(int(task.name)) != before[0]:
                    os.sched_setscheduler(int(task.name), *before)


class VideoDraft(files.Draft):
    """A draft written by libav, whose errors also become the error that the file cannot be written."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        super().__exit__(kind, error, trace)
        if error is not None and isinstance(error, load_av().FFmpegError):
            raise files.cannot_write(self.path, error) from error
