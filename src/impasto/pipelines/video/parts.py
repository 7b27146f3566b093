"""Painting of a part of a film, or of all of it, segment by segment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto import files
from impasto.clips import Coherence, Frame, PaintedFrame, State
from impasto.clips.writer import SegmentWriter
from impasto.imaging.samples import to_uint16
from impasto.jobs import Job
from impasto.painters.painter import FrameCancelled
from impasto.pipelines.video.engine import find_coherence
from impasto.pipelines.video.frames import part_frames
from impasto.pipelines.video.keyframe_parts import KeyframePart
from impasto.pipelines.video.options import SEGMENTS, FilmOptions
from impasto.pipelines.video.output import FilmOutput, open_film
from impasto.pipelines.video.plan import FilmPlan, Part, engine_of
from impasto.pipelines.video.seams import write_samples
from impasto.pipelines.video.segments import SegmentStore
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter


@dataclass(frozen=True)
class PartFiles:
    """The files of a part, in the ``folder`` of its film.

    Its segments are in ``NNNNN``; the frames shared with the parts before and after it in ``NNNNN.head``
    and ``NNNNN.tail``, (H, W, 3) uint16 each. ``NNNNN.json`` is written last.
    """

    folder: Path
    part: Part
    output: FilmOutput

    @property
    def about(self) -> Path:
        """The file that marks the part as finished, with its notes and the frames at which scenes begin."""
        return self.folder / f"{self.part.name}.json"

    @property
    def newest(self) -> Path:
        """The last painting of the newest segment, for previews."""
        return self.folder / f"{self.part.name}.newest.npy"

    @property
    def seam(self) -> Path:
        """The segment of the frames shared with the part before."""
        return self.folder / f"{self.part.name}.seam{self.output.segment_suffix}"

    @property
    def segments(self) -> SegmentStore:
        return SegmentStore(self.folder / self.part.name, self.output.segment_suffix)

    def head(self, number: int) -> Path:
        """Return the file of a frame shared with the part before, as painted by this part."""
        return self.folder / f"{self.part.name}.head" / f"{number:06d}.npy"

    def plane(self, number: int, name: str) -> Path:
        """Return the file of the "alpha" or "headroom" of a frame shared with the part before, if it has
        that."""
        return self.folder / f"{self.part.name}.head" / f"{number:06d}.{name}.npy"

    def tail(self, number: int) -> Path:
        """Return the file of a frame shared with the part after, as painted by this part."""
        return self.folder / f"{self.part.name}.tail" / f"{number:06d}.npy"

    def finished_frames(self) -> int:
        """Return the number of frames of the film that are finished."""
        head = self.part.head if self.about.exists() else 0
        return head + sum(len(segment.ticks) for segment in self.segments.finished())


class PartPainter:
    """A painter of parts of the film described by ``job`` and ``film``.

    A job without styles is painted from keyframes. ``painter``: the fast network, if loaded. With the
    optimiser, ``on_iteration`` and ``cancel`` are called at each step of a frame. Raises OptionError,
    InputError and their subclasses.
    """

    def __init__(
        self,
        job: Job,
        film: FilmOptions,
        *,
        painter: FastPainter | None = None,
        on_iteration: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        self.clip, self.output = open_film(job, film)
        self.length = film.segment or SEGMENTS[engine_of(job)]
        self.coherence: Coherence | None = None
        if job.styles:
            first = next(iter(self.clip.frames())).pixels
            more: dict[str, Any] = {"on_progress": on_iteration, "cancel": cancel}
            self.coherence = find_coherence(job, film, first, painter=painter, **more)

    def describe(self) -> str:
        """Return the description of the network; "" if keyframes are carried."""
        return "" if self.coherence is None else self.coherence.painter.describe()

    def paint(
        self, plan: FilmPlan, kept: PartFiles, on_frame: Callable[[int, Pixels], None], cancel: Cancel
    ) -> bool:
        """Paint the missing frames of a part; return whether it is finished.

        Painting continues after the last finished segment. ``on_frame`` is called with the number of frames
        painted, and the last one. Raises InputError, OutputError.
        """
        if kept.about.exists():
            return True
        part = kept.part
        out = _PartWriter(kept, self.length)
        with contextlib.ExitStack() as stack:
            stack.callback(out.discard)
            stack.enter_context(contextlib.suppress(FrameCancelled))
            frames = part_frames(plan, self.clip, part, out.notes, out.painted)
            paint, shown = self._way(plan, kept, on_frame, cancel)
            paintings = stack.enter_context(contextlib.closing(paint(frames, out.state)))
            for painted in paintings:
                if cancel():
                    return False
                pixels = painted.pixels
                if self.coherence is not None and painted.frame.number >= part.first:
                    pixels = self.coherence.painter.finish(pixels, painted.frame.pixels)
                out.write(painted, pixels)
                on_frame(shown(out.painted), pixels)
            out.finish()
            return True
        return False

    def _way(
        self, plan: FilmPlan, kept: PartFiles, on_frame: Callable[[int, Pixels], None], cancel: Cancel
    ) -> tuple[Callable[[Iterable[Frame], State | None], Generator[PaintedFrame]], Callable[[int], int]]:
        """Return the function that paints the frames of a part, and one that converts their number to the
        progress."""
        if self.coherence is not None:
            return self.coherence.paint, int
        whole = len(kept.part)

        def tell(count: int, pixels: Pixels) -> None:
            on_frame(count // 2, pixels)

        keys = KeyframePart(plan, self.clip, kept.part, kept.folder, tell, cancel)
        return keys.paint, int if keys.ends.after is None else lambda count: (whole + count) // 2


class _PartWriter:
    """A writer of a part's frames, in segments of ``length``.

    ``painted``, ``state``, ``notes``: those of an earlier run. Raises OutputError.
    """

    def __init__(self, kept: PartFiles, length: int) -> None:
        self.kept = kept
        self.part = kept.part
        self.length = length
        earlier = kept.segments.begin()
        self.count = len(earlier.segments)
        self.state: State | None = None
        self.notes = [earlier.note] if earlier.note else []
        self.cuts: list[int] = []
        self.painted = 0
        if earlier.state is not None:
            known = dict(earlier.state)
            self.notes = [str(note) for note in known.pop("notes")]
            self.cuts = [int(number) for number in known.pop("cuts")]
            self.painted = int(known.pop("painted"))
            self.state = known
        self._ticks: list[int] = []
        self._last: Pixels | None = None
        self._after: State | None = None
        self._writer: SegmentWriter | None = None

    def write(self, painted: PaintedFrame, pixels: Pixels) -> None:
        """Write the next frame, as ``pixels``."""
        part, number = self.part, painted.frame.number
        if painted.cut and number > part.begin:
            self.cuts.append(number)
        if part.first <= number < part.first + part.head:
            write_samples(self.kept.head(number), to_uint16(pixels))
            for name in ("alpha", "headroom"):
                plane = getattr(painted.frame, name)
                if plane is not None:
                    write_samples(self.kept.plane(number, name), to_uint16(plane))
        elif number >= part.last:
            write_samples(self.kept.tail(number), to_uint16(pixels))
        elif number >= part.first:
            self._write(painted.frame, pixels)
        self.painted += 1
        self._after = painted.state
        if self.painted % self.length == 0 or number == part.end - 1:
            self._commit()

    def _write(self, frame: Frame, pixels: Pixels) -> None:
        self._ticks.append(frame.ticks)
        self._last = pixels
        output = self.kept.output
        if output.is_frames:
            output.write_picture(frame.number, pixels, frame.alpha, frame.headroom)
            return
        if self._writer is None:
            self._writer = output.segment_writer(self.kept.segments.path(self.count))
        self._writer.write(pixels, frame.ticks, frame.alpha, frame.headroom)

    def _commit(self) -> None:
        assert self._after is not None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        own = {"notes": np.array(self.notes, np.str_), "cuts": np.array(self.cuts, np.int64)}
        own["painted"] = np.array(self.painted)
        self.kept.segments.commit(self.count, self._ticks, {**self._after, **own})
        self.count += 1
        self._ticks, self._after = [], None
        if self._last is not None:
            write_samples(self.kept.newest, to_uint16(self._last))

    def finish(self) -> None:
        """Write the last segment, and mark the part as finished."""
        if self._after is not None:
            self._commit()
        about = {"notes": self.notes, "cuts": self.cuts}
        files.replace(self.kept.about, json.dumps(about).encode())
        self.kept.segments.path(self.count - 1, ".npz").unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the unfinished segment."""
        if self._writer is not None:
            self._writer.discard()
