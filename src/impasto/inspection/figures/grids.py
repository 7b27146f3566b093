"""Labelled pictures in rows and columns: sweeps, reconstructions, networks side by side, strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.errors import InputError
from impasto.inspection.figures.canvas import Look, blank, drawing
from impasto.types import Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINE = 0.17  # inches that a line of small type takes


@dataclass(frozen=True)
class Cell:
    """A picture (H, W, 3) in a grid and what is written under it; without one, an empty place.

    ``enlarge``: "nearest" shows single values as squares, for feature maps.
    """

    pixels: Pixels | None
    caption: str = ""
    enlarge: str = "antialiased"


def draw_grid(
    rows: Sequence[Sequence[Cell]],
    *,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    title: str = "",
    row_title: str = "",
    column_title: str = "",
    note: str = "",
    cell_width: float = 1.9,
    look: Look = "light",
) -> Figure:
    """``rows`` of cells, with labels to the left and above, captions under the pictures, a ``title`` and
    a ``note`` at the foot. ``cell_width``: of a picture, in inches; its height follows the tallest of its
    row. Raises InputError for a grid without pictures, and MissingExtraError without matplotlib.
    """
    pictures = [c.pixels for row in rows for c in row if c.pixels is not None]
    if not pictures:
        raise InputError("expected a grid with at least one picture; got none")
    count = max(len(row) for row in rows)
    heights = [_height(row, cell_width) for row in rows]
    lines = [max((c.caption.count("\n") + 1 for c in row if c.caption), default=0) for row in rows]
    gap = 0.09
    left = 0.12 + (0.22 if row_title else 0) + (_label_width(row_labels) if row_labels else 0)
    note_lines = note.count("\n") + 1 if note else 0
    top = 0.12 + (0.34 if title else 0) + (0.24 if column_title else 0) + (0.24 if column_labels else 0)
    width = max(left + count * (cell_width + gap) + 0.05, 3.2)
    body = sum(heights) + sum(LINE * n + gap for n in lines)
    height = top + body + LINE * note_lines + 0.1
    with drawing(look) as palette:
        figure = blank(width, height)
        if title:
            figure.text(0.12 / width, 1 - 0.12 / height, title, size=12, weight="bold", va="top")
        middle = left + count * (cell_width + gap) / 2
        if column_title:
            above = top - (0.24 if column_labels else 0) - 0.06
            figure.text(
                middle / width,
                1 - above / height,
                column_title,
                ha="center",
                va="bottom",
                color=palette.faint,
            )
        if row_title:
            across = 1 - (top + body / 2) / height
            figure.text(
                0.12 / width, across, row_title, rotation=90, ha="left", va="center", color=palette.faint
            )
        down = top
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                x = left + c * (cell_width + gap)
                if r == 0 and c < len(column_labels):
                    figure.text(
                        (x + cell_width / 2) / width,
                        1 - (top - 0.06) / height,
                        column_labels[c],
                        ha="center",
                        va="bottom",
                    )
                if cell.pixels is not None:
                    _place(figure, cell, (x, down, cell_width, heights[r]), (width, height))
                if cell.caption:
                    figure.text(
                        (x + cell_width / 2) / width,
                        1 - (down + heights[r] + 0.04) / height,
                        cell.caption,
                        ha="center",
                        va="top",
                        size=7.5,
                    )
            if r < len(row_labels):
                figure.text(
                    (left - 0.08) / width,
                    1 - (down + heights[r] / 2) / height,
                    row_labels[r],
                    ha="right",
                    va="center",
                )
            down += heights[r] + LINE * lines[r] + gap
        if note:
            figure.text(0.12 / width, 0.08 / height, note, size=7.5, va="bottom", color=palette.faint)
    return figure


def _place(
    figure: Figure, cell: Cell, box: tuple[float, float, float, float], paper: tuple[float, float]
) -> None:
    """The picture of ``cell`` into ``box`` (x, y from above, width, height), all in inches."""
    assert cell.pixels is not None
    (x, down, w, h), (width, height) = box, paper
    axes = figure.add_axes((x / width, 1 - (down + h) / height, w / width, h / height))
    axes.imshow(cell.pixels, interpolation=cell.enlarge, vmin=0, vmax=1)
    axes.set_anchor("C")
    axes.set_axis_off()


def _height(row: Sequence[Cell], width: float) -> float:
    shapes = [c.pixels.shape for c in row if c.pixels is not None]
    return max((width * s[0] / s[1] for s in shapes), default=0.2)


def _label_width(labels: Sequence[str]) -> float:
    longest = max(len(line) for label in labels for line in label.split("\n"))
    return 0.15 + 0.076 * longest
