"""Seamless pictures: rolled by half their width and height, everything is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import impasto
from impasto.catalogue.measured import PictureStyle
from impasto.encoders import Encoder, load_encoder
from impasto.encoders.network import CENTRED
from impasto.errors import OptionError
from impasto.imaging import resample_joined
from impasto.losses import (
    total_variation_half_square,
    total_variation_l1,
    total_variation_l2,
    total_variation_nine_point,
)
from impasto.optimize.engine import PyramidDescent, paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import everywhere
from impasto.optimize.starts import enlarge
from impasto.types import Picture
from impasto.weights import Architecture
from tests.conftest import blobs, stripes

AXES = {"x": (0, 1), "y": (1, 0), "xy": (1, 1)}
OPTIONS = OptimizeOptions(
    init="content",
    size=96,
    min_size=64,
    iterations=2,
    coarse_iterations=2,
    precision="float32",
    tv_weight=0.5,
)
STYLE = PictureStyle(Picture(stripes(80, 80)))


def rolled(pixels: np.ndarray, seamless: str) -> np.ndarray:
    rows, columns = AXES[seamless]
    height, width = pixels.shape[:2]
    return np.roll(pixels, (rows * height // 2, columns * width // 2), (0, 1))


@pytest.mark.parametrize("seamless", AXES)
def test_rolled_features_and_gradients_are_the_features_and_gradients_of_the_rolled(seamless: str) -> None:
    torch.manual_seed(5)
    network = Encoder(Architecture("small", (4, 6, 5), (2, 2, 1)), CENTRED, padding="reflect").double()
    network = network.requires_grad_(False).joined(seamless)
    image = torch.rand(1, 3, 16, 24, dtype=torch.float64)
    rows, columns = AXES[seamless]
    found = []
    for shift in ((0, 0), (8 * rows, 12 * columns)):
        variable = image.roll(shift, (2, 3)).requires_grad_()
        features = network(variable, ["relu1_1", "relu3_1"])
        (gradient,) = torch.autograd.grad(sum(f.pow(3).sum() for f in features.values()), variable)
        back = {
            name: f.roll((-shift[0] // s, -shift[1] // s), (2, 3))
            for (name, f), s in zip(features.items(), (1, 4), strict=True)
        }
        found.append((back, gradient.roll((-shift[0], -shift[1]), (2, 3))))
    torch.testing.assert_close(found[0], found[1])


@pytest.mark.parametrize("seamless", AXES)
def test_a_rolled_photograph_has_the_same_losses_and_the_rolled_painting(seamless: str) -> None:
    network = load_encoder("tiny")
    pixels = blobs(128, 128, seed=1)  # half of 128, and of 96 at the level before, is whole cells of 16
    # Plain descent: L-BFGS amplifies rounding.
    options = OPTIONS.replace(
        seamless=seamless, size=128, min_size=90, optimizer="sgd", learning_rate=0.5, style_loss="gram"
    )
    plain = paint(Picture(pixels), everywhere([STYLE], options), network, options)
    other = paint(Picture(rolled(pixels, seamless)), everywhere([STYLE], options), network, options)
    assert other.losses == pytest.approx(plain.losses, rel=1e-4)
    np.testing.assert_allclose(rolled(other.pixels, seamless), plain.pixels, atol=1e-4)
    assert np.abs(plain.pixels - pixels).max() > 0.01


def test_neighbours_across_the_edge_differ_no_more_than_others() -> None:
    options = OPTIONS.replace(seamless="x", size=(96, 64), iterations=8)
    made = impasto.texture(Picture(stripes(80, 80)), (96, 64), options=options.replace(init="statistics"))
    steps = np.abs(np.diff(made.pixels, axis=1, append=made.pixels[:, :1])).mean((0, 2))
    assert steps[-1] < 1.5 * np.median(steps)


@pytest.mark.parametrize("seamless", AXES)
@pytest.mark.parametrize(
    "loss",
    [total_variation_half_square, total_variation_l1, total_variation_l2, total_variation_nine_point],
)
def test_smoothness_does_not_change_when_the_picture_is_rolled(loss: Any, seamless: str) -> None:
    image = torch.rand(1, 3, 6, 8, dtype=torch.float64)
    rows, columns = AXES[seamless]
    moved = image.roll((3 * rows, 4 * columns), (2, 3))
    torch.testing.assert_close(loss(moved, seamless), loss(image, seamless))
    if seamless == "xy":
        assert float(loss(image, seamless)) != pytest.approx(float(loss(image)), rel=1e-6)


def test_pictures_grow_and_shrink_without_an_edge() -> None:
    pixels = blobs(50, 32, seed=2)
    small = resample_joined(pixels, 20, 16, "lanczos", "xy")
    moved = resample_joined(rolled(pixels, "xy"), 20, 16, "lanczos", "xy")
    np.testing.assert_allclose(rolled(moved, "xy"), small, atol=1e-5)
    image, photo = torch.rand(1, 3, 16, 32), torch.rand(1, 3, 32, 48)
    grown = enlarge(image, image, photo, 0.0, "xy")
    again = enlarge(image.roll((8, 16), (2, 3)), image, photo, 0.0, "xy").roll((-16, -24), (2, 3))
    torch.testing.assert_close(again, grown)


def test_sides_that_meet_are_whole_cells_and_others_are_as_asked() -> None:
    network = load_encoder("tiny")
    options = OPTIONS.replace(size=100, seamless="x")
    found = PyramidDescent(Picture(blobs(100, 70, seed=1)), everywhere([STYLE], options), network, options)
    assert (found.width, found.height) == (96, 70)
    assert all(width % 16 == 0 for width, _ in found.sizes)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": (100, 64)}, "multiples of 16, such as 96x64; got 100x64"),
        ({"style_loss": "mrf"}, "one of gram.*got mrf"),
        ({"tile": 32}, "seamless x needs the picture as a whole"),
    ],
)
def test_what_cannot_be_seamless_is_refused(more: dict[str, Any], words: str) -> None:
    options = OPTIONS.replace(seamless="x", **more)
    with pytest.raises(OptionError, match=words):
        PyramidDescent(
            Picture(blobs(96, 64, seed=1)), everywhere([STYLE], options), load_encoder("tiny"), options
        )
