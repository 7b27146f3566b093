"""Detection of cuts between scenes."""

from __future__ import annotations

import cv2
import numpy as np

from impasto.clips.flow import Motion
from impasto.types import Pixels

UNLIKE = 0.06
"""Mean absolute difference, in [0, 1], that remains after motion compensation at a cut."""
LOST = 0.55
"""Share of the picture that must also lack trusted motion at a cut."""


def is_cut(frame: Pixels, moved: Pixels, motion: Motion) -> bool:
    """Return whether a new scene begins with ``frame``; ``moved`` is the frame before it, along ``motion``.

    At a cut, the frame before does not resemble this one when moved along the motion, and the motion itself
    is inconsistent. A fade, a flash or fast motion meets at most one of the two conditions.
    """
    remains = float(np.abs(_small(frame) - _small(moved)).mean())
    lost = 1 - float(motion.trust.mean())
    return (remains > UNLIKE and lost > LOST) or remains > 4 * UNLIKE


def is_like(frame: Pixels, before: Pixels) -> bool:
    """Return whether two frames are similar even without motion compensation, so that there is no cut."""
    return float(np.abs(_small(frame) - _small(before)).mean()) <= UNLIKE / 2


def _small(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, (64, 36), interpolation=cv2.INTER_AREA), np.float32)
