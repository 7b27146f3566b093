"""Painters of a film's frames: optimisation with a temporal loss, and the fast networks.

Only ``optimised`` imports torch.
"""

from __future__ import annotations


class FrameCancelled(Exception):  # noqa: N818 - not an error
    """Raised when painting is cancelled in the middle of a frame."""
