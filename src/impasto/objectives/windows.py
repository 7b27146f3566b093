"""Parts of a picture that are evaluated in turn, with exactly the result of the whole.

The inner parts of all windows tile the picture. The outer part of a window adds a margin as wide as the
network's receptive field, so the features of the inner part equal those of the whole picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A part of a picture: what the network is given (``outer``) and what counts (``inner``).

    Both are (top, left, bottom, right) in pixels of the whole picture of ``height`` x ``width``. Their edges
    are multiples of every layer's stride, or the picture's own.
    """

    outer: tuple[int, int, int, int]
    inner: tuple[int, int, int, int]
    height: int
    width: int

    def crop(self, picture: Tensor) -> Tensor:
        """Return the outer part of a (..., H, W) tensor."""
        top, left, bottom, right = self.outer
        return picture[..., top:bottom, left:right]

    def counted(self, stride: int) -> tuple[slice, slice]:
        """Return the rows and columns, at a layer of this stride, of the inner part within the outer one."""
        rows, columns = self.place(stride)
        top, left = self.outer[0] // stride, self.outer[1] // stride
        return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)

    def place(self, stride: int) -> tuple[slice, slice]:
        """Return the rows and columns, at a layer of this stride, of the inner part within the picture."""
        top, left, bottom, right = (edge // stride for edge in self.inner)
        return slice(top, bottom), slice(left, right)


def whole(height: int, width: int) -> Window:
    """Return a window that covers the whole picture."""
    everything = (0, 0, height, width)
    return Window(everything, everything, height, width)


def cover(height: int, width: int, side: int, margin: int, stride: int) -> list[Window]:
    """Return windows of about ``side`` pixels, plus ``margin``, whose inner parts tile the picture.

    ``stride``: the largest of any layer. Inner parts begin at multiples of it, and the margin is rounded up
    to one. A picture no larger than ``side`` is one window.
    """
    if max(height, width) <= side:
        return [whole(height, width)]
    margin = -(-margin // stride) * stride
    rows, columns = _spans(height, side, stride), _spans(width, side, stride)
    return list(_windows(height, width, rows, columns, margin))


def of_one_size(windows: Sequence[Window], side: int, stride: int) -> list[Window]:
    """Return ``windows`` with outer parts enlarged to ``side`` x ``side``, or a little more at the end.

    Torch caches memory for every shape, so equal shapes save memory. Where the picture is smaller than
    ``side``, its own side is used.

    ``side``: a multiple of ``stride``, at least as large as any outer part. ``stride``: as for ``cover``.
    """
    found = []
    for window in windows:
        top, left, bottom, right = window.outer
        top, bottom = _spread(top, bottom, window.height, side, stride)
        left, right = _spread(left, right, window.width, side, stride)
        found.append(replace(window, outer=(top, left, bottom, right)))
    return found


def _spread(first: int, last: int, length: int, side: int, stride: int) -> tuple[int, int]:
    """Return the ends of a part of at least ``side`` that contains the one from ``first`` to ``last``."""
    if length <= side:
        return 0, length
    first = min(first, (length - side) // stride * stride)
    return first, max(last, first + side)


def _windows(
    height: int,
    width: int,
    rows: Sequence[tuple[int, int]],
    columns: Sequence[tuple[int, int]],
    margin: int,
) -> Iterator[Window]:
    for top, bottom in rows:
        for left, right in columns:
            outer = (
                max(0, top - margin),
                max(0, left - margin),
                min(height, bottom + margin),
                min(width, right + margin),
            )
            yield Window(outer, (top, left, bottom, right), height, width)


def _spans(length: int, side: int, stride: int) -> list[tuple[int, int]]:
    """Return ``length`` in equal parts of at most about ``side``, cut at multiples of ``stride``."""
    count = max(1, -(-length // max(side, stride)))
    edges = [min(length, round(length * k / count / stride) * stride) for k in range(count)] + [length]
    return [(a, b) for a, b in pairwise(edges) if b > a]
