"""The steadiness of a painted film: how much the painting changes along the optical flow.

The flow for this comes from another algorithm than the one films are painted with: Farneback's (2003) by
default, or ground truth from a file. Pictures here are NumPy arrays, (H, W, 3) float32 sRGB in [0, 1].
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, PictureError
from impasto.types import Pixels, Plane

Flow = NDArray[np.float32]
Judge = Callable[[Pixels, Pixels], Flow]
"""A function that returns the flow from one frame to another."""
_MAGIC = np.float32(202021.25)
_UNKNOWN = 1e9
_UNLIKE = 0.1
_TEXTURE = 0.01
_FARNEBACK: dict[str, Any] = {
    "pyr_scale": 0.5,
    "levels": 5,
    "winsize": 15,
    "iterations": 5,
    "poly_n": 7,
    "poly_sigma": 1.5,
    "flags": cv2.OPTFLOW_FARNEBACK_GAUSSIAN,
}


@dataclass(frozen=True)
class Steadiness:
    """``error``: the root mean square difference, in [0, 1], between a painting and the next along the flow,
    outside occlusions. ``squared``: its square, the "warping error" of Lai et al. 2018. ``counted``: the
    share of pixels that counted."""

    error: float
    squared: float
    counted: float


def farneback(first: Pixels, second: Pixels) -> Flow:
    """Return the flow (H, W, 2) from ``first`` to ``second``, in pixels right and down."""
    grey = [
        np.rint(cv2.cvtColor(np.ascontiguousarray(p), cv2.COLOR_RGB2GRAY) * 255).astype(np.uint8)
        for p in (first, second)
    ]
    start = np.zeros((*grey[0].shape, 2), np.float32)
    found: Any = cv2.calcOpticalFlowFarneback(grey[0], grey[1], start, **_FARNEBACK)
    return np.asarray(found, np.float32)


def read_flow(path: str | os.PathLike[str]) -> Flow:
    """Return a flow in Middlebury's format (.flo), (H, W, 2); NaN where it is unknown. Raises InputError."""
    place = Path(path)
    try:
        data = place.read_bytes()
    except OSError as error:
        raise InputError(f"expected a flow file at {place}: {error}") from error
    head = np.frombuffer(data[:12], "<f4") if len(data) >= 12 else np.zeros(3)
    width, height = np.frombuffer(data[4:12], "<i4") if len(data) >= 12 else (0, 0)
    if head[0] != _MAGIC or len(data) != 12 + 8 * int(width) * int(height):
        raise InputError(f"{place}: expected a flow in Middlebury's format; its beginning or length is wrong")
    flow = np.frombuffer(data[12:], "<f4").reshape(height, width, 2).astype(np.float32)
    flow[np.abs(flow).max(2) > _UNKNOWN] = np.nan
    return flow


def visible(first: Pixels, second: Pixels, flow: Flow, back: Flow | None = None) -> Plane:
    """Return 1 where a pixel of ``first`` is visible in ``second`` where ``flow`` leads, else 0: (H, W).

    A pixel is visible if its flow is known and leads inside the picture, to about the same colour (within
    0.1), and if ``back``, the flow from ``second`` to ``first``, leads back to it (Sundaram et al. 2010, with
    their thresholds).
    """
    height, width = flow.shape[:2]
    known = np.isfinite(flow).all(2)
    flow = np.nan_to_num(flow)
    x, y = _places(flow)
    seen = known & (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    seen &= np.abs(_follow(second, flow) - first).max(2) < _UNLIKE
    if back is not None:
        there = _follow(back, flow)
        apart = np.square(flow + there).sum(2)
        seen &= apart <= 0.01 * (np.square(flow).sum(2) + np.square(there).sum(2)) + 0.5
    return np.asarray(seen, np.float32)


def textured(pixels: Pixels) -> Plane:
    """Return a plane (H, W): 1 where ``pixels`` have enough detail in all directions to check a flow, else 0.

    The criterion is the smaller eigenvalue of the structure tensor (Shi and Tomasi 1994), over about 2
    pixels: it must exceed that of a gradient of 0.01 per pixel.
    """
    down, across = np.gradient(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY))
    a, b, c = (cv2.GaussianBlur(x, (0, 0), 2.0) for x in (across * across, across * down, down * down))
    least = (a + c - np.sqrt(np.square(a - c) + 4 * np.square(b))) / 2
    return np.asarray(least > _TEXTURE**2, np.float32)


def warping_error(first: Pixels, second: Pixels, flow: Flow, counted: Plane) -> float:
    """Return the mean over ``counted`` of the squared difference of ``first`` and ``second`` along ``flow``.

    Also the mean over channels. Raises PictureError when sizes differ or no pixel counts.
    Source: Lai et al., "Learning Blind Video Temporal Consistency" (ECCV 2018), section 4.2.
    """
    if not first.shape[:2] == second.shape[:2] == flow.shape[:2] == counted.shape:
        raise PictureError(
            f"expected pictures, flow and weights of one size; got {first.shape}, {second.shape}, "
            f"{flow.shape} and {counted.shape}"
        )
    total = float(counted.sum())
    if not total:
        raise PictureError("expected pixels that are visible in both frames; got none")
    different = np.square(along_flow(second, flow) - first).mean(2)
    return float((different * counted).sum() / total)


def along_flow(second: Pixels, flow: Flow) -> Pixels:
    """Return, for each pixel of the first frame, that of ``second`` to which ``flow`` leads: (H, W, 3)."""
    return _follow(second, np.nan_to_num(flow))


def steadiness(frames: Sequence[Pixels], paintings: Sequence[Pixels], judge: Judge = farneback) -> Steadiness:
    """Measure the steadiness of ``paintings`` of ``frames``, the mean over consecutive pairs.

    Flow and occlusions are computed from the frames, never from the paintings. ``judge`` computes the flow;
    it must not be the algorithm that the film was painted with. Raises PictureError for fewer than two
    frames, or paintings of another number or size.
    """
    if len(frames) < 2 or len(frames) != len(paintings):
        raise PictureError(
            f"expected two frames or more, and as many paintings; got {len(frames)} and {len(paintings)}"
        )
    rows = [judged(first, second, judge) for first, second in pairwise(frames)]
    errors = [
        warping_error(*pair, flow, counted)
        for pair, (flow, counted) in zip(pairwise(paintings), rows, strict=True)
    ]
    shares = [float(counted.mean()) for _, counted in rows]
    return Steadiness(float(np.mean(np.sqrt(errors))), float(np.mean(errors)), float(np.mean(shares)))


def judged(first: Pixels, second: Pixels, judge: Judge = farneback) -> tuple[Flow, Plane]:
    """Return the flow from ``first`` to ``second``, and where it counts (``visible``)."""
    flow = judge(first, second)
    return flow, visible(first, second, flow, judge(second, first))


def sharpness(pixels: Pixels) -> float:
    """Return the root mean square of the gradient of luma, in [0, 1] a pixel: a blur lowers it."""
    luma = pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    across, down = luma[:, 1:] - luma[:, :-1], luma[1:] - luma[:-1]
    return float(np.sqrt(np.square(across).mean() + np.square(down).mean()))


def hardness(pixels: Pixels) -> float:
    """Return the variance of the four-neighbour Laplacian of luma.

    It responds sooner than ``sharpness``: strokes painted over again raise it, and a blur lowers it.
    """
    luma = pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return float(cv2.Laplacian(luma, cv2.CV_32F).var())


def _places(flow: Flow) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


def _follow(values: NDArray[np.float32], flow: Flow) -> NDArray[np.float32]:
    x, y = _places(flow)
    found = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)
