from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.encoders import Encoder, minimum_side, normalise_activations
from impasto.encoders.network import CAFFE, CENTRED, TORCHVISION, InputConvention, Padding, Pooling
from impasto.errors import LayerError, PictureError
from impasto.weights import Architecture
from impasto.weights.architecture import VGG16_PRUNED, VGG19

SMALL = Architecture("small", (4, 6, 5), (2, 2, 1))
LAYERS = SMALL.layer_names()


@pytest.fixture
def image() -> Tensor:
    return torch.rand(2, 3, 21, 18, generator=torch.Generator().manual_seed(3))


def encoder_with(padding: Padding = "zeros", pooling: Pooling = "max", **options: object) -> Encoder:
    torch.manual_seed(5)
    convention = options.pop("convention", CENTRED)
    return Encoder(SMALL, convention, padding=padding, pooling=pooling, **options).eval()  # type: ignore[arg-type]


def plain_forward(encoder: Encoder, image: np.ndarray) -> dict[str, np.ndarray]:
    """The network in float64, one picture (3, H, W), by SciPy's correlation; max pooling."""
    from scipy.signal import correlate  # slow to import

    features = image.astype(np.float64)
    found = {}
    for name in encoder.layer_names:
        if name.startswith("conv"):
            layer = encoder.get_submodule(name)
            weight, bias = (p.detach().double().numpy() for p in (layer.weight, layer.bias))
            mode = "constant"
            if encoder.padding == "reflect":
                mode = "reflect"
            elif encoder.padding == "replicate-first" and name == "conv1_1":
                mode = "edge"
            padded = np.pad(features, ((0, 0), (1, 1), (1, 1)), mode)  # type: ignore[call-overload]
            features = np.stack(
                [correlate(padded, w, "valid")[0] + b for w, b in zip(weight, bias, strict=True)]
            )
        elif name.startswith("relu"):
            features = np.maximum(features, 0)
        else:
            height, width = (side // 2 * 2 for side in features.shape[1:])
            blocks = features[:, :height, :width].reshape(len(features), height // 2, 2, width // 2, 2)
            features = blocks.max((2, 4))
        found[name] = features
    return found


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate-first"])
def test_activations_are_those_of_a_plain_convolution(padding: Padding, image: Tensor) -> None:
    encoder = encoder_with(padding)
    found = encoder(image, LAYERS)
    for index in range(2):
        expected = plain_forward(encoder, encoder.normalise(image)[index].numpy())
        for name in LAYERS:
            np.testing.assert_allclose(found[name][index].detach(), expected[name], rtol=1e-4, atol=1e-5)


def test_each_convention_makes_its_own_input() -> None:
    grey = torch.full((1, 3, 2, 2), 0.5)
    grey[:, 0] = 1.0
    expected = {
        CAFFE: [127.5 - 103.939, 127.5 - 116.779, 255 - 123.68],
        TORCHVISION: [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.5 - 0.406) / 0.225],
        CENTRED: [2.0, 0.0, 0.0],
    }
    for convention, values in expected.items():
        found = encoder_with(convention=convention).normalise(grey)[0, :, 0, 0]
        torch.testing.assert_close(found, torch.tensor(values))


@pytest.mark.parametrize(
    ("pooling", "rescaled", "expected"),
    [
        ("max", False, 4.0),
        ("max", True, 4.0),
        ("average", False, 2.5),
        ("average", True, 5.0),
        ("l2", False, 30**0.5),
        ("l2", True, 0.78 * 30**0.5),
    ],
)
def test_pooling_of_one_two_three_four(pooling: Pooling, rescaled: bool, expected: float) -> None:
    encoder = encoder_with(pooling=pooling, rescale_pooling=rescaled)
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert encoder._compute("pool1", features, ()).item() == pytest.approx(expected)


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate-first"])
@pytest.mark.parametrize("layer", LAYERS)
def test_the_smallest_side_works_and_one_pixel_less_is_refused(padding: Padding, layer: str) -> None:
    encoder = encoder_with(padding)
    side = encoder.minimum_side([layer])
    assert side == minimum_side(SMALL, [layer], padding=padding)
    features = encoder(torch.rand(1, 3, side, side), [layer])[layer]
    assert min(features.shape[2:]) >= 1
    if side > 1:
        with pytest.raises(PictureError, match=f"at least {side} x {side} pixels"):
            encoder(torch.rand(1, 3, side, side - 1), [layer])


def test_sizes_of_activations_halve_rounding_down(image: Tensor) -> None:
    found = encoder_with()(image, ["relu1_2", "pool1", "relu2_1", "relu3_1"])
    assert [tuple(f.shape) for f in found.values()] == [
        (2, 4, 21, 18),
        (2, 4, 10, 9),
        (2, 6, 10, 9),
        (2, 5, 5, 4),
    ]


def test_layers_may_be_asked_for_in_keras_names_and_come_in_network_order(image: Tensor) -> None:
    found = encoder_with()(image, ["block2_conv1", "conv1_1"])
    assert list(found) == ["conv1_1", "relu2_1"]


def test_nothing_deeper_than_asked_for_is_computed(image: Tensor) -> None:
    encoder = encoder_with()
    del encoder.conv3_1, encoder.conv2_2
    assert list(encoder(image, ["relu2_1"])) == ["relu2_1"]


def test_layers_and_shapes_that_do_not_fit_are_refused(image: Tensor) -> None:
    encoder = encoder_with()
    with pytest.raises(LayerError, match="small has no layer 'relu4_1'"):
        encoder(image, ["relu4_1"])
    for shape in ((3, 8, 8), (1, 1, 8, 8)):
        with pytest.raises(PictureError, match=r"\(B, 3, H, W\)"):
            encoder(torch.zeros(shape), ["relu1_1"])


def test_a_truncated_encoder_gives_what_the_whole_one_gives(image: Tensor) -> None:
    whole = encoder_with()
    part = Encoder(SMALL.truncated(3), CENTRED)
    part.load_state_dict({k: v for k, v in whole.state_dict().items() if k in part.state_dict()})
    assert part.layer_names[-1] == "relu2_1"
    torch.testing.assert_close(part(image, ["relu2_1"]), whole(image, ["relu2_1"]))
    with pytest.raises(LayerError, match="deepest is relu2_1"):
        part(image, ["relu2_2"])


def test_gradients_reach_the_picture(image: Tensor) -> None:
    image.requires_grad_()
    encoder_with("reflect")(image, ["relu3_1"])["relu3_1"].sum().backward()
    assert image.grad is not None
    assert float(image.grad.abs().sum()) > 0


@pytest.mark.parametrize("pooling", ["max", "average", "l2"])
def test_normalised_activations_are_the_originals_over_their_means(pooling: Pooling, image: Tensor) -> None:
    encoder = encoder_with(pooling=pooling).requires_grad_(False)
    for name in ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1"):
        encoder.get_submodule(name).weight.add_(0.05)  # so that every filter responds
        encoder.get_submodule(name).bias.uniform_(0.5, 1.0)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    normalised = normalise_activations(encoder, image)
    original, found = encoder(image, LAYERS), normalised(image, LAYERS)
    before_pool = {"pool1": "relu1_2", "pool2": "relu2_2", "pool3": "relu3_1"}
    for name in LAYERS:
        relu = before_pool.get(name, f"relu{name[4:]}")
        mean = original[relu].mean((0, 2, 3), keepdim=True)
        assert (mean > 0).all()
        torch.testing.assert_close(found[name], original[name] / mean, rtol=1e-4, atol=1e-5)
        if name.startswith("relu"):
            torch.testing.assert_close(found[name].mean((0, 2, 3)), torch.ones(mean.numel()))
    for name, value in encoder.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_means_are_over_all_pixels_of_pictures_of_all_sizes(image: Tensor) -> None:
    encoder = encoder_with().requires_grad_(False)
    wide = torch.rand(1, 3, 8, 40)
    normalised = normalise_activations(encoder, iter([image, wide]))
    pixels = [normalised(batch, ["relu1_1"])["relu1_1"].transpose(0, 1).flatten(1) for batch in (image, wide)]
    torch.testing.assert_close(torch.cat(pixels, 1).mean(1), torch.ones(4))


def test_normalising_needs_a_picture() -> None:
    with pytest.raises(PictureError, match="at least one image"):
        normalise_activations(encoder_with(), [])


def test_relu5_1_of_vgg19_sees_156_pixels_and_no_more() -> None:
    """Weights of one and average pooling let every path from a pixel to a feature through."""
    thin = Architecture("thin", (1, 1, 1, 1, 1), VGG19.depths)
    encoder = Encoder(thin, InputConvention(), pooling="average").double().requires_grad_(False)
    for parameter in encoder.parameters():
        parameter.fill_(1.0 if parameter.dim() == 4 else 0.0)
    image = torch.rand(1, 3, 160, 320, dtype=torch.float64).requires_grad_()
    encoder(image, ["relu5_1"])["relu5_1"][0, 0, 5, 9].backward()
    assert image.grad is not None
    seen = image.grad[0].abs().sum(0) > 0
    columns = seen.any(0).nonzero().flatten()
    assert (int(columns[0]), int(columns[-1])) == (9 * 16 - 70, 9 * 16 + 15 + 70)
    assert len(columns) == 156
    assert encoder.receptive_field(["relu5_1"]) == (70, 16)


@pytest.mark.parametrize(
    ("layers", "radius", "stride"),
    [
        (["conv1_1"], 1, 1),
        (["relu1_2"], 2, 1),
        (["pool1"], 2, 2),
        (["relu2_1"], 4, 2),
        (["relu3_1", "relu1_1"], 10, 4),
        (["block4_conv2"], 38, 8),
        (["pool4", "relu3_4"], 54, 16),
        ([], 0, 1),
    ],
)
def test_every_convolution_adds_its_stride_to_the_radius(layers: list[str], radius: int, stride: int) -> None:
    encoder = Encoder(VGG19, CAFFE)
    assert encoder.radius(layers) == radius
    assert encoder.receptive_field(layers) == (radius, stride)


@pytest.mark.parametrize("padding", ["zeros", "reflect", "replicate-first"])
def test_a_pixel_beyond_the_radius_changes_nothing_and_one_within_does(padding: Padding) -> None:
    encoder = encoder_with(padding).double().requires_grad_(False)
    for parameter in encoder.parameters():
        parameter.abs_()
    image = torch.rand(1, 3, 40, 64, dtype=torch.float64)
    radius, stride = encoder.receptive_field(["relu3_1"])
    cell = 8 * stride
    before = encoder(image, ["relu3_1"])["relu3_1"][0, :, 5, 8]
    for column, changes in [
        (cell - radius - 1, False),
        (cell - radius, True),
        (cell + stride - 1 + radius, True),
        (cell + stride + radius, False),
    ]:
        changed = image.clone()
        changed[..., column] += 10.0  # large enough to be the maximum wherever it is pooled
        after = encoder(changed, ["relu3_1"])["relu3_1"][0, :, 5, 8]
        assert torch.equal(before, after) != changes


def test_a_layers_channels_are_what_it_gives(image: Tensor) -> None:
    encoder = encoder_with()
    for name, features in encoder(image, LAYERS).items():
        assert encoder.channels(name) == features.shape[1]
        assert features.shape[2:] == tuple(side // encoder.stride(name) for side in image.shape[2:])
    pruned = Encoder(VGG16_PRUNED, CAFFE)
    assert [pruned.channels(name) for name in ("conv1_1", "relu1_2", "pool1", "conv4_2")] == [24, 22, 22, 276]


@pytest.mark.parametrize("convention", [CAFFE, TORCHVISION, CENTRED])
def test_the_colour_that_is_zero_is_zero(convention: InputConvention) -> None:
    encoder = encoder_with(convention=convention)
    colour = encoder.zero_colour().view(1, 3, 1, 1)
    torch.testing.assert_close(encoder.normalise(colour), torch.zeros(1, 3, 1, 1), atol=1e-4, rtol=0)


def test_the_description_tells_encoders_apart() -> None:
    described = encoder_with().describe()
    assert described == encoder_with().describe()
    assert (described["name"], described["padding"]) == ("small", "zeros")
    other = encoder_with()
    with torch.no_grad():
        other.conv1_1.bias[0] += 1
    for different in (encoder_with("reflect"), encoder_with(pooling="l2"), other):
        assert different.describe() != described
