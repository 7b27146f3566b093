"""Logs of paintings and trainings: losses by layer and iteration, times, and intermediate pictures."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import files
from impasto.errors import InputError
from impasto.files import reason_of
from impasto.files.places import is_there
from impasto.progress import Progress
from impasto.types import Pixels

PLACES = ("iteration", "level", "width", "height", "seconds")
JSON_LINES = (".jsonl", ".ndjson")
"""Suffixes of logs with one JSON object per line; all others are CSV."""


@dataclass(frozen=True)
class LossLog:
    """The log of a run of N iterations, counted from 1 through all levels.

    ``iteration``, ``level``, ``width``, ``height``: (N,) integers. ``seconds``: (N,) since the beginning.
    ``losses``: name ("total", "content relu4_2", "style relu1_1", "tv") to (N,) weighted losses, at the
    beginning of each iteration. ``pictures``: iteration to the file saved after it, if the log names them.

    For a training, levels are its stages, sizes those of its crops, and losses are running means of "content"
    and "style", without a total.
    """

    iteration: NDArray[np.int64]
    level: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    seconds: NDArray[np.float64]
    losses: Mapping[str, NDArray[np.float64]]
    pictures: Mapping[int, Path] = field(default_factory=dict)

    def parts(self, kind: str) -> dict[str, NDArray[np.float64]]:
        """Return the losses of one kind ("content" or "style") by layer."""
        return {n.split()[1]: v for n, v in self.losses.items() if n.split()[0] == kind and " " in n}

    def kinds(self) -> dict[str, NDArray[np.float64]]:
        """Return the losses summed over layers, as far as the run has them: "total", "content", "style", and
        others by name; each (N,). A total that consists of one kind alone is left out."""
        found = {name: values for name, values in self.losses.items() if name == "total"}
        for name, values in self.losses.items():
            kind = name.split()[0]
            if kind != "total":
                found[kind] = found[kind] + values if kind in found else values
        others = [values for kind, values in found.items() if kind != "total"]
        if "total" in found and len(others) == 1 and np.allclose(found["total"], others[0]):
            del found["total"]  # for a texture, which has only the style loss
        return found

    def table(self) -> list[dict[str, Any]]:
        """Return one row per level: its size, iterations, seconds, and each kind's loss at its first and last
        iteration ("content_first", "content_last", ...)."""
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
            for kind, values in self.kinds().items():
                row[f"{kind}_first"], row[f"{kind}_last"] = float(values[first]), float(values[last])
            before = float(self.seconds[last])
            rows.append(row)
        return rows

    def at(self, iterations: Iterable[int]) -> list[dict[str, float]]:
        """Return the seconds and each kind's loss at these iterations, as far as the log has them; losses are
        those at the beginning of an iteration."""
        places = {int(count): number for number, count in enumerate(self.iteration)}
        return [
            {"iteration": count, "seconds": float(self.seconds[places[count]])}
            | {kind: float(values[places[count]]) for kind, values in self.kinds().items()}
            for count in iterations
            if count in places
        ]


def read_log(path: str | Path) -> LossLog:
    """Return the log written by ``--log FILE`` of ``impasto stylize``, ``texture`` or ``train``: CSV, or JSON
    lines if FILE ends in .jsonl.

    Raises InputError for a file that is missing or not such a log. A last line that was cut off by a crash is
    ignored.
    """
    place = Path(path)
    try:
        text = files.read_bounded(place).decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"cannot read the log {place}: {reason_of(problem)}") from problem
    rows = _from_json(text, place) if place.suffix.lower() in JSON_LINES else _from_csv(text, place)
    if not rows:
        raise InputError(f"the log {place} has no iterations in it")
    try:
        return _gathered(rows, place.parent)
    except (ValueError, TypeError, KeyError, OverflowError) as problem:
        raise _no_log(place, f"it has other values ({reason_of(problem)})") from problem


def _from_csv(text: str, path: Path) -> list[dict[str, Any]]:
    lines = list(csv.reader(text.splitlines()))
    if not lines or tuple(lines[0][: len(PLACES)]) != PLACES or len(lines[0]) == len(PLACES):
        raise _no_log(path, "its first line is another")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines[1:], 2):
        if len(line) < len(lines[0]) and number == len(lines):
            break
        if len(line) != len(lines[0]):
            raise _no_log(path, f"line {number} has {len(line)} columns")
        try:
            found.append({n: float(v or "nan") for n, v in zip(lines[0], line, strict=True)})
        except ValueError:
            raise _no_log(path, f"line {number} has a value that is not a number") from None
    return found


def _from_json(text: str, path: Path) -> list[dict[str, Any]]:
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            losses = {str(name): float(value) for name, value in row["losses"].items()}
            found.append({name: row[name] for name in PLACES} | losses | {"saved": row.get("saved")})
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            if number == len(lines) and found:
                break
            raise _no_log(path, f"line {number} is another") from None
    return found


def _no_log(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is not a log of impasto's --log: expected {', '.join(PLACES)} and losses; {why}"
    )


def _gathered(rows: Sequence[Mapping[str, Any]], folder: Path) -> LossLog:
    names = [name for name in rows[0] if name not in (*PLACES, "saved")]
    whole = {name: np.array([int(row[name]) for row in rows], np.int64) for name in PLACES[:-1]}
    saved = {int(r["iteration"]): _found(Path(r["saved"]), folder) for r in rows if r.get("saved")}
    return LossLog(
        **whole,
        seconds=np.array([float(row["seconds"]) for row in rows]),
        losses={name: np.array([float(row.get(name, math.nan)) for row in rows]) for name in names},
        pictures=saved,
    )


def _found(path: Path, folder: Path) -> Path:
    """Return a picture's path: as in the log, or else in the folder of the log."""
    return path if is_there(path) or not is_there(folder / path.name) else folder / path.name


