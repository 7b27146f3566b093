"""Figures of feature maps: one row per layer, heat maps and overlays on the photograph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from impasto.inspection.features import LayerView
from impasto.inspection.figures.canvas import Look
from impasto.inspection.figures.grids import Cell, draw_grid
from impasto.inspection.heatmaps import heat, overlay
from impasto.types import Picture, Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Shown = Literal["both", "maps", "overlays"]

ACROSS = 12
"""The number of channels side by side; more continue in the next row."""


def draw_features(
    views: Sequence[LayerView],
    photo: Picture,
    *,
    show: Shown = "both",
    title: str = "Feature maps by layer",
    look: Look = "light",
) -> Figure:
    """Draw a row for each layer: the photograph with the square that one position sees; the mean of all
    channels over it; and the selected channels, as heat maps and as overlays.

    ``photo``: the one given to ``feature_maps``, at the same size.
    """
    rows, labels = [], []
    for view, begin in ((v, i) for v in views for i in range(0, max(1, len(v.shown)), ACROSS)):
        some = list(zip(view.shown, view.maps, strict=True))[begin : begin + ACROSS]
        about = "" if begin else _about(view)
        first = [Cell(None), Cell(None)]
        if not begin:
            first = [
                Cell(with_field(photo.pixels, view), _seen(view)),
                Cell(overlay(photo.pixels, view.average), "mean of all channels"),
            ]
        if show in ("both", "maps"):
            maps = [Cell(heat(m), f"channel {c}", "nearest") for c, m in some]
            rows.append([*first, *maps])
            labels.append(about)
        if show in ("both", "overlays"):
            over = [
                Cell(overlay(photo.pixels, m), f"channel {c}" if show == "overlays" else "") for c, m in some
            ]
            rows.append([*(first if show == "overlays" else [Cell(None)] * 2), *over])
            labels.append(about if show == "overlays" else "")
    strength = "Dark: the weakest answer of that channel, light: the strongest"
    if show != "maps":
        strength = (
            "Over the photograph, the more colour, the stronger"
            if show == "overlays"
            else (strength + "; over the photograph, the more colour, the stronger")
        )
    note = f"{strength}. σ: standard deviation. Silent: activations of 0 or less."
    return draw_grid(rows, row_labels=labels, title=title, note=note, cell_width=1.45, look=look)


def with_field(pixels: Pixels, view: LayerView) -> Pixels:
    """Return ``pixels`` with the square seen by the layer's middle position; the rest is dimmed."""
    if view.field is None:
        return pixels
    height, width = pixels.shape[:2]
    top, bottom = _span(height, view)
    left, right = _span(width, view)
    shown = (pixels * 0.35 + 0.5).astype(np.float32)
    shown[top:bottom, left:right] = pixels[top:bottom, left:right]
    line = max(1, max(height, width) // 160)
    frame = np.zeros((height, width), bool)
    frame[max(0, top - line) : bottom + line, max(0, left - line) : right + line] = True
    frame[top:bottom, left:right] = False
    shown[frame] = (0.85, 0.1, 0.25)
    return shown


def _span(side: int, view: LayerView) -> tuple[int, int]:
    assert view.field is not None
    cell = (side // view.stride) // 2 * view.stride
    radius = (view.field - view.stride) // 2
    return max(0, cell - radius), min(side, cell + view.stride + radius)


def _seen(view: LayerView) -> str:
    return "a position sees all" if view.field is None else f"a position sees {view.field}×{view.field} px"


def _about(view: LayerView) -> str:
    width, height = view.size
    return (
        f"{view.layer}\n{width}×{height}, {view.channels} ch.\nmean {view.mean:.2g}, σ {view.deviation:.2g}"
        f"\n{view.silent:.0%} silent"
    )
