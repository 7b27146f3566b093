"""Figures of losses: every layer's content and style loss against iterations or seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.inspection.figures.canvas import Look, Palette, blank, drawing
from impasto.inspection.logs import LossLog

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_losses(
    log: LossLog,
    *,
    against: str = "iteration",
    title: str = "Losses, as weighted in the total",
    width: float = 9.0,
    look: Look = "light",
) -> Figure:
    """Draw up to three panels on logarithmic axes: the total with its content and style, then each kind by
    layer, if the log has layers.

    ``against``: "iteration" or "seconds". ``width``: in inches; below 6 the panels are stacked. Dotted lines
    mark where the picture grew (pyramid levels), or where a training's next stage began.
    """
    across = log.seconds if against == "seconds" else log.iteration
    narrow = width < 6
    by_layer = {f"{kind.title()}, by layer": log.parts(kind) for kind in ("content", "style")}
    drawn = {"Total" if "total" in log.losses else "": log.kinds()}
    drawn |= {name: parts for name, parts in by_layer.items() if parts}
    shape = (len(drawn), 1) if narrow else (1, len(drawn))
    with drawing(look, **{"axes.titlesize": 10.0, "axes.titleweight": "bold"}) as palette:
        figure = blank(width, width * (0.75 * len(drawn) if narrow else 0.42), layout="constrained")
        panels = list(np.ravel(figure.subplots(*shape)))
        for axes, (name, lines) in zip(panels, drawn.items(), strict=True):
            _draw(axes, across, lines, palette)
            axes.set_title(name, loc="left")
            for place in _grown(log, across):
                axes.axvline(place, color=palette.faint, linewidth=0.7, linestyle=":")
        for axes in panels[-1:] if narrow else panels:
            axes.set_xlabel("seconds" if against == "seconds" else "iteration")
        if title:
            figure.suptitle(title, x=0.01, ha="left", weight="bold", size=12)
    return figure


def _draw(axes: Axes, across: NDArray[Any], lines: dict[str, NDArray[Any]], palette: Palette) -> None:
    shown = {name: values for name, values in lines.items() if np.any(values > 0)}
    for number, (name, values) in enumerate(shown.items()):
        colour = palette.lines[number % len(palette.lines)]
        positive = np.where(values > 0, values, np.nan)
        axes.plot(across, positive, color=colour, linewidth=1.6, label=name)
    if not shown:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color=palette.faint)
        return
    axes.set_yscale("log")
    _label(axes, shown)
    axes.grid(axis="y", color=palette.faint, alpha=0.25, linewidth=0.6)
    settled = np.concatenate([v[len(v) // 20 + 2 :] for v in shown.values()] or [np.ones(1)])
    lowest = settled[settled > 0].min(initial=np.inf)
    if np.isfinite(lowest):  # a start at the photograph has zero content loss, far below the rest
        axes.set_ylim(bottom=0.6 * lowest)
    rows = -(-len(shown) // 3)
    place = (0.5, -0.2 if rows == 1 else -0.22)
    axes.legend(
        frameon=False,
        fontsize=8,
        loc="upper center",
        bbox_to_anchor=place,
        ncols=3,
        columnspacing=1.2,
        handlelength=1.4,
        labelcolor=palette.ink,
    )


def _label(axes: Axes, shown: dict[str, NDArray[Any]]) -> None:
    """Label 1, 2 and 5 if the losses span little, and only powers of ten if they span much, in plain
    numbers."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    values = np.concatenate(list(shown.values()))
    positive = values[values > 0]
    narrow = float(np.quantile(positive, 0.98) / np.quantile(positive, 0.02)) < 60
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _grown(log: LossLog, across: NDArray[Any]) -> list[float]:
    return [float(across[i]) for i in np.flatnonzero(np.diff(log.level)) + 1]
