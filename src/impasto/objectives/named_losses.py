"""The losses by name, each prepared for one target.

A style loss compares either moments (means and Gram matrices, which style files hold) or samples of the
features, which require the painting itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from impasto import losses
from impasto.objectives.statistics import LayerStatistics

SampleKind = Literal["vectors", "patches", "hypercolumns"]


@dataclass(frozen=True)
class StyleLoss:
    """A style loss. ``prepare(target)`` returns the distance from the target as a function.

    ``kind``: what is compared, "moments" (``LayerStatistics``) or a kind of samples, matrices (N, D).
    ``count``: how many samples are enough, 0 for all. ``work``: the approximate time of an iteration,
    relative to a loss of moments, at a long side of 181 pixels.
    """

    kind: Literal["moments"] | SampleKind
    prepare: Callable[[Any], Callable[[Any], Tensor]]
    count: int = 0
    work: float = 1.0


def _of_gram(loss: losses.GramLoss) -> StyleLoss:
    return StyleLoss("moments", lambda target: lambda found: loss(found.gram, target.gram))


def _wasserstein(target: LayerStatistics) -> Callable[[LayerStatistics], Tensor]:
    """Return the squared distance between Gaussians divided by the target's mean squared norm: scale-free."""
    covariance = losses.covariance_from_gram(target.mean, target.gram)
    energy = target.gram.trace().clamp(min=1e-12)
    epsilon = 1e-4 * float(energy) / len(target.mean)
    root = losses.covariance_root(covariance, epsilon=epsilon)

    def distance(found: LayerStatistics) -> Tensor:
        ours = losses.covariance_from_gram(found.mean, found.gram)
        squared = losses.wasserstein2_gaussian(
            found.mean, ours, target.mean, covariance, epsilon=epsilon, target_root=root
        )
        return squared / energy

    return distance


NEWTON_SCHULZ = 12


def _wasserstein_newton_schulz(target: LayerStatistics) -> Callable[[LayerStatistics], Tensor]:
    """Compare as style-transfer-pytorch does: a mean over channels, roots by twelve Newton-Schulz steps."""
    covariance = losses.covariance_from_gram(target.mean, target.gram)
    root = losses.covariance_root(covariance, epsilon=1e-4, newton_schulz=NEWTON_SCHULZ)

    def distance(found: LayerStatistics) -> Tensor:
        ours = losses.covariance_from_gram(found.mean, found.gram)
        squared = losses.wasserstein2_gaussian(
            found.mean,
            ours,
            target.mean,
            covariance,
            epsilon=1e-4,
            target_root=root,
            newton_schulz=NEWTON_SCHULZ,
        )
        return squared / len(found.mean)

    return distance


def _mean_and_deviation(target: LayerStatistics) -> Callable[[LayerStatistics], Tensor]:
    """Return the distance of channel means and standard deviations, divided by the target's mean square."""
    wanted = _variance(target)
    energy = target.gram.diagonal().mean().clamp(min=1e-12)
    return lambda found: losses.mean_std(found.mean, _variance(found), target.mean, wanted) / energy


def _variance(statistics: LayerStatistics) -> Tensor:
    return statistics.gram.diagonal() - statistics.mean.square()


def _mean(target: LayerStatistics) -> Callable[[LayerStatistics], Tensor]:
    """Return the distance of channel means alone, divided by the target's mean square."""
    energy = target.gram.diagonal().mean().clamp(min=1e-12)
    return lambda found: losses.mean_squared(found.mean, target.mean) / energy


def _over_energy(
    distance: Callable[[Tensor, Tensor], Tensor],
) -> Callable[[Tensor], Callable[[Tensor], Tensor]]:
    """Return a distance of samples divided by the target's mean square."""

    def prepare(target: Tensor) -> Callable[[Tensor], Tensor]:
        energy = target.square().mean().clamp(min=1e-12)
        return lambda found: distance(found, target) / energy

    return prepare


def _plain(distance: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Callable[[Tensor], Tensor]]:
    return lambda target: lambda found: distance(found, target)


def _sliced(found: Tensor, target: Tensor) -> Tensor:
    """Compare along as many fixed directions as channels: L-BFGS needs a loss that stays the same."""
    generator = torch.Generator().manual_seed(0)
    channels = target.shape[1]
    directions = losses.random_directions(channels, channels, generator).to(target)
    return losses.sliced_wasserstein(found, target, directions)


def _strotss(found: Tensor, target: Tensor) -> Tensor:
    return losses.relaxed_earth_mover(found, target) + losses.moment_matching(found, target)


STYLE_LOSSES: Mapping[str, StyleLoss] = {
    "gram": _of_gram(losses.relative),
    "gram-gatys": _of_gram(losses.gatys),
    "gram-neural-style": _of_gram(losses.neural_style),
    "gram-per-element": _of_gram(losses.per_element),
    "gram-sum": _of_gram(losses.sum_of_squares),
    "wasserstein": StyleLoss("moments", _wasserstein),
    "wasserstein-newton-schulz": StyleLoss("moments", _wasserstein_newton_schulz),
    "mean-std": StyleLoss("moments", _mean_and_deviation),
    "mean": StyleLoss("moments", _mean),
    "sort-matching": StyleLoss("vectors", _over_energy(losses.sort_matching), work=2.8),
    "sliced-wasserstein": StyleLoss("vectors", _over_energy(_sliced), work=2.8),
    "mrf": StyleLoss("patches", _over_energy(losses.mrf), 4096, 5.8),
    "nearest-neighbours": StyleLoss("hypercolumns", _plain(losses.nearest_neighbour_cosine), 4096, 3.4),
    "strotss": StyleLoss("hypercolumns", _plain(_strotss), 1024, 1.5),
}


SELF_SIMILARITY = "self-similarity"

CONTENT_LOSSES: Mapping[str, Callable[[Tensor], float]] = {
    "relative": lambda target: 1 / max(float(target.float().square().mean()), 1e-12 / target.numel()),
    "mean": lambda _: 1.0,
    "gatys": lambda target: 0.5 * target.numel(),
    "sum": lambda target: float(target.numel()),
    SELF_SIMILARITY: lambda _: 1.0,
}
"""The factor of the mean squared difference, computed from the whole target; each part of a picture
contributes its share of the difference. Self-similarity (Kolkin et al., CVPR 2019) is the exception: it
compares samples, and the factor is that of their distance."""

SMOOTHNESS_LOSSES: Mapping[str, Callable[[Tensor, str], Tensor]] = {
    "l2": losses.total_variation_l2,
    "l1": losses.total_variation_l1,
    "nine-point": losses.total_variation_nine_point,
    "neural-style": losses.total_variation_half_square,
}
