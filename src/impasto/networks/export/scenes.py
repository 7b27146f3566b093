"""Pictures with the statistics of photographs, for checks and calibration where no photographs are given."""

from __future__ import annotations

import numpy as np

from impasto.types import Pixels


def dead_leaves(width: int, height: int, seed: int, leaves: int = 400) -> Pixels:
    """Return (height, width, 3) in [0, 1]: discs of all sizes that cover each other, shaded and a little
    noisy.

    Sizes follow a power law, which gives edges, areas and a spectrum much like a photograph's (Lee,
    Mumford and Huang, "Occlusion Models for Natural Images", IJCV 2001).
    """
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    canvas = np.empty((height, width, 3), np.float32)
    canvas[:] = random.random(3)
    smallest, largest = 2.0, 0.4 * max(width, height)
    for share in random.random(leaves):
        radius = 1 / np.sqrt(1 / largest**2 + share * (1 / smallest**2 - 1 / largest**2))
        across, down = random.random() * width, random.random() * height
        rows = slice(max(0, int(down - radius)), int(down + radius) + 2)
        columns = slice(max(0, int(across - radius)), int(across + radius) + 2)
        inside = (x[rows, columns] - across) ** 2 + (y[rows, columns] - down) ** 2 < radius**2
        slope = random.normal(0, 0.3, 2)
        shade = 1 + (slope[0] * (x[rows, columns] - across) + slope[1] * (y[rows, columns] - down)) / largest
        colour = random.random(3).astype(np.float32)
        canvas[rows, columns] = np.where(inside[..., None], colour * shade[..., None], canvas[rows, columns])
    noisy = canvas + random.normal(0, 0.02, canvas.shape)
    result: Pixels = np.clip(noisy, 0, 1).astype(np.float32)
    return result
