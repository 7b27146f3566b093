"""The pyramid: the sizes a picture grows through."""

from __future__ import annotations

from impasto.imaging import Rounding, fit


def levels(
    width: int, height: int, size: int | tuple[int, int], min_size: int, rounding: Rounding = "half-up"
) -> list[tuple[int, int]]:
    """Return the sizes a picture of ``width`` x ``height`` grows through, a factor of sqrt(2) apart.

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
