"""Correspondence of a frame to a keyframe: the place in the keyframe from which each pixel has its paint.

Paint is carried along the flow as coordinates and sampled once, because a picture that is warped again for
every frame becomes blurred (Jamriska et al., "Stylizing Video by Example", SIGGRAPH 2019, section 3, use
these coordinates as their positional guide).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.clips.flow import Flow, motion
from impasto.types import Pixels, Plane

Places = NDArray[np.float32]
"""(H, W, 2) float32: the place in the keyframe, x and y, of each pixel of a frame."""
Marks = NDArray[np.bool_]
"""(H, W): a mask of pixels."""

SEAM = 2.0
"""There is a seam between neighbouring pixels if the distance between their places exceeds their own by more
than this."""
_BENT = 1.5
"""As ``SEAM``: the limit above which places are not interpolated."""
_DRIFT = 4.0
"""The largest correction of a correspondence, in pixels."""
_PACE = 0.3
"""The share of a correction that is made in one frame; all at once, it would be a visible jump."""


def own_places(height: int, width: int) -> Places:
    """Return the places of a picture's own pixels."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.dstack([x, y])


def follow(places: Places, flow: Flow) -> Places:
    """Return the places of a frame whose flow leads to an earlier frame with ``places``.

    Places are interpolated where they are continuous; across seams each pixel stays on one side. Beyond the
    border they are extended from it.
    """
    own = own_places(*flow.shape[:2])
    there, offsets = own + flow, places - own
    bent = (_spread(offsets) > _BENT).astype(np.float32)
    at_seam = sample_at(bent, there, cv2.INTER_NEAREST, cv2.BORDER_REPLICATE)
    between, nearest = (
        sample_at(offsets, there, how, cv2.BORDER_REPLICATE) for how in (cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    )
    return np.asarray(np.where(at_seam[..., None] > 0, nearest, between) + there, np.float32)


def sample_at(
    picture: NDArray[np.float32],
    places: Places,
    how: int = cv2.INTER_LINEAR,
    border: int = cv2.BORDER_REFLECT_101,
) -> NDArray[np.float32]:
    """Return ``picture``, (H, W) or (H, W, C), sampled at ``places``; beyond its border, mirrored."""
    library: Any = cv2  # whose types lack places in one array
    return np.asarray(library.remap(picture, places, None, how, borderMode=border), np.float32)


def seams(places: Places) -> Marks:
    """Return the pixels at seams."""
    return np.asarray(_spread(places - own_places(*places.shape[:2])) > SEAM)


def _spread(offsets: Places) -> Plane:
    around = np.ones((3, 3), np.uint8)
    most = cv2.dilate(offsets, around) - cv2.erode(offsets, around)
    return _larger(most)


def _larger(offsets: NDArray[Any]) -> Plane:
    """Return the larger of the two channels, (H, W)."""
    return np.asarray(np.maximum(offsets[..., 0], offsets[..., 1]), np.float32)


def inside(places: Places, margin: float) -> Marks:
    """Return the pixels whose places are within the keyframe, at least ``margin`` pixels from its border."""
    height, width = places.shape[:2]
    x, y = places[..., 0], places[..., 1]
    return np.asarray((x >= margin) & (y >= margin) & (x <= width - 1 - margin) & (y <= height - 1 - margin))


def stretch(places: Places) -> Plane:
    """Return how much paint is stretched or squeezed in the direction of the largest change, (H, W): 1 for
    not at all, 2 for twice or half the length, 10 where it is flipped.

    This is the larger singular value of the Jacobian, or of its inverse, over two pixels to each side.
    """
    wide = np.pad(places, ((2, 2), (2, 2), (0, 0)), mode="edge")
    across, down = (wide[2:-2, 4:] - wide[2:-2, :-4]) / 4, (wide[4:, 2:-2] - wide[:-4, 2:-2]) / 4
    a, b, c, d = across[..., 0], down[..., 0], across[..., 1], down[..., 1]
    total = a * a + b * b + c * c + d * d
    apart = np.sqrt(np.square(a * a + b * b - c * c - d * d) + 4 * np.square(a * c + b * d))
    most, least = np.sqrt((total + apart) / 2), np.sqrt(np.maximum((total - apart) / 2, 1e-4))
    most_stretched = np.where(a * d - b * c > 0, np.maximum(most, 1 / least), 10)
    for edge in (np.s_[:2], np.s_[-2:], np.s_[:, :2], np.s_[:, -2:]):
        most_stretched[edge] = 1  # the border lacks neighbours to measure with
    return np.asarray(cv2.medianBlur(np.minimum(most_stretched, 10).astype(np.float32), 5), np.float32)


def extended(places: Places, hole: Marks) -> Places:
    """Return ``places`` with ``hole`` filled from the nearest pixel outside, unstretched."""
    if hole.all() or not hole.any():
        return places
    _, labels = cv2.distanceTransformWithLabels(
        hole.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    own = own_places(*hole.shape)
    nearest = np.zeros(int(labels.max()) + 1, np.int64)
    nearest[labels[~hole]] = np.flatnonzero(~hole)
    offsets = (places - own).reshape(-1, 2)[nearest[labels]]
    return np.asarray(np.where(hole[..., None], offsets + own, places), np.float32)


def without_specks(places: Places) -> Places:
    """Return ``places`` with small groups of pixels that differ from all around them replaced by the
    median."""
    own = own_places(*places.shape[:2])
    offsets = places - own
    middle = np.dstack([cv2.medianBlur(np.ascontiguousarray(offsets[..., axis]), 5) for axis in (0, 1)])
    stray = _larger(np.abs(middle - offsets)) > 0.7
    return np.asarray(np.where(stray[..., None], middle + own, places), np.float32)


def corrected(places: Places, photo: Pixels, key: Pixels, sure: Marks) -> Places:
    """Return ``places`` without some of the errors of flow that have accumulated since the keyframe.

    ``photo``: the frame. ``key``: the keyframe's photograph, which should resemble it at ``places``; the flow
    between the two is the error. ``sure``: the pixels that still show what they showed in the keyframe.
    """
    error = motion(photo, sample_at(key, places))
    small = _larger(np.abs(error.flow)) < _DRIFT
    usable = (sure & small & (error.trust > 0.5)).astype(np.float32)
    weight = cv2.GaussianBlur(usable, (0, 0), 3.0)
    flow = cv2.GaussianBlur(error.flow * usable[..., None], (0, 0), 3.0)
    share = _PACE * np.clip(weight, 0, 1) * usable / np.maximum(weight, 0.05)
    return follow(places, np.asarray(flow * share[..., None], np.float32))
