from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from impasto.encoders.substitution import substitute_padding, substitute_pooling


def test_max_pooling_is_left_alone() -> None:
    network = nn.Sequential(nn.MaxPool2d(2))
    substitute_pooling(network, "max", 1.0)
    assert isinstance(network[0], nn.MaxPool2d)


@pytest.mark.parametrize(("pooling", "expected"), [("average", 2.5), ("l2", 30**0.5)])
def test_pooling_of_one_two_three_four(pooling: str, expected: float) -> None:
    network = nn.Sequential(nn.Sequential(nn.MaxPool2d(2)), nn.Conv2d(1, 1, 1))
    substitute_pooling(network, pooling, 3.0)  # type: ignore[arg-type]
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert network[0](features).item() == pytest.approx(3 * expected)


@pytest.mark.parametrize("pooling", ["average", "l2"])
def test_windows_and_sizes_are_those_of_what_is_replaced(pooling: str) -> None:
    features = torch.rand(1, 2, 11, 14)
    for options in ({"padding": 1}, {"ceil_mode": True}, {"stride": 1}, {}):
        original = nn.MaxPool2d(3, **{"stride": 2, **options})
        network = nn.Sequential(copy.deepcopy(original))
        substitute_pooling(network, pooling)  # type: ignore[arg-type]
        assert network(features).shape == original(features).shape


def test_an_average_over_the_border_is_that_of_the_pixels_there_are() -> None:
    network = nn.Sequential(nn.MaxPool2d(3, 2, 1))
    substitute_pooling(network, "average")
    torch.testing.assert_close(network(torch.ones(1, 1, 6, 6)), torch.ones(1, 1, 3, 3))


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 5, padding="same")
    )


@pytest.mark.parametrize(
    ("padding", "first", "second"),
    [
        ("zeros", "constant", "constant"),
        ("reflect", "reflect", "reflect"),
        ("replicate-first", "replicate", "constant"),
    ],
)
def test_convolutions_that_pad_pad_otherwise(padding: str, first: str, second: str) -> None:
    network = convolutions()
    substitute_padding(network, padding)  # type: ignore[arg-type]
    image = torch.rand(1, 3, 8, 9)
    inner = functional.conv2d(functional.pad(image, (1,) * 4, first), network[0].weight, network[0].bias)
    middle = functional.conv2d(inner, network[1].weight, network[1].bias)
    expected = functional.conv2d(functional.pad(middle, (2,) * 4, second), network[2].weight, network[2].bias)
    torch.testing.assert_close(network(image), expected)
