"""Linear light of high dynamic range: from and to sRGB, with brightness above white kept separately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.imaging.colour import linear_to_srgb, srgb_to_linear
from impasto.imaging.guard import warn
from impasto.types import Pixels, Plane

WHITE_NITS = 203.0
"""The luminance of white in an HDR picture (ITU-R BT.2408)."""
_PEAK = float(np.log(10000 / WHITE_NITS))
"""The logarithm of how much brighter than white PQ can be."""
WIDE = np.array([0.2627, 0.6780, 0.0593], np.float32)
"""The weights of luma in BT.2020."""
BT709_PRIMARIES = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
"""The x and y of red, green and blue."""
D65 = (0.3127, 0.3290)
"""The x and y of white."""


def headroom(light: NDArray[np.float32]) -> Plane:
    """Return how much brighter ``light``, (H, W, 3), is than its SDR version, (H, W) in [0, 1]: 0 for equal,
    1 for the ratio of PQ's peak to white, logarithmic in between."""
    luma, rolled = light @ WIDE, roll_off(light) @ WIDE
    ratio = np.where(rolled > 1e-6, luma / np.maximum(rolled, 1e-6), 1)
    return np.asarray(np.clip(np.log(np.maximum(ratio, 1)) / _PEAK, 0, 1), np.float32)


def with_headroom(pixels: Pixels, headroom: Plane | None) -> NDArray[np.float32]:
    """Return sRGB ``pixels`` as linear light of BT.709 primaries, brightened by ``headroom``."""
    linear = srgb_to_linear(np.asarray(np.clip(pixels, 0, 1), np.float32))
    if headroom is None:
        return linear
    return np.asarray(linear * np.exp(headroom * _PEAK)[..., None], np.float32)


def from_light(light: NDArray[np.float32]) -> Pixels:
    """Return linear light of BT.709 primaries, where 1 is white, as sRGB in [0, 1], with highlights rolled
    off."""
    return linear_to_srgb(np.clip(roll_off(light), 0, 1).astype(np.float32))


def to_bt709(light: NDArray[np.float32], primaries: tuple[float, ...] | None) -> NDArray[np.float32]:
    """Return linear light of other ``primaries``, the x and y of red, green, blue and white, converted to
    BT.709, 0 or more. Their white is mapped to white (von Kries, in BT.709). Impossible primaries are taken
    to be BT.709's, with a warning."""
    if primaries is None:
        return light
    red, green, blue, white = ((primaries[2 * n], primaries[2 * n + 1]) for n in range(4))
    (ax, ay), (bx, by), (cx, cy) = red, green, blue
    spread = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)  # 0 on one line
    if (
        not np.isfinite(primaries).all()
        or abs(spread) < 1e-4
        or min(abs(ay), abs(by), abs(cy), white[1]) <= 0
    ):
        warn("the file states primaries of no colour space; they were taken for those of BT.709")
        return light
    own = np.linalg.inv(xyz_of(BT709_PRIMARIES, D65)) @ xyz_of((red, green, blue), white)
    matrix = own / own.sum(1, keepdims=True)
    return np.asarray(np.maximum(light @ matrix.T.astype(np.float32), 0), np.float32)


def roll_off(linear: NDArray[Any], knee: float = 0.7) -> NDArray[np.float32]:
    """Leave values up to ``knee`` unchanged, then approach 1."""
    over = np.maximum(linear - knee, 0) / (1 - knee)
    return np.where(linear <= knee, linear, knee + (1 - knee) * over / (1 + over)).astype(np.float32)


def xyz_of(primaries: Sequence[tuple[float, float]], white: tuple[float, float]) -> NDArray[np.float64]:
    """Return the matrix from linear RGB to XYZ, from the x and y of its primaries and its white."""
    *columns, whole = ([x / y, 1, (1 - x - y) / y] for x, y in (*primaries, white))
    found = np.array(columns).T
    scaled: NDArray[np.float64] = found * np.linalg.solve(found, np.array(whole))
    return scaled
