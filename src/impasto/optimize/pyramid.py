"""The sizes a picture grows through, and the sizes styles are measured at."""

from __future__ import annotations

import math

from impasto import imaging
from impasto.optimize.options import Rounding

STEP = math.sqrt(2)
# Styles are measured at these long sides only, so that a style file and the picture it was made
# from give the same painting at every size.
STYLE_SIZES = tuple(round(128 * STEP**k) for k in range(15))


def fit(
    width: int, height: int, size: int | tuple[int, int], rounding: Rounding = "half-up"
) -> tuple[int, int]:
    """The size of a picture whose long side is ``size``, or ``size`` itself when it is exact.

    ``rounding``: what becomes of a short side of so many pixels and a half; "half-even" is Python's.
    """
    if isinstance(size, tuple):
        return size
    if rounding == "half-up":
        return imaging.fit(width, height, size)
    longest = max(width, height)
    return max(1, round(size * width / longest)), max(1, round(size * height / longest))


def levels(
    width: int, height: int, size: int | tuple[int, int], min_size: int, rounding: Rounding = "half-up"
) -> list[tuple[int, int]]:
    """The sizes a picture of ``width`` x ``height`` grows through, a factor of the square root of 2 apart.

    The last is ``size``, as in ``fit``. The first has a long side of at least ``min_size``; 0 means a
    single level. All have the proportions of the picture, or those of an exact ``size``.
    """
    if isinstance(size, tuple):
        width, height = size
    sizes = [fit(width, height, size, rounding)]
    longest = max(sizes[0])
    while min_size:
        side = round(longest / 2 ** (len(sizes) / 2))
        if side < min_size:
            break
        sizes.append(fit(width, height, side, rounding))
    return sizes[::-1]


def style_size(long_side: float) -> int:
    """The member of STYLE_SIZES nearest to ``long_side`` (by ratio)."""
    return min(STYLE_SIZES, key=lambda size: abs(math.log(size / max(long_side, 1.0))))
