"""Losses: pure functions of feature tensors (B, C, H, W), of samples (N, C) and statistics from them.

They hold neither encoders nor targets: the caller computes the target's statistics once, with the same
functions, and passes both at every step.
"""

from __future__ import annotations

from impasto.losses.content import mean_squared
from impasto.losses.distributions import (
    quantiles,
    random_directions,
    sliced_wasserstein,
    sort_matching,
)
from impasto.losses.gaussian import covariance_root
from impasto.losses.gram import (
    GramLoss,
    gatys,
    gram_matrix,
    neural_style,
    per_element,
    relative,
    sum_of_squares,
)
from impasto.losses.guidance import (
    GUIDE_MODES,
    propagate_guide,
)
from impasto.losses.moments import (
    covariance_from_gram,
    mean_and_covariance,
    mean_std,
    moment_difference,
    wasserstein2_gaussian,
)
from impasto.losses.patches import (
    mrf,
    nearest_distances,
    nearest_neighbour_cosine,
    nearest_neighbours,
)
from impasto.losses.smoothness import (
    total_variation_half_square,
    total_variation_l1,
    total_variation_l2,
    total_variation_nine_point,
)
from impasto.losses.transport import moment_matching, relaxed_earth_mover, self_similarity

__all__ = [
    "GUIDE_MODES",
    "GramLoss",
    "covariance_from_gram",
    "covariance_root",
    "gatys",
    "gram_matrix",
    "mean_and_covariance",
    "mean_squared",
    "mean_std",
    "moment_difference",
    "moment_matching",
    "mrf",
    "nearest_distances",
    "nearest_neighbour_cosine",
    "nearest_neighbours",
    "neural_style",
    "per_element",
    "propagate_guide",
    "quantiles",
    "random_directions",
    "relative",
    "relaxed_earth_mover",
    "self_similarity",
    "sliced_wasserstein",
    "sort_matching",
    "sum_of_squares",
    "total_variation_half_square",
    "total_variation_l1",
    "total_variation_l2",
    "total_variation_nine_point",
    "wasserstein2_gaussian",
]
