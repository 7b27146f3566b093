"""The 'normalised' VGG of Gatys, Ecker and Bethge: every filter responds equally on average."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

import torch
from torch import Tensor, nn

from impasto.encoders.network import Encoder
from impasto.errors import PictureError


def normalise_activations(encoder: Encoder, images: Tensor | Iterable[Tensor]) -> Encoder:
    """Return a copy of ``encoder`` whose filters are rescaled so that each one's mean activation, after its
    ReLU, over all pixels of ``images`` is 1.

    ``images``: one (B, 3, H, W) tensor in [0, 1], or several, of any sizes; the more photographs,
    the better. With s the inverse mean per channel, w'_o = w_o s_o / s_in and b'_o = b_o s_o. All
    three kinds of pooling pass positive factors through, so each activation is the original's
    divided by that channel's mean. Departures from the paper: a filter that never responds to
    ``images`` has no such factor and keeps its scale; where rectifiers leak (tiny), the mean is that
    of absolute values.

    Raises PictureError where there are no images, or as ``Encoder`` does. Source: Gatys et al., "A
    Neural Algorithm of Artistic Style" (2015), section 2.
    """
    copy = deepcopy(encoder)
    means = _mean_activations(encoder, [images] if isinstance(images, Tensor) else images)
    first = encoder.architecture.convolutions()[0]
    previous = torch.ones(first[1])
    with torch.no_grad():
        for suffix, _, _ in encoder.architecture.convolutions():
            layer = copy.get_submodule(f"conv{suffix}")
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            mean = means[f"relu{suffix}"]
            scale = torch.where(mean > 0, 1 / mean.clamp(min=torch.finfo(torch.float64).tiny), 1.0)
            ratio = scale[:, None] / previous.to(scale)[None, :]
            layer.weight.mul_(ratio[:, :, None, None].to(layer.weight))
            layer.bias.mul_(scale.to(layer.bias))
            previous = scale
    return copy


@torch.no_grad()
def _mean_activations(encoder: Encoder, images: Iterable[Tensor]) -> dict[str, Tensor]:
    """Return each ReLU layer's mean over all pictures and positions, (C,) float64."""
    layers = [name for name in encoder.layer_names if name.startswith("relu")]
    sums: dict[str, Tensor] = {}
    counts = dict.fromkeys(layers, 0)
    for batch in images:
        for name, features in encoder(batch, layers).items():
            total = features.double().abs().sum(dim=(0, 2, 3))
            sums[name] = sums[name] + total if name in sums else total
            counts[name] += features.shape[0] * features.shape[2] * features.shape[3]
    if not sums:
        raise PictureError("expected at least one image, got none", expected="an image", actual="none")
    return {name: sums[name] / counts[name] for name in layers}
