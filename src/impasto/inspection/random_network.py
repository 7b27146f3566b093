"""Untrained networks, which show how much of style transfer is due to training.

Random filters respond to texture, too: Ustyuzhaninov et al., "Texture Synthesis Using Shallow Convolutional
Networks with Random Filters" (2016); He, Wang and Hopcroft, "A Powerful Generative Model Using Random Weights
for the Deep Image Representation" (2016).
"""

from __future__ import annotations

import torch
from torch import nn

from impasto.encoders import CONVENTIONS, Encoder, Padding, Pooling
from impasto.weights.architecture import TINY, Architecture


def untrained(
    architecture: Architecture = TINY,
    *,
    seed: int = 0,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding = "reflect",
) -> Encoder:
    """Return an encoder of this architecture with random weights, the same for the same ``seed``.

    Filters are normally distributed with the variance that keeps activations at a similar size from layer to
    layer (He et al. 2015), biases are zero, and the input is centred. ``pooling``, ``rescale_pooling`` and
    ``padding``: as for ``Encoder``.
    """
    generator = torch.Generator().manual_seed(seed)
    encoder = Encoder(
        architecture,
        CONVENTIONS["centred"],
        padding=padding,
        pooling=pooling,
        rescale_pooling=rescale_pooling,
    )
    with torch.no_grad():
        for layer in encoder.children():
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            fan_in = layer.weight[0].numel()
            gain = 2 / (1 + architecture.slope**2)
            layer.weight.normal_(0, (gain / fan_in) ** 0.5, generator=generator)
            layer.bias.zero_()
    return encoder.eval().requires_grad_(False)
