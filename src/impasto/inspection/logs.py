"""What a run tells while it paints: losses by layer against iterations, times, and pictures on the way."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.progress import Progress
from impasto.types import Pixels

PLACES = ("iteration", "level", "width", "height", "seconds")
JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class LossLog:
    """A run, iteration by iteration: N of them, counted from 1 through all levels.

    ``iteration``, ``level``, ``width``, ``height``: (N,) whole numbers. ``seconds``: (N,) since the
    beginning. ``losses``: name ("total", "content relu4_2", "style relu1_1", "tv") to (N,) weighted
    losses. ``pictures``: iteration to the file saved then, where the log names them.
    """

    iteration: NDArray[np.int64]
    level: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    seconds: NDArray[np.float64]
    losses: Mapping[str, NDArray[np.float64]]
    pictures: Mapping[int, Path] = field(default_factory=dict)

    def parts(self, kind: str) -> dict[str, NDArray[np.float64]]:
        """The losses of one kind ("content" or "style") by layer."""
        return {n.split()[1]: v for n, v in self.losses.items() if n.split()[0] == kind and " " in n}

    def table(self) -> list[dict[str, Any]]:
        """One row a level: its size, iterations, seconds, and each kind's loss at its first and last
        iteration."""
        rows = []
        before = 0.0
        for level in dict.fromkeys(self.level.tolist()):
            here = np.flatnonzero(self.level == level)
            first, last = here[0], here[-1]
            row: dict[str, Any] = {
                "level": level,
                "width": int(self.width[first]),
                "height": int(self.height[first]),
                "iterations": len(here),
                "seconds": float(self.seconds[last]) - before,
            }
            for kind in ("content", "style"):
                values = sum(self.parts(kind).values(), np.zeros(len(self.iteration)))
                row[f"{kind}_first"], row[f"{kind}_last"] = float(values[first]), float(values[last])
            row["total_first"] = float(self.losses["total"][first])
            row["total_last"] = float(self.losses["total"][last])
            before = float(self.seconds[last])
            rows.append(row)
        return rows


def read_log(path: str | Path) -> LossLog:
    """The log that ``impasto stylize --log FILE`` wrote: CSV, or JSON lines where FILE ends in .jsonl.

    Raises InputError for a file that is missing or no such log. A last line that a crash cut short does
    not count.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot read the log {place}: {problem}") from problem
    rows = _from_json(text, place) if place.suffix.lower() in JSON_LINES else _from_csv(text, place)
    if not rows:
        raise InputError(f"the log {place} has no iterations in it")
    return _gathered(rows, place.parent)


def _from_csv(text: str, path: Path) -> list[dict[str, Any]]:
    lines = list(csv.reader(text.splitlines()))
    if not lines or tuple(lines[0][: len(PLACES)]) != PLACES or "total" not in lines[0]:
        raise _no_log(path, "its first line is another")
    found = []
    for number, line in enumerate(lines[1:], 2):
        if len(line) < len(lines[0]) and number == len(lines):
            break
        row: dict[str, Any] = dict(zip(lines[0], line, strict=False))
        try:
            found.append({name: float(value) for name, value in row.items()})
        except ValueError:
            raise _no_log(path, f"line {number} has what is no number") from None
        if len(line) != len(lines[0]):
            raise _no_log(path, f"line {number} has {len(line)} columns")
    return found


def _from_json(text: str, path: Path) -> list[dict[str, Any]]:
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            losses = {str(name): float(value) for name, value in row["losses"].items()}
            found.append({name: row[name] for name in PLACES} | losses | {"saved": row.get("saved")})
        except (ValueError, KeyError, TypeError, AttributeError):
            if number == len(lines) and found:
                break
            raise _no_log(path, f"line {number} is another") from None
    return found


def _no_log(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is no log of impasto stylize --log: expected {', '.join(PLACES)}, total; {why}"
    )


def _gathered(rows: Sequence[Mapping[str, Any]], folder: Path) -> LossLog:
    names = [name for name in rows[0] if name not in (*PLACES, "saved")]
    whole = {name: np.array([int(row[name]) for row in rows]) for name in PLACES[:-1]}
    saved = {int(r["iteration"]): _found(Path(r["saved"]), folder) for r in rows if r.get("saved")}
    return LossLog(
        **whole,
        seconds=np.array([float(row["seconds"]) for row in rows]),
        losses={name: np.array([float(row.get(name, math.nan)) for row in rows]) for name in names},
        pictures=saved,
    )


def _found(path: Path, folder: Path) -> Path:
    """A picture's place: as the log has it, or else beside the log."""
    return path if path.exists() or not (folder / path.name).exists() else folder / path.name


def numbered_pictures(output: str | Path) -> dict[int, Path]:
    """What ``--save-every`` left beside ``output``: iteration to OUTPUT_0100.png. Raises InputError where
    there is nothing."""
    path = Path(output)
    found = {}
    for other in sorted(path.parent.glob(f"{path.stem}_*{path.suffix}")):
        number = other.stem.removeprefix(f"{path.stem}_")
        if number.isdigit():
            found[int(number)] = other
    if not found:
        raise InputError(
            f"there are no pictures called {path.stem}_0010{path.suffix} or the like in {path.parent}: "
            "expected those of impasto stylize --save-every N"
        )
    return found


class Recorder:
    """A progress callback that keeps the log of a run, and pictures on the way.

    ``every``: keep the picture after so many iterations; or ``when(count, event)`` says so. ``then`` is
    called with every event, too. ``frames``: (iteration, pixels (H, W, 3)).
    """

    def __init__(
        self,
        every: int | None = None,
        *,
        when: Callable[[int, Progress], bool] | None = None,
        then: Callable[[Progress], None] | None = None,
    ) -> None:
        self.frames: list[tuple[int, Pixels]] = []
        self._rows: list[dict[str, Any]] = []
        self._when = when or (lambda count, _: every is not None and count % every == 0)
        self._then = then

    def __call__(self, event: Progress) -> None:
        count = len(self._rows) + 1
        place = {"iteration": count, "level": event.level, "width": event.width, "height": event.height}
        self._rows.append(place | {"seconds": event.elapsed} | dict(event.losses))
        if event.preview is not None and self._when(count, event):
            self.frames.append((count, event.preview()))
        if self._then is not None:
            self._then(event)

    def log(self) -> LossLog:
        """What has been recorded. Raises InputError before the first event."""
        if not self._rows:
            raise InputError("nothing has been recorded yet")
        return _gathered(self._rows, Path())
