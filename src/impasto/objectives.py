"""What an optimiser descends: an encoder, targets and weights, summed up as one scalar.

An objective belongs to one pyramid level: its targets have that level's size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from impasto import losses
from impasto.encoders.network import Encoder
from impasto.errors import StyleError


@dataclass(frozen=True)
class LayerStatistics:
    """What a style is at one layer: ``mean`` (C,), ``gram`` (C, C) averaged over ``positions``."""

    mean: Tensor
    gram: Tensor
    positions: int


StyleStatistics = Mapping[str, LayerStatistics]

IMAGE = "image"
"""The name under which a style keeps the statistics of its pixels, as if they were a layer."""


def layer_statistics(features: Tensor) -> LayerStatistics:
    """The statistics of (1, C, H, W) ``features``, in float32."""
    features = features.float()
    positions = features.shape[2] * features.shape[3]
    return LayerStatistics(features.mean((0, 2, 3)), losses.gram_matrix(features), positions)


@torch.no_grad()
def measure_style(encoder: Encoder, image: Tensor, layers: Sequence[str]) -> dict[str, LayerStatistics]:
    """The statistics of ``image`` (1, 3, H, W) in [0, 1] at ``layers``, and of its colours (IMAGE)."""
    features = encoder(image, layers) | {IMAGE: image}
    measured = {}
    for name, found in features.items():
        rows = layer_statistics(found)
        # Rounding leaves the two halves apart; a file keeps one of them.
        measured[name] = LayerStatistics(rows.mean, (rows.gram + rows.gram.T) / 2, rows.positions)
    return measured


def blend_styles(styles: Sequence[StyleStatistics], shares: Sequence[float]) -> dict[str, LayerStatistics]:
    """The weighted sum of several styles' statistics; ``shares`` are divided by their sum."""
    total = sum(shares)
    if len(styles) != len(shares) or total <= 0:
        raise StyleError(f"expected {len(styles)} style weights with a positive sum; got {list(shares)}")
    if len(styles) == 1:
        return dict(styles[0])
    parts = [share / total for share in shares]
    blended = {}
    for name in styles[0]:
        rows = [style[name] for style in styles]
        blended[name] = LayerStatistics(
            torch.stack([p * row.mean for p, row in zip(parts, rows, strict=True)]).sum(0),
            torch.stack([p * row.gram for p, row in zip(parts, rows, strict=True)]).sum(0),
            round(sum(p * row.positions for p, row in zip(parts, rows, strict=True))),
        )
    return blended


StyleDistance = Callable[[LayerStatistics], Tensor]


def _of_gram(loss: losses.GramLoss) -> Callable[[LayerStatistics], StyleDistance]:
    return lambda target: lambda found: loss(found.gram, target.gram)


def _wasserstein(target: LayerStatistics) -> StyleDistance:
    """The squared distance between Gaussians over the target's mean squared norm: free of scale."""
    covariance = losses.covariance_from_gram(target.mean, target.gram)
    epsilon = 1e-4 * float(target.gram.trace()) / len(target.mean)
    root = losses.covariance_root(covariance, epsilon=epsilon)
    energy = target.gram.trace().clamp(min=1e-12)

    def distance(found: LayerStatistics) -> Tensor:
        ours = losses.covariance_from_gram(found.mean, found.gram)
        squared = losses.wasserstein2_gaussian(
            found.mean, ours, target.mean, covariance, epsilon=epsilon, target_root=root
        )
        return squared / energy

    return distance


STYLE_LOSSES: Mapping[str, Callable[[LayerStatistics], StyleDistance]] = {
    "gram": _of_gram(losses.relative),
    "gram-gatys": _of_gram(losses.gatys),
    "gram-neural-style": _of_gram(losses.neural_style),
    "gram-per-element": _of_gram(losses.per_element),
    "wasserstein": _wasserstein,
}


def _relative_content(features: Tensor, target: Tensor) -> Tensor:
    return losses.mean_squared(features, target) / target.square().mean().clamp(min=1e-12)


CONTENT_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "relative": _relative_content,
    "mean": losses.mean_squared,
    "gatys": losses.half_sum_squared,
}

SMOOTHNESS_LOSSES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "l2": losses.total_variation_l2,
    "l1": losses.total_variation_l1,
}


class Objective:
    """``content + style + smoothness`` of an image, each part named and weighted.

    ``content``: layer to target activations (1, C, H, W). ``style``: layer to statistics.
    ``content_weights`` and ``style_weights``: layer to the factor its loss is multiplied by. A
    layer without a weight, or with weight 0, is not looked at.
    """

    def __init__(
        self,
        encoder: Encoder,
        content: Mapping[str, Tensor],
        style: StyleStatistics,
        *,
        content_weights: Mapping[str, float],
        style_weights: Mapping[str, float],
        content_loss: str = "relative",
        style_loss: str = "gram",
        tv_weight: float = 0.0,
        tv_loss: str = "l2",
    ) -> None:
        self.encoder = encoder
        self.content = {n: content[n].float() for n, w in content_weights.items() if w}
        self.style = {n: STYLE_LOSSES[style_loss](style[n]) for n, w in style_weights.items() if w}
        self.content_weights = content_weights
        self.style_weights = style_weights
        self.tv_weight = tv_weight
        self._content_loss = CONTENT_LOSSES[content_loss]
        self._smoothness = SMOOTHNESS_LOSSES[tv_loss]

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The total and its weighted parts (``content relu4_2``, ``style relu1_1``, ``tv``).

        ``image`` is (1, 3, H, W) in [0, 1]; all results are scalars.
        """
        features = self.encoder(image, [*self.content, *self.style])
        parts: dict[str, Tensor] = {}
        for name, target in self.content.items():
            loss = self._content_loss(features[name].float(), target)
            parts[f"content {name}"] = self.content_weights[name] * loss
        for name, distance in self.style.items():
            loss = distance(layer_statistics(features[name]))
            parts[f"style {name}"] = self.style_weights[name] * loss
        if self.tv_weight:
            parts["tv"] = self.tv_weight * self._smoothness(image)
        return torch.stack(list(parts.values())).sum(), parts
