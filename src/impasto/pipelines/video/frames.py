"""The frames of a part of a film, read from its clip."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

from impasto.clips import Clip, Frame, Request, open_clip
from impasto.errors import InputError
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.plan import FilmPlan, Part

_BEFORE = 8
"""Frames read before the first one to paint, in case that is damaged and repeats the last good one."""


def part_frames(plan: FilmPlan, clip: Clip, part: Part, notes: list[str], skip: int) -> Iterator[Frame]:
    """Yield the frames of ``part`` after the first ``skip``, numbered as in ``clip`` as a whole.

    Damage is added to ``notes``. Raises InputError.
    """
    known = list(notes)
    own = (clip, clip.frames(skip)) if not plan.ticks else _span(plan, clip, part.begin + skip, part.end)
    source, frames = own
    for frame in frames:
        notes[:] = [*known, *source.notes]
        yield frame
    notes[:] = [*known, *source.notes]


def frames_between(plan: FilmPlan, clip: Clip, first: int, last: int) -> Iterator[Frame]:
    """Yield the frames from number ``first`` to ``last`` (exclusive) of a clip that was scanned.

    Raises InputError.
    """
    return _span(plan, clip, first, last)[1]


def first_time(clip: Clip, film: FilmOptions) -> Fraction:
    """Return the time of the first frame in seconds from the beginning of the clip."""
    if _is_file(clip):
        return clip.info.origin - clip.info.begin
    return Fraction(-(-(film.start or 0) * film.rate // 1)) / film.rate  # pictures have no times


def _is_file(clip: Clip) -> bool:
    return getattr(clip, "path", None) is not None


def _span(plan: FilmPlan, clip: Clip, begin: int, last: int) -> tuple[Clip, Iterator[Frame]]:
    """Return a clip that decodes only the frames from number ``begin`` to ``last`` (exclusive), and these."""
    info, film, ticks = clip.info, plan.film, plan.ticks
    is_file, base = _is_file(clip), first_time(clip, film)
    earliest = ticks[max(0, begin - _BEFORE)]
    span = Request(
        start=base + earliest * info.time_base,
        end=film.end if last == len(ticks) else base + ticks[last] * info.time_base,
        size=(info.width, info.height),
        even=False,
        damage=film.damage,
        rate=film.rate,
        alpha=info.alpha,
        hdr=info.hdr,
    )
    own = open_clip(plan.job.content.place, span)
    shift = int((own.info.origin - info.origin) / info.time_base) if is_file else earliest
    return own, _renumbered(own, {ticks[n] - shift: n for n in range(begin, last)}, ticks, plan)


def _renumbered(
    own: Clip, numbers: dict[int, int], ticks: tuple[int, ...], plan: FilmPlan
) -> Iterator[Frame]:
    """Yield the frames of ``own`` whose times are in ``numbers``, numbered accordingly."""
    found = 0
    for frame in own.frames():
        number = numbers.get(frame.ticks)
        if number is not None:
            found += 1
            yield dataclasses.replace(frame, number=number, ticks=ticks[number])
    if found != len(numbers):
        raise InputError(
            f"{plan.job.content.place}: expected {len(numbers)} frames from number {min(numbers.values())} "
            f"on; got {found}"
        )
