"""An empty weights folder, and a published network small enough to serve in no time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from failing_server import SMALL, Served, serving

from impasto.weights import architecture, cache, registry
from impasto.weights.architecture import Architecture
from impasto.weights.registry import WeightsFile


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder, and a machine that is online."""
    monkeypatch.setenv(cache.FOLDER_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    return tmp_path / "weights"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Architecture:
    monkeypatch.setitem(architecture.ARCHITECTURES, "small", SMALL)
    return SMALL


@pytest.fixture
def tensors() -> dict[str, np.ndarray]:
    """The small network under our own names."""
    random = np.random.default_rng(0)
    found = {}
    for suffix, channels_in, channels_out in SMALL.convolutions():
        found[f"conv{suffix}.weight"] = random.standard_normal((channels_out, channels_in, 3, 3), np.float32)
        found[f"conv{suffix}.bias"] = random.standard_normal(channels_out, np.float32)
    return found


@pytest.fixture
def numbered(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same in torchvision's layout, with a fully connected layer."""
    places = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5}
    found = {
        f"features.{places[name.split('.')[0]]}.{name.split('.')[1]}": value
        for name, value in tensors.items()
    }
    return found | {"classifier.0.weight": np.ones((5, 7), np.float32)}


@pytest.fixture
def torch_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes tensors as a .pth; ``zipped=False`` is the format of the published files."""

    def write(tensors: dict[str, np.ndarray], name: str = "small.pth", zipped: bool = True) -> Path:
        import torch

        path = tmp_path / name
        content = {key: torch.from_numpy(value) for key, value in tensors.items()}
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        return path

    return write


@pytest.fixture
def published(
    served: Served,
    small: Architecture,
    numbered: dict[str, np.ndarray],
    torch_file: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> WeightsFile:
    """The small network, published by the server and known to the registry as "small-caffe"."""
    served.content = torch_file(numbered).read_bytes()
    entry = WeightsFile(
        "small-caffe",
        architecture=small.name,
        convention="caffe",
        licence="CC BY 4.0",
        source="a test",
        url=served.url,
        sha256=hashlib.sha256(served.content).hexdigest()[:8],
        size=len(served.content),
    )
    monkeypatch.setitem(registry.REGISTRY, entry.name, entry)
    return entry


@pytest.fixture
def hdf5(tmp_path: Path) -> Callable[..., Path]:
    """Writes arrays by their paths within an HDF5 file."""

    def write(arrays: dict[str, np.ndarray], name: str = "vgg.h5") -> Path:
        path = tmp_path / name
        with h5py.File(path, "w") as file:
            for place, values in arrays.items():
                file[place] = values
        return path

    return write
