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
from impasto.imaging import check_writable
from impasto.progress import Progress
from impasto.types import Pixels

PLACES = ("iteration", "level", "width", "height", "seconds")
TRAINING = ("stage", "step", "seconds")
"""How the lines of a training's log begin."""

JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class LossLog:
    """A run, iteration by iteration: N of them, counted from 1 through all levels.

    ``iteration``, ``level``, ``width``, ``height``: (N,) whole numbers. ``seconds``: (N,) since the
    beginning. ``losses``: name ("total", "content relu4_2", "style relu1_1", "tv") to (N,) weighted
    losses, as they are where an iteration begins. ``pictures``: iteration to the file saved after it, where
    the log names them.

    Of a training the levels are its stages, sides are 0, and the losses are running means of "content"
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
        """Return the losses that are no layer's, as far as the run has them: "total", "content" and "style"
        over all their layers, and others by name; each (N,). A total that is one kind alone is left out.
        """
        found = {name: values for name, values in self.losses.items() if name == "total"}
        for name, values in self.losses.items():
            kind = name.split()[0]
            if kind != "total":
                found[kind] = found[kind] + values if kind in found else values
        others = [values for kind, values in found.items() if kind != "total"]
        if "total" in found and len(others) == 1 and np.allclose(found["total"], others[0]):
            del found["total"]  # of a texture, which is asked for one kind only
        return found

    def table(self) -> list[dict[str, Any]]:
        """Return one row a level: its size, iterations, seconds, and each kind's loss at its first and last
        iteration ("content_first", "content_last", ...).
        """
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
        """Return the seconds and each kind's loss at these iterations, as far as the log has them: the losses
        are those that the iteration began with.
        """
        places = {int(count): number for number, count in enumerate(self.iteration)}
        return [
            {"iteration": count, "seconds": float(self.seconds[places[count]])}
            | {kind: float(values[places[count]]) for kind, values in self.kinds().items()}
            for count in iterations
            if count in places
        ]


def read_log(path: str | Path) -> LossLog:
    """Return the log that ``--log FILE`` of ``impasto stylize``, ``texture`` or ``train`` wrote: CSV, or JSON
    lines where FILE ends in .jsonl.

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
    training = bool(lines) and tuple(lines[0][: len(TRAINING)]) == TRAINING
    if not lines or not (training or (tuple(lines[0][: len(PLACES)]) == PLACES and "total" in lines[0])):
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
            raise _no_log(path, f"line {number} has what is no number") from None
        if training:
            row = found[-1]
            row |= {"iteration": len(found), "level": row.pop("stage"), "width": 0, "height": 0}
            del row["step"]
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
        f"{path} is no log of impasto's --log: expected {', '.join(PLACES)}, total, or that of a training; "
        f"{why}"
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
    """Return a picture's place: as the log has it, or else beside the log."""
    return path if path.exists() or not (folder / path.name).exists() else folder / path.name


def write_log(log: LossLog, path: str | Path) -> None:
    """Write ``log`` to ``path``: JSON lines where it ends in .jsonl, else CSV. Raises OutputError."""
    place = Path(path)
    check_writable(place, suffixes=(place.suffix.lower(),))
    rows: list[dict[str, Any]] = [
        {"iteration": int(log.iteration[k]), "level": int(log.level[k]), "width": int(log.width[k])}
        | {"height": int(log.height[k]), "seconds": round(float(log.seconds[k]), 3)}
        for k in range(len(log.iteration))
    ]
    losses = [{name: float(values[k]) for name, values in log.losses.items()} for k in range(len(rows))]
    stream = io.StringIO()
    if place.suffix.lower() in JSON_LINES:
        for row, parts in zip(rows, losses, strict=True):
            saved = log.pictures.get(row["iteration"])
            line = row | {"losses": parts} | ({} if saved is None else {"saved": str(saved)})
            stream.write(json.dumps(line) + "\n")
    else:
        lines = csv.DictWriter(stream, [*PLACES, *log.losses], lineterminator="\n")
        lines.writeheader()
        lines.writerows(row | parts for row, parts in zip(rows, losses, strict=True))
    files.replace(place, stream.getvalue().encode())


def numbered_pictures(output: str | Path) -> dict[int, Path]:
    """Return the pictures that ``--save-every`` saved beside ``output``: iteration to OUTPUT_0100.png.

    Raises InputError if there are none."""
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
        """Return the log recorded so far. Raises InputError before the first event."""
        if not self._rows:
            raise InputError("nothing has been recorded yet")
        return _gathered(self._rows, Path())
