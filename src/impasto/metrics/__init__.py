"""Measures of pictures: closeness to style and content, and freedom from faults.

Everything takes pictures as (1, 3, H, W) tensors, sRGB in [0, 1], and returns plain numbers.
"""

from __future__ import annotations

from impasto.metrics.artefacts import GridEnergy, border_frame, grid_energy, speckle
from impasto.metrics.measures import Measures, measure
from impasto.metrics.patches import sliced_wasserstein_patches
from impasto.metrics.perception import CONTENT_LAYER, STYLE_LAYERS, content_distance, style_distance

__all__ = [
    "CONTENT_LAYER",
    "STYLE_LAYERS",
    "GridEnergy",
    "Measures",
    "border_frame",
    "content_distance",
    "grid_energy",
    "measure",
    "sliced_wasserstein_patches",
    "speckle",
    "style_distance",
]
