"""The losses of a training: every step as a line of CSV, and their curves as a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from impasto import files
from impasto.progress import Progress

COLUMNS = ("stage", "step", "seconds", "content", "style")


class LossesLog:
    """Writes ``path`` while training goes on, and ``plot``, if asked for, in the end.

    ``resumed``: keep the steps that are in the file already, up to the one training goes on from.
    """

    def __init__(self, path: Path, plot: Path | None, *, resumed: bool) -> None:
        self.path, self.plot = path, plot
        self._rows: list[dict[str, str]] = self._read() if resumed and path.exists() else []
        self._begun = False
        self._before = 0.0

    def write(self, event: Progress) -> None:
        """Add the step ``event`` tells of."""
        if not self._begun:
            self._begin((event.level, event.step))
            self._begun = True
        seconds = self._before + event.elapsed
        row = {"stage": str(event.level), "step": str(event.step), "seconds": f"{seconds:.2f}"}
        row |= {n: f"{event.losses[n]:.5f}" for n in ("content", "style") if n in event.losses}
        self._rows.append(row)
        files.append(self.path, _csv([row]), durable=False)

    def close(self) -> None:
        """Draw the curves."""
        if self.plot is not None and len(self._rows) > 1:
            draw_curves(self._rows, self.plot)

    def _begin(self, first: tuple[int, int]) -> None:
        self._rows = [row for row in self._rows if (int(row["stage"]), int(row["step"])) < first]
        self._before = float(self._rows[-1]["seconds"]) if self._rows else 0.0
        files.replace(self.path, _csv([dict(zip(COLUMNS, COLUMNS, strict=True)), *self._rows]))

    def _read(self) -> list[dict[str, str]]:
        """The rows there, as far as they are whole; a file of another kind has none."""
        with self.path.open(newline="", encoding="utf-8", errors="replace") as file:
            lines = csv.DictReader(file)
            if tuple(lines.fieldnames or ()) != COLUMNS:
                return []
            return [row for row in lines if all(row.get(n) for n in ("stage", "step", "seconds"))]


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    stream = io.StringIO()
    csv.DictWriter(stream, COLUMNS, restval="").writerows(rows)
    return stream.getvalue().encode()


def draw_curves(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Content and style loss against the step, on a logarithmic scale, into the picture ``path``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, colour in (("style", "#b5442e"), ("content", "#2e6f8e")):
        found = [(k, float(row[name])) for k, row in enumerate(rows, 1) if row.get(name)]
        if found:
            places, values = zip(*found, strict=True)
            axes.plot(places, values, color=colour, linewidth=1.5)
            axes.annotate(
                name,
                (places[-1], values[-1]),
                xytext=(6, 0),
                textcoords="offset points",
                color=colour,
                va="center",
            )
    changes = [k for k in range(1, len(rows)) if rows[k]["stage"] != rows[k - 1]["stage"]]
    for place in changes:
        axes.axvline(place + 0.5, color="#999999", linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    for ticks in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        ticks(FuncFormatter(lambda value, _: f"{value:.2g}"))
    axes.set(xlabel="step", ylabel="loss, running mean")
    axes.grid(axis="y", which="both", color="#e5e5e5", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    with files.Draft(path) as stream:
        figure.savefig(stream, dpi=110, format=path.suffix.lower()[1:])
