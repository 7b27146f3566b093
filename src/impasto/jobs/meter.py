"""The progress of a batch, counted from its events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from impasto.files.places import name_of
from impasto.jobs.events import BatchEvent
from impasto.progress import Progress

WINDOW = 300.0
"""Seconds over which speed is measured."""
MARKS = 256
PARTS = 8
"""Paintings in progress that are reported, at most."""


class BatchMeter:
    """A counter of the finished and failed jobs of a batch, in constant memory.

    ``total``: all jobs; ``skipped``: those done before. ``now`` returns seconds. The time left is estimated
    from the speed of the last five minutes.
    """

    def __init__(self, total: int, skipped: int, now: Callable[[], float]) -> None:
        self.total = total
        self.settled = skipped
        self.failed = 0
        self._done = 0
        self._now = now
        self._began = now()
        self._parts: dict[int, Progress] = {}
        # (time, how many were done then); not every one where they are many.
        self._marks: deque[tuple[float, int]] = deque([(self._began, 0)])

    def take(self, event: BatchEvent) -> Progress:
        """Count ``event`` and return the progress of the batch, its parts the paintings in progress."""
        if event.job is not None and event.state in ("started", "painting"):
            if event.worker in self._parts or len(self._parts) < PARTS:
                part = event.progress or Progress()
                stage = " ".join(filter(None, (name_of(event.job.output), part.stage)))
                self._parts[event.worker] = replace(part, stage=stage)
        else:
            self._parts.pop(event.worker, None)
        if event.state in ("done", "failed"):
            self.settled += 1
            self.failed += event.state == "failed"
            if event.state == "done":
                self._mark()
        return self._progress()

    def _mark(self) -> None:
        now = self._now()
        self._done += 1
        if now - self._marks[-1][0] >= WINDOW / MARKS or self._done == 1:
            self._marks.append((now, self._done))
        while len(self._marks) > 2 and now - self._marks[1][0] > WINDOW:
            self._marks.popleft()

    def _progress(self) -> Progress:
        now, parts = self._now(), tuple(self._parts.values())
        since, before = self._marks[0]
        left = None
        if self._done > before:
            left = (self.total - self.settled) * (now - since) / (self._done - before)
        return Progress(
            done=min(1.0, (self.settled + sum(part.done for part in parts)) / self.total),
            elapsed=now - self._began,
            left=left,
            step=self.settled,
            steps=self.total,
            unit="picture",
            failed=self.failed,
            parts=parts,
        )
