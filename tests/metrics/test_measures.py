from collections.abc import Callable

import pytest
import torch

from impasto.encoders.network import Encoder, InputConvention
from impasto.errors import PictureError
from impasto.metrics import (
    border_frame,
    content_distance,
    grid_energy,
    measure,
    sliced_wasserstein_patches,
    speckle,
    style_distance,
)
from impasto.weights import Architecture

Photo = Callable[..., torch.Tensor]


def make_encoder() -> Encoder:
    encoder = Encoder(Architecture("toy", (4,), (1,)), InputConvention(), padding="reflect")
    generator = torch.Generator().manual_seed(0)
    for parameter in encoder.parameters():
        parameter.requires_grad_(False).copy_(torch.randn(parameter.shape, generator=generator))
    return encoder


def test_every_figure_is_that_of_its_own_function(photo: Photo) -> None:
    result, content, style = photo(seed=0), photo(seed=1), photo(100, 90, seed=2)
    encoder = make_encoder()
    found = measure(result, content, style, encoder, style_layers=("relu1_1",), content_layer="relu1_1")
    assert found.to_dict() == {
        "style_distance": style_distance(result, style, encoder, ("relu1_1",)),
        "content_distance": content_distance(result, content, encoder, "relu1_1"),
        "patch_distance": sliced_wasserstein_patches(result, style),
        "grid_period_2": grid_energy(result).period_2,
        "grid_period_4": grid_energy(result).period_4,
        "border_frame": border_frame(result),
        "speckle": speckle(result),
    }


def test_without_a_network_its_figures_are_absent_and_the_others_stand(photo: Photo) -> None:
    found = measure(photo(seed=0), photo(seed=1), photo(seed=2))
    assert found.style_distance is None
    assert found.content_distance is None
    assert found.patch_distance > 0


def test_content_and_style_are_brought_to_the_scale_of_the_result(photo: Photo) -> None:
    smooth = torch.nn.functional.interpolate(photo(64, 64), (256, 256), mode="bilinear", antialias=True)
    result = torch.nn.functional.interpolate(smooth, (128, 128), mode="bilinear", antialias=True)
    found = measure(
        result, smooth, smooth, make_encoder(), style_layers=("relu1_1",), content_layer="relu1_1"
    )
    assert found.content_distance == pytest.approx(0, abs=1e-6)
    assert found.style_distance == pytest.approx(0, abs=1e-6)
    assert found.patch_distance == pytest.approx(0, abs=1e-6)


def test_pictures_beyond_a_thousand_pixels_are_shrunk_for_the_distances_only(photo: Photo) -> None:
    large = torch.nn.functional.interpolate(photo(40, 300), (160, 1200), mode="bilinear")
    checkered = large + 0.02 * (1 - 2 * (torch.arange(1200) % 2))
    found = measure(
        checkered, large, large, make_encoder(), style_layers=("relu1_1",), content_layer="relu1_1"
    )
    assert found.grid_period_2 > 50
    assert found.content_distance is not None
    assert found.content_distance < 0.02


def test_a_content_that_is_not_what_was_painted_is_refused_by_its_shape(photo: Photo) -> None:
    with pytest.raises(PictureError, match="160x128; got 160x100"):
        measure(photo(), photo(100, 160), photo())


def test_a_content_of_a_size_rounded_otherwise_is_accepted(photo: Photo) -> None:
    measure(photo(86, 128), photo(257, 384), photo())
