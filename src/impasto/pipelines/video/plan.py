"""A film as it is shared out: which frames each part has, and where parts overlap."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from impasto.clips import open_clip
from impasto.clips.flow import motion, warp
from impasto.clips.pictures import find
from impasto.clips.scenes import is_cut
from impasto.errors import OptionError
from impasto.files import digests
from impasto.jobs import Job
from impasto.jobs.identity import located
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.output import clip_request
from impasto.types import Pixels
from impasto.version import __version__

LONGEST = {"fast": 240, "optimize": 96}
"""How many frames of a shot one worker paints at most."""
LEAD = {"fast": 24, "optimize": 4}
"""Frames painted before such a part, and thrown away. A fast one's strokes stay as long as they are seen (a
share of 0.99 is carried on from frame to frame): what comes and goes meanwhile, light and colour settle.
An optimised one begins afresh anyhow. What is left is for FADE."""
FADE = 16
"""Frames over which one part passes into the next within a shot."""
OPEN_END = sys.maxsize
"""The end of a part that goes to the end of the clip, wherever that is."""
_LOOKED_AT = 256
"""Long side, in pixels, at which cuts are looked for."""


@dataclass(frozen=True)
class Part:
    """The frames from ``first`` up to, not including, ``last`` of a film, for one worker.

    Painting begins at frame ``begin``, before ``first`` where the part begins within a shot: what comes out
    meanwhile is thrown away, and lets what is carried from frame to frame settle. It goes on up to
    ``end``, after ``last`` where the shot goes on. The first ``head`` frames are painted by the part
    before, too, as those after its ``last``: there the one painting passes into the other.
    """

    number: int
    first: int
    last: int
    begin: int
    end: int
    head: int

    def __len__(self) -> int:
        return self.last - self.first

    @property
    def name(self) -> str:
        """What the files of the part are called."""
        return f"{self.number:05d}"

    def share(self, painted: int) -> float:
        """Return how many frames of the film it stands for that so many of the part are ``painted``."""
        return painted * (len(self) / (self.end - self.begin))


@dataclass(frozen=True)
class FilmPlan:
    """A film in ``parts``: one that goes to the clip's end, or several, between its cuts.

    ``job``: its content is the clip. ``described``: see ``describe``. Where the clip was looked through,
    ``ticks``: when each frame is shown, in units of the clip's time base since the first; ``cuts``: the
    frames that shots begin with.
    """

    job: Job
    film: FilmOptions
    described: Mapping[str, Any]
    parts: tuple[Part, ...] = (Part(0, 0, OPEN_END, 0, OPEN_END, 0),)
    ticks: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()

    def to_json(self) -> bytes:
        """Return the plan as a file holds it."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"job": self.job.to_dict(), "film": self.film.to_dict()}
        return json.dumps(values | {"parts": [dataclasses.asdict(part) for part in self.parts]}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> FilmPlan:
        """Return the inverse of ``to_json``; places in the job are as seen from the current folder."""
        values: dict[str, Any] = json.loads(data)
        job, film = located(Job.from_dict(values["job"])), FilmOptions.from_dict(values["film"])
        parts = tuple(Part(**part) for part in values["parts"])
        known = {"job": job, "film": film, "parts": parts}
        return cls(**values | known | {name: tuple(values[name]) for name in ("ticks", "cuts")})


def describe(job: Job, film: FilmOptions, network: str) -> dict[str, Any]:
    """Return all that decides what a film looks like: where any of it differs, it is another film.

    ``network``: what is known of the network that paints it.
    """
    by_files = job.engine == "optimize"  # a fast network's styles are in it, whatever files are called so
    known = [style.place for style in job.styles if by_files and Path(style.place).exists()]
    return {
        "clip": _digest(Path(job.content.place)),
        "styles": [
            [style.place, _digest(Path(style.place)) if style.place in known else ""] for style in job.styles
        ],
        "engine": job.engine,
        "network": network,
        "options": job.options.to_dict(),
        "film": film.to_dict(),
        "output": str(Path(job.output).absolute()),
        "version": __version__,
    }


def divide(plan: FilmPlan, longest: int, stop: Callable[[], bool]) -> FilmPlan:
    """Return ``plan`` in parts of at most ``longest`` frames; without any when told to ``stop``.

    The clip is read from beginning to end, at a small size. Raises InputError.
    """
    found = look_through(Path(plan.job.content.place), plan.film, stop)
    if found is None:
        return dataclasses.replace(plan, parts=())
    ticks, cuts = found
    parts = split(len(ticks), cuts, longest=longest, lead=LEAD[plan.job.engine], fade=FADE)
    return dataclasses.replace(plan, parts=tuple(parts), ticks=tuple(ticks), cuts=tuple(cuts))


def look_through(
    source: Path, film: FilmOptions, stop: Callable[[], bool]
) -> tuple[list[int], list[int]] | None:
    """Return when each frame of the clip is shown, and the numbers of those that a shot begins with.

    None when told to ``stop``. Raises InputError.
    """
    request = clip_request(film)
    own = open_clip(source, request).info
    size = min(_LOOKED_AT, max(own.width, own.height))
    ticks: list[int] = []
    cuts: list[int] = []
    last: Pixels | None = None
    for frame in open_clip(source, dataclasses.replace(request, size=size)).frames():
        if stop():
            return None
        if last is not None and not np.array_equal(frame.pixels, last):
            found = motion(frame.pixels, last)
            begins = is_cut(frame.pixels, warp(last, found.flow), found)
            cuts += [len(ticks)] if begins else []
        ticks.append(frame.ticks)
        last = frame.pixels
    return ticks, cuts


def check_longest(longest: int, fade: int = FADE) -> None:
    """Raise OptionError where parts of so many frames could be shorter than what they share."""
    least = max(2, 2 * fade + 2)
    if longest < least:
        raise OptionError(
            f"a part must have at least {least} frames, {fade} of which fade into the next; "
            f"expected a longer part than {longest}"
        )


def split(frames: int, cuts: Iterable[int], *, longest: int, lead: int, fade: int) -> list[Part]:
    """Return a film of so many ``frames`` in parts that no ``cuts`` run through.

    ``cuts``: the numbers of the frames that shots begin with. A shot of more than ``longest`` frames is
    divided evenly; ``lead`` frames before such a part are painted to begin with, and ``fade`` frames by
    both. Frames of a part at a cut depend on no other frames, so nothing is painted twice there. Raises
    OptionError as ``check_longest`` does.
    """
    check_longest(longest, fade)
    edges = sorted({0, frames, *(cut for cut in cuts if 0 < cut < frames)})
    spans = [(begin, end, *span) for begin, end in pairwise(edges) for span in _spans(begin, end, longest)]
    return [
        Part(
            number,
            first,
            last,
            max(begin, first - lead) if first > begin else first,
            min(end, last + fade) if last < end else last,
            fade if first > begin else 0,
        )
        for number, (begin, end, first, last) in enumerate(spans)
    ]


def _spans(begin: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """A shot in equal spans of at most ``longest`` frames."""
    count = -(-(end - begin) // longest)
    return pairwise(begin + (end - begin) * n // count for n in range(count + 1))


def _digest(path: Path) -> str:
    """The SHA-256 of a file; of a folder or a pattern, of its pictures' names, sizes and times."""
    return digests.of_file(path) if path.is_file() else digests.of_listing(find(path), times=True)
