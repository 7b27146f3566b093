"""The 'normalised' VGG of Gatys, Ecker and Bethge, in which all filters have equal mean activation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn

from impasto import weights
from impasto.encoders.network import Encoder
from impasto.errors import PictureError

LEAST_SHARE = 0.1
"""The smallest mean activation of a filter, as a share of its layer's. Without it, a filter that hardly
responds to the measured pictures would be amplified without bound when another picture activates it."""


def normalise_activations(encoder: Encoder, images: Tensor | Iterable[Tensor]) -> Encoder:
    """Return a copy of ``encoder`` with filters rescaled to a mean activation of 1 after the ReLU.

    Means are those of ``weights.activation_means``, over photographs, for the layers of this network that it
    knows; for other layers they are measured over all pixels of ``images``: one tensor (B, 3, H, W) in [0,
    1], or several, of any sizes; more photographs are better. With s the inverse mean per channel,
    w'_o = w_o s_o / s_in and b'_o = b_o s_o. Positive factors commute with all three kinds of pooling, so
    each activation is the original one divided by its channel's mean. Departures from the paper: a mean
    counts as at least LEAST_SHARE of its layer's; a layer that never responds keeps its scale; with leaky
    rectifiers (tiny), the mean is that of absolute values.

    Raises PictureError if images are needed but there are none, or as ``Encoder`` does. Source: Gatys et al.,
    "A Neural Algorithm of Artistic Style" (2015), section 2.
    """
    copy = deepcopy(encoder)
    means = mean_activations(encoder, images)
    first = encoder.architecture.convolutions()[0]
    previous = torch.ones(first[1])
    with torch.no_grad():
        for suffix, _, _ in encoder.architecture.convolutions():
            layer = copy.get_submodule(f"conv{suffix}")
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            mean = means[f"relu{suffix}"]
            least = LEAST_SHARE * mean.mean()
            scale = 1 / torch.maximum(mean, least) if least > 0 else torch.ones_like(mean)
            ratio = scale[:, None] / previous.to(scale)[None, :]
            layer.weight.mul_(ratio[:, :, None, None].to(layer.weight))
            layer.bias.mul_(scale.to(layer.bias))
            previous = scale
    return copy


def mean_activations(encoder: Encoder, images: Tensor | Iterable[Tensor]) -> dict[str, Tensor]:
    """Return each ReLU layer's mean activation (C,), float64: over photographs if known, else over
    ``images``."""
    biases = encoder.get_submodule("conv1_1").bias
    assert isinstance(biases, Tensor)
    known = weights.activation_means(biases.detach().cpu().numpy())
    layers = [name for name in encoder.layer_names if name.startswith("relu")]
    found = {name: torch.from_numpy(known[name]).double() for name in layers if name in known}
    others = [name for name in layers if name not in known]
    if others:
        found |= measure_means(encoder, [images] if isinstance(images, Tensor) else images, others)
    return found


@torch.no_grad()
def measure_means(encoder: Encoder, images: Iterable[Tensor], layers: list[str]) -> Mapping[str, Tensor]:
    """Return the mean over all pictures and positions at each of ``layers``, (C,) float64."""
    sums: dict[str, Tensor] = {}
    counts = dict.fromkeys(layers, 0)
    for batch in images:
        for name, features in encoder(batch, layers).items():
            total = features.double().abs().sum(dim=(0, 2, 3)).cpu()
            sums[name] = sums[name] + total if name in sums else total
            counts[name] += features.shape[0] * features.shape[2] * features.shape[3]
    if not sums:
        raise PictureError("expected at least one image, got none")
    return {name: sums[name] / counts[name] for name in layers}
