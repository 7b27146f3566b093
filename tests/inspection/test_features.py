from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from impasto.encoders import Encoder, ModuleEncoder
from impasto.encoders.network import CAFFE, CENTRED
from impasto.errors import InputError, LayerError, OptionError, PictureError
from impasto.inspection import (
    feature_maps,
    gram_matrices,
    growing_sets,
    heat,
    known_layers,
    network_input,
    overlay,
    shuffled,
    suggest_layers,
    untrained,
)
from impasto.inspection.heatmaps import signed
from impasto.inspection.layers import paper_layers
from impasto.losses import gram_matrix
from impasto.tensors import to_tensor
from impasto.types import Picture
from impasto.weights import ARCHITECTURES
from tests.conftest import blobs


def other_network() -> ModuleEncoder:
    """Not a VGG: four strided convolutions, whose features have strides 2, 4, 8 and 16."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for channels, width in ((3, 8), (8, 8), (8, 8), (8, 8)):
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.ReLU()]
    return ModuleEncoder(nn.Sequential(*layers), CENTRED)


def test_maps_are_the_layers_own_activations(encoder: Encoder, photo: Picture) -> None:
    (view,) = feature_maps(encoder, photo, "relu2_1", channels=[3, 0])
    features = encoder(to_tensor(photo.pixels), ["relu2_1"])["relu2_1"][0].numpy()
    assert np.array_equal(view.maps, features[[3, 0]])
    assert view.shown == (3, 0)
    assert view.size == (48, 32)
    assert view.channels == 32
    assert view.mean == pytest.approx(features.mean())
    assert view.silent == pytest.approx((features <= 0).mean())


def test_the_most_active_channels_come_first(encoder: Encoder, photo: Picture) -> None:
    (view,) = feature_maps(encoder, photo, ["relu3_1"], top=5)
    deviations = encoder(to_tensor(photo.pixels), ["relu3_1"])["relu3_1"][0].numpy().std(axis=(1, 2))
    assert list(view.shown) == list(np.argsort(-deviations)[:5])


def test_strides_and_receptive_fields_are_those_of_vgg(encoder: Encoder, photo: Picture) -> None:
    views = feature_maps(encoder, photo, "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1", top=1)
    assert [view.stride for view in views] == [1, 2, 4, 8, 16]
    # Each convolution adds twice its stride, each pooling its stride: 3, 10, 24, ... as in VGG.
    assert [view.field for view in views] == [3, 10, 24, 68, 156]


def test_keras_names_are_understood_and_unknown_layers_are_told(encoder: Encoder, photo: Picture) -> None:
    assert feature_maps(encoder, photo, "block3_conv2", top=1)[0].layer == "relu3_2"
    with pytest.raises(LayerError, match="relu7_1"):
        feature_maps(encoder, photo, "relu7_1")
    with pytest.raises(LayerError, match="it has 0, 1"):
        known_layers(other_network(), "relu1_1")


def test_a_picture_too_small_is_told_which_layer_needs_how_much(encoder: Encoder) -> None:
    small = Picture(blobs(20, 20, seed=1))
    with pytest.raises(PictureError, match=r"20x20 pixels, and relu5_1 of tiny needs 32x32.*larger"):
        feature_maps(encoder, small, "relu1_1,relu5_1")


def test_channels_a_layer_does_not_have_are_refused(encoder: Encoder, photo: Picture) -> None:
    with pytest.raises(OptionError, match="channels 0 to 15; got 16"):
        feature_maps(encoder, photo, "relu1_1", channels=[16])


def test_layers_are_suggested_for_any_network(encoder: Encoder) -> None:
    content, style = suggest_layers(encoder)
    assert content == ["relu3_1", "relu4_2"]
    assert style == ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
    content, style = suggest_layers(other_network())
    assert content == ["5"]  # stride 8
    assert style == ["1", "3", "5", "7"]


def test_the_papers_layers_end_where_the_network_does(encoder: Encoder) -> None:
    assert paper_layers(encoder, "2015") == [f"conv{block}_1" for block in range(1, 6)]
    assert paper_layers(encoder, "2016") == ["conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_1"]
    vgg = untrained(ARCHITECTURES["vgg19"])
    assert paper_layers(vgg, "2015") == [f"conv{block}_1" for block in range(1, 6)]
    assert paper_layers(vgg, "2016") == [f"conv{block}_2" for block in range(1, 6)]
    assert growing_sets(["a", "b", "c"]) == [["a"], ["a", "b"], ["a", "b", "c"]]


def test_the_networks_input_is_the_formulas(photo: Picture) -> None:
    given = network_input(untrained(), photo)
    assert np.allclose(given.planes, (photo.pixels.transpose(2, 0, 1) - 0.5) / 0.25)
    assert given.zero == pytest.approx((0.5, 0.5, 0.5))
    caffe = Encoder(untrained().architecture, CAFFE)
    given = network_input(caffe, photo)
    assert given.channels == ("blue", "green", "red")
    assert np.allclose(given.planes[0], photo.pixels[..., 2] * 255 - 103.939, atol=1e-4)


def test_an_untrained_network_is_the_same_for_the_same_seed_and_keeps_activations_alike_in_size(
    photo: Picture,
) -> None:
    one, again, other = untrained(seed=1), untrained(seed=1), untrained(seed=2)
    assert one.describe() == again.describe()
    assert one.describe()["sha256"] != other.describe()["sha256"]
    with torch.no_grad():
        found = one(to_tensor(photo.pixels), ["relu1_1", "relu5_1"])
    sizes = [float(f.square().mean().sqrt()) for f in found.values()]
    assert 0.2 < sizes[1] / sizes[0] < 5


def test_the_gram_matrix_stays_when_places_are_shuffled_and_content_does_not(
    encoder: Encoder, photo: Picture
) -> None:
    found = shuffled(encoder, photo, "relu3_1")
    assert found.gram < 1e-5
    assert found.content > 0.05
    assert np.allclose(np.sort(found.before.ravel()), np.sort(found.after.ravel()), atol=1e-5)
    assert not np.allclose(found.before, found.after)


def test_gram_matrices_are_those_of_the_loss(encoder: Encoder, photo: Picture) -> None:
    found = gram_matrices(encoder, photo, "relu1_1,relu2_1")
    features = encoder(to_tensor(photo.pixels), ["relu2_1"])["relu2_1"]
    assert np.allclose(found["relu2_1"], gram_matrix(features).numpy())


def test_heat_grows_lighter_all_the_way() -> None:
    ramp = heat(np.linspace(0, 1, 50, dtype=np.float32)[None])
    lightness = ramp[0] @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) >= 0).all()
    assert lightness[0] < 0.1
    assert lightness[-1] > 0.85


def test_signed_heat_is_paper_at_zero_blue_below_and_orange_above() -> None:
    below, zero, above = signed(np.array([[-2.0, 0.0, 2.0]]))[0]
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert zero.min() > 0.9


def test_an_overlay_leaves_silence_grey_and_has_the_photographs_size(photo: Picture) -> None:
    plane = np.zeros((4, 6), np.float32)
    plane[0, 0] = 1
    found = overlay(photo.pixels, plane)
    assert found.shape == photo.pixels.shape
    far = found[-8:, -8:]
    assert np.abs(far - far.mean(axis=2, keepdims=True)).max() < 0.02
    assert np.ptp(found[2, 2]) > 0.1


def test_heat_refuses_what_is_no_plane() -> None:
    with pytest.raises(InputError, match="plane"):
        heat(np.zeros((2, 2, 3)))
    with pytest.raises(InputError, match="finite"):
        heat(np.array([[np.nan]]))
