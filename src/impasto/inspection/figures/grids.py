"""Labelled pictures in rows and columns: sweeps, reconstructions, networks side by side, strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto.errors import InputError
from impasto.inspection.figures.canvas import Look, blank, drawing
from impasto.types import Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# All in inches.
LINE, GAP, EDGE = 0.17, 0.09, 0.12  # a line of small type; between pictures; around the whole
TITLE_LETTER, NOTE_LETTER = 0.118, 0.062  # width of a letter of the title, of the note
TITLE, LABEL, SIDE = 0.34, 0.24, 0.22  # heights of the title and of labels above; width of a row title


@dataclass(frozen=True)
class Cell:
    """A picture (H, W, 3) in a grid and its caption; without a picture, an empty place.

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
    """Draw ``rows`` of cells, with labels to the left and above, captions under the pictures, a ``title`` and
    a ``note`` at the bottom.

    ``cell_width``: of a picture, in inches; the height follows the tallest picture of a row. Raises
    InputError for a grid without pictures, and MissingExtraError without matplotlib.
    """
    if all(cell.pixels is None for row in rows for cell in row):
        raise InputError("expected a grid with at least one picture; got none")
    left = EDGE + (SIDE if row_title else 0) + (_label_width(row_labels) if row_labels else 0)
    top = EDGE + (TITLE if title else 0) + LABEL * (bool(column_title) + bool(column_labels))
    heights = [_height(row, cell_width) for row in rows]
    lines = [max((c.caption.count("\n") + 1 for c in row if c.caption), default=0) for row in rows]
    tops = [top]
    for height, count in zip(heights, lines, strict=True):
        tops.append(tops[-1] + height + LINE * count + GAP)
    across = max(len(row) for row in rows) * (cell_width + GAP)
    foot = LINE * (note.count("\n") + 1) if note else 0
    words = max(TITLE_LETTER * len(title), *(NOTE_LETTER * len(line) for line in note.split("\n")))
    with drawing(look) as palette:
        paper = _Paper(max(left + across + 0.05, words + 2 * EDGE, 3.2), tops[-1] + foot + 0.1)
        paper.write(EDGE, EDGE, title, size=12, weight="bold", va="top")
        above = top - (LABEL if column_labels else 0) - 0.06
        paper.write(left + across / 2, above, column_title, ha="center", color=palette.faint)
        middle = (top + tops[-1]) / 2
        paper.write(EDGE, middle, row_title, rotation=90, va="center", color=palette.faint)
        paper.write(EDGE, paper.height - 0.08, note, size=7.5, color=palette.faint)
        for number, label in enumerate(column_labels):
            paper.write(left + number * (cell_width + GAP) + cell_width / 2, top - 0.06, label, ha="center")
        for label, down, height in zip(row_labels, tops, heights, strict=False):
            paper.write(left - 0.08, down + height / 2, label, ha="right", va="center")
        for row, down, height in zip(rows, tops, heights, strict=False):
            for number, cell in enumerate(row):
                paper.place(cell, left + number * (cell_width + GAP), down, cell_width, height)
    return paper.figure


class _Paper:
    """A figure of this size in inches, measured from the upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = blank(width, height)

    def write(self, x: float, down: float, words: str, **more: Any) -> None:
        """Write ``words`` with their lower edge (or the edge given by ``va``) at ``down``."""
        if words:
            self.figure.text(x / self.width, 1 - down / self.height, words, **({"va": "bottom"} | more))

    def place(self, cell: Cell, x: float, down: float, width: float, height: float) -> None:
        """Place the picture of ``cell`` in a box, its caption under it."""
        if cell.pixels is not None:
            corner = (x / self.width, 1 - (down + height) / self.height)
            axes = self.figure.add_axes((*corner, width / self.width, height / self.height))
            axes.imshow(cell.pixels, interpolation=cell.enlarge, vmin=0, vmax=1)
            axes.set_anchor("C")
            axes.set_axis_off()
        self.write(x + width / 2, down + height + 0.04, cell.caption, ha="center", va="top", size=7.5)


def _height(row: Sequence[Cell], width: float) -> float:
    shapes = [c.pixels.shape for c in row if c.pixels is not None]
    return max((width * s[0] / s[1] for s in shapes), default=0.2)


def _label_width(labels: Sequence[str]) -> float:
    longest = max(len(line) for label in labels for line in label.split("\n"))
    return 0.15 + 0.076 * longest
