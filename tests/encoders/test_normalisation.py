from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.conftest import blobs, stripes
from torch import Tensor

from impasto import weights
from impasto.encoders import Encoder, normalise_activations
from impasto.encoders.network import CAFFE
from impasto.objectives import Objective, Region, measure_style
from impasto.weights import Architecture

SMALL = Architecture("small", (8, 12, 16), (2, 2, 2))
STYLES = ["relu1_1", "relu2_1", "relu3_1"]


def tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def with_nearly_dead_filters() -> Encoder:
    """A trunk with two filters in each layer that respond to next to nothing in the pictures."""
    torch.manual_seed(7)
    encoder = Encoder(SMALL, CAFFE).requires_grad_(False)
    photo = tensor(blobs(64, 48, seed=1))
    for suffix, _, _ in SMALL.convolutions():
        layer = encoder.get_submodule(f"conv{suffix}")
        assert isinstance(layer, torch.nn.Conv2d)
        before = encoder(photo, [f"conv{suffix}"])[f"conv{suffix}"]
        layer.bias[:2] -= before.amax((0, 2, 3))[:2] * 0.9999
    return encoder


def test_layers_weigh_alike_whatever_some_filters_do() -> None:
    encoder = with_nearly_dead_filters()
    photo, painting = tensor(blobs(64, 48, seed=1)), tensor(stripes(64, 48))
    network = normalise_activations(encoder, photo)
    style = measure_style(network, painting, STYLES)
    objective = Objective(
        network,
        network(photo, ["relu3_1"]),
        [Region(style)],
        content_weights={"relu3_1": 1.0},
        style_weights=dict.fromkeys(STYLES, 1.0),
        style_loss="gram-gatys",
    )
    noise = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(2))
    for start in (noise, photo):
        parts = objective(start)[1]
        values = [float(parts[f"style {name}"]) for name in STYLES]
        assert max(values) < 1e3 * min(values), parts


def test_no_filter_is_amplified_more_than_ten_times_its_layer() -> None:
    encoder = with_nearly_dead_filters()
    photo = tensor(blobs(64, 48, seed=1))
    found = normalise_activations(encoder, photo)(photo, ["relu2_1"])["relu2_1"]
    plain = encoder(photo, ["relu2_1"])["relu2_1"]
    means = plain.mean((0, 2, 3))
    expected = plain / torch.maximum(means, 0.1 * means.mean()).view(1, -1, 1, 1)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_a_layer_that_never_responds_keeps_its_scale() -> None:
    encoder = Encoder(SMALL, CAFFE).requires_grad_(False)
    encoder.conv1_1.bias -= 1e6
    normalised = normalise_activations(encoder, torch.rand(1, 3, 16, 16))
    torch.testing.assert_close(normalised.conv1_1.weight, encoder.conv1_1.weight)
    assert all(torch.isfinite(p).all() for p in normalised.parameters())


def test_known_networks_are_normalised_by_the_means_over_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(SMALL, CAFFE).requires_grad_(False)
    known = {"relu1_1": np.linspace(1, 2, 8, dtype=np.float32)}
    monkeypatch.setattr(weights, "activation_means", lambda _: known, raising=False)
    image = torch.rand(1, 3, 16, 16)
    found = normalise_activations(encoder, image)(image, ["relu1_1", "relu1_2"])
    plain = encoder(image, ["relu1_1"])["relu1_1"]
    torch.testing.assert_close(found["relu1_1"], plain / torch.linspace(1, 2, 8).view(1, 8, 1, 1))
    means = found["relu1_2"].mean((0, 2, 3))
    torch.testing.assert_close(means[means > 0.5], torch.ones(int((means > 0.5).sum())))


def test_networks_are_known_by_their_first_biases() -> None:
    from impasto.weights.activation_statistics import BIASES, _read

    for name, network in _read().items():
        biases = network[BIASES]
        found = weights.activation_means(biases.astype(np.float16).astype(np.float32))
        assert list(found) == [key for key in network if key != BIASES], name
        assert all((values > 0).all() for values in found.values())
        assert weights.activation_means(biases + 0.01 * np.abs(biases).max()) == {}
        assert weights.activation_means(biases[:8]) == {}
