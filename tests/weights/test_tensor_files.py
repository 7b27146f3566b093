from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import numpy as safetensors_numpy

from impasto.errors import CorruptWeightsError, WeightsMissingError
from impasto.weights import read_network, read_tensors

Arrays = dict[str, np.ndarray]


@pytest.fixture
def mixed() -> Arrays:
    random = np.random.default_rng(0)
    return {
        "stem.weight": random.standard_normal((2, 3, 5, 5)).astype(np.float32),
        "norm.scale": random.standard_normal(4).astype(np.float16),
        "norm.batches": np.array(7, np.int64),
    }


@pytest.mark.parametrize("kind", ["pth", "pt", "safetensors"])
def test_all_tensors_are_read_under_their_own_names(
    mixed: Arrays, torch_file: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"x.{kind}"
    if kind == "safetensors":
        safetensors_numpy.save_file(mixed, path)
    else:
        torch_file(mixed, path.name)
    found = read_tensors(path)
    assert set(found) == set(mixed)
    for name, value in mixed.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == (np.int64 if name == "norm.batches" else np.float32)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda content: {"state_dict": content, "epoch": 3},
        lambda content: {"model_state_dict": content, "optimizer": {"state": {}}},
        lambda content: {"model": {"state_dict": content}, "loss": 0.5},
        lambda content: {"net": {f"module.{key}": value for key, value in content.items()}},
        lambda content: {"network": {f"vgg.{key}": value for key, value in content.items()}, "args": [1]},
    ],
)
def test_checkpoints_are_unwrapped(
    tensors: Arrays, tmp_path: Path, wrap: Callable[[dict[str, object]], object]
) -> None:
    import torch

    torch.save(wrap({key: torch.from_numpy(value) for key, value in tensors.items()}), tmp_path / "x.pth")
    found = read_network(tmp_path / "x.pth").tensors
    assert list(found) == sorted(tensors)
    for name, value in tensors.items():
        np.testing.assert_array_equal(found[name], value)


def test_bfloat16_becomes_single_precision(tensors: Arrays, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    halves = {key: torch.from_numpy(value).bfloat16() for key, value in tensors.items()}
    torch.save(halves, tmp_path / "x.pth")
    save_file(halves, tmp_path / "x.safetensors")
    for name in ("x.pth", "x.safetensors"):
        for key, value in read_network(tmp_path / name).tensors.items():
            np.testing.assert_array_equal(value, halves[key].float().numpy())


class Harmful:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.witness}",)


def test_pickled_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    import torch

    torch.save({"weight": torch.ones(1), "state_dict": Harmful(tmp_path / "it-ran")}, tmp_path / "x.pth")
    with pytest.raises(CorruptWeightsError, match=r"x\.pth: .*pickled objects, which could run code"):
        read_tensors(tmp_path / "x.pth")
    assert not (tmp_path / "it-ran").exists()


def test_a_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    import torch

    torch.save(torch.nn.Conv2d(3, 4, 3), tmp_path / "x.pth")
    with pytest.raises(CorruptWeightsError, match="pickled objects"):
        read_tensors(tmp_path / "x.pth")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="there is no such file"):
        read_tensors(tmp_path / "none.pth")
    (tmp_path / "x.bin").write_bytes(b"")
    with pytest.raises(CorruptWeightsError, match=r"\.safetensors, \.pth, \.pt or \.model file, got x\.bin"):
        read_tensors(tmp_path / "x.bin")
    (tmp_path / "x.safetensors").write_bytes(b"12345678901")
    with pytest.raises(CorruptWeightsError, match="truncated or damaged"):
        read_tensors(tmp_path / "x.safetensors")


def odd_tensor(kind: str) -> Any:
    whole = torch.zeros(4, 3, 3, 3)
    if kind == "quantised":
        return torch.quantize_per_tensor(whole, 0.1, 0, torch.qint8)
    if kind == "sparse":
        return whole.to_sparse()
    if kind == "nested":
        with warnings.catch_warnings(action="ignore"):  # a prototype, it says
            return torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])
    if kind == "without numbers":
        return whole.to("meta")
    return torch.zeros(1).expand(2**20, 2**10, 3, 3)  # 36 GB in four bytes


@pytest.mark.filterwarnings("ignore::UserWarning")  # of torch, which stores them
@pytest.mark.parametrize(
    "kind", ["quantised", "sparse", "nested", "without numbers", "repeats fewer numbers"]
)
def test_tensors_that_are_not_stored_number_by_number_are_refused(kind: str, tmp_path: Path) -> None:
    torch.save({"features.0.weight": odd_tensor(kind)}, tmp_path / "x.pth")
    with pytest.raises(
        CorruptWeightsError, match=rf"x\.pth: expected tensors .*; features\.0\.weight .*{kind}"
    ):
        read_tensors(tmp_path / "x.pth")
