"""Large pictures shrunk while they are read, strip by strip."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging.sizes import Rounding, fit

LARGE = 8_000_000
"""Pixels up to which pictures are decoded as a whole, at their own size."""
LEAST = 1024
"""The smallest long side, in pixels, of reduced pictures, so that proportions are preserved."""
_FINER = 4
"""The smallest ratio of the size after averaging to the size of the result, for the Lanczos filter."""
_REACH = 3
"""Pixels of the result that a Lanczos filter sees to each side."""
_VISIBLE = 1e-3
"""The smallest alpha at which a pixel's colour counts."""
_ROUNDINGS: tuple[Rounding, ...] = ("half-up", "half-even")


def shrunk_size(width: int, height: int, size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the width and height to which a picture is reduced while it is read, for a painting of ``size``,
    as in ``fit``; None if it is small or more than half of its pixels are needed.

    ``fit`` gives the same size for the result as for the whole picture.
    """
    if size is None or width * height <= LARGE:
        return None
    longest = max(width, height)
    if isinstance(size, tuple):
        size = math.ceil(longest * max(size[0] / width, size[1] / height))
    for side in range(max(size, LEAST), longest):
        found = fit(width, height, side)
        if 2 * found[0] * found[1] > width * height:
            return None
        if all(fit(*found, size, how) == fit(width, height, size, how) for how in _ROUNDINGS):
            return found
    return None


class Shrinker:
    """Shrinks a picture given in strips, from top to bottom, as ``resize`` does.

    If the result is much smaller, pixels are averaged first. Colours of transparent pixels do not count.
    Pixels may have any number of channels.
    ``size``: width and height of the picture. ``shrunk``: those of the result, neither larger.
    """

    def __init__(self, size: tuple[int, int], shrunk: tuple[int, int]) -> None:
        self._shrunk = shrunk
        across, down = (max(1, own // (_FINER * wanted)) for own, wanted in zip(size, shrunk, strict=True))
        self._block = across, down
        self._width, self._height = size[0] / across, size[1] / down
        self._scale = self._height / shrunk[1]
        self._waiting: NDArray[np.float32] | None = None  # rows that do not fill a block yet
        self._rows: NDArray[np.float32] | None = None  # as wide as the result, at full height
        self._first = 0  # the number of the first of these rows
        self._made: list[NDArray[np.float32]] = []
        self._has_alpha = False

    def add(self, pixels: NDArray[np.float32], alpha: NDArray[np.float32] | None) -> None:
        """Take the next rows: ``pixels`` (N, W, C) and, of every strip or of none, ``alpha`` (N, W)."""
        if alpha is not None:
            self._has_alpha = True
            pixels = np.concatenate([pixels * alpha[..., None], alpha[..., None]], axis=2)
        if self._waiting is not None:
            pixels = np.concatenate([self._waiting, pixels])
        whole = len(pixels) // self._block[1] * self._block[1]
        self._waiting = pixels[whole:].copy() if whole < len(pixels) else None
        if whole:
            self._take(_averaged(pixels[:whole], *self._block))
            self._make(last=False)

    def finish(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return the result, (H, W, C) in [0, 1], and its alpha, (H, W), if the picture has one."""
        if self._waiting is not None:
            self._take(_averaged(self._waiting, *self._block))
        self._make(last=True)
        found = np.concatenate(self._made)
        if not self._has_alpha:
            return np.clip(found, 0.0, 1.0), None
        colours, alpha = found[..., :-1], found[..., -1:]
        np.divide(colours, alpha, out=colours, where=alpha > _VISIBLE)
        return np.clip(colours, 0.0, 1.0), np.clip(found[..., -1], 0.0, 1.0)

    def _take(self, rows: NDArray[np.float32]) -> None:
        width = self._shrunk[0]
        narrow = _resized(rows, width, len(rows), (0.0, 0.0, self._width, float(len(rows))))
        self._rows = narrow if self._rows is None else np.concatenate([self._rows, narrow])

    def _make(self, *, last: bool) -> None:
        """Make all rows of the result for which enough source rows have arrived."""
        assert self._rows is not None or not last
        if self._rows is None:
            return
        begin, reach = sum(map(len, self._made)), _REACH * self._scale + 1
        end = self._shrunk[1]
        if not last:
            end = min(end, math.floor((self._first + len(self._rows) - reach) / self._scale))
        if end <= begin:
            return
        box = (
            0.0,
            begin * self._scale - self._first,
            float(self._shrunk[0]),
            end * self._scale - self._first,
        )
        box = (*box[:3], min(box[3], float(len(self._rows))))
        self._made.append(_resized(self._rows, self._shrunk[0], end - begin, box))
        passed = max(0, math.floor(end * self._scale - reach) - self._first)
        self._rows, self._first = self._rows[passed:].copy(), self._first + passed


def _averaged(pixels: NDArray[np.float32], across: int, down: int) -> NDArray[np.float32]:
    """Return the averages of blocks of ``across`` x ``down`` pixels; those at the end may be smaller."""
    if across > 1:
        starts = np.arange(0, pixels.shape[1], across)
        counts = np.minimum(across, pixels.shape[1] - starts).astype(np.float32)
        pixels = np.add.reduceat(pixels, starts, axis=1) / counts[:, None]
    if down > 1:
        starts = np.arange(0, len(pixels), down)
        counts = np.minimum(down, len(pixels) - starts).astype(np.float32)
        pixels = np.add.reduceat(pixels, starts, axis=0) / counts[:, None, None]
    return pixels


def _resized(
    pixels: NDArray[np.float32], width: int, height: int, box: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """Return the part of ``pixels`` (H, W, C) in ``box``, by a Lanczos filter; values are not clipped."""
    found = np.empty((height, width, pixels.shape[2]), np.float32)
    for channel in range(pixels.shape[2]):
        image = Image.fromarray(np.ascontiguousarray(pixels[..., channel]))
        found[..., channel] = np.asarray(image.resize((width, height), Image.Resampling.LANCZOS, box=box))
    return found


class StripJoiner:
    """Joins strips into a picture of its own size."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._at = 0
        self._pixels: NDArray[np.float32] | None = None
        self._alpha: NDArray[np.float32] | None = None

    def add(self, pixels: NDArray[np.float32], alpha: NDArray[np.float32] | None) -> None:
        """Take the next rows, as ``Shrinker.add`` does."""
        width, height = self._size
        if len(pixels) == height:
            self._pixels, self._alpha = pixels, alpha
            return
        if self._pixels is None:
            self._pixels = np.empty((height, width, pixels.shape[2]), np.float32)
            self._alpha = None if alpha is None else np.empty((height, width), np.float32)
        self._pixels[self._at : self._at + len(pixels)] = pixels
        if self._alpha is not None:
            self._alpha[self._at : self._at + len(pixels)] = alpha
        self._at += len(pixels)

    def finish(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return the picture, (H, W, C), and its alpha, (H, W), if it has one."""
        assert self._pixels is not None
        return self._pixels, self._alpha
