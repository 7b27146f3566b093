"""Colours for the pixels nobody sees, so that painting underneath an alpha channel leaves no halo."""

from __future__ import annotations

import numpy as np

from impasto.imaging.sizes import resize
from impasto.types import Picture, Pixels


def fill_transparent(picture: Picture) -> Pixels:
    """The pixels of ``picture``, (H, W, 3), with transparent ones filled from their surroundings.

    Files keep arbitrary colours (often black) under an alpha of 0. Each is replaced by an average
    of visible colours nearby, weighted by alpha, the nearer the better: a push-pull pyramid
    (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4). Where alpha is 1 nothing changes.
    A picture that is transparent everywhere is returned as it is.
    """
    if picture.alpha is None or not picture.alpha.any():
        return picture.pixels
    alpha = picture.alpha[..., None].astype(np.float32)
    filled = _fill(picture.pixels * alpha, alpha)
    result: Pixels = np.clip(picture.pixels * alpha + filled * (1 - alpha), 0, 1).astype(np.float32)
    return result


def _fill(weighted: Pixels, alpha: Pixels) -> Pixels:
    """Colours everywhere, from colours times alpha, and alpha, both with a last axis."""
    height, width = alpha.shape[:2]
    known = alpha[..., 0] > 1e-3
    colours = np.divide(weighted, alpha, out=np.zeros_like(weighted), where=alpha > 1e-3)
    if known.all() or max(height, width) == 1:
        return colours
    smaller = (max(1, width // 2), max(1, height // 2))
    coarse = _fill(resize(weighted, *smaller), resize(alpha[..., 0], *smaller)[..., None])
    grown = resize(coarse, width, height)
    return np.where(known[..., None], colours, grown).astype(np.float32)
