from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders import load_extractor
from impasto.encoders.network import CAFFE, TORCHVISION
from impasto.encoders.nin import build_nin, load_nin
from impasto.errors import CorruptWeightsError, LayerError

# Where the published file has its convolutions: every second place, a pooling between the blocks, and
# a dropout after the third pooling.
PLACES = [0, 2, 4, 7, 9, 11, 14, 16, 18, 22, 24, 26]
Change = Callable[[dict[str, Tensor]], None]


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    convolutions = [part for part in build_nin() if isinstance(part, nn.Conv2d)]
    found = {}
    for place, part in zip(PLACES, convolutions, strict=True):
        found[f"features.{place}.weight"] = part.weight.detach() * 2
        found[f"features.{place}.bias"] = part.bias.detach()
    return found


@pytest.fixture
def file(state: dict[str, Tensor], tmp_path: Path) -> Path:
    torch.save(state, tmp_path / "nin_imagenet.pth")
    return tmp_path / "nin_imagenet.pth"


def test_the_network_has_its_known_size() -> None:
    assert sum(parameter.numel() for parameter in build_nin().parameters()) == 7_595_176


def test_features_are_those_of_the_files_convolutions(state: dict[str, Tensor], file: Path) -> None:
    encoder = load_nin(file)
    image = torch.rand(1, 3, 67, 67)  # 15 features at the first stride, of which 14 have a middle here
    found = encoder(image, ["relu0", "relu2", "relu3"])
    features = (image.flip(1) * 255 - torch.tensor(CAFFE.mean).view(3, 1, 1)).float()
    features = functional.conv2d(features, state["features.0.weight"], state["features.0.bias"], 4).relu()
    torch.testing.assert_close(found["relu0"][:, :, 1:16, 1:16], features)
    for place in (2, 4):
        weight, bias = state[f"features.{place}.weight"], state[f"features.{place}.bias"]
        features = functional.conv2d(features, weight, bias).relu()
    pooled = functional.max_pool2d(features, 3, 2, ceil_mode=True)
    weight, bias = state["features.7.weight"], state["features.7.bias"]
    second = functional.conv2d(pooled, weight, bias, padding=2).relu()
    torch.testing.assert_close(found["relu3"][:, :, :7, :7], second, rtol=1e-4, atol=1e-3)


def test_layers_are_named_as_in_caffe(file: Path) -> None:
    encoder = load_extractor(file, layers=["relu0", "relu3", "relu7", "relu12"], pooling="average")
    assert encoder.name == "nin"
    assert encoder.layer_names[:4] == ["conv1", "relu0", "cccp1", "relu1"]
    assert encoder.layer_names[-2:] == ["cccp8-1024", "relu12"]
    assert len(encoder.layer_names) == 2 * 12 + 3
    assert [encoder.stride(name) for name in ("relu0", "pool1", "relu3", "relu12")] == [4, 8, 8, 32]
    assert encoder.describe()["pooling"] == "average"
    with pytest.raises(LayerError, match="nin has no layer 'relu4'; did you mean"):
        load_extractor(file, layers=["relu4"])
    assert load_nin(file, convention=TORCHVISION).convention == TORCHVISION


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("features.22.bias"), r"features\.22\.bias .*got no such tensor"),
        (lambda state: state.update({"features.0.weight": torch.ones(64, 3, 3, 3)}), r"got \(64, 3, 3, 3\)"),
        (lambda state: state.update({"features.2.bias": torch.full((96,), np.nan)}), "finite numbers"),
    ],
)
def test_a_file_of_another_network_is_refused(
    state: dict[str, Tensor], tmp_path: Path, change: Change, message: str
) -> None:
    other = dict(state)
    change(other)
    torch.save(other, tmp_path / "nin.pth")
    with pytest.raises(CorruptWeightsError, match=message):
        load_nin(tmp_path / "nin.pth")
