"""PyAV, from the extra ``video``: imported only for videos, with its errors converted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto import extras, files


def load_av() -> Any:
    """Return the module ``av``. Raises MissingExtraError where it is not installed."""
    return extras.load("av", "videos need PyAV", "video")


def open_video(path: Path) -> Any:
    """Return the container in the file at ``path``, open for reading; raises PyAV's errors.

    libav would take a name such as ``12:30.mp4`` for an address.
    """
    return load_av().open(f"file:{path}")


def container_format(suffix: str) -> str:
    """Return FFmpeg's name of the container a suffix stands for."""
    own = {".mkv": "matroska", ".m4v": "mp4"}
    return own.get(suffix.lower(), suffix.lower().removeprefix("."))


_QUICK = 500
"""Frames a second, above which the milliseconds in which MP4 counts its edits are too coarse: decoders would
leave out frames at the end."""


def timing_options(suffix: str, rate: Fraction) -> dict[str, str]:
    """Return the muxer's options for a video of ``rate`` frames a second."""
    if rate <= _QUICK or container_format(suffix) not in ("mp4", "mov"):
        return {}
    return {"movie_timescale": "1000000"}


@contextlib.contextmanager
def ordinary_priority() -> Iterator[None]:
    """Leave this process's threads at the priority that they had.

    SVT-AV1, opened by root, makes its threads and the one that opens it real-time (SCHED_FIFO, priority 99):
    they would keep the processor from every other process on the machine.
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
    """A draft whose writer is libav: its errors, too, say that the file cannot be written."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        super().__exit__(kind, error, trace)
        if error is not None and isinstance(error, load_av().FFmpegError):
            raise files.cannot_write(self.path, error) from error
