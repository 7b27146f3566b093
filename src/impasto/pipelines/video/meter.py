"""The progress of a film, painted in this process or by workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from impasto.jobs.events import BatchEvent
from impasto.pipelines.video.parts import PartFiles
from impasto.pipelines.video.plan import Part
from impasto.pipelines.video.seams import read_samples
from impasto.progress import Progress, ProgressCallback, time_left
from impasto.types import Pixels


class FilmMeter:
    """Counts the frames painted here, iterations, and the events of workers, and reports the film's progress.

    ``frames``: their expected number, or None; ``resumed``: the number that already existed. ``say`` is
    called with lines about workers.
    """

    def __init__(self, on_progress: ProgressCallback | None, say: Callable[[str], None]) -> None:
        self.say = say
        self.frames: int | None = None
        self.resumed = 0
        self._on_progress = on_progress
        self._parts: dict[int, float] = {}
        self._began = time.monotonic()
        self._told = -1
        self._preview: Callable[[], Pixels] | None = None

    def begin(self, frames: int | None, parts: Iterable[PartFiles]) -> None:
        """Start counting, with the existing frames of ``parts``."""
        self.frames = frames
        self._parts = {kept.part.number: kept.finished_frames() for kept in parts}
        self.resumed = self.painted
        self._began = time.monotonic()

    @property
    def painted(self) -> int:
        """The number of painted frames, including those of unfinished parts."""
        return int(sum(self._parts.values()))

    def frame(self, part: Part, count: int, pixels: Pixels) -> None:
        """Record that ``count`` frames of ``part`` are painted in this process; ``pixels`` is the last."""
        self._parts[part.number] = part.share(count)
        self._preview = lambda: pixels
        self._report()

    def iteration(self, event: Progress) -> None:
        """Record an iteration of the frame that is being painted."""
        self._report(event)

    def take(self, event: BatchEvent, kept: PartFiles | None) -> None:
        """Record the event of a part, or of a worker that died without one."""
        if kept is None:
            self.say(f"worker {event.worker} is replaced: {event.note}")
            return
        part, newest = kept.part, kept.newest
        if event.state in ("retrying", "replaced"):
            self.say(f"frames {part.first} to {part.last - 1} again: {event.note}")
        if event.progress is not None:
            self._parts[part.number] = part.share(event.progress.step)
        elif event.state in ("skipped", "done"):
            self._parts[part.number] = kept.finished_frames()
        elif event.state != "started":
            self._parts[part.number] = 0
        if newest.exists():
            self._preview = lambda: read_samples(newest)
        self._report()

    def _report(self, *parts: Progress) -> None:
        count = int(self.painted)
        if self._on_progress is None or (not parts and count == self._told):
            return
        self._told, elapsed, done, left = count, time.monotonic() - self._began, 0.0, None
        if self.frames:
            done = min(1.0, (sum(self._parts.values()) + sum(part.done for part in parts)) / self.frames)
            left = time_left(elapsed, done, self.resumed / self.frames)
        self._on_progress(
            Progress(
                done=done,
                elapsed=elapsed,
                left=left,
                step=count,
                steps=self.frames,
                unit="frame",
                parts=parts,
                preview=self._preview,
            )
        )
