"""Removal of fine detail that accumulates in films from frame to frame."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from impasto.metrics.steadiness import hardness
from impasto.types import Pixels

_KERNEL = np.array([1, 2, 1], np.float32) / 4
_STEPS = 3
_LEAST = 0.3


def softened(pixels: Pixels, most: float) -> Pixels:
    """Return ``pixels`` (H, W, 3) with a ``hardness`` of about ``most`` or less.

    It weakens the detail that a binomial filter of three pixels removes. A picture within the limit is
    returned unchanged.
    """
    for _ in range(_STEPS):
        hard = hardness(pixels)
        if hard <= most:
            return pixels
        share = max(_LEAST, (most / hard) ** 0.5)
        coarse: Any = cv2.sepFilter2D(pixels, -1, _KERNEL, _KERNEL, borderType=cv2.BORDER_REFLECT_101)
        pixels = np.asarray(coarse + np.float32(share) * (pixels - coarse), np.float32)
    return pixels
