"""How far a film in parts is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from impasto.clips.codecs import Target
from impasto.jobs.batch import BatchProgress
from impasto.pipelines.video import FilmProgress
from impasto.pipelines.video.parts.division import Part
from impasto.pipelines.video.parts.painting import name_of, newest, segments_of
from impasto.pipelines.video.parts.plans import Plan
from impasto.pipelines.video.parts.seams import read_words


class Watch:
    """Turns the news of a batch of parts into those of a film."""

    def __init__(
        self,
        plan: Plan,
        target: Target,
        folder: Path,
        on_progress: Callable[[FilmProgress], None] | None,
        say: Callable[[str], None],
    ) -> None:
        self.say = say
        self.frames = 0
        self._all = len(plan.ticks)
        self._parts = plan.parts
        self._folder = folder
        self._tell = on_progress
        self._began = time.monotonic()
        found = {part.number + 1: _finished_frames(folder, part, target) for part in plan.parts}
        self.resumed = sum(found.values())
        self._at_hand: dict[int, float] = dict(found)
        self._told = -1
        self._last: Path | None = None

    @property
    def painted(self) -> int:
        """How many frames are painted, those of unfinished parts too."""
        return int(self.frames + sum(self._at_hand.values()))

    def __call__(self, event: BatchProgress) -> None:
        if event.job is None:
            self.say(f"worker {event.worker} is replaced: {event.note}")
            return
        part = self._parts[event.number - 1]
        if event.state in ("retrying", "replaced"):
            self.say(f"frames {part.first} to {part.last - 1} again: {event.note}")
        if event.painting is not None:
            self._at_hand[event.number] = event.painting.done * len(part)
        elif event.state != "started":
            self._at_hand.pop(event.number, None)
        if event.state in ("skipped", "done"):
            self.frames += len(part)
        last = newest(self._folder / name_of(part))
        self._last = last if last.exists() else self._last
        self._report()

    def _report(self) -> None:
        count = self.frames + sum(self._at_hand.values())
        if self._tell is None or int(count) == self._told:
            return
        self._told = int(count)
        elapsed, made = time.monotonic() - self._began, count - self.resumed
        left = elapsed / made * (self._all - count) if made > 0 else None
        last = self._last
        preview = None if last is None else lambda: read_words(last)
        self._tell(FilmProgress(int(count), self._all, elapsed, left, preview=preview))


def _finished_frames(folder: Path, part: Part, target: Target) -> int:
    """How many frames of ``part`` an earlier run has finished."""
    path = folder / name_of(part)
    if path.exists():
        return len(part)
    return sum(len(segment.ticks) for segment in segments_of(path, target).finished())
