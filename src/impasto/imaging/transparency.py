"""Transparency of photographs and their paintings, without halos from colours under transparent pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from impasto.imaging.sizes import resize
from impasto.types import Picture, Pixels, Plane

_VISIBLE = 1e-3


def fill_transparent(picture: Picture) -> Pixels:
    """Return the pixels of ``picture``, (H, W, 3), with transparent ones filled from their surroundings.

    Files hold arbitrary colours (often black) where alpha is 0. These are replaced by averages of nearby
    visible colours, weighted by alpha and proximity: a push-pull pyramid (Gortler et al., "The Lumigraph",
    SIGGRAPH 1996, section 3.4). Pixels with an alpha of 1 do not change. A fully transparent picture is
    returned unchanged.
    """
    if picture.alpha is None or not picture.alpha.any():
        return picture.pixels
    alpha = picture.alpha[..., None]
    filled = _fill(picture.pixels * alpha, picture.alpha)
    result: Pixels = np.clip(picture.pixels * alpha + filled * (1 - alpha), 0, 1).astype(np.float32)
    return result


def painted_like(photo: Picture, pixels: Pixels) -> Picture:
    """Return ``pixels``, (H, W, 3), a painting of ``photo`` at any size, with its alpha, its headroom and its
    precision."""
    height, width = pixels.shape[:2]
    alpha, headroom = (
        None if plane is None else resize(plane, width, height) for plane in (photo.alpha, photo.headroom)
    )
    return Picture(pixels, alpha, photo.bits, headroom=headroom)


def _fill(weighted: Pixels, alpha: Plane) -> Pixels:
    """Return colours everywhere, from colours times alpha (H, W, 3) and alpha (H, W)."""
    height, width = alpha.shape
    known = (alpha > _VISIBLE)[..., None]
    colours = np.divide(weighted, alpha[..., None], out=np.zeros_like(weighted), where=known)
    if known.all() or max(height, width) == 1:
        return colours
    smaller = (max(1, width // 2), max(1, height // 2))
    # Area averages weight colour and alpha equally; a sharper filter would not.
    less, lower = (
        _resized(weighted, smaller, Resampling.BOX),
        _resized(alpha[..., None], smaller, Resampling.BOX),
    )
    grown = _resized(_fill(less, lower[..., 0]), (width, height), Resampling.BILINEAR)
    return np.where(known, colours, grown).astype(np.float32)


def _resized(planes: Pixels, size: tuple[int, int], filter: Resampling) -> Pixels:
    """Return (H, W, C) ``planes`` at ``size``, (width, height)."""
    each = (Image.fromarray(np.ascontiguousarray(planes[..., c])) for c in range(planes.shape[2]))
    return np.stack([np.asarray(one.resize(size, filter), np.float32) for one in each], axis=2)
