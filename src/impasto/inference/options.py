"""How a fast network paints: every parameter of one pass, in one frozen object that JSON can carry."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from impasto.errors import OptionError

MINIMUM_SIDE = 16
"""Pixels that a picture must have at least on each side."""
FINEST = 0.5
"""The smallest ``stroke_size``: strokes half as large as the largest."""


@dataclass(frozen=True)
class FastOptions:
    """How a fast network paints a photograph.

    ``size``: long side of the result in pixels; None for the photograph's own, up to 25 megapixels.
    ``strength``: from 0, the photograph as it is, to 1, the full style; the network draws everything
    between, no pixels are mixed. ``stroke_size``: from 0.5 to 1, the size of the strokes against those of
    the painting at 512 pixels. ``keep_color``: the photograph's colours, the painting's lightness (Gatys
    et al., CVPR 2017, section 5.3). ``style_weights``: one share per style, or empty for equal shares;
    divided by their sum. ``model``: the file of another network than the shipped one. ``device``: cpu,
    cuda, cuda:N, or auto.
    """

    size: int | None = None
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    style_weights: tuple[float, ...] = ()
    model: str | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        object.__setattr__(self, "style_weights", tuple(self.style_weights))
        if self.size is not None and (not _is_number(self.size, int) or self.size < MINIMUM_SIDE):
            raise OptionError(
                f"size must be a whole number of pixels, {MINIMUM_SIDE} or more; it is {self.size!r}"
            )
        for name, least in (("strength", 0.0), ("stroke_size", FINEST)):
            value = getattr(self, name)
            if not _is_number(value, float) or not least <= value <= 1:
                raise OptionError(f"{name} must be a number from {least:g} to 1; it is {value!r}")
        if not isinstance(self.keep_color, bool):
            raise OptionError(f"keep_color must be True or False; it is {self.keep_color!r}")
        shares = self.style_weights
        if not all(_is_number(share, float) and share >= 0 for share in shares) or (
            shares and not sum(shares)
        ):
            raise OptionError(f"style_weights must be numbers from 0 up, not all 0; they are {list(shares)}")
        for name in ("device", "model"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (name == "model" and value is None):
                raise OptionError(f"{name} must be a text; it is {value!r}")

    def replace(self, **changes: Any) -> FastOptions:
        """Return a copy with ``changes``; unknown names raise OptionError."""
        unknown = set(changes) - {f.name for f in dataclasses.fields(self)}
        if unknown:
            raise OptionError(f"a fast network has no option {sorted(map(str, unknown))[0]!r}")
        return dataclasses.replace(self, **changes)

    def shares(self, styles: tuple[str, ...]) -> dict[str, float]:
        """Return each style's share. Raises OptionError where there are not as many weights as styles."""
        weights = self.style_weights or (1.0,) * len(styles)
        if len(weights) != len(styles):
            raise OptionError(f"expected one style weight per style ({len(styles)}); got {len(weights)}")
        if len(set(styles)) < len(styles):
            raise OptionError(f"expected each style once; got {', '.join(styles)}")
        return dict(zip(styles, weights, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self) | {"style_weights": list(self.style_weights)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FastOptions:
        """The inverse of ``to_dict``; unknown names raise OptionError."""
        if not isinstance(values, Mapping):
            raise OptionError(f"options must be a mapping from name to value; they are {values!r}")
        return cls().replace(**{str(name): value for name, value in values.items()})


def _is_number(value: object, kind: type) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (kind is float and isinstance(value, float) and math.isfinite(value))
