"""The losses of STROTSS: relaxed optimal transport for the style, self-similarity for the content.

Samples are matrices (N, D): N feature vectors of D numbers, in the paper the stacked layers of a network at
one position. All return scalars. Source: Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and
Self-Similarity", the sections on style and content loss.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.losses.features import require_same_shape, require_samples, unit_vectors
from impasto.losses.moments import mean_and_covariance
from impasto.losses.patches import LIMIT, nearest_distances


def relaxed_earth_mover(
    found: Tensor, target: Tensor, distance: str = "cosine", *, limit: int = LIMIT
) -> Tensor:
    """Return the larger of two means: from each found sample to the nearest target sample, and back.

    ``found`` is (N, D), ``target`` (M, D). A lower bound of the earth mover's distance: each mean drops one
    of its two constraints. It is 0 if every sample has an equal one on the other side, however frequent.
    ``distance`` is "cosine", 1 - cos, which the paper uses for features, or "euclidean", which it uses for
    colours. At most ``limit`` distances are in memory at once.

    Raises InputError when the shapes do not fit, OptionError for an unknown distance or a limit below 1.
    Source: the style loss of the paper.
    """
    there = nearest_distances(found, target, distance, limit=limit).mean()
    back = nearest_distances(target, found, distance, limit=limit).mean()
    return torch.maximum(there, back)


def moment_matching(found: Tensor, target: Tensor) -> Tensor:
    """Return the mean |difference| of the means plus mean |difference| of the covariances.

    ``found`` is (N, D), ``target`` (M, D); the means have D elements, the covariances D^2, and divide
    by N and M. Raises InputError when the shapes do not fit.
    Source: the style loss of the paper, where it preserves the magnitude of features, which the cosine
    ignores.
    """
    require_samples(found, target)
    mean, covariance = mean_and_covariance(_as_features(found))
    target_mean, target_covariance = mean_and_covariance(_as_features(target))
    return (mean - target_mean).abs().mean() + (covariance - target_covariance).abs().mean()


def self_similarity(found: Tensor, target: Tensor) -> Tensor:
    """Return the difference between the self-similarities of two samples: in [0, 2], 0 for equal ones.

    Both (N, D), row i of both from the same position. Each column of the N x N cosine distances of either
    side is divided by its sum; the loss is the sum of absolute differences in a column, averaged over
    columns. It is invariant under scaling and rotation of the feature space, and under a common factor of all
    distances. A sample with the direction of all others has a column of zeros.

    Needs N x N numbers. Raises InputError when the shapes differ or are not (N, D).
    Source: the content loss of the paper. The paper's factor is 1 / N^2, which falls as N grows; its authors'
    code multiplies it by N, as here.
    """
    require_samples(found, target)
    require_same_shape("samples", found, target)
    return (_relative_distances(found) - _relative_distances(target)).abs().sum(0).mean()


def _relative_distances(samples: Tensor) -> Tensor:
    units = unit_vectors(samples)
    distances = (1 - units @ units.T).clamp(min=0)
    # Departure from the paper: sums that are only rounding error are not used as divisors.
    return distances / distances.sum(0).clamp(min=1e-6 * samples.shape[0])


def _as_features(samples: Tensor) -> Tensor:
    return samples.T[None, :, :, None]
