"""The options of a fast network: every parameter of one pass, in one frozen object that JSON can carry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from impasto.errors import OptionError
from impasto.parameters import Options, check_parameters, choice, parameter

MINIMUM_SIDE = 16
"""Pixels that a picture must have at least on each side."""
STYLE_SIZE = 512
"""Long side in pixels at which a painting is measured where ``stroke_size`` is 1."""

LEAST_CHANGE = 1e-6
"""Of a coarser pass: one that is fainter is left out."""

Seamless = Literal["x", "y", "xy"]


@dataclass(frozen=True)
class FastOptions(Options):
    """The options of painting with a fast network. Each field has its own help."""

    size: int | None = parameter(
        None,
        "Long side in pixels.",
        "whole",
        least=MINIMUM_SIDE,
        optional=True,
        shown="the photo's own, up to 25 megapixels",
    )
    strength: float = parameter(
        1.0,
        "Strength of the style: 0 for the photo's own, 1 for the painting's, or more.",
        "number",
        least=0,
        most=2,
    )
    stroke_size: float = parameter(
        1.0, "Size of the strokes; 1 as in the painting at 512 pixels.", "number", least=0.25, most=4
    )
    keep_color: bool = parameter(False, "Keep the photo's colours.", "switch", flags=("--keep-color",))
    seamless: Seamless | None = choice(
        None,
        Seamless,
        "Opposite edges that meet without a seam: left and right (x), top and bottom (y), or both (xy).",
        optional=True,
        shown="none",
    )
    style_weights: tuple[float, ...] = parameter(
        (),
        "The share of each style, such as great-wave:0.7 the-scream:0.3.",
        "numbers",
        least=0,
        typed="STYLE:WEIGHT",
        shown="equal",
    )
    model: str | None = parameter(
        None,
        "The network to paint with: a style file of `impasto train`, or a network of one style, .onnx.",
        "text",
        optional=True,
        shown="the one for any painting",
    )
    device: str = parameter(
        "auto", "Device: auto, cpu, cuda, cuda:1 and so on; auto is cuda if there is one.", "text"
    )

    unknown = "unknown option of a fast network"

    @property
    def style_sizes(self) -> tuple[float, ...]:
        """The long sides in pixels at which a painting is measured for a pass at the photograph's own size,
        at half of it, and so on: strokes of size 1 take one pass at half the size, and twice as large ones
        another at half of that."""
        return tuple(STYLE_SIZE * self.stroke_size / 2**k for k in range(math.ceil(self._coarser) + 1))

    @property
    def boldness(self) -> float:
        """The share of the change made by the coarsest of several passes, above 0 to 1."""
        return 1 - math.ceil(self._coarser) + self._coarser

    @property
    def _coarser(self) -> float:
        """Passes at less than the photograph's size; the last one may count in part."""
        passes = max(0.0, 1 + math.log2(self.stroke_size))
        nearest = round(passes)
        return nearest if abs(passes - nearest) < LEAST_CHANGE else passes

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "style_weights", tuple(self.style_weights))
        if self.style_weights and not sum(self.style_weights):
            raise OptionError(f"expected style_weights that add up to more than 0; got {self.style_weights}")
