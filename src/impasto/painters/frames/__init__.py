"""The two engines as painters of frames: optimisation held to earlier frames, and the fast networks.

What stands here is without torch; so is ``fast``. ``optimised`` needs it.
"""

from __future__ import annotations

TEMPORAL_WEIGHT = 300.0
"""How much it counts to look like the frames before; the loss is a mean square in [0, 1]."""
NEXT_ITERATIONS = 20
"""Iterations of a frame that starts from the one before it."""


class CutShort(Exception):  # noqa: N818 - not an error: what was asked for
    """Painting was cancelled in the middle of a frame."""
