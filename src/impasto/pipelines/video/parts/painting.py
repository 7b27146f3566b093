"""What a worker does with a part of a film."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips import Blended, Clip, ClipInfo, Coherence, Frame, Painted
from impasto.clips.codecs import Target
from impasto.clips.coherence import State, to_words
from impasto.clips.joining import Segment
from impasto.clips.pipeline import ahead
from impasto.clips.segments import Store
from impasto.clips.writing import SegmentWriter
from impasto.errors import OutputError
from impasto.files import local as files
from impasto.jobs import Job
from impasto.jobs.work import Perform
from impasto.painters.frames import CutShort
from impasto.painters.frames.fast import Gallery
from impasto.pipelines.video.engines import FilmPainter, choose_engine, find_coherence
from impasto.pipelines.video.options import SEGMENTS
from impasto.pipelines.video.parts.division import Part
from impasto.pipelines.video.parts.plans import Plan, frames_of
from impasto.pipelines.video.places import frame_path
from impasto.progress import Cancel, Progress, ProgressCallback
from impasto.types import Picture, Pixels


def name_of(part: Part) -> str:
    """The file that says that a part is finished, and of which segments it is."""
    return f"{part.number:05d}.json"


def segments_of(path: Path, target: Target) -> Store:
    """Where the segments of the part that ``path`` is named after are kept."""
    return Store(path.with_suffix(".film"), "" if target.kind == "frames" else target.segment_suffix)


def shared(path: Path, end: Literal["head", "tail"], number: int) -> Path:
    """The file of a frame that the part has in common with the one before, or after."""
    return path.with_suffix(f".{end}") / f"{number:06d}.npy"


def newest(path: Path) -> Path:
    """The file of the last painting in the last segment that the part has finished, for whoever watches."""
    return path.with_suffix(".last.npy")


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

    A part is kept in segments, as a film painted by one process is, and goes on after the last finished
    one whoever paints it. It leaves them in ``NNNNN.film``; in ``NNNNN.head`` and ``NNNNN.tail``, (H, W, 3)
    uint16 each, the frames it shares with the parts before and after it; and ``NNNNN.json``, what is to be
    said of it, and its segments. That, the output of the job, is there last.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clip, self.target = plan.opened()
        self.parts = {name_of(part): part for part in plan.parts}
        self.length = plan.wanted.segment or SEGMENTS[plan.engine]
        self._stop: Cancel = lambda: False
        self.painter, self.coherence = find_painter(plan, self.clip, cancel=self._stopped)

    def __call__(self, job: Job, _: Path, on_progress: ProgressCallback, cancel: Cancel) -> Done:
        """Perform ``job``; see ``jobs.work.Perform``."""
        path = Path(job.output)
        part = self.parts[path.name]
        self._stop = cancel
        info, began = self.clip.info, time.monotonic()
        size = Size(info.width, info.height)
        if path.exists():  # finished by one that died before it could say so
            return Done(size, len(part), 0.0)
        out = _Out(path, self.target, info, part, self.length)
        before = count = out.begin()
        with contextlib.ExitStack() as stack:
            stack.callback(out.discard)
            stack.enter_context(contextlib.suppress(CutShort))
            for painted in self._paintings(stack, part, out, count):
                if cancel():
                    break
                count += 1
                out.take(painted)
                on_progress(_progress(part, before, count, info, time.monotonic() - began))
            else:
                out.finish()
                return Done(size, len(part), time.monotonic() - began)
        return Done(size, count, time.monotonic() - began, cancelled=True)

    def _stopped(self) -> bool:
        return self._stop()

    def _paintings(self, stack: contextlib.ExitStack, part: Part, out: _Out, skip: int) -> Iterator[Painted]:
        frames = frames_of(self.plan, self.clip, part, out.notes, skip)
        paintings = self.coherence.paint((frame for _, frame in frames), out.state)
        if isinstance(self.coherence, Blended):
            paintings = ahead(paintings)
        stack.enter_context(contextlib.closing(paintings))  # type: ignore[type-var]
        for painted in paintings:
            if painted.frame.number >= part.first:
                finished = self.painter.finish(painted.pixels, painted.frame.pixels)
                yield replace(painted, pixels=finished)
            else:
                yield painted


def find_painter(plan: Plan, clip: Clip, *, cancel: Cancel | None = None) -> tuple[FilmPainter, Coherence]:
    """What paints the film's frames in this process, with the threads that it may use."""
    gallery: Gallery | None = None
    if plan.engine == "fast":
        from impasto.inference import load_gallery

        threads = os.environ.get("OMP_NUM_THREADS", "")
        most = int(threads) if threads.isdecimal() and int(threads) else None
        _, gallery = choose_engine(
            "fast", plan.styles, load_gallery(plan.model, threads=most, device=plan.options.device)
        )
    first = next(iter(clip.frames())).pixels
    return find_coherence(
        plan.engine, plan.styles, plan.options, plan.wanted, first, gallery=gallery, cancel=cancel
    )


