from __future__ import annotations

import numpy as np
import psutil
import pytest

from impasto.catalogue.measured import PictureStyle
from impasto.encoders import UNBOUNDED
from impasto.encoders.network import Encoder
from impasto.errors import OptionError
from impasto.optimize import memory
from impasto.optimize.budget import budget
from impasto.optimize.engine import paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import everywhere
from impasto.types import Picture
from tests.conftest import blobs, stripes

LAYERS = ["relu1_1", "relu3_1"]


def test_a_picture_that_fits_is_looked_at_as_a_whole(encoder: Encoder) -> None:
    assert len(memory.plan(encoder, LAYERS, 500, 500, OptimizeOptions(), 8e9)) == 1


def test_less_memory_means_more_parts(encoder: Encoder) -> None:
    counts = [
        len(memory.plan(encoder, LAYERS, 3000, 4000, OptimizeOptions(), gb * 1e9)) for gb in (32, 8, 5.5)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_what_lbfgs_remembers_is_counted(encoder: Encoder) -> None:
    def parts(history: int) -> int:
        return len(memory.plan(encoder, LAYERS, 3000, 4000, OptimizeOptions(history=history), 8e9))

    assert parts(18) > parts(2)


def test_too_little_for_the_smallest_part_says_how_much_is_needed(encoder: Encoder) -> None:
    with pytest.raises(OptionError, match=r"4000x3000 needs at least \d\.\d GB"):
        memory.plan(encoder, LAYERS, 3000, 4000, OptimizeOptions(), 1e9)


def test_without_a_limit_it_keeps_to_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class Free:
        available = 10e9

    monkeypatch.setattr(psutil, "virtual_memory", lambda: Free)
    assert budget(OptimizeOptions()) == pytest.approx(6.42e9)
    assert budget(OptimizeOptions(max_memory=2)) == 2e9


def test_a_step_at_each_level_is_the_same_in_parts_as_at_once(encoder: Encoder) -> None:
    # A step along the gradient: more of them, or those of other optimisers, would amplify rounding.
    options = OptimizeOptions(
        size=160,
        iterations=1,
        min_size=80,
        coarse_iterations=None,
        precision="float32",
        content_layers={"relu2_2": 1.0},
        style_layers={"relu1_1": 1.0, "relu3_1": 1.0},
        optimizer="sgd",
        learning_rate=2.0,
    )
    photo = Picture(blobs(160, 120, seed=1))
    places = everywhere([PictureStyle(Picture(stripes(90, 90)))], options)
    at_once = paint(photo, places, encoder, options)
    in_parts = paint(photo, places, encoder, options.replace(tile=48))
    for name, value in at_once.losses.items():
        assert in_parts.losses[name] == pytest.approx(value, rel=1e-3)
    change = np.linalg.norm(at_once.pixels - photo.pixels)
    assert change > 1e-3 * np.linalg.norm(photo.pixels)
    assert np.linalg.norm(in_parts.pixels - at_once.pixels) < 0.05 * change


def test_memory_that_others_take_meanwhile_changes_nothing(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shrinking:
        asked = 0

        @property
        def available(self) -> float:
            Shrinking.asked += 1
            return 10e9 if Shrinking.asked == 1 else 0.0

    monkeypatch.setattr(psutil, "virtual_memory", Shrinking)
    options = OptimizeOptions(
        size=64, min_size=32, iterations=1, coarse_iterations=None, gradient_scaling="l1"
    )
    places = everywhere([PictureStyle(Picture(stripes(90, 90)))], options)
    paint(Picture(blobs(64, 48, seed=1)), places, encoder, options)
    assert Shrinking.asked == 1


def test_a_style_is_looked_at_in_small_parts_rather_than_refused(encoder: Encoder) -> None:
    parts = memory.plan(encoder, LAYERS, 600, 600, OptimizeOptions(), 1e6, refuse=False)
    assert len(parts) > 9


@pytest.mark.parametrize("loss", ["sort-matching", "sliced-wasserstein"])
def test_what_a_loss_of_all_samples_keeps_is_counted(encoder: Encoder, loss: str) -> None:
    options = OptimizeOptions(style_loss=loss, style_layers={"relu1_1": 1.0, "relu3_1": 1.0, "relu4_1": 0.0})
    numbers = sum(
        encoder.channels(name) * (1000 // encoder.stride(name)) * (2000 // encoder.stride(name))
        for name in LAYERS
    )
    counted = memory.samples(encoder, options, 1000, 2000)
    assert counted == 4 * memory.SAMPLED * numbers
    assert memory.samples(encoder, OptimizeOptions(style_loss="gram"), 1000, 2000) == 0
    assert memory.samples(encoder, options.replace(samples=10), 1000, 2000) < counted / 1000

    def parts(options: OptimizeOptions) -> int:
        return len(memory.plan(encoder, LAYERS, 3000, 4000, options, 20e9))

    assert parts(options) > parts(options.replace(style_loss="gram"))


def test_a_network_that_sees_everything_is_refused_only_beyond_a_limit_that_was_given(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "radius", lambda _: UNBOUNDED)
    limited = OptimizeOptions(max_memory=1)
    assert len(memory.plan(encoder, LAYERS, 3000, 4000, OptimizeOptions(), 1e9)) == 1
    assert len(memory.plan(encoder, LAYERS, 300, 400, limited, 1e9)) == 1
    with pytest.raises(OptionError, match=r"4000x3000 needs at least \d+\.\d GB"):
        memory.plan(encoder, LAYERS, 3000, 4000, limited, 1e9)
