"""One go at a film: what is missing is painted and written, and whoever watches is told."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from impasto import imaging
from impasto.clips import Blended, Clip, ClipInfo, Coherence, Frame, Painted
from impasto.clips.codecs import Target
from impasto.clips.joining import Segment, join
from impasto.clips.pipeline import ahead
from impasto.clips.segments import Begun, Store
from impasto.clips.writing import SegmentWriter
from impasto.painters.frames import CutShort
from impasto.pipelines.video.engines import FilmPainter
from impasto.pipelines.video.options import FilmOptions, FilmProgress
from impasto.pipelines.video.places import frame_path, left_over, sound_of
from impasto.progress import Progress
from impasto.types import Picture, Pixels


class Watch:
    """Turns frames and iterations into ``FilmProgress``."""

    def __init__(self, frames: int | None, tell: Callable[[FilmProgress], None] | None) -> None:
        self.frames = frames
        self._tell = tell
        self._began = time.monotonic()
        self._count = self._resumed = 0
        self._last: Pixels | None = None

    def resume(self, count: int) -> None:
        """``count`` frames are there already."""
        self._count = self._resumed = count
        self._began = time.monotonic()

    def painted(self, pixels: Pixels) -> None:
        """One more frame is."""
        self._count += 1
        self._last = pixels
        self._report(None)

    def painting(self, event: Progress) -> None:
        """The frame at hand goes on."""
        self._report(event)

    def _report(self, event: Progress | None) -> None:
        if self._tell is None:
            return
        elapsed = time.monotonic() - self._began
        made, left, last = self._count - self._resumed, None, self._last
        if made and self.frames is not None:
            within = 0.0 if event is None else event.done
            left = elapsed / (made + within) * max(0.0, self.frames - self._count - within)
        preview = None if last is None else lambda: last
        self._tell(FilmProgress(self._count, self.frames, elapsed, left, event, preview))


class Run:
    """One go at a film: paints what is missing, segment by segment."""

    def __init__(
        self,
        clip: Clip,
        target: Target,
        coherence: Coherence,
        painter: FilmPainter,
        store: Store,
        length: int,
        watch: Watch,
    ) -> None:
        self.clip = clip
        self.target = target
        self.coherence = coherence
        self.painter = painter
        self.store = store
        self.length = length
        self.watch = watch
        self.segments: list[Segment] = []
        self.cuts: list[int] = []
        self.count = 0

    @property
    def _last(self) -> int:
        """How long the last frame is shown, in ticks."""
        info = self.clip.info
        return max(1, round(1 / (info.rate * info.time_base)))

    def paint(self, earlier: Begun, cancel: Callable[[], bool] | None) -> bool:
        """Paint what ``earlier`` lacks; whether all of it is there now."""
        self.segments = list(earlier.segments)
        self.count = earlier.frames
        self.watch.resume(self.count)
        frames = self.clip.frames(self.count)
        paintings = self.coherence.paint(frames, earlier.state)
        if isinstance(self.coherence, Blended):
            paintings = ahead(paintings)  # so that encoding has this thread to itself
        with contextlib.closing(paintings), contextlib.suppress(CutShort):  # type: ignore[type-var]
            return self._write(paintings, cancel)
        return False

    def _write(self, paintings: Iterator[Painted], cancel: Callable[[], bool] | None) -> bool:
        writer: SegmentWriter | None = None
        ticks: list[int] = []
        painted: Painted | None = None
        try:
            for painted in paintings:
                if cancel is not None and cancel():
                    return False
                pixels = self.painter.finish(painted.pixels, painted.frame.pixels)
                if self.target.kind == "frames":
                    self._write_picture(pixels, painted.frame)
                else:
                    writer = writer or self._writer(self.clip.info)
                    writer.write(pixels, painted.frame.ticks)
                ticks.append(painted.frame.ticks)
                self.count += 1
                self.cuts += [painted.frame.number] if painted.cut and painted.frame.number else []
                self.watch.painted(pixels)
                if len(ticks) == self.length:
                    self._commit(writer, ticks, painted.state)
                    writer, ticks = None, []
            if ticks:
                assert painted is not None
                self._commit(writer, ticks, painted.state)
                writer = None
        finally:
            if writer is not None:
                writer.discard()
        return True

    def _writer(self, info: ClipInfo) -> SegmentWriter:
        path = self.store.path(len(self.segments))
        return SegmentWriter(path, self.target, info.width, info.height, info.rate, info.time_base)

    def _write_picture(self, pixels: Pixels, frame: Frame) -> None:
        picture = Picture(pixels, bits=16 if self.target.bits > 8 else 8)
        imaging.write(picture, frame_path(self.target.path, frame.number))

    def _commit(self, writer: SegmentWriter | None, ticks: list[int], state: Mapping[str, Any]) -> None:
        if writer is not None:
            writer.close(self._last)
        self.segments.append(self.store.commit(len(self.segments), ticks, state))

    def finish(self, wanted: FilmOptions) -> list[str]:
        """Put the segments together; what there is to say of it."""
        info = self.clip.info
        if self.target.kind == "frames":
            silent = ["frames have no sound; it was left out"] if info.audio and wanted.sound else []
            return silent + left_over(self.target, self.count)
        sound = sound_of(self.clip, wanted)
        return join(self.segments, self.target, info.time_base, self._last, sound)
