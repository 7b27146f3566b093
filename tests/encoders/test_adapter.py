from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from impasto.encoders import UNBOUNDED, Encoder, InputConvention, ModuleEncoder
from impasto.encoders.network import CAFFE, CENTRED, TORCHVISION
from impasto.errors import LayerError, PictureError
from impasto.weights import Architecture

SMALL = Architecture("small", (4, 6, 5), (2, 2, 1))
PLAIN = InputConvention()


@pytest.fixture
def image() -> Tensor:
    return torch.rand(2, 3, 45, 38, generator=torch.Generator().manual_seed(3))


def vgg() -> tuple[Encoder, nn.Sequential, dict[str, str]]:
    """An encoder, the same network as torchvision would have it, and our names of its modules."""
    torch.manual_seed(5)
    encoder = Encoder(SMALL, CAFFE).eval().requires_grad_(False)
    parts: list[nn.Module] = []
    names = {}
    for name in encoder.layer_names:
        names[str(len(parts))] = name
        if name.startswith("conv"):
            parts.append(copy.deepcopy(encoder.get_submodule(name)).requires_grad_())
            parts[-1].padding = (1, 1)
        else:
            parts.append(nn.ReLU(inplace=True) if name.startswith("relu") else nn.MaxPool2d(2))
    return encoder, nn.Sequential(*parts), names


class Block(nn.Module):
    """Two convolutions and a way around them, with everything done in place that can be."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        found = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(features)))))
        found += features
        return self.relu(found)


class Residual(nn.Module):
    """A small residual network, ending in a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, 2, 3)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(8), Block(8))
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout()
        self.fc = nn.Linear(8, 3)
        self.spare = nn.Conv2d(3, 3, 1)

    def forward(self, image: Tensor) -> Tensor:
        found: Tensor = self.fc(self.drop(self.mean(self.layer1(self.pool(self.stem(image)))).flatten(1)))
        return found


@pytest.fixture
def residual() -> Residual:
    torch.manual_seed(1)
    network = Residual()
    network(torch.randn(4, 3, 32, 32))  # so that batch normalisation has something to go by
    return network


def test_a_vgg_of_modules_is_the_encoder_it_was_taken_from(image: Tensor) -> None:
    encoder, network, names = vgg()
    adapted = ModuleEncoder(network, CAFFE)
    assert adapted.layer_names == list(names)
    expected, found = encoder(image, encoder.layer_names), adapted(image, names)
    for theirs, ours in names.items():
        torch.testing.assert_close(found[theirs], expected[ours], rtol=0, atol=0)
        assert adapted.stride(theirs) == encoder.stride(ours)
        assert adapted.channels(theirs) == encoder.channels(ours) == found[theirs].shape[1]
        assert adapted.radius([theirs]) == encoder.radius([ours])
        assert adapted.receptive_field([theirs]) == encoder.receptive_field([ours])
        assert adapted.minimum_side([theirs]) == encoder.minimum_side([ours])
    torch.testing.assert_close(adapted.zero_colour(), encoder.zero_colour())


