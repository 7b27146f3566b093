"""Figures of reconstructions, sweeps, networks side by side, and strips of intermediate pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from impasto.inspection.figures.canvas import Look
from impasto.inspection.figures.grids import Cell, draw_grid
from impasto.inspection.networks import NetworkResult
from impasto.inspection.reconstruction import Reconstruction
from impasto.inspection.sweeps import Sweep
from impasto.types import Picture, Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_reconstructions(
    photo: Picture | None,
    painting: Picture | None,
    content: Sequence[Reconstruction],
    style: Sequence[Reconstruction],
    *,
    title: str = "Reconstructions by layer",
    look: Look = "light",
) -> Figure:
    """Draw figure 1 of Gatys et al.: above, reconstructions from the content of one layer each; below, from
    the style of growing sets of layers. The originals are on the left; a row without reconstructions is left
    out."""
    rows, labels = [], []
    if content and photo is not None:
        made = [Cell(r.pixels, f"{r.layers[0]}\nloss {r.loss:.2g}") for r in content]
        rows.append([Cell(photo.pixels, "the photograph"), *made])
        labels.append("content of\none layer")
    if style and painting is not None:
        names = ["+ " * (len(r.layers) > 1) + r.layers[-1] for r in style]
        made = [Cell(r.pixels, f"{n}\nloss {r.loss:.2g}") for n, r in zip(names, style, strict=True)]
        rows.append([Cell(painting.pixels, "the painting"), *made])
        labels.append("style of more\nand more layers")
    note = (
        "Each picture began as white noise and was changed until one thing agreed; "
        "loss: before the last step. After Gatys et al. 2015 and 2016, figure 1."
    )
    return draw_grid(rows, row_labels=labels, title=title, note=note, look=look)


def draw_sweep(sweep: Sweep, *, title: str = "", look: Look = "light") -> Figure:
    """Draw the paintings of a sweep, with their values beside and above them."""
    rows = [
        [
            Cell(
                p.pixels,
                p.error[:40] if p.error else f"{p.seconds:.1f} s, loss {p.losses.get('total', 0):.2g}",
            )
            for p in row
        ]
        for row in sweep.paintings
    ]
    return draw_grid(
        rows,
        row_labels=sweep.rows.labels,
        column_labels=sweep.columns.labels,
        row_title=sweep.rows.title,
        column_title=sweep.columns.title,
        title=title,
        look=look,
    )


def draw_networks(
    results: Sequence[NetworkResult],
    photo: Picture,
    painting: Picture | None,
    *,
    title: str = "Is VGG special? One transfer, several networks",
    look: Look = "light",
) -> Figure:
    """Draw the same transfer by each network, side by side, with times and measures below."""
    first = [Cell(photo.pixels, "the photograph")]
    if painting is not None:
        first.append(Cell(painting.pixels, "the painting"))
    made = [Cell(r.pixels, "\n".join(r.about())) for r in results]
    note = (
        "patch distance: how unlike the painting's small patches, no network involved (smaller is closer)\n"
        "content: layers that hold the content; style: layers whose statistics are matched"
    )
    cells = [*first, *made]
    width = 4 if len(cells) > 5 else len(cells)
    rows = [cells[i : i + width] for i in range(0, len(cells), width)]
    return draw_grid(rows, title=title, note=note, cell_width=2.5, look=look)


def draw_strip(
    frames: Sequence[tuple[int, Pixels]],
    *,
    columns: int | None = None,
    title: str = "",
    cell_width: float = 1.5,
    look: Look = "light",
) -> Figure:
    """Draw intermediate pictures, (iteration, pixels), labelled, in rows of ``columns``."""
    rows_needed = -(-len(frames) // 8)
    width = columns or -(-len(frames) // max(1, rows_needed))
    cells = [Cell(pixels, f"iteration {count}") for count, pixels in frames]
    rows = [cells[i : i + width] for i in range(0, len(cells), width)]
    return draw_grid(rows, title=title, cell_width=cell_width, look=look)
