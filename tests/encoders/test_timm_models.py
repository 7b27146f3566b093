"""timm is not installed where these tests run: a stand-in has the few functions that are used."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from impasto.encoders import InputConvention, load_extractor, load_timm
from impasto.encoders.network import CENTRED, TORCHVISION
from impasto.errors import (
    CorruptWeightsError,
    DownloadError,
    LayerError,
    MissingExtraError,
    OptionError,
    WeightsMissingError,
)


class Timm(types.ModuleType):
    """What timm does, for one network called "conv4"."""

    def __init__(self) -> None:
        super().__init__("timm")
        self.asked: list[tuple[str, bool]] = []
        self.failure: Exception | None = None

    def is_model(self, name: str) -> bool:
        return name.split(".")[0] == "conv4"

    def list_models(self) -> list[str]:
        return ["conv4", "resnet50"]

    def create_model(self, name: str, pretrained: bool = False) -> nn.Module:
        self.asked.append((name, pretrained))
        if self.failure is not None:
            raise self.failure
        torch.manual_seed(7)
        network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        network.pretrained_cfg = {"mean": (0.1, 0.2, 0.3), "std": (0.5, 0.25, 1.0), "input_size": (3, 8, 8)}
        return network


@pytest.fixture
def timm(monkeypatch: pytest.MonkeyPatch) -> Timm:
    fake = Timm()
    monkeypatch.setitem(sys.modules, "timm", fake)
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    return fake


def test_a_network_comes_with_its_own_weights_and_input(timm: Timm) -> None:
    encoder = load_timm("conv4.in1k")
    assert timm.asked == [("conv4.in1k", True)]
    assert encoder.name == "timm:conv4.in1k"
    assert encoder.convention == InputConvention(mean=(0.1, 0.2, 0.3), std=(0.5, 0.25, 1.0))
    image = torch.rand(1, 3, 8, 9)
    mean, std = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.5, 0.25, 1.0])
    expected = encoder.module[0]((image - mean.view(3, 1, 1)) / std.view(3, 1, 1))
    torch.testing.assert_close(encoder(image, ["0"])["0"], expected)


def test_the_input_may_be_said_and_is_imagenets_otherwise(
    timm: Timm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_timm("conv4", convention=CENTRED).convention == CENTRED
    plain = nn.Sequential(nn.Conv2d(3, 4, 3))
    monkeypatch.setattr(timm, "create_model", lambda *_, **__: plain)
    assert load_timm("conv4").convention == TORCHVISION


def test_options_reach_the_encoder(timm: Timm) -> None:
    encoder = load_timm("conv4", padding="reflect", pooling="l2", rescale_pooling=True, pretrained=False)
    assert (encoder.padding, encoder.pooling, encoder.pool_scale) == ("reflect", "l2", 0.78)
    assert encoder.module[0].padding_mode == "reflect"
    assert timm.asked == [("conv4", False)]


def test_a_checkpoint_replaces_the_weights_and_nothing_is_fetched(
    timm: Timm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    state = {key: value.clone() for key, value in timm.create_model("conv4").state_dict().items()}
    state["0.weight"].fill_(0.25)
    state["1.num_batches_tracked"].fill_(5)
    timm.asked.clear()
    torch.save({"state_dict": state}, tmp_path / "x.pth")
    save_file(state, tmp_path / "x.safetensors")
    for name in ("x.pth", "x.safetensors"):
        encoder = load_timm("conv4", checkpoint=tmp_path / name)
        np.testing.assert_array_equal(encoder.module[0].weight, np.full((4, 3, 3, 3), 0.25))
        assert encoder.module[1].num_batches_tracked == 5
    assert timm.asked == [("conv4", False)] * 2


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_a_checkpoint_of_another_network_is_refused(timm: Timm, tmp_path: Path, change: str) -> None:
    state = dict(timm.create_model("conv4").state_dict())
    if change == "missing":
        del state["0.bias"]
    else:
        state["0.bias" if change == "shape" else "2.bias"] = torch.zeros(5)
    torch.save(state, tmp_path / "x.pth")
    with pytest.raises(CorruptWeightsError, match=r"x\.pth: expected the tensors of conv4; 1 are .*bias"):
        load_timm("conv4", checkpoint=tmp_path / "x.pth")


def test_nothing_is_fetched_offline(timm: Timm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    for name in ("conv4", "hf-hub:someone/conv4"):
        with pytest.raises(WeightsMissingError, match=r"offline.*checkpoint"):
            load_timm(name)
    assert timm.asked == []


@pytest.mark.usefixtures("timm")
def test_unknown_networks_come_with_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"unknown network 'resnet5' of timm; did you mean .resnet50"):
        load_timm("resnet5")


def test_what_timm_refuses_or_cannot_fetch_is_said(timm: Timm) -> None:
    timm.failure = RuntimeError("Invalid pretrained tag (x) for conv4.")
    with pytest.raises(OptionError, match=r"cannot make 'conv4\.x': Invalid pretrained tag"):
        load_timm("conv4.x")
    timm.failure = ConnectionError("no route")
    with pytest.raises(DownloadError, match="could not fetch conv4: no route"):
        load_timm("conv4")


def test_without_timm_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match=r"pip install timm, with a torchvision that matches"):
        load_timm("resnet50")


def test_a_torchvision_for_another_torch_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> types.ModuleType:
        raise RuntimeError(f"operator torchvision::nms does not exist, asked for by {name}")

    monkeypatch.setattr("impasto.encoders.timm_models.import_module", fail)
    with pytest.raises(MissingExtraError, match=r"torchvision::nms.*a torchvision that matches torch 2"):
        load_timm("resnet50")
    monkeypatch.undo()
    assert importlib.import_module("torch") is torch


@pytest.mark.usefixtures("timm")
def test_names_behind_timm_are_timms() -> None:
    encoder = load_extractor("timm:conv4", layers=["0", "2"], convention="centred", padding="reflect")
    assert (encoder.name, encoder.layer_names) == ("timm:conv4", ["0", "1", "2"])
    assert encoder.describe()["padding"] == "reflect"
    assert encoder.convention == CENTRED  # type: ignore[attr-defined]
    with pytest.raises(LayerError, match="timm:conv4 has no layer 'relu4_2'; it has 0, 1, 2"):
        load_extractor("timm:conv4", layers=["relu4_2"])
    with pytest.raises(OptionError, match="a convention, one of"):
        load_extractor("timm:conv4", convention="rgb")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="padding to be one of"):
        load_extractor("timm:conv4", padding="wrap")  # type: ignore[arg-type]
