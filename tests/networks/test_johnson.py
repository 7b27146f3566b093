from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from impasto.errors import PictureError, WeightsError
from impasto.networks.johnson import JohnsonNetwork, JohnsonPainter, read_johnson
from tests.oracles.made import facts, mosaic


@pytest.fixture(scope="module")
def network() -> JohnsonNetwork:
    torch.manual_seed(3)
    return JohnsonNetwork().eval()


@torch.no_grad()
def test_a_checkpoint_of_pytorch_examples_paints_what_it_paints_there(tmp_path: Path) -> None:
    theirs = facts("pytorch_examples")
    random, state = np.random.RandomState(7), {}
    for name, shape in sorted(theirs["shapes"].items()):
        values = random.standard_normal(shape)
        if len(shape) == 4:
            values = values * np.sqrt(2 / np.prod(shape[1:]))
        else:
            values = 0.1 * values + (0 if name.endswith("bias") else 1)
        state[name] = torch.from_numpy(values.astype(np.float32))
    torch.save(state, tmp_path / "theirs.pth")
    image = torch.from_numpy(mosaic(56, 40, 4).astype(np.float32)).permute(2, 0, 1)[None]
    painted = read_johnson(tmp_path / "theirs.pth")(image)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(painted.mean((0, 1)), theirs["mean"], atol=1e-4)
    np.testing.assert_allclose(painted[5::10, 7::14], theirs["pixels"], atol=1e-3)


def test_it_has_as_many_parameters_as_the_published_one(network: JohnsonNetwork) -> None:
    assert sum(p.numel() for p in network.parameters()) == 1_679_235


def test_checkpoints_from_before_torch_0_4_load_without_their_statistics(
    tmp_path: Path, network: JohnsonNetwork
) -> None:
    old = dict(network.state_dict())
    for name in ("in1", "res3.in2"):
        old |= {f"{name}.running_mean": torch.ones(32), f"{name}.running_var": torch.ones(32)}
    torch.save(old, tmp_path / "old.model")
    assert torch.equal(read_johnson(tmp_path / "old.model").conv1.conv2d.weight, network.conv1.conv2d.weight)


def test_a_safetensors_file_loads_too(tmp_path: Path, network: JohnsonNetwork) -> None:
    save_file(network.state_dict(), tmp_path / "n.safetensors")
    read = read_johnson(tmp_path / "n.safetensors").state_dict()
    assert all(torch.equal(value, read[name]) for name, value in network.state_dict().items())


def test_what_is_no_such_checkpoint_is_refused_in_words(tmp_path: Path, network: JohnsonNetwork) -> None:
    (tmp_path / "text.pth").write_text("not a network")
    torch.save({"conv1.conv2d.weight": torch.zeros(1)}, tmp_path / "part.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    wide = network.state_dict() | {"conv1.conv2d.weight": torch.zeros(16, 3, 9, 9)}
    torch.save(wide, tmp_path / "wide.pth")
    for name, words in {
        "text.pth": "text.pth",
        "part.pth": "it lacks conv1.conv2d.bias",
        "list.pth": "a dictionary from names to tensors",
        "wide.pth": r"\(32, 3, 9, 9\).*\(16, 3, 9, 9\)",
        "absent.pth": "no such file",
    }.items():
        with pytest.raises(WeightsError, match=words):
            read_johnson(tmp_path / name)


@torch.no_grad()
def test_sides_come_out_as_multiples_of_four(network: JohnsonNetwork) -> None:
    assert network(torch.rand(1, 3, 18, 29) * 255).shape == (1, 3, 20, 32)
    with pytest.raises(PictureError, match="5 x 5"):
        network(torch.zeros(1, 3, 4, 40))


@torch.no_grad()
def test_the_painter_works_in_unit_range_at_any_size(network: JohnsonNetwork) -> None:
    painter, image = JohnsonPainter(network), torch.rand(2, 3, 24, 32)
    assert torch.allclose(painter(image), network(image * 255) / 255, atol=1e-5)
    assert painter(image[:, :, :21, :30]).shape == (2, 3, 21, 30)
