"""The first two moments of feature vectors, and distances based on them.

The feature vectors of a picture, as samples of a distribution, have a mean and a covariance; two pictures
with equal moments share a style (Li et al. 2017, "Demystifying Neural Style Transfer"). The Gram matrix is
the covariance plus the outer product of the mean.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.losses.features import flatten_positions, mismatch, require_same_shape
from impasto.losses.gaussian import covariance_root, precise, trace_of_root


def mean_and_covariance(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean (C,) and covariance (C, C) of the feature vectors of ``features``, (B, C, H, W).

    The covariance divides by the number of positions M = B * H * W, not M - 1, so that a single
    position has covariance zero and pictures tiled from one another agree. It is symmetric and,
    up to rounding, positive semidefinite; its rank is at most M - 1.

    Raises InputError when ``features`` is not 4-D or is empty.
    """
    flat = flatten_positions(features)
    mean = flat.mean(1)
    centred = flat - mean[:, None]
    return mean, (centred / flat.shape[1]) @ centred.T


def covariance_from_gram(mean: Tensor, gram: Tensor) -> Tensor:
    """Return the covariance (C, C) of features with this ``mean`` (C,) and ``gram_matrix`` (C, C).

    Styles are blended by mean and Gram matrix, because raw moments of a mixture of pictures are the mixture
    of theirs; the covariance is computed afterwards. If the mean is large compared with the spread, this
    loses digits that ``mean_and_covariance`` keeps.

    Raises InputError when the shapes do not fit.
    """
    if gram.shape != (*mean.shape, *mean.shape):
        raise mismatch(f"a Gram matrix for a mean of shape {tuple(mean.shape)}", gram)
    return gram - torch.outer(mean, mean)


def moment_difference(
    mean: Tensor, deviation: Tensor, target_mean: Tensor, target_deviation: Tensor
) -> Tensor:
    """Return the mean over channels of (mu - mu')^2 + (sigma - sigma')^2, a scalar; all inputs (C,).

    Source: the loss on batch normalisation statistics of Li et al. 2017. It is the squared
    2-Wasserstein distance per channel between Gaussians with independent channels.

    Raises InputError when the shapes differ.
    """
    require_same_shape("a mean", mean, target_mean)
    require_same_shape("a standard deviation", deviation, target_deviation)
    return (mean - target_mean).square().mean() + (deviation - target_deviation).square().mean()


def mean_std(
    mean: Tensor, variance: Tensor, target_mean: Tensor, target_variance: Tensor, *, epsilon: float = 1e-5
) -> Tensor:
    """Return ``moment_difference`` from variances instead of deviations, a scalar; all inputs (C,).

    For callers that have sums over a whole picture: the variance is the Gram matrix's diagonal minus the
    squared mean. Negative values, from rounding, count as zero. ``epsilon`` is added to both variances, so
    that a constant channel has a finite gradient; it should exceed the rounding error, about 1e-7 of the
    squared mean.

    Raises InputError when the shapes differ.
    Source: Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance
    Normalization", equation 13. It writes Euclidean norms of the two differences; here, as in the
    code its authors published, they are means of squares.
    """
    require_same_shape("a variance", variance, mean)
    require_same_shape("a variance", target_variance, target_mean)
    deviation = (variance.clamp(min=0) + epsilon).sqrt()
    target_deviation = (target_variance.clamp(min=0) + epsilon).sqrt()
    return moment_difference(mean, deviation, target_mean, target_deviation)


def wasserstein2_gaussian(
    mean: Tensor,
    covariance: Tensor,
    target_mean: Tensor,
    target_covariance: Tensor,
    *,
    epsilon: float = 1e-4,
    target_root: Tensor | None = None,
    newton_schulz: int | None = None,
) -> Tensor:
    """Return the squared 2-Wasserstein distance between two Gaussians, ``epsilon`` * I added to both.

    ||mu - mu'||^2 + tr(S + S' - 2 (R S R)^(1/2)) with R = S'^(1/2), for means (C,) and covariances
    (C, C). 0 when the moments agree. It is the sum over channels. style-transfer-pytorch's style
    loss is this divided by C, with the same ``epsilon`` and ``newton_schulz`` = 12: it stops a matrix
    iteration early, which makes its losses a few per cent larger.

    ``target_root`` is ``covariance_root(target_covariance)`` with the same two options; passing it saves
    one eigendecomposition a call. Gradients reach ``mean`` and ``covariance``; the target is constant.
    The matrix part is computed in double precision. Its gradient is bounded, by |R| / (2 sqrt(epsilon)) in
    any direction, even if covariances are rank-deficient or, through rounding, not quite positive.

    Raises InputError when shapes do not fit or ``epsilon`` is negative.
    Source: Olkin and Pukelsheim 1982, "The distance between two random vectors with given
    dispersion matrices"; as a style loss, style-transfer-pytorch.
    """
    require_same_shape("a mean", mean, target_mean)
    require_same_shape("a covariance", covariance, target_covariance)
    if covariance.shape != (*mean.shape, *mean.shape):
        raise mismatch(f"a covariance for a mean of shape {tuple(mean.shape)}", covariance)
    if target_root is None:
        target_root = covariance_root(target_covariance, epsilon=epsilon, newton_schulz=newton_schulz)
    overlap = trace_of_root(covariance, target_root, epsilon=epsilon, newton_schulz=newton_schulz)
    variances = precise(covariance.diagonal()) + precise(target_covariance.detach().diagonal()) + 2 * epsilon
    spread = variances.sum() - 2 * overlap
    return (mean - target_mean.detach()).square().sum() + spread.to(mean.dtype).to(mean.device)
