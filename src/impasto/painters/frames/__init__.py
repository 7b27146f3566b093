"""The two engines as painters of frames: optimisation held to earlier frames, and the fast networks.

What stands here is without torch; so is ``fast``. ``optimised`` needs it.
"""

from __future__ import annotations


class CutShort(Exception):  # noqa: N818 - not an error: what was asked for
    """Painting was cancelled in the middle of a frame."""
