"""The training of the network for any painting, on a handful of made pictures."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recipes.any_painting import data, train


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photographs and five paintings, 0.jpg, 1.jpg and so on, packed by ``data.py``."""
    random = np.random.default_rng(0)
    for folder, count in (("content_train", 6), ("paintings", 4), ("style", 1)):
        (tmp_path / folder).mkdir()
        for k in range(count):
            coarse = random.integers(0, 256, (6, 8, 3), np.uint8)
            cv2.imwrite(str(tmp_path / folder / f"{k}.jpg"), cv2.resize(coarse, (120, 90)))
    packed = tmp_path / "pictures.npz"
    monkeypatch.setattr(sys, "argv", ["data.py", "--data", str(tmp_path), "--output", str(packed)])
    data.main()
    return packed


def options(pictures: Path, run: Path, *more: str) -> Namespace:
    run.mkdir(exist_ok=True)
    places = ["--pictures", str(pictures), "--run", str(run)]
    small = ["--copying", "1", "--batch", "1", "--size", "64", "--log-every", "1"]
    parsed: Namespace = train.parsed([*places, *small, *more])
    return parsed


def taught(pictures: Path, run: Path, steps: int) -> dict[str, torch.Tensor]:
    parsed = options(pictures, run, "--steps", str(steps))
    train.run(train.make(parsed), parsed)
    return load_file(run / "network.safetensors")


def test_held_out_pictures_are_not_packed(pictures: Path) -> None:
    packed = data.Pictures(pictures)
    assert len(packed.photos) == sum(not data.held_out(f"{k}.jpg") for k in range(6))
    assert packed.photo(0).shape == (90, 120, 3)
    assert data.held_out("absinthe_degas.jpg")
    assert not data.held_out("starry_night_van_gogh.jpg")


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(pictures: Path, tmp_path: Path) -> None:
    whole = taught(pictures, tmp_path / "whole", 3)
    begun = taught(pictures, tmp_path / "parts", 2)
    ended = taught(pictures, tmp_path / "parts", 3)
    assert any(not torch.equal(begun[name], ended[name]) for name in whole)
    for name, tensor in whole.items():
        torch.testing.assert_close(ended[name], tensor, atol=1e-3, rtol=1e-2)


def test_a_training_begins_with_a_tracked_checkpoint(pictures: Path, tmp_path: Path) -> None:
    first = taught(pictures, tmp_path / "first", 2)
    start = str(tmp_path / "first" / "checkpoint.safetensors")
    training = train.make(options(pictures, tmp_path / "second", "--start", start))
    assert training.step == 2
    for name, tensor in first.items():
        torch.testing.assert_close(training.average[name].half(), tensor)


def test_a_step_without_a_finite_gradient_changes_nothing(pictures: Path, tmp_path: Path) -> None:
    training = train.make(options(pictures, tmp_path))
    with torch.no_grad():
        training.network.colours.bias[0] = torch.nan
    before = training.learnt["coarsest.enter.weight"].detach().clone()
    training.learn()
    assert training.skipped == 1
    assert torch.equal(training.learnt["coarsest.enter.weight"], before)
