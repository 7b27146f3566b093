"""A film as it is shared out: what is asked, which frames each part has, where parts overlap."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from impasto.clips import Clip, open_clip
from impasto.clips.flow import motion, warp
from impasto.clips.pictures import find
from impasto.clips.scenes import is_cut
from impasto.errors import OptionError
from impasto.files import digests
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video.options import Engine, FilmOptions
from impasto.pipelines.video.output import FilmOutput, clip_request, open_film
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

_SECONDS = ("start", "end", "rate")


@dataclass(frozen=True)
class FilmJob:
    """A film to be painted: what makes it the film it is.

    ``model``: the file of another fast network than the shipped one.
    """

    source: Path
    output: Path
    styles: tuple[str, ...]
    engine: Engine
    options: OptimizeOptions
    wanted: FilmOptions
    model: str | None = None

    def open(self) -> tuple[Clip, FilmOutput]:
        """Return the whole clip, and what is to be written."""
        return open_film(self.source, self.output, self.wanted, self.engine)

    def describe(self, network: str) -> dict[str, Any]:
        """Return all that decides what the film looks like: where any of it differs, it is another film.

        ``network``: what is known of the network that paints it.
        """
        by_files = (
            self.engine == "optimize"
        )  # a fast network's styles are in it, whatever files are called so
        known = {name: Path(name) for name in self.styles if by_files and Path(name).exists()}
        return {
            "clip": _digest(self.source),
            "styles": [[name, _digest(known[name]) if name in known else ""] for name in self.styles],
            "engine": self.engine,
            "network": network,
            "options": {name: str(value) for name, value in self.options.to_dict().items()},
            "film": {name: str(value) for name, value in dataclasses.asdict(self.wanted).items()},
            "output": str(self.output.absolute()),
            "version": __version__,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"source": str(self.source.absolute()), "output": str(self.output.absolute())}
        wanted = dataclasses.asdict(self.wanted)
        wanted |= {name: None if wanted[name] is None else str(wanted[name]) for name in _SECONDS}
        return values | {"options": self.options.to_dict(), "wanted": wanted}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FilmJob:
        """Return the inverse of ``to_dict``."""
        wanted: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values["wanted"].items()
        }
        wanted |= {name: None if wanted[name] is None else Fraction(wanted[name]) for name in _SECONDS}
        places = {name: Path(values[name]) for name in ("source", "output")}
        how = {"options": OptimizeOptions.from_dict(values["options"]), "wanted": FilmOptions(**wanted)}
        return cls(**{**values, **places, **how, "styles": tuple(values["styles"])})


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

    ``described``: see ``FilmJob.describe``. Where the clip was looked through, ``ticks``: when each frame is
    shown, in units of the clip's time base since the first; ``cuts``: the frames that shots begin with.
    """

    job: FilmJob
    described: Mapping[str, Any]
    parts: tuple[Part, ...] = (Part(0, 0, OPEN_END, 0, OPEN_END, 0),)
    ticks: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()

    def to_json(self) -> bytes:
        """Return the plan as a file holds it."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"job": self.job.to_dict(), "parts": [dataclasses.asdict(part) for part in self.parts]}
        return json.dumps(values).encode()

    @classmethod
    def from_json(cls, data: bytes) -> FilmPlan:
        """Return the inverse of ``to_json``."""
        values: dict[str, Any] = json.loads(data)
        values |= {name: tuple(values[name]) for name in ("ticks", "cuts")}
        parts = tuple(Part(**part) for part in values["parts"])
        return cls(**values | {"job": FilmJob.from_dict(values["job"]), "parts": parts})


def divide(plan: FilmPlan, longest: int, stop: Callable[[], bool]) -> FilmPlan:
    """Return ``plan`` in parts of at most ``longest`` frames; without any when told to ``stop``.

    The clip is read from beginning to end, at a small size. Raises InputError.
    """
    job = plan.job
    found = look_through(job.source, job.wanted, stop)
    if found is None:
        return dataclasses.replace(plan, parts=())
    ticks, cuts = found
    parts = split(len(ticks), cuts, longest=longest, lead=LEAD[job.engine], fade=FADE)
    return dataclasses.replace(plan, parts=tuple(parts), ticks=tuple(ticks), cuts=tuple(cuts))


def look_through(
    source: Path, wanted: FilmOptions, stop: Callable[[], bool]
) -> tuple[list[int], list[int]] | None:
    """Return when each frame of the clip is shown, and the numbers of those that a shot begins with.

    None when told to ``stop``. Raises InputError.
    """
    request = clip_request(wanted)
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
