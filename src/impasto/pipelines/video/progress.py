"""How far a film is, whoever paints it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from impasto.jobs.batch import BatchProgress
from impasto.pipelines.video.parts import PartFiles
from impasto.pipelines.video.plan import Part
from impasto.pipelines.video.seams import read_words
from impasto.progress import Progress
from impasto.types import Pixels


@dataclass(frozen=True)
class FilmProgress:
    """What a film tells whoever watches: ``frame`` of ``frames`` are painted (None: nobody knows how many),
    ``elapsed`` and ``left`` in seconds. ``painting``: of the frame at hand, where it is optimised.
    ``preview``: gives the last painting, (H, W, 3)."""

    frame: int
    frames: int | None
    elapsed: float
    left: float | None = None
    painting: Progress | None = None
    preview: Callable[[], Pixels] | None = field(default=None, repr=False, compare=False)

    @property
    def done(self) -> float:
        """The finished share in [0, 1]; 0 where nobody knows."""
        within = 0.0 if self.painting is None else self.painting.done
        return min(1.0, (self.frame + within) / self.frames) if self.frames else 0.0


class FilmMeter:
    """Turns frames painted here, iterations, and the news of workers into ``FilmProgress``.

    ``frames``: how many there will be, or None; ``resumed``: how many were there already.
    """

    def __init__(self, tell: Callable[[FilmProgress], None] | None, say: Callable[[str], None]) -> None:
        self.say = say
        self.frames: int | None = None
        self.resumed = 0
        self._tell = tell
        self._parts: dict[int, float] = {}
        self._began = time.monotonic()
        self._told = -1
        self._preview: Callable[[], Pixels] | None = None

    def begin(self, frames: int | None, parts: Iterable[PartFiles]) -> None:
        """Painting begins, with what is there of ``parts``."""
        self.frames = frames
        self._parts = {kept.part.number: kept.finished_frames() for kept in parts}
        self.resumed = self.painted
        self._began = time.monotonic()

    @property
    def painted(self) -> int:
        """How many frames are painted, those of unfinished parts too."""
        return int(sum(self._parts.values()))

    def frame(self, part: Part, count: int, pixels: Pixels) -> None:
        """So many frames of ``part`` are painted in this process; ``pixels`` is the last."""
        self._parts[part.number] = part.share(count)
        self._preview = lambda: pixels
        self._report(None)

    def iteration(self, event: Progress) -> None:
        """The frame at hand goes on."""
        self._report(event)

    def news(self, event: BatchProgress, kept: PartFiles | None) -> None:
        """Workers tell of a part, or of a worker that died without one."""
        if kept is None:
            self.say(f"worker {event.worker} is replaced: {event.note}")
            return
        part, newest = kept.part, kept.newest
        if event.state in ("retrying", "replaced"):
            self.say(f"frames {part.first} to {part.last - 1} again: {event.note}")
        if event.painting is not None:
            self._parts[part.number] = part.share(event.painting.iteration)
        elif event.state in ("skipped", "done"):
            self._parts[part.number] = kept.finished_frames()
        elif event.state != "started":
            self._parts[part.number] = 0
        if newest.exists():
            self._preview = lambda: read_words(newest)
        self._report(None)

    def _report(self, event: Progress | None) -> None:
        count = sum(self._parts.values())
        if self._tell is None or (event is None and int(count) == self._told):
            return
        self._told = int(count)
        elapsed, left = time.monotonic() - self._began, None
        within = 0.0 if event is None else event.done
        if count > self.resumed and self.frames is not None:
            made = count - self.resumed + within
            left = elapsed / made * max(0.0, self.frames - count - within)
        self._tell(FilmProgress(int(count), self.frames, elapsed, left, event, self._preview))
