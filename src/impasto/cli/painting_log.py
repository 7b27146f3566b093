"""The log of a painting: a line of CSV or JSON an iteration, in one file however often it was cut short."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from impasto import files
from impasto.progress import Progress

JSON_LINES = (".jsonl", ".ndjson")
"""Suffixes of logs that have one JSON object a line; all others are CSV."""

PLACES = ("iteration", "level", "width", "height", "seconds")


class PaintingLog:
    """Writes ``path`` while a painting goes on; nothing is touched before its first iteration.

    ``done``: iterations that were done before, where a painting is resumed: their lines are kept.
    """

    def __init__(self, path: Path, *, done: int = 0) -> None:
        self.path, self.done = path, done
        self._lines = path.suffix.lower() in JSON_LINES
        self._begun = False

    def write(self, event: Progress, count: int, saved: str = "") -> None:
        """Add iteration ``count``; ``saved``: the picture of --save-every that was saved just now, or ""."""
        place = [count, event.level, event.width, event.height, round(event.elapsed, 3)]
        if not self._begun:
            head = "" if self._lines else _csv_line([*PLACES, *event.losses])
            kept = self._kept(head) if self.done and self.path.exists() else []
            files.replace(self.path, (head + "".join(kept)).encode())
            self._begun = True
        if self._lines:
            row: dict[str, Any] = dict(zip(PLACES, place, strict=True)) | {"losses": dict(event.losses)}
            line = json.dumps(row | ({"saved": saved} if saved else {})) + "\n"
        else:
            line = _csv_line([*place, *event.losses.values()])
        # A run that is killed goes on from its checkpoint: the lines before it have to be there.
        files.append(self.path, line.encode(), durable=False)

    def _kept(self, head: str) -> list[str]:
        """The lines there of the iterations done before; a file of another kind has none."""
        with self.path.open(newline="", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
        if head and (not lines or lines.pop(0).strip() != head.strip()):
            return []
        # Of a line cut short, the end is missing.
        return [line for line in lines if line.endswith("\n") and 0 < self._iteration(line) <= self.done]

    def _iteration(self, line: str) -> int:
        """The number of a line's iteration; 0 for what is no line of a log."""
        try:
            return int(json.loads(line)["iteration"] if self._lines else line.partition(",")[0])
        except (ValueError, KeyError, TypeError):
            return 0


def _csv_line(values: list[Any]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(values)
    return stream.getvalue()
