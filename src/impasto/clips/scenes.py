"""Detection of cuts between scenes."""

from __future__ import annotations

import cv2
import numpy as np

from impasto.clips.flow import Motion
from impasto.types import Pixels

UNLIKE = 0.06
"""Mean absolute difference, in [0, 1], that remains after following the motion where there is a cut."""
LOST = 0.55
"""Share of the picture that must be without trusted motion besides."""


def is_cut(frame: Pixels, moved: Pixels, motion: Motion) -> bool:
    """Return whether a new scene begins with ``frame``; ``moved`` is the frame before it, along ``motion``.

    A cut is where the frame before, moved along the motion, is no likeness of this one, and the motion
    itself does not hold together. A fade, a flash or fast motion has one of the two at most.
    """
    remains = float(np.abs(_small(frame) - _small(moved)).mean())
    lost = 1 - float(motion.trust.mean())
    return (remains > UNLIKE and lost > LOST) or remains > 4 * UNLIKE


def is_like(frame: Pixels, before: Pixels) -> bool:
    """Return whether two frames are alike even without following the motion, so that there is no cut."""
    return float(np.abs(_small(frame) - _small(before)).mean()) <= UNLIKE / 2


def _small(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, (64, 36), interpolation=cv2.INTER_AREA), np.float32)
