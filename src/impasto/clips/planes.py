"""Operations on planes of pictures: the largest of the channels, and blurring."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.types import Plane


def largest_channel(pixels: NDArray[Any]) -> Plane:
    """Return the largest of the three channels of (H, W, 3), (H, W)."""
    red, green, blue = cv2.split(pixels)
    return np.asarray(np.maximum(np.maximum(red, green), blue), np.float32)


def blurred(pixels: NDArray[Any], radius: float) -> NDArray[np.float32]:
    """Return (H, W) or (H, W, 3) blurred by a Gaussian with a standard deviation of ``radius`` pixels."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), radius), np.float32)
