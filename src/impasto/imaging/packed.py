"""Large pictures in 8 or 16 bits, resampled part by part."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.imaging.samples import to_bytes, to_uint16, unpacked
from impasto.types import Pixels

AT_ONCE = 4_000_000
"""The number of source pixels to resample at a time."""
_REACH = 3
"""Pixels of the result that a Lanczos filter sees to each side."""


@dataclass(frozen=True)
class PackedPicture:
    """A picture of (H, W, 3) ``samples``, uint8 or uint16: sRGB, upright, without transparency."""

    samples: NDArray[Any]

    @property
    def width(self) -> int:
        return int(self.samples.shape[1])

    @property
    def height(self) -> int:
        return int(self.samples.shape[0])

    def resampled(self, width: int, height: int, part: tuple[int, int, int, int]) -> Pixels:
        """Return a part, (top, left, bottom, right), of the picture at ``width`` x ``height``, as ``resize``
        gives it."""
        top, left, bottom, right = part
        if (width, height) == (self.width, self.height):
            return unpacked(self.samples[top:bottom, left:right])
        found = np.empty((bottom - top, right - left, 3), np.float32)
        step = self._rows_at_once(width, height, left, right)
        for start in range(top, bottom, step):
            stop = min(start + step, bottom)
            self._resample(width, height, (start, left, stop, right), found[start - top : stop - top])
        return np.clip(found, 0.0, 1.0, out=found)

    def _rows_at_once(self, width: int, height: int, left: int, right: int) -> int:
        """Return how many rows of the result are made of about AT_ONCE pixels."""
        first, last = _seen(left, right, width, self.width)
        beside = 2 * (_REACH * max(self.height / height, 1.0) + 1)
        return max(1, math.floor((AT_ONCE / (last - first) - beside) * height / self.height))

    def _resample(
        self, width: int, height: int, part: tuple[int, int, int, int], found: NDArray[np.float32]
    ) -> None:
        """Write a part of the picture at ``width`` x ``height`` to ``found``, values not clipped."""
        top, left, bottom, right = part
        across = _seen(left, right, width, self.width)
        down = _seen(top, bottom, height, self.height)
        box = (
            left * self.width / width - across[0],
            top * self.height / height - down[0],
            right * self.width / width - across[0],
            bottom * self.height / height - down[0],
        )
        samples = self.samples[slice(*down), slice(*across)]
        for channel in range(3):
            image = Image.fromarray(unpacked(samples[..., channel]))
            size = right - left, bottom - top
            found[..., channel] = np.asarray(image.resize(size, Image.Resampling.LANCZOS, box=box))


def _seen(first: int, last: int, wanted: int, own: int) -> tuple[int, int]:
    """Return the range of a side of ``own`` pixels that determines ``first`` to ``last`` of ``wanted``."""
    if own == wanted:
        return first, last
    scale = own / wanted
    reach = _REACH * max(scale, 1.0) + 1
    return max(0, math.floor(first * scale - reach)), min(own, math.ceil(last * scale + reach))


class Packer:
    """Joins strips into a picture of its own size, in 8 bits if these are exact, else in 16."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._at = 0
        self._samples: NDArray[Any] = np.empty((size[1], size[0], 3), np.uint8)
        self._alpha: NDArray[np.float32] | None = None

    def add(self, pixels: Pixels, alpha: NDArray[np.float32] | None) -> None:
        """Take the next rows: ``pixels`` (N, W, 3) and, of every strip or of none, ``alpha`` (N, W)."""
        here = slice(self._at, self._at + len(pixels))
        self._at = here.stop
        if self._samples.dtype == np.uint8:
            samples: NDArray[Any] = to_bytes(pixels)
            if not np.array_equal(unpacked(samples), pixels):
                self._samples = self._samples.astype(np.uint16) * np.uint16(257)
        if self._samples.dtype == np.uint16:
            samples = to_uint16(pixels)
        self._samples[here] = samples
        if alpha is not None:
            if self._alpha is None:
                self._alpha = np.empty(self._size[::-1], np.float32)
            self._alpha[here] = alpha

    def finish(self) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        """Return the samples, (H, W, 3), and the picture's alpha, (H, W), if it has one."""
        return self._samples, self._alpha
