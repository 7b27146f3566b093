"""The pyramid: the sizes a picture grows through."""

from __future__ import annotations

from impasto.imaging import Rounding, fit


def whole_cells(size: tuple[int, int], seamless: str, stride: int) -> tuple[int, int]:
    """Return ``size`` (width, height) with the sides that meet their opposite, "x" or "y" in ``seamless``,
    rounded to multiples of ``stride``: there a network's cells meet as pixels do.
    """
    width, height = (
        max(1, round(side / stride)) * stride if axis in seamless else side
        for side, axis in zip(size, "xy", strict=True)
    )
    return width, height


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