def numbered_pictures(output: str | Path) -> dict[int, Path]:
    """Return the pictures that ``--save-every`` saved beside ``output``: iteration to OUTPUT_0100.png.

    Raises InputError if there are none.
    """
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


class LogFile:
    """A progress callback that writes the log of a run, one line per iteration.

    Nothing is written before the first event. ``done``: the number of iterations of an earlier run, whose
    lines are kept. ``losses``: the names of those in a CSV, by default those of the first event. Steps before
    the painting itself are not logged.
    """

    def __init__(self, path: str | Path, done: int = 0, losses: Sequence[str] = ()) -> None:
        self.path, self.done, self.losses = Path(path), done, losses
        self._lines = self.path.suffix.lower() in JSON_LINES
        self.count = done
        self._begun = False

    def __call__(self, event: Progress, saved: str = "") -> None:
        """Add the iteration ``event``; ``saved``: the file to which its picture was saved, or ""."""
        if event.stage:
            return
        if not self._begun:
            self.losses = self.losses or tuple(event.losses)
            head = "" if self._lines else _csv_line([*PLACES, *self.losses])
            kept = self._kept(head) if self.done and self.path.exists() else []
            files.replace(self.path, (head + "".join(kept)).encode())
            self._begun = True
        self.count += 1
        row = [self.count, event.level, event.width, event.height, round(event.elapsed, 3)]
        if self._lines:
            found: dict[str, Any] = dict(zip(PLACES, row, strict=True)) | {"losses": dict(event.losses)}
            line = json.dumps(found | ({"saved": saved} if saved else {})) + "\n"
        else:
            line = _csv_line([*row, *(event.losses.get(name, "") for name in self.losses)])
        # A killed run resumes from its checkpoint, so the lines before it have to be on disk.
        files.append(self.path, line.encode(), durable=False)

    def _kept(self, head: str) -> list[str]:
        """Return the file's lines for iterations done before; none for a file in another format."""
        with self.path.open(newline="", encoding="utf-8", errors="replace") as file:
            lines = file.readlines()
        if head and (not lines or lines.pop(0).strip() != head.strip()):
            return []
        # A truncated line has no newline.
        return [line for line in lines if line.endswith("\n") and 0 < self._iteration(line) <= self.done]

    def _iteration(self, line: str) -> int:
        """Return the iteration of a line; 0 if the line is not from a log."""
        try:
            return int(json.loads(line)["iteration"] if self._lines else line.partition(",")[0])
        except (ValueError, KeyError, TypeError):
            return 0


def _csv_line(values: Sequence[Any]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(values)
    return stream.getvalue()


class Recorder:
    """A progress callback that records the log of a run and intermediate pictures.

    ``every``: the number of iterations between pictures; or ``when(count, event)`` decides. ``then``: also
    called with every event. ``frames``: (iteration, pixels (H, W, 3)).
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
        """Return the log recorded so far. Raises InputError before the first event."""
        if not self._rows:
            raise InputError("nothing has been recorded yet")
        return _gathered(self._rows, Path())