class _Out:
    """Where the frames of ``part`` go: every ``length`` that are painted are a segment, and kept.

    ``state``, ``notes``: what is known after the segments of an earlier worker.
    """

    def __init__(self, path: Path, target: Target, info: ClipInfo, part: Part, length: int) -> None:
        self.path = path
        self.target = target
        self.info = info
        self.part = part
        self.length = length
        self.state: State | None = None
        self.notes: list[str] = []
        self._store = segments_of(path, target)
        self._segments: list[Segment] = []
        self._count = 0
        self._ticks: list[int] = []
        self._last: NDArray[np.uint16] | None = None
        self._writer: SegmentWriter | None = None

    def begin(self) -> int:
        """How many frames an earlier worker has painted. Raises OutputError."""
        self._store.make()
        earlier = self._store.begin({"part": asdict(self.part), "length": self.length})
        self._segments = list(earlier.segments)
        if earlier.state is not None:
            self.state = dict(earlier.state)
            self.notes = [str(note) for note in self.state.pop("notes")]
        return min(self.length * len(self._segments), self.part.end - self.part.begin)

    def take(self, painted: Painted) -> None:
        """One more frame. Raises OutputError."""
        part, frame = self.part, painted.frame
        number = frame.number
        if number >= part.first:
            words = to_words(painted.pixels)
            if number < part.first + part.head:
                _save(shared(self.path, "head", number), words)
            elif number >= part.last:
                _save(shared(self.path, "tail", number), words)
            else:
                self._write(painted.pixels, frame)
                self._ticks.append(frame.ticks)
                self._last = words
        self._count += 1
        if self._count == self.length or number == part.end - 1:
            self._commit(painted.state)

    def _write(self, pixels: Pixels, frame: Frame) -> None:
        if self.target.kind == "frames":
            write_picture(self.target, frame.number, pixels)
            return
        if self._writer is None:
            place = self._store.path(len(self._segments))
            self._writer = segment_writer(place, self.target, self.info)
        self._writer.write(pixels, frame.ticks)

    def _commit(self, state: State) -> None:
        if self._writer is not None:
            self._writer.close(last_ticks(self.info))
            self._writer = None
        known = {**state, "notes": np.array(self.notes, np.str_)}
        self._segments.append(self._store.commit(len(self._segments), self._ticks, known))
        self._count, self._ticks = 0, []
        if self._last is not None:
            _save(newest(self.path), self._last)

    def finish(self) -> None:
        """The job's output, when all else is in its place. Raises OutputError."""
        rows = [(str(s.path.relative_to(self.path.parent)), len(s.ticks)) for s in self._segments]
        about = {"notes": self.notes, "segments": [row for row in rows if row[1]]}
        files.replace(self.path, json.dumps(about).encode())
        self._store.path(len(rows) - 1, ".npz").unlink(missing_ok=True)

    def discard(self) -> None:
        """What was not finished goes."""
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


def _save(path: Path, values: NDArray[np.uint16]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(exist_ok=True)
        with part.open("wb") as file:
            np.save(file, values)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _progress(part: Part, before: int, count: int, info: ClipInfo, elapsed: float) -> Progress:
    """``before`` of the ``count`` frames are an earlier worker's."""
    total = part.end - part.begin
    left = elapsed / (count - before) * (total - count)
    return Progress(1, 1, count, total, info.width, info.height, count / total, {}, elapsed, left)
