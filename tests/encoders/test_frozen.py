"""The way back through a frozen trunk is autograd's, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from impasto.encoders import Encoder
from impasto.encoders.network import CENTRED, Padding, Pooling
from impasto.weights import Architecture


def gradient(encoder: Encoder, image: Tensor, layers: Sequence[str]) -> Tensor:
    variable = image.clone().requires_grad_()
    found = encoder(variable, layers)
    assert list(found) == [name for name in encoder.layer_names if name in layers]
    parts = [(number + 1) * (value - 0.1).pow(3).sum() for number, value in enumerate(found.values())]
    (back,) = torch.autograd.grad(torch.stack(parts).sum(), variable)
    return back


def frozen_and_learning(
    slope: float, padding: Padding, pooling: Pooling, layout: torch.memory_format
) -> tuple[Encoder, Encoder]:
    """The same trunk twice, the first with weights that want no gradients: it takes the short way."""
    small = Architecture("small", (4, 6, 5), (2, 2, 1), slope=slope)
    networks = []
    for learns in (False, True):
        torch.manual_seed(5)
        network = Encoder(small, CENTRED, padding=padding, pooling=pooling, rescale_pooling=True)
        networks.append(network.double().requires_grad_(learns).to(memory_format=layout))
    return networks[0], networks[1]


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("pooling", ["max", "average", "l2"])
@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate-first"])
@pytest.mark.parametrize("slope", [0.0, 0.1])
def test_one_gradient_is_that_of_autograd(
    slope: float, padding: Padding, pooling: Pooling, layout: torch.memory_format
) -> None:
    short, plain = frozen_and_learning(slope, padding, pooling, layout)
    image = torch.rand(2, 3, 21, 18, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for layers in (["relu3_1"], ["relu1_1", "conv2_1", "relu2_1", "relu2_2"], ["conv1_2", "pool2"]):
        found, expected = gradient(short, image, layers), gradient(plain, image, layers)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_features_are_the_same_with_and_without_a_way_back() -> None:
    network, _ = frozen_and_learning(0.1, "reflect", "max", torch.channels_last)
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    looked = network(image, ["conv1_1", "relu2_2"])
    followed = network(image.clone().requires_grad_(), ["conv1_1", "relu2_2"])
    for name, features in looked.items():
        torch.testing.assert_close(followed[name], features, rtol=0, atol=0)


def test_a_layer_nobody_asks_a_gradient_of_sends_none() -> None:
    network, plain = frozen_and_learning(0.0, "zeros", "max", torch.contiguous_format)
    image = torch.rand(1, 3, 16, 16, dtype=torch.float64)
    results = []
    for one in (network, plain):
        variable = image.clone().requires_grad_()
        found = one(variable, ["relu1_1", "relu3_1"])
        results.append(torch.autograd.grad(found["relu1_1"].square().sum(), variable)[0])
    torch.testing.assert_close(*results)
