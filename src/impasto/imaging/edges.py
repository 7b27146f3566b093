"""Pictures whose opposite edges meet: extended beyond their edges for painting, then joined again."""

from __future__ import annotations

import numpy as np

from impasto.types import Pixels

MARGIN = 128
"""The number of pixels by which a picture is extended on each side."""


def continued(pixels: Pixels, seamless: str) -> Pixels:
    """Return ``pixels`` (H, W, 3) extended by MARGIN pixels from the opposite edge on both sides: left and
    right with "x" in ``seamless``, above and below with "y".
    """
    around = [(MARGIN, MARGIN) if axis in seamless else (0, 0) for axis in "yx"]
    return np.pad(pixels, (*around, (0, 0)), mode="wrap")


def joined(pixels: Pixels, seamless: str) -> Pixels:
    """Return a picture that was ``continued`` and painted, at its original size.

    The part beyond an edge is blended into the opposite edge, within MARGIN pixels, so that both meet.
    """
    for number, axis in enumerate("yx"):
        if axis in seamless:
            found = np.moveaxis(pixels, number, 0)
            inner = found[MARGIN:-MARGIN].copy()
            count = min(MARGIN, len(inner))
            share = np.linspace(1, 0, count, endpoint=False, dtype=np.float32).reshape(-1, 1, 1)
            beyond = found[len(found) - MARGIN :][:count]
            inner[:count] = share * beyond + (1 - share) * inner[:count]
            pixels = np.moveaxis(inner, 0, number)
    return np.ascontiguousarray(pixels)
