"""What a worker does with a part of a film."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from impasto import imaging
from impasto.errors import OutputError
from impasto.film_painters import CutShort
from impasto.film_painters.fast import Gallery
from impasto.film_parts.plans import Plan, frames_of
from impasto.films.engines import FilmPainter, choose_engine, find_coherence
from impasto.films.places import frame_path
from impasto.imaging import files
from impasto.jobs import Job
from impasto.jobs.parts import Part
from impasto.jobs.work import Cancel, Perform
from impasto.progress import Progress, ProgressCallback
from impasto.types import Picture, Pixels
from impasto.video import Blended, Clip, ClipInfo, Coherence, Frame
from impasto.video.codecs import Target
from impasto.video.coherence import to_words
from impasto.video.pipeline import ahead
from impasto.video.writing import SegmentWriter


def name_of(part: Part, target: Target) -> str:
    """The file that a part's frames are in; of frames that are pictures, the one that says so."""
    return f"{part.number:05d}{'.json' if target.kind == 'frames' else target.segment_suffix}"


def make_part_painter(plan: str, among: int) -> Perform:
    """What paints the parts of the ``plan`` in that file; networks are loaded once.

    ``among``: how many workers share the free memory, where the options do not say what one may take.
    """
    from impasto.optimize import memory

    memory.SHARE /= among
    return PartPainter(Plan.read(Path(plan)))


@dataclass(frozen=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True)
class Done:
    """A part that was painted (a ``jobs.work.Painted``): ``iterations`` counts its frames."""

    picture: Size
    iterations: int
    seconds: float
    cancelled: bool = False
    losses: dict[str, float] = field(default_factory=dict)


class PartPainter:
    """Paints parts of ``plan``, as jobs whose outputs are called after them.

    A part leaves its frames, encoded; beside them ``NNNNN.json``, what is to be said of it; and
    ``NNNNN.head.npy`` and ``NNNNN.tail.npy``, (N, H, W, 3) uint16, the frames it shares with the parts before
    and after it. The output of the job is there last.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clip, self.target = plan.opened()
        self.parts = {name_of(part, self.target): part for part in plan.parts}
        self._stop: Cancel = lambda: False
        self.painter, self.coherence = find_painter(plan, self.clip, cancel=self._stopped)

    def __call__(self, job: Job, _: Path, on_progress: ProgressCallback, cancel: Cancel) -> Done:
        """Perform ``job``; see ``jobs.work.Perform``."""
        part = self.parts[Path(job.output).name]
        self._stop = cancel
        info, began = self.clip.info, time.monotonic()
        size = Size(info.width, info.height)
        out = _Out(Path(job.output), self.target, info, part)
        notes: list[str] = []
        count = 0
        with contextlib.ExitStack() as stack:
            stack.callback(out.discard)
            stack.enter_context(contextlib.suppress(CutShort))
            for number, pixels, frame in self._paintings(stack, part, notes):
                if cancel():
                    break
                count += 1
                out.take(number, pixels, frame)
                on_progress(_progress(part, count, info, time.monotonic() - began))
            else:
                out.finish(notes)
                return Done(size, len(part), time.monotonic() - began)
        return Done(size, count, time.monotonic() - began, cancelled=True)

    def _stopped(self) -> bool:
        return self._stop()

    def _paintings(
        self, stack: contextlib.ExitStack, part: Part, notes: list[str]
    ) -> Iterator[tuple[int, Pixels, Frame]]:
        frames = frames_of(self.plan, self.clip, part, notes)
        paintings = self.coherence.paint(frame for _, frame in frames)
        if isinstance(self.coherence, Blended):
            paintings = ahead(paintings)
        stack.enter_context(contextlib.closing(paintings))  # type: ignore[type-var]
        for painted in paintings:
            number = painted.frame.number
            pixels = painted.pixels
            if number >= part.first:
                pixels = self.painter.finish(pixels, painted.frame.pixels)
            yield number, pixels, painted.frame


def find_painter(plan: Plan, clip: Clip, *, cancel: Cancel | None = None) -> tuple[FilmPainter, Coherence]:
    """What paints the film's frames in this process, with the threads that it may use."""
    gallery: Gallery | None = None
    if plan.engine == "fast":
        from impasto.runtime import load_gallery

        threads = os.environ.get("OMP_NUM_THREADS", "")
        most = int(threads) if threads.isdecimal() and int(threads) else None
        _, gallery = choose_engine("fast", plan.styles, load_gallery(plan.model, threads=most))
    first = next(iter(clip.frames())).pixels
    return find_coherence(
        plan.engine, plan.styles, plan.options, plan.wanted, first, gallery=gallery, cancel=cancel
    )


class _Out:
    """Where the frames of ``part`` go."""

    def __init__(self, path: Path, target: Target, info: ClipInfo, part: Part) -> None:
        self.path = path
        self.target = target
        self.info = info
        self.part = part
        self.shared: dict[str, list[Any]] = {"head": [], "tail": []}
        self._writer: SegmentWriter | None = None

    def take(self, number: int, pixels: Pixels, frame: Frame) -> None:
        part = self.part
        if number < part.first:
            return
        if number < part.first + part.head:
            self.shared["head"].append(to_words(pixels))
        elif number >= part.last:
            self.shared["tail"].append(to_words(pixels))
        elif self.target.kind == "frames":
            write_picture(self.target, number, pixels)
        else:
            if self._writer is None:
                self._writer = segment_writer(self.path, self.target, self.info)
            self._writer.write(pixels, frame.ticks)

    def finish(self, notes: list[str]) -> None:
        """Everything in its place, the job's output last. Raises OutputError."""
        for name, frames in self.shared.items():
            if frames:
                _save(self.path.with_suffix(f".{name}.npy"), np.stack(frames))
        if self._writer is not None:
            files.replace(self.path.with_suffix(".json"), json.dumps({"notes": notes}).encode())
            self._writer.close(last_ticks(self.info))
            self._writer = None
        else:
            files.replace(self.path, json.dumps({"notes": notes}).encode())

    def discard(self) -> None:
        if self._writer is not None:
            self._writer.discard()


def segment_writer(path: Path, target: Target, info: ClipInfo) -> SegmentWriter:
    """Encodes a run of the film's frames."""
    return SegmentWriter(path, target, info.width, info.height, info.rate, info.time_base)


def write_picture(target: Target, number: int, pixels: Pixels) -> None:
    """Frame ``number`` of a film that is pictures."""
    imaging.write(Picture(pixels, bits=16 if target.bits > 8 else 8), frame_path(target.path, number))


def last_ticks(info: ClipInfo) -> int:
    """How long the last frame is shown."""
    return max(1, round(1 / (info.rate * info.time_base)))


def _save(path: Path, values: Any) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            np.save(file, values)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _progress(part: Part, count: int, info: ClipInfo, elapsed: float) -> Progress:
    total = part.end - part.begin
    left = elapsed / count * (total - count)
    return Progress(1, 1, count, total, info.width, info.height, count / total, {}, elapsed, left)
