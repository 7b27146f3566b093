"""Training targets: styles at several stroke sizes, as distances between feature statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from impasto.encoders import FeatureExtractor
from impasto.objectives import STYLE_LOSSES, LayerStatistics, StyleStatistics

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYERS = ("relu3_1", "relu4_2")

STROKE_SIZES = (256, 362, 512)
"""Long sides, in pixels, at which a style is measured: from fine strokes to coarse ones."""

Distance = Callable[[LayerStatistics], Tensor]
Measure = Callable[[FeatureExtractor, Sequence[str], int], StyleStatistics]


@dataclass(frozen=True)
class StyleTarget:
    """One style to be learnt: for each of ``STROKE_SIZES`` and each layer, the distance from it."""

    distances: Sequence[Mapping[str, Distance]]


def make_target(encoder: FeatureExtractor, measure: Measure) -> StyleTarget:
    """Make a target from a style's statistics, as ``measure(encoder, layers, long_side)`` returns them.

    Distances are Wasserstein-2 between Gaussians, over the style's energy (as ``OptimizeOptions.style_loss``
    "wasserstein")."""
    prepare = STYLE_LOSSES["wasserstein"].prepare
    return StyleTarget(
        [
            {n: prepare(s) for n, s in measure(encoder, STYLE_LAYERS, size).items() if n in STYLE_LAYERS}
            for size in STROKE_SIZES
        ]
    )
