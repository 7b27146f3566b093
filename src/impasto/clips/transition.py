"""The transition from one keyframe's paint to the next one's.

The average of two paintings looks like neither: each stroke changes individually, at a time of its own that
it keeps as it moves, and only what is coarser than strokes is averaged, which avoids seams (Burt and Adelson
1983, "A Multiresolution Spline").
"""

from __future__ import annotations

import cv2
import numpy as np

from impasto.clips.carried import Carried
from impasto.clips.correspondence import sample_at
from impasto.types import Pixels, Plane

_LEVELS = 4
"""Levels of the pyramid that contain strokes: up to about 16 pixels."""
_PATCH = 8.0
"""The size of the patches that change together, in pixels."""
_RAMP = 0.12
"""The duration of a patch's change, as a share of the time between the keyframes."""
_ADVANTAGE = 0.25
"""The advance or delay of the change where only one of the two shows what was painted by hand."""


def change_times(height: int, width: int) -> Plane:
    """Return when each place of the earlier keyframe changes, (H, W) in [0, 1]: patches, evenly distributed
    over the time."""
    noise = np.random.default_rng(11).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), _PATCH)
    order = np.argsort(smooth.ravel(), kind="stable")
    times = np.empty(height * width, np.float32)
    times[order] = np.linspace(0, 1, height * width, dtype=np.float32)
    return times.reshape(height, width)


def transition(earlier: Carried, pixels: Pixels, kept: Plane, time: float, times: Plane) -> Pixels:
    """Return a frame between two keyframes, (H, W, 3).

    ``earlier``: the frame in the paint of the keyframe before. ``pixels``, ``kept``: the frame in the paint
    of the one after, as in ``Carried``. ``time``: from 0, at the one before, to 1. ``times``: see
    ``change_times``.
    """
    when = sample_at(times, earlier.places)
    ahead = (
        time * (1 + _RAMP) - _RAMP / 2 + _ADVANTAGE * (kept - earlier.kept) * min(1.0, 4 * time * (1 - time))
    )
    share = np.clip((ahead - when) / _RAMP + 0.5, 0, 1)
    share = np.asarray(share * share * (3 - 2 * share), np.float32)
    return mix_levels(earlier.pixels, pixels, share, time)


def mix_levels(first: Pixels, second: Pixels, share: Plane, whole: float) -> Pixels:
    """Return ``first`` with a ``share``, (H, W), of the strokes of ``second``, and a share ``whole`` of its
    colours beneath."""
    levels: list[Pixels] = []
    for _ in range(_LEVELS):
        pair = []
        for pixels in (first, second):
            below = np.asarray(cv2.pyrDown(pixels), np.float32)
            pair.append((pixels - cv2.pyrUp(below, dstsize=pixels.shape[1::-1]), below))
        (fine, first), (other, second) = pair
        levels.append(np.asarray(fine + (other - fine) * share[..., None], np.float32))
        share = np.asarray(cv2.pyrDown(share), np.float32)
    mixed = first + (second - first) * np.float32(whole)
    for level in reversed(levels):
        mixed = np.asarray(cv2.pyrUp(mixed, dstsize=level.shape[1::-1]) + level, np.float32)
    return np.asarray(np.clip(mixed, 0, 1), np.float32)
