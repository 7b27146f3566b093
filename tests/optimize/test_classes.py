"""Content by class, with a classifier that learns to tell red from blue here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import impasto
from impasto.cli.option_parsers import parse_classes
from impasto.encoders import ModuleEncoder, load_encoder
from impasto.encoders.adapter import SCORES
from impasto.encoders.network import CENTRED
from impasto.errors import OptionError
from impasto.optimize.classes import check_classes, class_losses, log_probabilities
from impasto.optimize.options import OptimizeOptions
from tests.conftest import blobs

CLASSES = ["red, scarlet", "blue", "green"]


class Classifier(nn.Module):
    """Two convolutions and three dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU()
        )
        self.dense = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = self.dense(self.features(image).mean((2, 3)))
        return found


@pytest.fixture(scope="module")
def classifier() -> ModuleEncoder:
    torch.manual_seed(0)
    module = Classifier()
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    generator = torch.Generator().manual_seed(1)
    for _ in range(150):
        label = torch.randint(0, 3, (16,), generator=generator)
        image = 0.5 * torch.rand(16, 3, 16, 16, generator=generator)
        image[torch.arange(16), torch.tensor([0, 2, 1])[label]] += 0.4
        optimizer.zero_grad()
        nn.functional.cross_entropy(module((image - 0.5) / 0.25), label).backward()
        optimizer.step()
    return ModuleEncoder(module, CENTRED, classes=CLASSES)


def coloured(channel: int, side: int = 48) -> np.ndarray:
    pixels = 0.5 * blobs(side, side, seed=3)
    pixels[..., channel] += 0.4
    return pixels


def probability(classifier: ModuleEncoder, pixels: np.ndarray, number: int) -> float:
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None]
    with torch.no_grad():
        return float(log_probabilities(classifier.vectors(image)[SCORES]).exp()[number])


def painted(classifier: ModuleEncoder, weights: dict[str, float]) -> np.ndarray:
    found = impasto.stylize(
        coloured(0),
        coloured(1),
        encoder=classifier,
        content_layers={"features.3": 1.0},
        style_layers={"features.1": 1.0},
        class_weights=weights,
        init="content",
        size=48,
        min_size=0,
        iterations=30,
        optimizer="adam",
        learning_rate=0.05,
        clip=True,
        precision="float32",
    )
    return found.picture.pixels


def test_the_classifier_has_learnt_its_classes(classifier: ModuleEncoder) -> None:
    for number, channel in enumerate((0, 2, 1)):
        assert probability(classifier, coloured(channel), number) > 0.9


def test_a_class_asked_for_is_seen_in_the_painting(classifier: ModuleEncoder) -> None:
    plain = probability(classifier, painted(classifier, {}), 1)
    for name in ("blue", "1"):
        assert probability(classifier, painted(classifier, {name: 20.0}), 1) > max(0.8, 2 * plain)


def test_the_classes_of_the_photograph_are_kept(classifier: ModuleEncoder) -> None:
    before = probability(classifier, coloured(0), 0)
    plain = probability(classifier, painted(classifier, {}), 0)
    kept = probability(classifier, painted(classifier, {"prob": 20.0}), 0)
    assert abs(kept - before) < abs(plain - before)


@pytest.mark.parametrize("name", ["prob", "fc6", "fc7", "dense.2"])
def test_losses_of_the_photograph_s_own_vanish_at_it(classifier: ModuleEncoder, name: str) -> None:
    photo, other = (
        torch.from_numpy(coloured(channel)).permute(2, 0, 1)[None].contiguous() for channel in (0, 1)
    )
    options = OptimizeOptions(class_weights={name: 2.0})
    (loss,) = class_losses(classifier, photo, options).values()
    assert float(loss(photo)) == pytest.approx(0, abs=1e-5)
    assert float(loss(other)) > 0.01
    half = class_losses(classifier, photo, options.replace(class_weights={name: 1.0}))[f"class {name}"]
    assert float(half(other)) == pytest.approx(float(loss(other)) / 2, rel=1e-5)


def test_a_class_s_loss_is_minus_the_logarithm_of_its_probability() -> None:
    scores = torch.tensor([1.0, 2.0, 3.0])
    expected = scores - torch.logsumexp(scores, 0)
    torch.testing.assert_close(log_probabilities(scores), expected)
    torch.testing.assert_close(log_probabilities(expected.exp()), expected)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"3": 1.0}, "distinguishes 3 classes, from 0 to 2; got 3"),
        ({"bleu": 1.0}, "no class and no dense layer 'bleu'; did you mean .blue"),
    ],
)
def test_unknown_classes_are_refused(
    classifier: ModuleEncoder, weights: dict[str, float], words: str
) -> None:
    with pytest.raises(OptionError, match=words):
        check_classes(classifier, OptimizeOptions(class_weights=weights))
    check_classes(classifier, OptimizeOptions(class_weights={"SCARLET": 1.0, "dense.0": 0.5}))


def test_a_network_without_its_dense_layers_is_refused_before_it_paints() -> None:
    options = OptimizeOptions(class_weights={"281": 1.0})
    with pytest.raises(OptionError, match="need a whole classifier, and encoder tiny has no dense layers"):
        check_classes(load_encoder("tiny"), options)
    with pytest.raises(OptionError, match="whole classifier"):
        impasto.stylize(blobs(32, 32, seed=1), blobs(32, 32, seed=2), options=options, size=32)


def test_classes_are_typed_with_and_without_weights() -> None:
    assert parse_classes("tabby:2, 281,fc7:0.5") == {"tabby": 2.0, "281": 1.0, "fc7": 0.5}
    with pytest.raises(OptionError, match="NAME or NAME:WEIGHT"):
        parse_classes("tabby:much")


@pytest.mark.parametrize("value", [{"a": -1}, {"a": "x"}, {1: 1}, ["a"]])
def test_weights_of_classes_are_numbers_from_0(value: Any) -> None:
    with pytest.raises(OptionError, match="class_weights"):
        OptimizeOptions(class_weights=value)
