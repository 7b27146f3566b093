"""Results as a table, as JSON and as sheets of pictures."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from benchmarks.peers.figures import FIGURES

CELL, GAP, HEADING, ROWS = 256, 4, 14, 5


@dataclass(frozen=True)
class Row:
    """A method's ``figures`` and ``times``, a mapping a pair. ``clock`` in a time is johnson2016's."""

    name: str
    figures: Sequence[Mapping[str, float]]
    times: Sequence[Mapping[str, Any]] = ()

    def summary(self) -> dict[str, float]:
        """Means of figures; medians of the time over johnson2016's, with measuring the painting and without;
        the largest peak."""
        found = {name: statistics.mean(one[name] for one in self.figures) for name in FIGURES}
        timed = [one for one in self.times if one.get("clock")]
        for name in ("seconds", "known") if timed else ():
            found[name] = statistics.median(one[name] / one["clock"] for one in timed)
        return found | ({"peak": max(one["peak"] for one in self.times)} if self.times else {})


def table(rows: Sequence[Row]) -> str:
    heads = [*FIGURES.values(), "time", "painting known", "peak MB"]
    lines = [f"| method | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for row in rows:
        found = row.summary()
        cells = [f"{found[name]:.3f}" for name in FIGURES]
        cells += [f"{found[name]:.2f}" if name in found else "" for name in ("seconds", "known")]
        cells += [f"{found['peak']:.0f}" if "peak" in found else ""]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write(rows: Sequence[Row], settings: Mapping[str, Any], folder: Path) -> str:
    """Write ``table.md`` and ``figures.json`` to ``folder``; return the table."""
    text = table(rows)
    (folder / "table.md").write_text(text)
    found = {
        row.name: {"summary": row.summary(), "pairs": [*row.figures], "times": [*row.times]} for row in rows
    }
    (folder / "figures.json").write_text(json.dumps({**settings, "methods": found}, indent=1) + "\n")
    return text


def write_sheets(columns: Mapping[str, Sequence[Path]], folder: Path) -> None:
    """Write a column for each method and a row for each pair, some rows a page."""
    folder.mkdir(exist_ok=True)
    rows = list(zip(*columns.values(), strict=True))
    for page, first in enumerate(range(0, len(rows), ROWS), 1):
        cells = [[_cell(file) for file in row] for row in rows[first : first + ROWS]]
        heights = [max(cell.height for cell in row) + GAP for row in cells]
        sheet = Image.new("RGB", (len(columns) * (CELL + GAP), HEADING + sum(heights)), "white")
        for k, name in enumerate(columns):
            ImageDraw.Draw(sheet).text((k * (CELL + GAP), 1), name, fill="black")
            for row, height in enumerate(accumulate(heights[:-1], initial=HEADING)):
                sheet.paste(cells[row][k], (k * (CELL + GAP), height))
        sheet.save(folder / f"{page:02}.png")


def _cell(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
        return picture.copy()
