"""The files that the peers were given, in a folder to be in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto.weights import save_network
from tests.oracles.made import vgg19, write_pictures


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures, and the network in torchvision's layout (vgg19.pth) and in ours (vgg19.safetensors)."""
    folder = tmp_path_factory.mktemp("made")
    write_pictures(folder)
    tensors = vgg19()
    about = {"name": "made", "convention": "torchvision", "licence": "none", "source": "seeds"}
    save_network(folder / "vgg19.safetensors", tensors, **about)
    state, place = {}, 0
    for name in (name.removesuffix(".weight") for name in tensors if name.endswith(".weight")):
        place += name.endswith("_1") and place > 0  # a pooling layer lies between
        for part in ("weight", "bias"):
            state[f"features.{place}.{part}"] = torch.from_numpy(tensors[f"{name}.{part}"])
        place += 2
    torch.save(state, folder / "vgg19.pth")
    return folder


@pytest.fixture
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(made)
    return made
