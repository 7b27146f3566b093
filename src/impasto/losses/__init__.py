"""Losses: pure functions of feature tensors (B, C, H, W) and of statistics taken from them.

They hold neither encoders nor targets: whoever minimises takes the target's statistics once, with
the same functions, and passes both at every step.
"""

from __future__ import annotations

from impasto.losses.content import half_sum_squared, mean_squared
from impasto.losses.gaussian import covariance_root
from impasto.losses.gram import (
    GRAM_LOSSES,
    GramLoss,
    gatys,
    gram_matrix,
    neural_style,
    per_element,
    relative,
)
from impasto.losses.moments import (
    covariance_from_gram,
    mean_and_covariance,
    mean_and_standard_deviation,
    moment_difference,
    wasserstein2_gaussian,
)
from impasto.losses.smoothness import (
    total_variation_l1,
    total_variation_l2,
    total_variation_nine_point,
)

__all__ = [
    "GRAM_LOSSES",
    "GramLoss",
    "covariance_from_gram",
    "covariance_root",
    "gatys",
    "gram_matrix",
    "half_sum_squared",
    "mean_and_covariance",
    "mean_and_standard_deviation",
    "mean_squared",
    "moment_difference",
    "neural_style",
    "per_element",
    "relative",
    "total_variation_l1",
    "total_variation_l2",
    "total_variation_nine_point",
    "wasserstein2_gaussian",
]
