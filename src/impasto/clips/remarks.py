"""Remarks on defects of a video file, found in its index: its end, holes, times; or errors for them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from impasto.clips.clip import Request
from impasto.clips.endings import is_whole_gif, unread_words
from impasto.clips.holes import REORDERED
from impasto.clips.index import VideoIndex
from impasto.errors import InputError


def remarks_on(path: Path, index: VideoIndex, request: Request, *, is_gif: bool) -> list[str]:
    """Return remarks on defects of the file at ``path`` in the requested part. Raises InputError for damage
    if ``request`` refuses it."""
    return [
        *_end(path, index, request),
        *_holes(path, index, request),
        *_rest(path, index, request, is_gif),
        *_times(index, request),
    ]


def begin_of(index: VideoIndex) -> Fraction:
    """Return the time of the first picture, in seconds."""
    return (index.times[0] if index.times else 0) * index.time_base


def span_of(index: VideoIndex, request: Request) -> tuple[int | None, int | None]:
    """Return the times of the first requested picture and of the first one after the part, as far as
    requested."""

    def ticks(seconds: Fraction | None) -> int | None:
        if seconds is None:
            return None
        return -int(-(seconds + begin_of(index)) / index.time_base // 1)  # the first tick at or after it

    return ticks(request.start), ticks(request.end)


def _end(path: Path, index: VideoIndex, request: Request) -> list[str]:
    """Return a remark on a file that ends earlier than it states, or raise InputError."""
    there, missing, end = len(index.times), index.missing, request.end
    if not missing or (end is not None and end <= there / index.rate):
        return []
    late = float(missing / index.rate)
    words = f"the clip ends {late:.1f} s early: {there} of {there + missing} frames"
    if request.damage == "refuse":
        raise InputError(f"{path}: {words}")
    return [words]


def _rest(path: Path, index: VideoIndex, request: Request, is_gif: bool) -> list[str]:
    """Return a remark on a file that continues after the readable part, or is truncated; or raise
    InputError."""
    there, end = len(index.times), request.end
    if end is not None and end <= (there - REORDERED) / index.rate:
        return []
    if index.unread:
        words = unread_words(index.unread)
    elif (index.broken and not index.missing) or (is_gif and not is_whole_gif(path)):
        words = "the file breaks off: the last frames may be missing"
    else:
        return []
    if request.damage == "refuse":
        raise InputError(f"{path}: {words}")
    return [words]


def _holes(path: Path, index: VideoIndex, request: Request) -> list[str]:
    """Return remarks on holes in the middle of the file, or raise InputError."""
    low, high = span_of(index, request)
    found = [
        hole
        for hole in index.holes
        if (low is None or hole.end > low) and (high is None or hole.begin < high)
    ]
    if not found:
        return []
    seconds = [f"{float(hole.begin * index.time_base - begin_of(index)):.3f} s" for hole in found]
    lost = sum(hole.frames for hole in found)
    where = "the file has a hole" if len(found) == 1 else f"the file has {len(found)} holes"
    words = f"{where} at {seconds[0]}" + ("" if len(found) == 1 else " and later")
    if lost:
        words += ": 1 frame is missing" if lost == 1 else f": {lost} frames are missing"
    if request.damage == "refuse":
        raise InputError(f"{path}: {words}")
    return [f"{words}; others there may be damaged" if lost else f"{words}: frames may be damaged"]


def _times(index: VideoIndex, request: Request) -> list[str]:
    """Return remarks on times that were damaged, or that skip something."""
    low, high = span_of(index, request)

    def inside(time: int) -> bool:
        return (low is None or time >= low) and (high is None or time < high)

    found = [(time, ahead) for time, ahead in index.jumps if inside(time)]
    jumps = []
    if found:
        time, ahead = found[0]
        more = f" and {len(found) - 1} times later" if len(found) > 1 else ""
        jumps = [
            f"the file's clock jumps ahead by {float(ahead):.0f} s at "
            f"{float(time * index.time_base - begin_of(index)):.3f} s{more}: the film continues without that "
            "part, which is missing, unless recordings were joined there"
        ]
    wrong = [time for time in index.strays if inside(time)]
    if not wrong:
        return jumps
    seconds = float(wrong[0] * index.time_base - begin_of(index))
    if len(wrong) == 1:
        what = "the time of 1 frame was damaged: it is"
    else:
        what = f"the times of {len(wrong)} frames were damaged: the first of them is"
    return [*jumps, f"{what} shown at {seconds:.3f} s, between its neighbours"]
