"""The division of a film into parts, and their overlaps."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from impasto.catalogue.lookup import is_named
from impasto.clips.pictures import find
from impasto.errors import OptionError
from impasto.files import digests
from impasto.files.json_text import parse_json
from impasto.files.places import is_address, is_there, name_of
from impasto.jobs import Job
from impasto.jobs.identity import digest, resolve_places
from impasto.pipelines.video.cuts import find_cuts
from impasto.pipelines.video.options import FilmOptions
from impasto.version import __version__

LONGEST = {"fast": 240, "optimize": 96}
"""The largest number of frames of a shot for one worker."""
LEAD = {"fast": 24, "optimize": 4}
"""The number of frames painted before such a part and discarded. The fast network carries 0.99 of its strokes
from frame to frame, so light and colour need these frames to become stable; the optimiser starts each part
independently. FADE hides the rest."""
FADE = 16
"""Frames over which one part fades into the next within a shot."""
OPEN_END = sys.maxsize
"""The end of a part that extends to the end of the clip."""


@dataclass(frozen=True)
class Part:
    """The frames from ``first`` to ``last`` (exclusive) of a film, for one worker.

    Painting starts at frame ``begin``: within a shot, some frames before ``first``, which are discarded.
    It ends at ``end``: within a shot, some frames after ``last``. The first ``head`` frames are also painted
    by the part before, after its ``last``: there, one part fades into the other.
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
        """The base name of the part's files."""
        return f"{self.number:05d}"

    def share(self, painted: int) -> float:
        """Return the number of the film's frames that correspond to ``painted`` frames of the part."""
        return painted * (len(self) / (self.end - self.begin))


@dataclass(frozen=True)
class FilmPlan:
    """A film in ``parts``: one to the clip's end, or several, divided at cuts.

    ``job``: its content is the clip. ``described``: see ``describe``. If the clip was scanned, ``ticks``:
    the time of each frame after the first, in units of the clip's time base; ``cuts``: the frames at which
    shots begin. ``keyframes``: the frames whose paintings are carried to the others, if any.
    """

    job: Job
    film: FilmOptions
    described: Mapping[str, Any]
    parts: tuple[Part, ...] = (Part(0, 0, OPEN_END, 0, OPEN_END, 0),)
    ticks: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    keyframes: tuple[int, ...] = ()

    def to_json(self) -> bytes:
        """Return the plan as JSON."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"job": self.job.to_dict(), "film": self.film.to_dict()}
        return json.dumps(values | {"parts": [dataclasses.asdict(part) for part in self.parts]}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> FilmPlan:
        """Return the plan of ``to_json``, with the job's paths relative to the current folder."""
        values: dict[str, Any] = parse_json(data)
        job, film = resolve_places(Job.from_dict(values["job"])), FilmOptions.from_dict(values["film"])
        parts = tuple(Part(**part) for part in values["parts"])
        known = {"job": job, "film": film, "parts": parts}
        return cls(**values | known | {name: tuple(values[name]) for name in ("ticks", "cuts", "keyframes")})


def engine_of(job: Job) -> str:
    """Return the name of the film's engine, or "keyframes" if there are no styles."""
    return job.engine if job.styles else "keyframes"


def describe(job: Job, film: FilmOptions, network: str) -> dict[str, Any]:
    """Return everything that determines a film's frames; if any of it differs, it is another film.

    ``network``: the description of the network that paints it.
    """
    return {
        "clip": _digest(Path(job.content.place)),
        "styles": [[name_of(style.place), _digest_of_style(style.place)] for style in job.styles],
        "engine": engine_of(job),
        "network": network,
        "options": job.options.to_dict(),
        "film": film.to_dict(),
        "output": Path(job.output).name,  # without its folder, which may be moved with the unfinished film
        "version": __version__,
    }


def _digest_of_style(name: str) -> str:
    """Return the digest of a style; "" for that of a network for one style, which has no file."""
    there = is_address(name) or is_named(name) or is_there(Path(name))
    return digest(name) if there else ""


def divide(plan: FilmPlan, longest: int, stop: Callable[[], bool]) -> FilmPlan:
    """Return ``plan`` in parts of at most ``longest`` frames; without parts if ``stop`` returns True.

    The clip is scanned at a small size. Raises InputError.
    """
    found = find_cuts(Path(plan.job.content.place), plan.film, stop)
    if found is None:
        return dataclasses.replace(plan, parts=())
    ticks, cuts, _ = found
    parts = split(len(ticks), cuts, longest=longest, lead=LEAD[plan.job.engine], fade=FADE)
    return dataclasses.replace(plan, parts=tuple(parts), ticks=tuple(ticks), cuts=tuple(cuts))


def check_longest(longest: int, fade: int = FADE) -> None:
    """Raise OptionError if parts of this number of frames could be shorter than their overlaps."""
    least = max(2, 2 * fade + 2)
    if longest < least:
        raise OptionError(
            f"expected parts of at least {least} frames, {fade} of which fade into the next; got {longest}"
        )


def split(frames: int, cuts: Iterable[int], *, longest: int, lead: int, fade: int) -> list[Part]:
    """Return the parts of a film of ``frames`` frames, divided at ``cuts``.

    ``cuts``: the frames at which shots begin. A shot of more than ``longest`` frames is divided evenly: such
    parts start ``lead`` frames early and share ``fade`` frames with the next. Parts that start at a cut do
    not overlap. Raises OptionError as ``check_longest`` does.
    """
    check_longest(longest, fade)
    edges = sorted({0, frames, *(cut for cut in cuts if 0 < cut < frames)})
    spans = [
        (begin, end, *span) for begin, end in pairwise(edges) for span in _equal_spans(begin, end, longest)
    ]
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


def _equal_spans(begin: int, end: int, longest: int) -> Iterator[tuple[int, int]]:
    """Return a shot as equal spans of at most ``longest`` frames."""
    count = -(-(end - begin) // longest)
    return pairwise(begin + (end - begin) * n // count for n in range(count + 1))


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names, sizes and times of the pictures in a folder."""
    return digests.of_file(path) if path.is_file() else digests.of_listing(find(path), times=True)
