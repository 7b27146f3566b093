"""What workers have to know of a film: the clip, how it is painted, its frames' times, its parts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.clips import Clip, Frame, Request, open_clip
from impasto.clips.codecs import Target
from impasto.clips.flow import motion, warp
from impasto.clips.scenes import is_cut
from impasto.errors import InputError
from impasto.files import local as files
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video.options import Engine, FilmOptions
from impasto.pipelines.video.parts.division import Part
from impasto.pipelines.video.places import opened
from impasto.types import Pixels

LONGEST = {"fast": 240, "optimize": 96}
"""How many frames of a shot one worker paints at most."""
LEAD = {"fast": 24, "optimize": 4}
"""Frames painted before such a part, and thrown away. A fast one's strokes stay as long as they are seen (a
share of 0.99 is carried on from frame to frame): what comes and goes meanwhile, light and colour settle.
An optimised one begins afresh anyhow. What is left is for FADE."""
FADE = 16
"""Frames over which one part passes into the next within a shot."""
_LOOKED_AT = 256
"""Long side, in pixels, at which cuts are looked for."""
_BEFORE = 8
"""Frames read before a part, or before where it goes on, in case the first is damaged and the last good one
before it is to be shown again."""

_SECONDS = ("start", "end", "rate")


@dataclass(frozen=True)
class Plan:
    """A film in parts.

    ``model``: the file of another fast network than the shipped one. ``ticks``: when each frame is shown, in
    units of the clip's time base since the first. ``cuts``: the frames that shots begin with.
    """

    source: Path
    output: Path
    styles: tuple[str, ...]
    engine: Engine
    options: OptimizeOptions
    wanted: FilmOptions
    model: str | None = None
    ticks: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()

    def opened(self) -> tuple[Clip, Target]:
        """The whole clip, and what is to be written."""
        return opened(self.source, self.output, self.wanted, self.engine)

    def write(self, path: Path) -> None:
        """Raises OutputError."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"source": str(self.source.absolute()), "output": str(self.output.absolute())}
        values |= {"options": self.options.to_dict(), "wanted": _plain(self.wanted)}
        values["parts"] = [dataclasses.asdict(part) for part in self.parts]
        files.replace(path, json.dumps(values).encode())

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The inverse of ``write``."""
        values: dict[str, Any] = json.loads(path.read_bytes())
        values |= {name: Path(values[name]) for name in ("source", "output")}
        values |= {name: tuple(values[name]) for name in ("styles", "ticks", "cuts")}
        values["options"] = OptimizeOptions.from_dict(values["options"])
        values["wanted"] = _film_options(values["wanted"])
        values["parts"] = tuple(Part(**part) for part in values["parts"])
        return cls(**values)


def _plain(wanted: FilmOptions) -> dict[str, Any]:
    found = dataclasses.asdict(wanted)
    return found | {name: None if found[name] is None else str(found[name]) for name in _SECONDS}


def _film_options(values: Mapping[str, Any]) -> FilmOptions:
    found: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    found |= {name: None if found[name] is None else Fraction(found[name]) for name in _SECONDS}
    return FilmOptions(**found)


def look_through(
    source: Path, wanted: FilmOptions, stop: Callable[[], bool]
) -> tuple[list[int], list[int]] | None:
    """When each frame of the clip is shown, and the numbers of those that a shot begins with.

    The clip is read from beginning to end, at a small size. None when told to ``stop``. Raises InputError.
    """
    own = open_clip(source, _request(wanted)).info
    size = min(_LOOKED_AT, max(own.width, own.height))
    ticks: list[int] = []
    cuts: list[int] = []
    last: Pixels | None = None
    for frame in open_clip(source, dataclasses.replace(_request(wanted), size=size)).frames():
        if stop():
            return None
        if last is not None and not np.array_equal(frame.pixels, last):
            found = motion(frame.pixels, last)
            begins = is_cut(frame.pixels, warp(last, found.flow), found)
            cuts += [len(ticks)] if begins else []
        ticks.append(frame.ticks)
        last = frame.pixels
    return ticks, cuts


def _request(wanted: FilmOptions) -> Request:
    return Request(start=wanted.start, end=wanted.end, even=False, damage=wanted.damage, rate=wanted.rate)


def frames_of(
    plan: Plan, clip: Clip, part: Part, notes: list[str], skip: int = 0
) -> Iterator[tuple[int, Frame]]:
    """The numbers and frames from ``part.begin`` to ``part.end`` less the first ``skip``, as all of ``clip``
    would give them.

    Only that span is decoded. ``notes`` grow by what is wrong with it. Raises InputError.
    """
    begin, known = part.begin + skip, list(notes)
    info = clip.info
    is_file = getattr(clip, "path", None) is not None
    rate = plan.wanted.rate
    # Seconds of the clip at which its first frame is: pictures have no times, and are counted.
    base = info.origin - info.begin if is_file else -(-(plan.wanted.start or 0) * rate // 1) / rate
    earliest = max(0, begin - _BEFORE)
    end = plan.wanted.end if part.end == len(plan.ticks) else base + plan.ticks[part.end] * info.time_base
    span = Request(
        start=base + plan.ticks[earliest] * info.time_base,
        end=end,
        size=(info.width, info.height),
        even=False,
        damage=plan.wanted.damage,
        rate=rate,
    )
    own = open_clip(plan.source, span)
    shift = int((own.info.origin - info.origin) / info.time_base) if is_file else plan.ticks[earliest]
    numbers = {plan.ticks[n]: n for n in range(begin, part.end)}
    found = 0
    for frame in own.frames():
        notes[:] = [*known, *own.notes]
        number = numbers.get(frame.ticks + shift)
        if number is not None:
            found += 1
            yield number, dataclasses.replace(frame, number=number, ticks=frame.ticks + shift)
    notes[:] = [*known, *own.notes]
    if found != len(numbers):
        raise InputError(
            f"{plan.source}: expected {len(numbers)} frames from number {begin} on; {found} can be read"
        )