def test_layers_come_in_network_order_and_alone(image: Tensor, residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    assert list(encoder(image, ["layer1.0", " stem ", "pool"])) == ["stem", "pool", "layer1.0"]
    assert encoder(image, []) == {}
    assert encoder.minimum_side([]) == 1
    assert encoder.receptive_field([]) == (0, 1)


def test_what_is_computed_in_place_does_not_show(residual: Residual) -> None:
    image = torch.rand(1, 3, 44, 36)
    encoder = ModuleEncoder(residual, TORCHVISION)
    layers = ["layer1.0.bn1", "layer1.0.bn2", "layer1.0", "layer1.1.bn1", "layer1.1"]
    found = encoder(image, layers)
    block = encoder.module.layer1[0]
    begun = encoder(image, ["pool"])["pool"]
    torch.testing.assert_close(found["layer1.0.bn1"], block.bn1(block.conv1(begun)))
    second = block.bn2(block.conv2(found["layer1.0.bn1"].relu()))
    torch.testing.assert_close(found["layer1.0.bn2"], second)
    torch.testing.assert_close(found["layer1.0"], (second + begun).relu())
    for name in layers:
        torch.testing.assert_close(encoder(image, [name])[name], found[name], rtol=0, atol=0)


def test_a_module_called_twice_stands_for_its_last_call(image: Tensor, residual: Residual) -> None:
    found = ModuleEncoder(residual, TORCHVISION)(image, ["layer1.0.relu", "layer1.0"])
    torch.testing.assert_close(found["layer1.0.relu"], found["layer1.0"], rtol=0, atol=0)


def test_the_module_given_is_left_alone(image: Tensor, residual: Residual) -> None:
    residual.train()
    before = copy.deepcopy(residual.state_dict())
    ModuleEncoder(residual, TORCHVISION, padding="reflect", pooling="average")(image, ["layer1"])
    assert residual.training
    assert all(parameter.requires_grad for parameter in residual.parameters())
    assert isinstance(residual.pool, nn.MaxPool2d)
    assert not residual.stem._forward_hooks
    for name, value in residual.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_it_stays_in_evaluation_mode_without_gradients_of_its_own(image: Tensor, residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    before = encoder(image, ["layer1"])["layer1"]
    assert not any(part.training for part in encoder.train().modules())
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    torch.testing.assert_close(encoder(image, ["layer1"])["layer1"], before, rtol=0, atol=0)


def test_gradients_reach_the_picture(image: Tensor, residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    variable = image.clone().requires_grad_()
    found = encoder(variable, ["layer1.0.bn1", "layer1"])
    sum(features.square().sum() for features in found.values()).backward()
    assert variable.grad is not None
    assert float(variable.grad.abs().min()) > 0


def test_nothing_deeper_than_asked_for_is_computed(residual: Residual) -> None:
    image = torch.rand(1, 3, 128, 130)
    encoder = ModuleEncoder(residual, TORCHVISION)
    reached = []
    encoder.module.layer1.register_forward_pre_hook(lambda *_: reached.append("layer1"))
    encoder(image, ["stem", "pool"])
    assert reached == []
    encoder(image, ["layer1"])
    assert reached == ["layer1"]


def test_a_network_that_fails_behind_its_features_still_has_them(image: Tensor, residual: Residual) -> None:
    residual.fc = nn.Linear(9, 3)
    encoder = ModuleEncoder(residual, TORCHVISION)
    assert encoder(image, ["layer1"])["layer1"].shape == (2, 8, 11, 9)
    with pytest.raises(LayerError, match=r"fc of Residual is not reached: the network fails.*cannot be mult"):
        encoder(image, ["fc"])


def test_copies_threads_and_other_encoders_stay_apart(image: Tensor, residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    twin = copy.deepcopy(encoder)
    with torch.no_grad():
        twin.module.stem.weight.zero_()
    expected = encoder(image, ["stem", "layer1"])
    assert float(twin(image, ["stem"])["stem"].std(dim=(2, 3)).max()) == 0
    with ThreadPoolExecutor(4) as pool:
        wanted = [["stem"], ["stem", "layer1"], ["layer1"], ["layer1.0.bn2", "stem"]] * 4
        for layers, found in zip(
            wanted, pool.map(lambda layers: encoder(image, layers), wanted), strict=True
        ):
            assert set(found) == set(layers)
            torch.testing.assert_close(found.get("stem", expected["stem"]), expected["stem"])


def test_half_precision_is_the_networks_own_not_the_inputs(image: Tensor) -> None:
    _, network, _ = vgg()
    encoder = ModuleEncoder(network, CAFFE)
    for part in encoder.children():
        part.to(torch.bfloat16)
    assert encoder.mean.dtype == torch.float32
    assert encoder(image, ["3"])["3"].dtype == torch.bfloat16


def test_a_module_without_parameters_has_features_too(image: Tensor) -> None:
    encoder = ModuleEncoder(nn.Sequential(nn.AvgPool2d(2)), PLAIN)
    torch.testing.assert_close(encoder(image, ["0"])["0"], nn.functional.avg_pool2d(image, 2))


def test_sizes_are_the_pictures_over_the_stride(residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    for height, width in ((45, 38), (44, 41), (46, 43), (64, 32)):
        found = encoder(torch.rand(1, 3, height, width), encoder.layer_names)
        for name, features in found.items():
            stride = encoder.stride(name)
            assert features.shape[2:] == (height // stride, width // stride), name


def test_features_left_out_for_lack_of_padding_are_repeated() -> None:
    network = nn.Sequential(nn.Conv2d(3, 1, 5, bias=False))
    encoder = ModuleEncoder(network, PLAIN)
    image = torch.rand(1, 3, 12, 16)
    found = encoder(image, ["0"])["0"]
    expected = nn.functional.pad(network(image), (2, 2, 2, 2), mode="replicate")
    torch.testing.assert_close(found, expected)
    assert encoder.receptive_field(["0"]) == (2, 1)
    assert encoder.minimum_side(["0"]) == 5


def test_features_beyond_the_picture_are_left_out() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=5))
    image = torch.rand(1, 3, 12, 16)
    found = ModuleEncoder(network, PLAIN)(image, ["0"])["0"]
    torch.testing.assert_close(found, network(image)[:, :, 4:-4, 4:-4])


@pytest.mark.parametrize(
    ("layer", "radius"),
    # 7x7 at stride 2: 3 to the left; 3x3 pooling at stride 2: 2 more, and 3x3 convolutions at stride 4.
    [("stem", 3), ("pool", 5), ("layer1.0.conv1", 9), ("layer1.0", 13), ("layer1", 21)],
)
def test_the_radius_is_what_convolutions_add_up_to(residual: Residual, layer: str, radius: int) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    assert encoder.radius([layer, "stem"]) == radius
    assert encoder.receptive_field([layer]) == (radius, 2 if layer == "stem" else 4)


def test_copies_know_what_was_found_out(residual: Residual, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    assert encoder.radius(["layer1"]) == 21
    monkeypatch.setattr("impasto.encoders.probe.reach", None)
    monkeypatch.setattr("impasto.encoders.probe.smallest_side", None)
    assert copy.deepcopy(encoder).radius(["layer1"]) == 21
    assert copy.deepcopy(encoder).minimum_side(["layer1"]) == encoder.minimum_side(["layer1"])


def test_dilated_and_one_sided_convolutions_are_seen_through() -> None:
    dilated = nn.Sequential(
        nn.Conv2d(3, 2, 3, padding=6, dilation=6), nn.Conv2d(2, 2, (1, 9), padding=(0, 4))
    )
    encoder = ModuleEncoder(dilated, PLAIN)
    assert [encoder.radius([name]) for name in ("0", "1")] == [6, 10]
    one_sided = nn.Sequential(nn.ZeroPad2d((4, 0, 0, 0)), nn.Conv2d(3, 2, (1, 5)))
    assert ModuleEncoder(one_sided, PLAIN).radius(["1"]) == 4


def test_a_layer_that_sees_the_whole_picture_is_unbounded() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.InstanceNorm2d(4), nn.ReLU(inplace=True))
    encoder = ModuleEncoder(network, PLAIN)
    assert encoder.radius(["0"]) == 1
    assert encoder.radius(["0", "2"]) == UNBOUNDED
    assert encoder.receptive_field(["2"]) is None


def test_a_part_with_its_surroundings_gives_the_whole_pictures_features(residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION)
    layers = ["stem", "layer1"]
    field = encoder.receptive_field(layers)
    assert field is not None
    radius, stride = field
    image = torch.rand(1, 3, 128, 144)
    margin = -(-radius // stride) * stride
    top, left, side = 40, 48, 32
    crop = image[:, :, top - margin : top + side + margin, left - margin : left + side + margin]
    whole, part = encoder(image, layers), encoder(crop, layers)
    for name in layers:
        s = encoder.stride(name)
        expected = whole[name][:, :, top // s : (top + side) // s, left // s : (left + side) // s]
        found = part[name][:, :, margin // s : (margin + side) // s, margin // s : (margin + side) // s]
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_smallest_side_works_and_one_pixel_less_is_refused(residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION, padding="reflect")
    for layer in encoder.layer_names:
        side = encoder.minimum_side([layer])
        assert side >= encoder.stride(layer)
        assert encoder(torch.rand(1, 3, side, side + 1), [layer])[layer].numel()
        with pytest.raises(PictureError, match=f"at least {side} x {side} pixels for {layer}; got"):
            encoder(torch.rand(1, 3, side, side - 1), [layer])
    # Reflection by 3 pixels needs 4; by 1 at stride 4 needs two features, so 5 pixels or more.
    assert [encoder.minimum_side([name]) for name in ("stem", "layer1")] == [4, 5]


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 1, 8, 8)])
def test_what_is_no_picture_is_refused(residual: Residual, shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match=r"\(B, 3, H, W\)"):
        ModuleEncoder(residual, TORCHVISION)(torch.zeros(shape), ["stem"])


class Strange(nn.Module):
    """Modules with outputs of many kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 4, 4)
        self.two = Twice()
        self.tokens = Tokens()
        self.windows = ChannelsLast()

    def forward(self, image: Tensor) -> Tensor:
        features = self.conv(image)
        self.two(features)
        self.tokens(features)
        last: Tensor = self.windows(features)
        return last


class Twice(nn.Module):
    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features, features


class Tokens(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features.flatten(2).transpose(1, 2)


class ChannelsLast(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features.permute(0, 2, 3, 1)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("two", "two of Strange gives a tuple"),
        ("tokens", r"tokens of Strange gives a tensor of shape \(1, 2048, 12\)"),
        ("windows", r"shape \(1, 32, 64, 12\), channels last"),
        ("", r"has no layer ''; it has conv\."),
        ("convv", "did you mean 'conv"),
    ],
)
def test_what_gives_no_features_is_refused(layer: str, message: str) -> None:
    encoder = ModuleEncoder(Strange(), PLAIN)
    assert encoder.layer_names == ["conv"]
    with pytest.raises(LayerError, match=message):
        encoder(torch.rand(1, 3, 32, 32), [layer])
    with pytest.raises(LayerError):
        encoder.stride(layer)


def test_unknown_layers_come_with_the_nearest_or_with_some(residual: Residual) -> None:
    encoder = ModuleEncoder(residual, TORCHVISION, name="mine")
    with pytest.raises(LayerError, match=r"mine has no layer 'layer1\.2'; did you mean .*layer1\.0"):
        encoder.minimum_side(["layer1.2"])
    with pytest.raises(LayerError, match=r"it has stem, pool, .*\.\.\., layer1\."):
        encoder.minimum_side(["relu4_2"])
    with pytest.raises(LayerError, match="spare of mine is never called"):
        encoder.minimum_side(["spare"])
    with pytest.raises(LayerError, match=r"mean .* shape \(1, 8, 1, 1\), whose size does not follow"):
        encoder.minimum_side(["mean"])


def test_a_network_without_features_is_refused() -> None:
    with pytest.raises(LayerError, match=r"a module within Flatten to give features .* none does"):
        ModuleEncoder(nn.Flatten(), PLAIN)
    fixed = nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 2))
    with pytest.raises(LayerError, match=r"256 x 128 pixels; it fails: .*cannot be multiplied"):
        ModuleEncoder(fixed, PLAIN)


def test_a_network_that_skips_a_layer_for_some_pictures_says_so() -> None:
    class Sometimes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, image: Tensor) -> Tensor:
            found: Tensor = self.conv(image) if image.shape[2] < 200 else image
            return found

    encoder = ModuleEncoder(Sometimes(), PLAIN)
    with pytest.raises(LayerError, match="to compute conv for every image; for this one it did not"):
        encoder(torch.rand(1, 3, 200, 130), ["conv"])


@pytest.mark.parametrize("convention", [CAFFE, TORCHVISION, CENTRED])
def test_the_input_is_as_the_convention_says(convention: InputConvention, image: Tensor) -> None:
    adapted = ModuleEncoder(nn.Sequential(nn.Identity()), convention)
    expected = Encoder(SMALL, convention).normalise(image)
    torch.testing.assert_close(adapted(image, ["0"])["0"], expected)
    colour = adapted.zero_colour().view(1, 3, 1, 1).expand(1, 3, 4, 4)
    torch.testing.assert_close(adapted.normalise(colour), torch.zeros(1, 3, 4, 4), atol=1e-4, rtol=0)


def test_the_description_tells_networks_apart() -> None:
    _, network, _ = vgg()
    described = ModuleEncoder(network, CAFFE).describe()
    assert described == ModuleEncoder(network, CAFFE).describe()
    assert set(described) >= {"name", "pooling", "pool_scale", "padding", "sha256"}
    _, other, _ = vgg()
    with torch.no_grad():
        other[0].weight[0, 0, 0, 0] += 1
    assert described["name"] == "Sequential"
    for different in (
        ModuleEncoder(network, TORCHVISION),
        ModuleEncoder(network, CAFFE, name="vgg"),
        ModuleEncoder(network, CAFFE, pooling="average"),
        ModuleEncoder(network, CAFFE, padding="reflect"),
        ModuleEncoder(other, CAFFE),
    ):
        assert different.describe() != described


def test_looking_leaves_chance_alone(residual: Residual) -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    ModuleEncoder(residual, TORCHVISION).receptive_field(["layer1"])
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)
