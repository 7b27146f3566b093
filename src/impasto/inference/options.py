"""The options of a fast network: all parameters of one pass, as one frozen object with a JSON form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from impasto.errors import OptionError
from impasto.parameters import Options, check_parameters, choice, parameter

MINIMUM_SIDE = 16
"""The smallest side of a picture, in pixels."""
STYLE_SIZE = 512
"""Long side in pixels at which a painting is measured if ``stroke_size`` is 1."""

LEAST_CHANGE = 1e-6
"""The smallest share of a coarser pass; below it the pass is left out."""

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
        "Strength of the style: 0 for the photo's own, 1 for the painting's, above 1 for more.",
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
        "Opposite edges that join seamlessly: left and right (x), top and bottom (y), or both (xy).",
        optional=True,
        shown="none",
    )
    style_weights: tuple[float, ...] = parameter(
        (),
        "The share of each style, such as great-wave:0.7 melancholy:0.3.",
        "numbers",
        least=0,
        typed="STYLE:WEIGHT",
        shown="equal",
    )
    model: str | None = parameter(
        None,
        "The network to paint with: a style file made by `impasto train`, or an .onnx network of one style.",
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
        """The long sides in pixels at which a painting is measured for the passes at the photograph's own
        size, at half of it, and so on. A stroke size of 1 takes one pass at half the size, 2 another at a
        quarter."""
        return tuple(STYLE_SIZE * self.stroke_size / 2**k for k in range(math.ceil(self._coarser) + 1))

    @property
    def boldness(self) -> float:
        """The share of the coarsest pass's change that is kept, in (0, 1]."""
        return 1 - math.ceil(self._coarser) + self._coarser

    @property
    def _coarser(self) -> float:
        """The number of passes below the photograph's size; a fraction means the last one counts in part."""
        passes = max(0.0, 1 + math.log2(self.stroke_size))
        nearest = round(passes)
        return nearest if abs(passes - nearest) < LEAST_CHANGE else passes

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "style_weights", tuple(self.style_weights))
        if self.style_weights and not sum(self.style_weights):
            raise OptionError(f"expected style_weights that add up to more than 0; got {self.style_weights}")
