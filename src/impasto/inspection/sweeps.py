"""Grids over any two parameters of a painting, such as figure 3 of Gatys et al. 2015."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from impasto.errors import OptionError
from impasto.inspection.layers import equal_weights
from impasto.optimize.options import OptimizeOptions
from impasto.types import Pixels

RATIO = "ratio"
"""The papers' alpha / beta: content weight 1, style weight its inverse."""

CONTENT_LAYER = "content_layer"
"""A single content layer, by name."""

_WORDS = {
    RATIO: "content / style weight (α/β)",
    CONTENT_LAYER: "content layer",
    "style_layers": "style layers",
    "content_layers": "content layers",
}


@dataclass(frozen=True)
class Axis:
    """One parameter and its values.

    ``name``: a field of ``OptimizeOptions``, or "ratio" (alpha / beta), or "content_layer". ``values``: as
    for that field; layers as a mapping, a sequence or a string. ``labels``: the texts beside them.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = {f.name for f in fields(OptimizeOptions)} | {RATIO, CONTENT_LAYER}
        if self.name not in known:
            raise OptionError(
                f"there is no parameter {self.name!r} to vary; expected {RATIO}, {CONTENT_LAYER} or one of "
                f"{', '.join(sorted(known - {RATIO, CONTENT_LAYER}))}"
            )
        if not self.values:
            raise OptionError(f"expected at least one value of {self.name}; got none")
        values = tuple(_value(self.name, v) for v in self.values)
        object.__setattr__(self, "values", values)
        labels = self.labels or tuple(_labels(values))
        if len(labels) != len(values):
            raise OptionError(f"expected {len(values)} labels for {self.name}; got {len(labels)}")
        object.__setattr__(self, "labels", labels)

    @property
    def title(self) -> str:
        """The name of the axis in a figure."""
        return _WORDS.get(self.name, self.name.replace("_", " "))

    def changes(self, number: int) -> dict[str, Any]:
        """Return the fields of ``OptimizeOptions`` that value ``number`` sets."""
        value = self.values[number]
        if self.name == RATIO:
            return {"content_weight": 1.0, "style_weight": 1 / value}
        if self.name == CONTENT_LAYER:
            return {"content_layers": {value: 1.0}}
        return {self.name: value}


@dataclass(frozen=True)
class SweepCell:
    """One painting of a sweep: ``pixels`` (H, W, 3), or the ``error`` raised instead."""

    pixels: Pixels | None
    losses: Mapping[str, float]
    iterations: int
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Sweep:
    """A painting for every pair of values: ``paintings`` [row][column]. ``skipped``: those made before."""

    rows: Axis
    columns: Axis
    paintings: tuple[tuple[SweepCell, ...], ...]
    skipped: int = 0


def cells(options: OptimizeOptions, rows: Axis, columns: Axis) -> list[list[OptimizeOptions]]:
    """Return ``options`` with every pair of values: [row][column].

    Raises OptionError for invalid values, and if both axes set the same parameter.
    """
    both = set(rows.changes(0)) & set(columns.changes(0))
    if both:
        raise OptionError(f"rows and columns both set {sorted(both)[0]}; expected two parameters")
    return [
        [options.replace(**rows.changes(r), **columns.changes(c)) for c in range(len(columns.values))]
        for r in range(len(rows.values))
    ]


def _value(name: str, value: Any) -> Any:
    if name == RATIO:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise OptionError(
                f"expected {RATIO}, content weight over style weight, to be above 0; got {value!r}"
            )
        return float(value)
    if name == CONTENT_LAYER:
        if not isinstance(value, str):
            raise OptionError(f"expected {CONTENT_LAYER} to be the name of a layer; got {value!r}")
        return value
    if name in ("style_layers", "content_layers"):
        if isinstance(value, str):
            value = value.split(",")
        return value if isinstance(value, Mapping) else equal_weights(value)
    return tuple(value) if isinstance(value, list) else value


def _labels(values: Sequence[Any]) -> list[str]:
    """Return short labels: growing sets of layers as "conv1_1", "+ conv2_1"; numbers in plain notation."""
    if not all(isinstance(value, Mapping) for value in values):
        return [_number(v) if isinstance(v, float) else str(v) for v in values]
    sets = [list(value) for value in values]
    growing = all(b[:-1] == a for a, b in pairwise(sets)) and len(sets[0]) == 1
    if growing and len(sets) > 1:
        return [sets[0][0], *(f"+ {layers[-1]}" for layers in sets[1:])]
    return [
        ", ".join(n if w == 1 else f"{n}:{_number(float(w))}" for n, w in value.items()) or "none"
        for value in values
    ]


def _number(value: float) -> str:
    return f"{value:g}"
