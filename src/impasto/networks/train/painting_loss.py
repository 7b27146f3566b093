"""The training loss of networks that paint: content, style at two sizes, grids and out-of-range colours.

A perceptual loss after Johnson et al. 2016, section 3.2, with 2-Wasserstein distances between Gaussians, the
default of painting by optimisation, in place of distances between Gram matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.encoders import FeatureExtractor
from impasto.metrics.artefacts import grid_ratios
from impasto.networks.transport import Gaussian, gaussian, roots, squared_distance

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYERS = ("relu3_1", "relu4_2")

_EPSILON = 1e-4


@dataclass(frozen=True)
class LayerTarget:
    """The targets of B styles at one layer: their Gaussian, the ``root`` (B, C, C) of its covariance, and
    ``energy`` and ``epsilon`` (B,) as in ``impasto.objectives``."""

    style: Gaussian
    root: Tensor
    energy: Tensor
    epsilon: Tensor


@dataclass(frozen=True)
class StyleTarget:
    """Styles to train on: a target at each of ``STYLE_LAYERS``, at full size and at half of it."""

    whole: Mapping[str, LayerTarget]
    half: Mapping[str, LayerTarget]

    def gaussians(self, layers: Iterable[str]) -> tuple[dict[str, Gaussian], dict[str, Gaussian]]:
        """Return the Gaussians at ``layers``, at full size and at half of it."""
        whole, half = ({n: size[n].style for n in layers} for size in (self.whole, self.half))
        return whole, half


@dataclass(frozen=True)
class LossWeights:
    """The weights of the parts of ``painting_loss``."""

    content: float = 1.0
    style: float = 6.0
    coarse: float = 3.0
    grid: float = 0.03
    range: float = 1.0


def layer_targets(style: Mapping[str, Gaussian]) -> dict[str, LayerTarget]:
    """Return the targets for a style's Gaussians by layer."""
    return {name: _target(found) for name, found in style.items()}


def join_targets(targets: Sequence[StyleTarget]) -> StyleTarget:
    """Return the targets of a batch from targets of one style each."""
    return StyleTarget(_joined([t.whole for t in targets]), _joined([t.half for t in targets]))


def painting_loss(
    painted: Tensor,
    wanted: Mapping[str, Tensor],
    encoder: FeatureExtractor,
    target: StyleTarget,
    weights: LossWeights,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the loss of ``painted`` (B, 3, H, W), about [0, 1], and its parts without their weights.

    ``wanted``: the photographs' features at ``CONTENT_LAYERS``. ``target``: B styles, or one for all. The
    parts: ``content``, the mean of ||F - P||^2 / ||P||^2 over layers and pictures; ``style`` and, at half the
    size, ``coarse``, squared distances divided by the styles' energy; ``grid``, patterns with a period of 2
    or 4 pixels, beyond those of noise; ``range``, squares of values' distances from [0, 1].
    """
    near = painted.clamp(-0.2, 1.2)
    seen = encoder(near, [*STYLE_LAYERS, *CONTENT_LAYERS])
    small = encoder(avg_pool2d(near, 2), STYLE_LAYERS)
    parts = {
        "content": _mean(relative_error(seen[n], wanted[n]) for n in CONTENT_LAYERS),
        "style": _mean(_distance(seen[n], target.whole[n]) for n in STYLE_LAYERS),
        "coarse": _mean(_distance(small[n], target.half[n]) for n in STYLE_LAYERS),
        "grid": (grid_ratios(painted) - 1).relu().sum(),
        "range": (painted - painted.clamp(0, 1)).square().mean(),
    }
    total = torch.stack([getattr(weights, name) * part for name, part in parts.items()]).sum()
    return total, parts


def relative_error(found: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean over pictures of ||F - P||^2 / ||P||^2, for features (B, C, H, W)."""
    difference = (found.float() - wanted.float()).square().mean((1, 2, 3))
    return (difference / wanted.float().square().mean((1, 2, 3)).clamp(min=1e-6)).mean()


def _distance(found: Tensor, target: LayerTarget) -> Tensor:
    squared = squared_distance(gaussian(found), target.style, target.root, target.epsilon)
    return (squared / target.energy).mean()


def _mean(parts: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(parts)).mean()


def _target(style: Gaussian) -> LayerTarget:
    energy = style.covariance.diagonal(dim1=1, dim2=2).sum(1) + style.mean.square().sum(1)
    epsilon = _EPSILON * energy.double() / style.mean.shape[1]
    identity = torch.eye(style.mean.shape[1], dtype=torch.float64, device=energy.device)
    root = roots(style.covariance.double() + epsilon[:, None, None] * identity)[0]
    return LayerTarget(style, root.float(), energy, epsilon)


def _joined(targets: Sequence[Mapping[str, LayerTarget]]) -> dict[str, LayerTarget]:
    found = {}
    for name in targets[0]:
        each = [target[name] for target in targets]
        means, covariances = [t.style.mean for t in each], [t.style.covariance for t in each]
        found[name] = LayerTarget(
            Gaussian(torch.cat(means), torch.cat(covariances)),
            torch.cat([t.root for t in each]),
            torch.cat([t.energy for t in each]),
            torch.cat([t.epsilon for t in each]),
        )
    return found
