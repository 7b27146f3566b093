"""The sizes that styles are measured at."""

from __future__ import annotations

import math

STYLE_SIZES = tuple(round(128 * math.sqrt(2) ** k) for k in range(15))
"""Long sides in pixels. Styles are measured only at these, so a style file and its picture give the same
painting at every size."""


def style_size(long_side: float) -> int:
    """Return the member of STYLE_SIZES nearest to ``long_side`` (by ratio)."""
    return min(STYLE_SIZES, key=lambda size: abs(math.log(size / max(long_side, 1.0))))
