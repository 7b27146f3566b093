"""The search for cuts in a whole clip, section by section on all cores."""

from __future__ import annotations

import dataclasses
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from impasto.clips import Clip, Request, open_clip
from impasto.clips.flow import motion, warp
from impasto.clips.reader import VideoFile
from impasto.clips.scenes import is_cut, is_like
from impasto.jobs.machine import cores
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.output import clip_request
from impasto.types import Pixels

SIDE = 256
"""The long side, in pixels, at which cuts are detected."""
SECTION = 600
"""Frames in a section: enough that seeking its first frame costs little. Independent of the number of cores,
so that every machine finds the same cuts."""
FLASH = 3
"""The longest flash, in frames: if the earlier scene continues after so few others, there is no cut."""
_LEAD = FLASH + 1
"""Frames read before a section, to compare with after a flash that extends into it."""
_MOST_THREADS = 8
"""Each thread holds a decoder and some frames at full size."""


class FoundCuts(NamedTuple):
    """The times of a clip's frames, in units of its time base since the first one, the numbers of the frames
    at which shots begin, and the flashes within shots: their first frames, and those that follow them."""

    ticks: list[int]
    cuts: list[int]
    flashes: list[tuple[int, int]]


@dataclass(frozen=True)
class _Section:
    """The frames of a clip at the ``ticks`` of its own clock, as ``request`` reads them; the first ``lead``
    of them belong to the section before."""

    ticks: tuple[int, ...]
    request: Request
    lead: int


@dataclass(frozen=True)
class _Seen:
    """A frame compared with earlier ones. ``begins``: it is unlike the last one. ``ends``: the lengths, up to
    FLASH, of flashes that would end before it, so that the scene before the flash continues with it."""

    begins: bool
    ends: frozenset[int]


@dataclass(frozen=True)
class _Scan:
    """The ``ticks`` of each frame on the clip's own clock, the comparison of each with earlier ones
    (``seen``), and whether all could be decoded (``sound``)."""

    ticks: list[int]
    seen: list[_Seen]
    sound: bool


def find_cuts(
    source: Path, film: FilmOptions, stop: Callable[[], bool], section: int = SECTION
) -> FoundCuts | None:
    """Return the times of the clip's frames, and the numbers of the frames at which shots begin.

    Video files are searched in sections of ``section`` frames, several at once; if these do not yield the
    frames that the container lists, as in damaged files, the file is searched again from beginning to end.
    Returns None if ``stop`` returns True. Raises InputError.
    """
    request = clip_request(film)
    own = open_clip(source, request).info
    request = dataclasses.replace(request, size=min(SIDE, max(own.width, own.height)))
    clip = open_clip(source, request)
    sections = _sections(clip, request, section)
    found = _by_sections(source, sections, stop) if len(sections) > 1 else None
    if found is None and not stop():
        found = _scan(clip, stop)
    if found is None:
        return None
    return FoundCuts([ticks - found.ticks[0] for ticks in found.ticks], *_shots(found.seen))


def _shots(seen: list[_Seen]) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the frames at which shots begin, and the flashes within shots."""
    cuts: list[int] = []
    flashes: list[tuple[int, int]] = []
    newest = -1  # the last cut, as long as it may be the beginning of a flash
    for number, frame in enumerate(seen):
        if newest >= 0 and number - newest in frame.ends:
            flashes.append((cuts.pop(), number))
            newest = -1
        elif frame.begins:
            cuts.append(number)
            newest = number
    return cuts, flashes


def _sections(clip: Clip, request: Request, length: int) -> list[_Section]:
    """Return the clip's frames in sections; none if their times are not known beforehand."""
    if not isinstance(clip, VideoFile) or clip.index.ordered:
        return []
    unit = clip.info.time_base
    # In ticks: requested times count from the file's first frame.
    begin, first = clip.info.begin / unit, clip.info.origin / unit
    known = clip.index.times[bisect_left(clip.index.times, first) :]
    if request.end is not None:
        known = known[: bisect_left(known, begin + request.end / unit)]
    edges = [*range(0, len(known) - length // 2, length), len(known)]
    found = []
    for low, high in pairwise(edges):
        lead = min(low, _LEAD)
        ticks = known[low - lead : high]
        end = request.end if high == len(known) else (known[high] - begin) * unit
        wanted = dataclasses.replace(request, start=(ticks[0] - begin) * unit, end=end)
        found.append(_Section(ticks, wanted, lead))
    return found


def _by_sections(source: Path, sections: list[_Section], stop: Callable[[], bool]) -> _Scan | None:
    """Return all sections as one; None if ``stop`` returns True or a section differs from the container."""
    failed = threading.Event()

    def scan(section: _Section) -> _Scan | None:
        try:
            clip = open_clip(source, section.request)
            found = _scan(clip, lambda: failed.is_set() or stop())
        except BaseException:
            failed.set()
            raise
        if found is None or not found.sound or tuple(found.ticks) != section.ticks:
            failed.set()
            return None
        return found

    with ThreadPoolExecutor(min(cores(), _MOST_THREADS, len(sections)), "cuts") as pool:
        scans = list(pool.map(scan, sections))
    whole = _Scan([], [], True)
    for section, found in zip(sections, scans, strict=True):
        if found is None:
            return None
        whole.ticks.extend(found.ticks[section.lead :])
        whole.seen.extend(found.seen[section.lead :])
    return whole


def _scan(clip: Clip, stop: Callable[[], bool]) -> _Scan | None:
    """Compare each frame of a clip with earlier ones; return None if ``stop`` returns True.

    The comparison depends only on a frame and the _LEAD ones before it, so it is the same in every section.
    """
    first = int(clip.info.origin / clip.info.time_base)
    found = _Scan([], [], True)
    sound = True
    lead: deque[Pixels] = deque(maxlen=_LEAD)
    for frame in clip.frames():
        if stop():
            return None
        begins = bool(lead) and _begins_scene(frame.pixels, lead[-1])
        lengths = range(1, min(FLASH, len(lead) - 1) + 1)
        ends = (
            length
            for length in lengths
            if found.seen[-length].begins and _goes_on(frame.pixels, lead[-length - 1], begins=begins)
        )
        found.seen.append(_Seen(begins, frozenset(ends)))
        found.ticks.append(first + frame.ticks)
        sound = sound and not frame.concealed
        lead.append(frame.pixels)
    return dataclasses.replace(found, sound=sound)


def _goes_on(frame: Pixels, before: Pixels, *, begins: bool) -> bool:
    """Return True if the scene ``before`` a cut continues with ``frame`` after a flash.

    ``begins``: the frame is unlike the last one. Otherwise only an equal picture counts, because a scene near
    the limits of a cut may fall within them once.
    """
    return is_like(frame, before) or (begins and not _begins_scene(frame, before))


def _begins_scene(frame: Pixels, last: Pixels) -> bool:
    """Return True if a scene begins between two frames; the flow is computed only if they differ."""
    if np.array_equal(frame, last) or is_like(frame, last):
        return False
    found = motion(frame, last)
    return is_cut(frame, warp(last, found.flow), found)
