"""What ``impasto video`` shows while it paints, and its last words."""

from __future__ import annotations

import json as jsonlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.cli.painting import make_bar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.pipelines.video.film import Film
    from impasto.pipelines.video.progress import FilmProgress


class FilmDisplay:
    """Shows a film: how far it is and how far the frame at hand is; or JSON, a line a frame."""

    def __init__(self, show: str, preview: Path | None) -> None:
        self.show = show
        self.preview = preview
        self._previewed = 0.0
        self._bar: Bar | None = None

    def __call__(self, event: FilmProgress) -> None:
        if self.preview is not None and event.preview and time.monotonic() - self._previewed > 1:
            from impasto.imaging import write
            from impasto.types import Picture

            write(Picture(event.preview()), self.preview)
            self._previewed = time.monotonic()
        if self.show == "json" and event.painting is None:
            left = None if event.left is None else round(event.left, 1)
            row = {"frame": event.frame, "frames": event.frames, "elapsed": round(event.elapsed, 2)}
            print(jsonlib.dumps(row | {"left": left}), flush=True)
        elif self.show == "bar":
            self._draw(event)

    def say(self, line: str) -> None:
        """A line about the workers."""
        if self.show == "json":
            print(jsonlib.dumps({"about": line}), flush=True)
        elif self.show == "bar" and self._bar is not None:
            self._bar.console.print(f"impasto: {line}", markup=False)
        elif self.show != "nothing":
            print(f"impasto: {line}", file=sys.stderr)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def sum_up(self, film: Film) -> None:
        """Show the last words: what became of it, and what was unlike the clip."""
        if self.show == "json":
            row = {"output": str(film.path), "engine": film.engine, "frames": film.frames}
            row |= {"resumed": film.resumed, "seconds": round(film.seconds, 2), "cuts": list(film.cuts)}
            row |= {"device": film.device} if film.device else {}
            print(jsonlib.dumps(row | {"notes": list(film.notes), "cancelled": film.cancelled}))
            return
        for note in film.notes:
            print(f"impasto: {note}", file=sys.stderr)
        if self.show == "nothing":
            return
        if film.cancelled:
            print("interrupted; the same command goes on after the last finished segment")
            return
        resumed = f", {film.resumed} of them from before" if film.resumed else ""
        size = f"{film.width}x{film.height}, {film.frames} frames{resumed}"
        engine = film.engine if film.device in ("", "cpu") else f"{film.engine} on {film.device}"
        print(f"painted: {film.path} ({size}, {engine}, {film.seconds:.1f} s)")

    def _draw(self, event: FilmProgress) -> None:
        if self._bar is None:
            self._bar = make_bar()
            self._bar.start()
            self._bar.add_task("", total=1.0, losses="", left="")
        words = f"frame {event.frame}" + (f" of {event.frames}" if event.frames else "")
        left = "" if event.left is None else f"{_clock(event.left)} left"
        task = self._bar.task_ids[0]
        self._bar.update(task, description=words, completed=event.done, left=left)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
