from __future__ import annotations

import pytest
import torch

from impasto.encoders import Encoder
from impasto.errors import OptionError
from impasto.optimize import device
from impasto.optimize.options import OptimizeOptions


def test_bfloat16_is_chosen_only_where_the_processor_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for native, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(device, "multiplies_bfloat16", lambda native=native: native)
        assert device.choose_machine(OptimizeOptions(device="cpu")).precision is expected


def test_an_asked_for_precision_is_taken() -> None:
    for name in ("float32", "bfloat16"):
        machine = device.choose_machine(OptimizeOptions(device="cpu", precision=name))  # type: ignore[arg-type]
        assert machine.precision is getattr(torch, name)


def test_a_device_that_is_not_there_is_refused_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match="device cuda is not on this machine; it has cpu"):
        device.choose_device("cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(OptionError, match="auto, cpu, cuda or mps; got 'tpu'"):
        device.choose_device("tpu")


@pytest.mark.parametrize("name", ["cpu:1", "cpu:x", "cpu:-1"])
def test_a_device_beyond_those_there_are_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match=f"device {name} is not on this machine; it has 1 of that kind"):
        device.choose_device(name)


@pytest.mark.parametrize("channels_last", [True, False])
def test_filters_are_laid_out_as_asked_for(encoder: Encoder, channels_last: bool) -> None:
    machine = device.choose_machine(OptimizeOptions(device="cpu", channels_last=channels_last))
    for layer in machine.prepare(encoder, torch.float32).children():
        weight = layer.weight
        assert isinstance(weight, torch.Tensor)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        assert weight.is_contiguous(memory_format=layout)
