"""The genuine VGG-19, and what another program measured with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import numpy as safetensors_numpy
from scipy.signal import correlate
from torch import Tensor

from impasto.encoders import Encoder, load_encoder
from impasto.errors import WeightsError
from impasto.weights.architecture import VGG19

SHARED = Path(__file__).parents[2].parent / "shared"
GENUINE = SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors"
ORACLES = SHARED / "oracles"

pytestmark = pytest.mark.skipif(not GENUINE.exists(), reason="../shared has no genuine VGG-19 weights here")


def test_the_first_eight_convolutions_agree_with_plain_ones() -> None:
    tensors = safetensors_numpy.load_file(GENUINE)
    image = np.random.default_rng(2).random((3, 16, 24))
    layers = ("conv1_1", "relu1_2", "pool1", "relu2_1", "pool2", "relu3_1", "relu3_4", "pool3")
    encoder = load_encoder(GENUINE, convention="caffe", layers=layers)
    found = encoder(torch.from_numpy(image).float()[None], layers)
    features = image[::-1] * 255 - np.array([103.939, 116.779, 123.68])[:, None, None]
    for name in encoder.layer_names:
        if name.startswith("conv"):
            padded = np.pad(features, ((0, 0), (1, 1), (1, 1)))
            pairs = zip(tensors[f"{name}.weight"], tensors[f"{name}.bias"], strict=True)
            features = np.stack([correlate(padded, w, "valid", "direct")[0] + b for w, b in pairs])
        elif name.startswith("relu"):
            features = np.maximum(features, 0)
        else:
            channels, height, width = features.shape
            features = features.reshape(channels, height // 2, 2, width // 2, 2).max((2, 4))
        if name in layers:
            error = np.abs(found[name][0].numpy() - features).max() / np.abs(features).max()
            assert error < 1e-4, name


def test_layers_beyond_the_genuine_eight_are_refused() -> None:
    with pytest.raises(WeightsError, match="the first 8 convolutions of vgg19, to pool3"):
        load_encoder(GENUINE, convention="caffe", layers=["relu4_2"])


@pytest.fixture(scope="module")
def oracle_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network the oracles ran on, rebuilt as their README says."""
    tensors = safetensors_numpy.load_file(GENUINE)
    for k, (suffix, channels_in, channels_out) in enumerate(VGG19.convolutions()):
        if k >= 8:
            values = np.random.RandomState(1000 + k).standard_normal((channels_out, channels_in, 3, 3))
            tensors[f"conv{suffix}.weight"] = (values * np.sqrt(2 / (9 * channels_in))).astype(np.float32)
            tensors[f"conv{suffix}.bias"] = np.zeros(channels_out, np.float32)
    path = tmp_path_factory.mktemp("oracle") / "oracle.safetensors"
    safetensors_numpy.save_file(tensors, path)
    return path


def picture(name: str, long_side: int) -> Tensor:
    with Image.open(ORACLES / name) as file:
        image = file.convert("RGB")
        factor = long_side / max(image.size)
        width, height = (int(factor * side) for side in image.size)
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


def style_losses(encoder: Encoder, layers: list[str]) -> list[float]:
    """neural-style-pt's: 100 times the mean squared difference of F F^T / (C H W)."""

    def grams(image: Tensor) -> list[Tensor]:
        flat = [features[0].flatten(1) for features in encoder(image, layers).values()]
        return [f @ f.T / f.numel() for f in flat]

    pairs = zip(grams(picture("content.png", 144)), grams(picture("style_a.png", 144)), strict=True)
    return [100 * float((ours - theirs).square().mean()) for ours, theirs in pairs]


@pytest.mark.parametrize(
    ("run", "pooling", "layers"),
    [
        ("image_adam_tv0", "max", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
        ("avg_pool", "average", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
        ("layers", "max", ["relu1_2", "relu2_2", "relu3_3"]),
    ],
)
@pytest.mark.skipif(not ORACLES.exists(), reason="../shared has no oracles here")
def test_the_first_style_losses_are_neural_style_pts(
    oracle_file: Path, run: str, pooling: str, layers: list[str]
) -> None:
    first = json.loads((ORACLES / "neural_style_pt" / "losses.json").read_text())[run][0]
    encoder = load_encoder(oracle_file, convention="caffe", pooling=pooling, layers=layers)  # type: ignore[arg-type]
    np.testing.assert_allclose(style_losses(encoder, layers), first["style"], rtol=1e-5)
