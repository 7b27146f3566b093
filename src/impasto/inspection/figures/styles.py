"""Figures that compare styles: a matrix of distances, with similar styles side by side, and a map."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.files.places import readable
from impasto.imaging import fit, resize
from impasto.inspection.figures.canvas import Look, Palette, blank, drawing
from impasto.inspection.heatmaps import heat
from impasto.inspection.styles import StyleDistances, in_order, map_styles
from impasto.types import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

THUMBNAIL = 0.62
"""Long side of a painting on the map, in inches."""


def draw_style_distances(
    distances: StyleDistances,
    pictures: Mapping[str, Picture] | None = None,
    *,
    title: str = "Similarity of styles",
    look: Look = "light",
) -> Figure:
    """Draw the matrix of distances (all layers), the map, and a small matrix for each layer.

    ``pictures``: thumbnails for the map, by name; styles without one are dots.
    """
    order = list(in_order(distances.total))
    count = len(order)
    side = max(3.6, 0.34 * count + 1.2)
    layers = list(distances.by_layer)
    small = 1.5
    with drawing(look) as palette:
        height = side + small + 1.25
        figure = blank(2 * side + 2.6, height, layout="constrained")
        halves: Any = figure.subfigures(2, 1, height_ratios=[side + 0.5, small + 0.75])
        top, bottom = halves
        left, right = top.subfigures(1, 2, width_ratios=[side + 1.4, side + 1.2])
        _matrix(left.subplots(), distances.total[np.ix_(order, order)], [distances.names[i] for i in order])
        _map(right.subplots(), distances, pictures or {}, side, palette)
        for axes, layer in zip(np.atleast_1d(bottom.subplots(1, len(layers))), layers, strict=True):
            values = distances.by_layer[layer][np.ix_(order, order)]
            axes.imshow(heat(values, 0, _reach(values)), interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_title(f"{layer}\n0 to {_reach(values):.2f}", size=8)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", size=12)
    return figure


def _reach(values: NDArray[Any]) -> float:
    return float(values.max()) or 1.0


def _matrix(axes: Axes, values: NDArray[Any], names: list[str]) -> None:
    reach = _reach(values)
    axes.imshow(heat(values, 0, reach), interpolation="nearest")
    names = [readable(name) for name in names]  # matplotlib resets tick labels when it draws
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(names) <= 12:
        for i, j in np.ndindex(values.shape):
            if i != j:
                ink = "#1d1b26" if values[i, j] > 0.62 * reach else "#fdf3c4"
                axes.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", size=7.5, color=ink)
    axes.set_title("distance, mean over layers", size=9, loc="left")


def _map(
    axes: Axes, distances: StyleDistances, pictures: Mapping[str, Picture], side: float, palette: Palette
) -> None:
    """Draw the map on axes of ``side`` inches: thumbnails and dots, with names below them, and a line to
    those that had to be moved."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage
    from matplotlib.patheffects import withStroke

    found = map_styles(distances.total)
    places = found.places
    inch = 1.4 * max(np.ptp(places[:, 0]), np.ptp(places[:, 1]), 1e-6) / side
    axes.scatter(places[:, 0], places[:, 1], color=palette.lines[0], s=28, zorder=1)
    sizes = np.full((len(places), 2), 0.06)
    for number, name in enumerate(distances.names):
        if name in pictures:
            picture = pictures[name]
            width, height = fit(picture.width, picture.height, 160)
            thumb = np.clip(resize(picture.pixels, width, height), 0, 1)
            image = OffsetImage(thumb, zoom=72 * THUMBNAIL / 160, interpolation="antialiased")
            axes.add_artist(AnnotationBbox(image, tuple(places[number]), frameon=False, zorder=2))
            sizes[number] = THUMBNAIL / 2 * np.array([width, height]) / 160
    taken = [
        Box(x - w * inch, x + w * inch, y - h * inch, y + h * inch)
        for (x, y), (w, h) in zip(places, sizes, strict=True)
    ]
    for number in np.argsort(-places[:, 1], kind="stable"):
        (x, y), label = places[number], textwrap.fill(distances.names[number], 16)
        under = y - (sizes[number, 1] + 0.03) * inch
        box = _free(taken, x, under, label, inch)
        taken.append(box)
        if under - box.top > 0.25 * inch:
            axes.plot([x, x], [y, box.top], color=palette.faint, linewidth=0.6, zorder=1)
        axes.text(
            x, box.top, label, ha="center", va="top", size=8, linespacing=1.0, zorder=3,
            path_effects=[withStroke(linewidth=2.5, foreground=palette.paper)],
        )  # fmt: skip
    margin = 0.12 * inch
    axes.set_xlim(min(box.left for box in taken) - margin, max(box.right for box in taken) + margin)
    axes.set_ylim(min(box.bottom for box in taken) - margin, max(box.top for box in taken) + margin)
    axes.set_aspect("equal")
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_alpha(0.4)
    axes.set_title(f"a map of the distances ({found.kept:.0%} of them shown)", size=9, loc="left")


class Box(NamedTuple):
    """An occupied part of the map."""

    left: float
    right: float
    bottom: float
    top: float


def _free(taken: Sequence[Box], x: float, y: float, label: str, inch: float) -> Box:
    """Return a place for a label around ``x``, at ``y`` or below, that does not overlap anything in
    ``taken``.

    Sizes of letters are estimates.
    """
    lines = label.split("\n")
    half, height = 0.034 * inch * max(map(len, lines)), 0.135 * inch * len(lines)
    for box in sorted(taken, key=lambda box: -box.top):
        beside = x + half <= box.left or x - half >= box.right
        if not beside and box.bottom < y and box.top > y - height:
            y = box.bottom - 0.01 * inch
    return Box(x - half, x + half, y - height, y)
