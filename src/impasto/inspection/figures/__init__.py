"""Figures of the data from ``impasto.inspection``, with matplotlib (the extra ``inspect``) and without a
display.

Each function returns a ``matplotlib.figure.Figure``, which a notebook shows and ``save_figure`` writes.
``look="dark"`` draws for dark pages.
"""

from __future__ import annotations

from impasto.inspection.figures.canvas import (
    SUFFIXES,
    Look,
    check_figure,
    figure_bytes,
    require_matplotlib,
    save_figure,
)
from impasto.inspection.figures.features import draw_features
from impasto.inspection.figures.grids import Cell, draw_grid
from impasto.inspection.figures.losses import draw_losses
from impasto.inspection.figures.results import (
    draw_networks,
    draw_reconstructions,
    draw_strip,
    draw_sweep,
)
from impasto.inspection.figures.styles import draw_style_distances

__all__ = [
    "SUFFIXES",
    "Cell",
    "Look",
    "check_figure",
    "draw_features",
    "draw_grid",
    "draw_losses",
    "draw_networks",
    "draw_reconstructions",
    "draw_strip",
    "draw_style_distances",
    "draw_sweep",
    "figure_bytes",
    "require_matplotlib",
    "save_figure",
]
