"""Objectives for an optimiser: encoder, targets and weights combined into one scalar."""

from __future__ import annotations

from impasto.objectives.named_losses import CONTENT_LOSSES, SMOOTHNESS_LOSSES, STYLE_LOSSES, SampleKind
from impasto.objectives.objective import (
    Evaluation,
    GradientScaling,
    InterruptedEvaluationError,
    Objective,
    Region,
)
from impasto.objectives.samples import HYPERCOLUMN, Samples, join_samples, measure_samples
from impasto.objectives.statistics import (
    IMAGE,
    LayerStatistics,
    StyleStatistics,
    blend_styles,
    guide_at,
    layer_weights,
    measure_parts,
    measure_style,
)
from impasto.objectives.windows import Window, cover, of_one_size, whole

__all__ = [
    "CONTENT_LOSSES",
    "HYPERCOLUMN",
    "IMAGE",
    "SMOOTHNESS_LOSSES",
    "STYLE_LOSSES",
    "Evaluation",
    "GradientScaling",
    "InterruptedEvaluationError",
    "LayerStatistics",
    "Objective",
    "Region",
    "SampleKind",
    "Samples",
    "StyleStatistics",
    "Window",
    "blend_styles",
    "cover",
    "guide_at",
    "join_samples",
    "layer_weights",
    "measure_parts",
    "measure_samples",
    "measure_style",
    "of_one_size",
    "whole",
]
