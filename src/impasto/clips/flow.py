"""Optical flow, warping along it, and where it can be trusted.

Flow: DIS (Kroeger et al., ECCV 2016) as in OpenCV. Trust: the forward-backward check and the motion
boundaries of Ruder, Dosovitskiy and Brox, "Artistic Style Transfer for Videos" (GCPR 2016), section
4.3, after Sundaram et al. (ECCV 2010).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.imaging.samples import to_bytes
from impasto.types import Pixels, Plane

Flow = NDArray[np.float32]
"""(H, W, 2) float32: the offset of each pixel's match, in pixels to the right and down."""

SLACK = 0.1
"""The tolerance, in pixels, for flow towards the border: even still areas have a little."""
BORDER = 4
"""The width, in pixels, of the margin whose pixels are not matched to any further inside: a painting has
fewer neighbours to depend on there, and warping mirrors what is beyond."""
LONGEST = 768
"""The long side to which larger pictures are reduced; their flow is then enlarged."""


@dataclass(frozen=True)
class Motion:
    """The motion from a frame back to an earlier one.

    ``flow``: from each of its pixels to the match there. ``trust``: (H, W), 1 where the match is certain, 0
    where it was hidden or the flow is unreliable.
    """

    flow: Flow
    trust: Plane


def motion(frame: Pixels, earlier: Pixels) -> Motion:
    """Return the ``Motion`` from ``frame`` to ``earlier``, both (H, W, 3) in [0, 1] and of one size."""
    height, width = frame.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    now, then = _grey(frame, size), _grey(earlier, size)
    back, forth = dis_flow(now, then), dis_flow(then, now)
    trust = consistency(back, forth)
    if size != (width, height):
        ratio = np.array([width / size[0], height / size[1]], np.float32)
        back = np.asarray(cv2.resize(back, (width, height)) * ratio, np.float32)
        trust = np.asarray(cv2.resize(trust, (width, height)), np.float32)
    return Motion(back, trust)


def _grey(pixels: Pixels, size: tuple[int, int]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    if grey.shape[::-1] != size:
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return to_bytes(grey)


def dis_flow(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Flow:
    """Return the flow from ``first`` to ``second``, both (H, W) uint8, 16 pixels a side or more."""
    library: Any = cv2  # whose types lack DIS
    algorithm = library.DISOpticalFlow_create(library.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(algorithm.calc(first, second, None), np.float32)


def consistency(back: Flow, forth: Flow) -> Plane:
    """Return (H, W), 1 where ``back`` and then ``forth`` lead back and there is no motion boundary, else 0.

    Ruder et al. 2016, equations 5 and 6. Flow is inconsistent where it leads out of the picture, or, within
    BORDER pixels of the border, where it leads nearer to the border.
    """
    height, width = back.shape[:2]
    there = cv2.split(warp_flow(forth, back))
    planes = cv2.split(back)
    length = _squares(*planes)
    apart = _squares(*(plane + other for plane, other in zip(planes, there, strict=True)))
    hidden = apart > 0.01 * (length + _squares(*there)) + 0.5
    slope = _squares(*(np.gradient(plane, axis=axis) for plane in planes for axis in (0, 1)))
    boundary = slope > 0.01 * length + 0.02
    x, y = _places(back)
    outside = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    here = _depth(*_places(np.zeros_like(back)), width, height)
    outside |= _depth(x, y, width, height) < np.minimum(BORDER, here) - SLACK
    return np.where(hidden | boundary | outside, 0, 1).astype(np.float32)


def _depth(x: NDArray[Any], y: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """Return the distance of places from the nearest border, in pixels."""
    found: NDArray[Any] = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return found


def _squares(*planes: NDArray[Any]) -> Plane:
    """Return the sum of the squares of ``planes``, each (H, W)."""
    total = np.square(planes[0])
    for plane in planes[1:]:
        total += np.square(plane)
    return np.asarray(total, np.float32)


def _places(flow: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    columns = np.arange(flow.shape[1], dtype=np.float32)
    rows = np.arange(flow.shape[0], dtype=np.float32)[:, None]
    return flow[..., 0] + columns, flow[..., 1] + rows


def warp_flow(values: Flow, flow: Flow) -> Flow:
    """Return ``values`` sampled bilinearly where ``flow`` leads; beyond the border, its values are
    repeated."""
    x, y = _places(flow)
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def warp(picture: Pixels, flow: Flow) -> Pixels:
    """Return ``picture`` (H, W, 3), or a plane (H, W), sampled where ``flow`` leads, clipped to [0, 1].

    Lanczos interpolation over 8 pixels: with fewer, repeated warping would soon blur the frames.
    """
    x, y = _places(flow)
    found = cv2.remap(picture, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(found, 0, 1).astype(np.float32)
