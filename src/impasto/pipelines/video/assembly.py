"""The painted parts of a film put together: segments, the seams between parts, and the sound."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from impasto.clips.writing import Segment
from impasto.errors import ImpastoError
from impasto.pipelines.video.output import FilmOutput
from impasto.pipelines.video.parts import PartFiles
from impasto.pipelines.video.plan import FilmPlan
from impasto.pipelines.video.seams import faded


class Assembled(NamedTuple):
    """What became of a film: its frames, those of them that scenes begin with, what there is to say."""

    frames: int
    cuts: tuple[int, ...]
    notes: list[str]


def assemble(plan: FilmPlan, output: FilmOutput, parts: Sequence[PartFiles]) -> Assembled:
    """Put the ``parts`` together, with the sound. Raises InputError, OutputError."""
    segments: list[Segment] = []
    notes: list[str] = []
    cuts = set(plan.cuts)
    for number, files in enumerate(parts):
        if files.part.head:
            segments += _seam(plan, parts[number - 1], files)
        segments += [segment for segment in files.segments.finished() if segment.ticks]
        told, found = _about(files.about)
        notes += told
        cuts |= found
    heads = sum(part.head for part in plan.parts) if output.is_frames else 0
    frames = heads + sum(len(segment.ticks) for segment in segments)
    notes += output.finish(segments, frames)
    return Assembled(frames, tuple(sorted(cuts)), notes)


def _seam(plan: FilmPlan, before: PartFiles, after: PartFiles) -> Iterator[Segment]:
    """The frames that two parts share."""
    part, output = after.part, after.output
    numbers = range(part.first, part.first + part.head)
    paintings = faded([before.tail(number) for number in numbers], [after.head(number) for number in numbers])
    if output.is_frames:
        for number, pixels in zip(numbers, paintings, strict=True):
            output.write_picture(number, pixels)
        return
    writer = output.segment_writer(after.seam)
    for number, pixels in zip(numbers, paintings, strict=True):
        writer.write(pixels, plan.ticks[number])
    writer.close(output.last_ticks)
    yield Segment(after.seam, tuple(plan.ticks[number] for number in numbers))


def _about(path: Path) -> tuple[list[str], set[int]]:
    """What there is to say of a part, and where scenes begin in it."""
    try:
        found = json.loads(path.read_bytes())
        return list(found["notes"]), set(found["cuts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImpastoError(f"cannot read {path}, which a worker should have left: {error}") from error
