"""The pyramid: the sizes at which a picture is painted in turn."""

from __future__ import annotations

from collections.abc import Sequence

from impasto.imaging import Rounding, fit
from impasto.optimize.options import OptimizeOptions


def whole_cells(size: tuple[int, int], seamless: str, stride: int) -> tuple[int, int]:
    """Return ``size`` (width, height) with the ``seamless`` sides ("x", "y") rounded to multiples of
    ``stride``, so that a network's cells meet at opposite edges as pixels do.
    """
    width, height = (
        max(1, round(side / stride)) * stride if axis in seamless else side
        for side, axis in zip(size, "xy", strict=True)
    )
    return width, height


def levels(
    width: int,
    height: int,
    size: int | tuple[int, int],
    min_size: int,
    rounding: Rounding = "half-up",
    per_doubling: int = 2,
) -> list[tuple[int, int]]:
    """Return the sizes of the levels for a picture of ``width`` x ``height``, ``per_doubling`` of them for
    each doubling of the size.

    The last is ``size``, as in ``fit``. The first has a long side of at least ``min_size``; 0 means a single
    level. All have the proportions of the picture, or of an exact ``size``.
    """
    if isinstance(size, tuple):
        width, height = size
    sizes = [fit(width, height, size, rounding)]
    longest = max(sizes[0])
    while min_size:
        side = round(longest / 2 ** (len(sizes) / per_doubling))
        if side < min_size:
            break
        sizes.append(fit(width, height, side, rounding))
    return sizes[::-1]


def planned_levels(width: int, height: int, options: OptimizeOptions) -> list[tuple[int, int]]:
    """Return ``levels`` as ``options`` ask for them."""
    return levels(
        width, height, options.size, options.min_size, options.rounding, options.levels_per_doubling
    )


def iterations_at(level: int, sizes: Sequence[tuple[int, int]], options: OptimizeOptions) -> int:
    """Return the number of iterations for the level with this number."""
    if level == 0 and options.first_iterations is not None:
        return options.first_iterations
    if options.coarse_iterations is not None and max(sizes[level]) < 0.55 * max(sizes[-1]):
        return options.coarse_iterations
    return options.iterations


def work(width: int, height: int, options: OptimizeOptions) -> int:
    """Return the work of painting a picture of ``width`` x ``height``: pixels times iterations at all levels.

    The time it takes is about proportional to it.
    """
    sizes = planned_levels(width, height, options)
    return sum(w * h * iterations_at(level, sizes, options) for level, (w, h) in enumerate(sizes))
