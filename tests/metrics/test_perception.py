from collections.abc import Callable

import pytest
import torch

from impasto.encoders.network import Encoder, InputConvention
from impasto.errors import LayerError, OptionError, PictureError
from impasto.metrics import content_distance, style_distance
from impasto.weights import Architecture

Photo = Callable[..., torch.Tensor]
LAYERS = ("relu1_1", "relu2_1")


def make_encoder(*, scale: float = 1.0, pointwise: bool = False, depths: tuple[int, ...] = (1, 1)) -> Encoder:
    """A network with fixed random kernels, no bias and no mean: black gives no features at all."""
    encoder = Encoder(
        Architecture("toy", (6, 8)[: len(depths)], depths), InputConvention(), padding="reflect"
    )
    generator = torch.Generator().manual_seed(0)
    centre = torch.zeros(3, 3)
    centre[1, 1] = 1
    for name, parameter in encoder.requires_grad_(False).named_parameters():
        kernels = scale * torch.randn(parameter.shape, generator=generator)
        if name.endswith("bias"):
            kernels.zero_()
        elif pointwise:
            kernels *= centre
        parameter.copy_(kernels)
    return encoder


def test_a_picture_has_both_distances_zero_to_itself(photo: Photo) -> None:
    encoder = make_encoder()
    assert style_distance(photo(), photo(), encoder, LAYERS) == 0
    assert content_distance(photo(), photo(), encoder, "relu2_1") == 0


def test_a_result_without_features_has_both_distances_one(photo: Photo) -> None:
    encoder, black = make_encoder(), torch.zeros(1, 3, 128, 160)
    assert style_distance(black, photo(), encoder, LAYERS) == pytest.approx(1, rel=1e-5)
    assert content_distance(black, photo(), encoder, "relu2_1") == pytest.approx(1, rel=1e-5)


def test_the_network_s_scale_does_not_matter(photo: Photo) -> None:
    pictures = photo(seed=0), photo(seed=1)
    weak, strong = make_encoder(), make_encoder(scale=100)
    styles = [style_distance(*pictures, encoder, LAYERS) for encoder in (weak, strong)]
    contents = [content_distance(*pictures, encoder, "relu2_1") for encoder in (weak, strong)]
    assert styles[0] == pytest.approx(styles[1], rel=1e-4)
    assert contents[0] == pytest.approx(contents[1], rel=1e-4)


def test_style_forgets_where_things_are_and_content_does_not(photo: Photo) -> None:
    encoder, picture = make_encoder(pointwise=True, depths=(1,)), photo(seed=0)
    for other in (picture.flip(3), picture.flip(2), picture.roll(40, 3)):
        assert style_distance(other, picture, encoder, ("relu1_1",)) < 1e-4
        assert content_distance(other, picture, encoder, "relu1_1") > 0.05


def test_the_style_picture_may_have_any_size(photo: Photo) -> None:
    encoder, picture = make_encoder(pointwise=True, depths=(1,)), photo(64, 48)
    tiled = picture.repeat(1, 1, 2, 3)
    assert style_distance(tiled, picture, encoder, ("relu1_1",)) < 1e-4


def test_distances_grow_with_what_is_done_to_a_picture(photo: Photo) -> None:
    encoder, picture = make_encoder(), photo()
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(3))
    styles = [
        style_distance(picture + amount * noise, picture, encoder, LAYERS) for amount in (0.05, 0.1, 0.2)
    ]
    contents = [
        content_distance(picture + amount * noise, picture, encoder, "relu2_1") for amount in (0.05, 0.1)
    ]
    assert styles == sorted(styles)
    assert contents == sorted(contents)


def test_each_layer_counts_alike(photo: Photo) -> None:
    encoder, pictures = make_encoder(), (photo(seed=0), photo(seed=1))
    single = [style_distance(*pictures, encoder, (name,)) for name in LAYERS]
    assert style_distance(*pictures, encoder, LAYERS) == pytest.approx(sum(single) / 2)


def test_a_content_of_another_size_is_refused_with_both_sizes(photo: Photo) -> None:
    with pytest.raises(PictureError, match="160x128; got 150x128"):
        content_distance(photo(), photo(128, 150), make_encoder(), "relu1_1")


def test_layers_that_are_missing_or_none_are_refused(photo: Photo) -> None:
    with pytest.raises(LayerError, match="relu3_1"):
        style_distance(photo(), photo(), make_encoder(), ("relu3_1",))
    with pytest.raises(OptionError, match="at least one style layer"):
        style_distance(photo(), photo(), make_encoder(), ())
