"""A run: each method paints each pair, each picture is judged, and all is reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from benchmarks.peers.figures import Judges
from benchmarks.peers.methods import CLOCK, METHODS, PACKAGE, digest
from benchmarks.peers.pairs import Pair, sized
from benchmarks.peers.record import Key, Record
from benchmarks.peers.report import Row, write, write_sheets
from impasto import imaging
from impasto.tensors import to_tensor

ROOT = Path(__file__).parents[2]
SMALL = 256
"""Of the pictures by which a variant is chosen."""


class Worker:
    """A method in a process of its own, started for ``with`` and ended after it."""

    def __init__(self, name: str, place: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.peers.worker", name, str(place.absolute())]
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}
        self._name = name
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def paint(
        self, inputs: tuple[Path, Path], target: Path | None = None, variant: int = 0
    ) -> dict[str, float]:
        photo, painting = (str(path.absolute()) for path in inputs)
        job = {"photo": photo, "painting": painting, "variant": variant}
        job["target"] = str(target.absolute()) if target else ""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(job), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise SystemExit(f"{self._name} stopped while it painted {photo} like {painting}")
        found: dict[str, float] = json.loads(answer)
        return found

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


@dataclass(frozen=True)
class Comparison:
    """``places``: the methods compared, by their keys, and where each finds what it needs. ``timed``: pairs
    for which johnson2016 takes turns with each method."""

    folder: Path
    pairs: Sequence[Pair]
    places: Mapping[str, Path]
    judges: Judges
    size: int = 512
    timed: int = 5

    def run(self) -> str:
        """Return the table; pictures, record, table, figures and sheets are left in ``folder``."""
        (self.folder / "pictures").mkdir(parents=True, exist_ok=True)
        record = Record(self.folder / "record.jsonl")
        for name in self.places:
            self._paint(name, record)
        for pair in self.pairs:
            photo, painting = (picture(path) for path in self._inputs(pair))
            for name, made in BRACKETS.items():
                if (pair.name, name, "") not in record.judged:
                    result = made(photo, painting)
                    record.judge((pair.name, name, ""), self.judges.figures(result, photo, painting))
            for name in self.places:
                if self._key(pair, name) not in record.judged:
                    result = picture(self._picture(pair, name))
                    record.judge(self._key(pair, name), self.judges.figures(result, photo, painting))
            print(f"judged: {pair.name}", flush=True)
        rows = [Row(name, [record.judged[p.name, name, ""] for p in self.pairs]) for name in BRACKETS]
        for name in self.places:
            keys = [self._key(pair, name) for pair in self.pairs]
            figures, times = ([known[key] for key in keys] for known in (record.judged, record.painted))
            rows.append(Row(METHODS[name].name, figures, times))
        inputs = [self._inputs(pair) for pair in self.pairs]
        columns = {"photograph": [photo for photo, _ in inputs], "painting": [p for _, p in inputs]}
        columns |= {METHODS[n].name: [self._picture(p, n) for p in self.pairs] for n in self.places}
        write_sheets(columns, self.folder / "sheets")
        return write(rows, {"size": self.size, "pairs": [pair.name for pair in self.pairs]}, self.folder)

    def _paint(self, name: str, record: Record) -> None:
        """Let a method paint what it has not."""
        method = METHODS[name]
        left = [
            pair
            for pair in self.pairs
            if self._key(pair, name) not in record.painted or not self._picture(pair, name).exists()
        ]
        if not left:
            return
        with Worker(name, self.places[name]) as worker, Worker(CLOCK.name, PACKAGE) as clock:
            for number, pair in enumerate(left):
                inputs = self._inputs(pair)
                variant = self._nearest(worker, pair, method.variants) if method.variants > 1 else 0
                found = {"clock": clock.paint(inputs)["seconds"]} if number < self.timed else {}
                found |= worker.paint(inputs, self._picture(pair, name), variant)
                record.paint(self._key(pair, name), found | {"variant": variant})
                print(f"{method.name}: {pair.name}, {found['seconds']:.2f} s", flush=True)

    def _nearest(self, worker: Worker, pair: Pair, variants: int) -> int:
        """The variant of least style distance by AlexNet, in small pictures."""
        inputs, trial = self._inputs(pair, SMALL), self.folder / "trial.png"
        painting, distances = picture(inputs[1]), []
        for variant in range(variants):
            worker.paint(inputs, trial, variant)
            distances.append(self.judges.alexnet.style_distance(picture(trial), painting))
        return distances.index(min(distances))

    def _key(self, pair: Pair, name: str) -> Key:
        return pair.name, name, digest(METHODS[name], self.places[name])

    def _picture(self, pair: Pair, name: str) -> Path:
        return self.folder / "pictures" / f"{pair.name}-{name}.png"

    def _inputs(self, pair: Pair, size: int = 0) -> tuple[Path, Path]:
        """What every method is given."""
        kinds = {"photographs": pair.photo, "paintings": pair.painting}
        photo, painting = (sized(path, size or self.size, self.folder / kind) for kind, path in kinds.items())
        return photo, painting


def picture(path: Path) -> Tensor:
    return to_tensor(imaging.read(path).pixels)


def filled(painting: Tensor, photo: Tensor) -> Tensor:
    """``painting``, cut at its middle or mirrored at its borders to the size of ``photo``."""
    pixels = painting[0].permute(1, 2, 0).numpy()
    for axis, side in enumerate(photo.shape[2:]):
        beyond = max(0, side - pixels.shape[axis])
        pads = [(beyond // 2, beyond - beyond // 2) if k == axis else (0, 0) for k in range(3)]
        start = max(0, pixels.shape[axis] - side) // 2
        pixels = np.pad(pixels, pads, mode="reflect").take(range(start, start + side), axis)
    return to_tensor(pixels)


BRACKETS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "photograph unchanged": lambda photo, _: photo,
    "painting itself": lambda photo, painting: filled(painting, photo),
}
"""What may come out at either end."""
