"""The sizes a picture grows through, and the sizes styles are measured at."""

from __future__ import annotations

import math

from impasto import imaging

STEP = math.sqrt(2)
# Styles are measured at these long sides only, so that a style file and the picture it was made
# from give the same painting at every size.
STYLE_SIZES = tuple(round(128 * STEP**k) for k in range(15))


def fit(width: int, height: int, size: int | tuple[int, int]) -> tuple[int, int]:
    """The size of a picture whose long side is ``size``, or ``size`` itself when it is exact."""
    return size if isinstance(size, tuple) else imaging.fit(width, height, size)


def levels(width: int, height: int, min_size: int) -> list[tuple[int, int]]:
    """Sizes from coarse to (width, height), a factor of the square root of 2 apart.

    The coarsest has a long side of at least ``min_size``; 0 means a single level.
    """
    sizes = [(width, height)]
    side = float(max(width, height))
    while min_size and side / STEP >= min_size - 0.5:
        side /= STEP
        sizes.append(fit(width, height, round(side)))
    return sizes[::-1]


def style_size(long_side: float) -> int:
    """The member of STYLE_SIZES nearest to ``long_side`` (by ratio)."""
    return min(STYLE_SIZES, key=lambda size: abs(math.log(size / max(long_side, 1.0))))
