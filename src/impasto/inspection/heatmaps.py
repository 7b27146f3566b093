"""Heat maps: activations as colours, and as overlays on the picture that caused them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.imaging import lab_to_rgb, resize, rgb_to_lab
from impasto.types import Pixels, Plane

# From dark blue through plum and orange to cream: lightness grows throughout, so that the maps are readable
# in grey and for colour-blind readers as well.
_WARM = ("#10102b", "#3a1556", "#7a1f6b", "#b83b5e", "#e76f3c", "#f9b44c", "#fdf3c4")
# Blue below zero, orange above, paper white at zero.
_BOTH = ("#0b3c5d", "#4c8fbf", "#c3d9e8", "#f4f1ea", "#f2c9a1", "#d9772b", "#7d2e0a")
_STEPS = 256


def heat(plane: NDArray[Any], low: float | None = None, high: float | None = None) -> Pixels:
    """Return a plane (H, W) of any numbers as colours (H, W, 3): dark at ``low`` (default: its minimum),
    light at ``high`` (default: its maximum). A plane of one value is dark."""
    return _look_up(_scaled(plane, low, high), _WARM)


def signed(plane: NDArray[Any], reach: float | None = None) -> Pixels:
    """Return a plane (H, W) as colours (H, W, 3): blue below zero, orange above; both are darkest at
    ``reach`` (default: its largest magnitude)."""
    checked = _checked(plane)
    reach = float(np.abs(checked).max()) if reach is None else reach
    return heat_between(checked, -reach, reach)


def heat_between(plane: NDArray[Any], low: float, high: float) -> Pixels:
    """Colour a plane as ``signed`` does, with its two ends given; the middle between them is paper white."""
    middle = np.full(plane.shape, 0.5, np.float32) if high <= low else _scaled(plane, low, high)
    return _look_up(middle, _BOTH)


def overlay(pixels: Pixels, plane: NDArray[Any], strength: float = 0.85) -> Pixels:
    """Return ``pixels`` (H, W, 3) in grey, with a plane (h, w) of activations as a glow.

    The plane is enlarged smoothly to the picture's size; its minimum leaves the picture grey. ``strength``:
    the share of the picture, in [0, 1], that its maximum hides.
    """
    height, width = pixels.shape[:2]
    share = np.clip(resize(_scaled(plane, None, None), width, height), 0, 1)
    grey = _grey(pixels)
    cover = (strength * share**0.8)[..., None]
    mixed: Pixels = (grey * (1 - cover) + _look_up(0.35 + 0.65 * share, _WARM) * cover).astype(np.float32)
    return np.clip(mixed, 0, 1)


def _grey(pixels: Pixels) -> Pixels:
    lab = rgb_to_lab(pixels)
    lab[..., 1:] = 0
    return np.clip(lab_to_rgb(lab), 0, 1).astype(np.float32) * np.float32(0.8)


def _checked(plane: NDArray[Any]) -> NDArray[np.float32]:
    found = np.asarray(plane, np.float32)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise InputError(f"expected a plane (H, W) of finite numbers; got shape {found.shape}")
    return found


def _scaled(plane: NDArray[Any], low: float | None, high: float | None) -> Plane:
    found = _checked(plane)
    low = float(found.min()) if low is None else low
    high = float(found.max()) if high is None else high
    if high <= low:
        return np.zeros_like(found)
    scaled: Plane = np.clip((found - low) / (high - low), 0, 1)
    return scaled


def _look_up(plane: Plane, names: tuple[str, ...]) -> Pixels:
    anchors = np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names]) / 255
    at = np.linspace(0, 1, len(names))
    steps = np.linspace(0, 1, _STEPS)
    table = np.stack([np.interp(steps, at, anchors[:, channel]) for channel in range(3)], axis=1)
    found: Pixels = table.astype(np.float32)[np.round(plane * (_STEPS - 1)).astype(np.int64)]
    return found
