"""Assembly of a film from its painted parts: segments, seams between parts, and sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from impasto.clips.writer import Segment
from impasto.errors import ImpastoError
from impasto.files.json_text import parse_json
from impasto.pipelines.video.output import FilmOutput
from impasto.pipelines.video.parts import PartFiles
from impasto.pipelines.video.plan import FilmPlan
from impasto.pipelines.video.seams import cross_fade, read_samples
from impasto.types import Plane


class AssembledFilm(NamedTuple):
    """An assembled film: the number of its frames, the frames at which scenes begin, and notes."""

    frames: int
    cuts: tuple[int, ...]
    notes: list[str]


def assemble(plan: FilmPlan, output: FilmOutput, parts: Sequence[PartFiles]) -> AssembledFilm:
    """Join the ``parts`` and the sound. Raises InputError, OutputError."""
    segments: list[Segment] = []
    notes: list[str] = []
    cuts = set(plan.cuts)
    for number, files in enumerate(parts):
        if files.part.head:
            segments += _seam(plan, parts[number - 1], files)
        segments += [segment for segment in files.segments.finished() if segment.ticks]
        told, found = _read_about(files.about)
        notes += told
        cuts |= found
    heads = sum(part.head for part in plan.parts) if output.is_frames else 0
    frames = heads + sum(len(segment.ticks) for segment in segments)
    notes += output.finish(segments, frames)
    return AssembledFilm(frames, tuple(sorted(cuts)), notes)


def _seam(plan: FilmPlan, before: PartFiles, after: PartFiles) -> Iterator[Segment]:
    """Write the frames that two parts share, and yield their segment."""
    part, output = after.part, after.output
    numbers = range(part.first, part.first + part.head)
    paintings = cross_fade(
        [before.tail(number) for number in numbers], [after.head(number) for number in numbers]
    )
    planes = [
        [_read_plane(after.plane(number, name)) for name in ("alpha", "headroom")] for number in numbers
    ]
    if output.is_frames:
        for number, pixels, others in zip(numbers, paintings, planes, strict=True):
            output.write_picture(number, pixels, *others)
        return
    writer = output.segment_writer(after.seam)
    for number, pixels, others in zip(numbers, paintings, planes, strict=True):
        writer.write(pixels, plan.ticks[number], *others)
    writer.close()
    yield Segment(after.seam, tuple(plan.ticks[number] for number in numbers))


def _read_plane(path: Path) -> Plane | None:
    return read_samples(path) if path.exists() else None


def _read_about(path: Path) -> tuple[list[str], set[int]]:
    """Return a part's notes, and the frames at which scenes begin."""
    try:
        found = parse_json(path.read_bytes())
        return list(found["notes"]), set(found["cuts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImpastoError(f"cannot read {path}, which a worker should have written: {error}") from error
