"""The training of the network for any painting, on a handful of made pictures."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

RECIPE = Path(__file__).parents[2] / "recipes" / "any_painting"


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The recipe's ``train.py``, whose neighbours are called ``data`` and ``lessons``."""
    names = ("train", "data", "lessons")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(RECIPE)
    yield importlib.import_module("train")
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def pictures(train: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photographs and five paintings, 0.jpg, 1.jpg and so on, packed by ``data.py``."""
    assert train.Pictures is sys.modules["data"].Pictures
    random = np.random.default_rng(0)
    for folder, count in (("content_train", 6), ("paintings", 4), ("style", 1)):
        (tmp_path / folder).mkdir()
        for k in range(count):
            coarse = random.integers(0, 256, (6, 8, 3), np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{k}.jpg"), cv2.resize(coarse, (120, 90)))
    packed = tmp_path / "pictures.npz"
    monkeypatch.setattr(sys, "argv", ["data.py", "--data", str(tmp_path), "--output", str(packed)])
    sys.modules["data"].main()
    return packed


def options(train: ModuleType, pictures: Path, run: Path, *more: str) -> Namespace:
    run.mkdir(exist_ok=True)
    places = ["--pictures", str(pictures), "--run", str(run)]
    small = ["--copying", "1", "--batch", "1", "--size", "64", "--log-every", "1"]
    parsed: Namespace = train.parsed([*places, *small, *more])
    return parsed


def taught(train: ModuleType, pictures: Path, run: Path, steps: int) -> dict[str, torch.Tensor]:
    parsed = options(train, pictures, run, "--steps", str(steps))
    train.run(train.make(parsed), parsed)
    return load_file(run / "network.safetensors")


def test_held_out_pictures_are_not_packed(pictures: Path) -> None:
    held = sys.modules["data"].held_out
    packed = sys.modules["data"].Pictures(pictures)
    assert len(packed.photos) == sum(not held(f"{k}.jpg") for k in range(6))
    assert packed.photo(0).shape == (90, 120, 3)
    assert held("absinthe_degas.jpg")
    assert not held("starry_night_van_gogh.jpg")


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(
    train: ModuleType, pictures: Path, tmp_path: Path
) -> None:
    whole = taught(train, pictures, tmp_path / "whole", 3)
    begun = taught(train, pictures, tmp_path / "parts", 2)
    ended = taught(train, pictures, tmp_path / "parts", 3)
    assert any(not torch.equal(begun[name], ended[name]) for name in whole)
    for name, tensor in whole.items():
        torch.testing.assert_close(ended[name], tensor, atol=1e-3, rtol=1e-2)


def test_a_training_begins_with_a_tracked_checkpoint(
    train: ModuleType, pictures: Path, tmp_path: Path
) -> None:
    first = taught(train, pictures, tmp_path / "first", 2)
    start = str(tmp_path / "first" / "checkpoint.safetensors")
    training = train.make(options(train, pictures, tmp_path / "second", "--start", start))
    assert training.step == 2
    for name, tensor in first.items():
        torch.testing.assert_close(training.average[name].half(), tensor)


def test_a_step_without_a_finite_gradient_changes_nothing(
    train: ModuleType, pictures: Path, tmp_path: Path
) -> None:
    training = train.make(options(train, pictures, tmp_path))
    with torch.no_grad():
        training.network.colours.bias[0] = torch.nan
    before = training.learnt["coarsest.enter.weight"].detach().clone()
    training.learn()
    assert training.skipped == 1
    assert torch.equal(training.learnt["coarsest.enter.weight"], before)
