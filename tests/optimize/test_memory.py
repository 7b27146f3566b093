from __future__ import annotations

import numpy as np
import pytest

from impasto.encoders.network import Encoder
from impasto.errors import OptionError
from impasto.optimize import memory
from impasto.optimize.engine import paint
from impasto.optimize.options import Options
from impasto.optimize.places import everywhere
from impasto.optimize.styles import PictureStyle
from impasto.types import Picture
from tests.conftest import blobs, stripes

LAYERS = ["relu1_1", "relu3_1"]


def test_a_picture_that_fits_is_looked_at_as_a_whole(encoder: Encoder) -> None:
    assert len(memory.plan(encoder, LAYERS, 500, 500, Options(max_memory=8))) == 1


def test_less_memory_means_more_parts(encoder: Encoder) -> None:
    counts = [len(memory.plan(encoder, LAYERS, 3000, 4000, Options(max_memory=gb))) for gb in (32, 8, 5.5)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_what_lbfgs_remembers_is_counted(encoder: Encoder) -> None:
    def parts(history: int) -> int:
        return len(memory.plan(encoder, LAYERS, 3000, 4000, Options(max_memory=8, history=history)))

    assert parts(18) > parts(2)


def test_too_little_for_the_smallest_part_says_how_much_is_needed(encoder: Encoder) -> None:
    with pytest.raises(OptionError, match=r"4000x3000 needs at least \d\.\d GB"):
        memory.plan(encoder, LAYERS, 3000, 4000, Options(max_memory=1))


def test_without_a_limit_it_keeps_to_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class Free:
        available = 10e9

    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: Free)
    assert memory.budget(Options()) == pytest.approx(6.42e9)
    assert memory.budget(Options(max_memory=2)) == 2e9


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_picture_painted_in_parts_is_the_one_painted_whole(encoder: Encoder, optimizer: str) -> None:
    options = Options(
        size=160,
        iterations=4,
        min_size=80,
        coarse_iterations=None,
        precision="float32",
        content_layers={"relu2_2": 1.0},
        style_layers={"relu1_1": 1.0, "relu3_1": 1.0},
        optimizer=optimizer,  # type: ignore[arg-type]
        learning_rate=0.02 if optimizer == "adam" else 1.0,
    )
    photo, places = (
        Picture(blobs(160, 120, seed=1)),
        everywhere([PictureStyle(Picture(stripes(90, 90)))], options),
    )
    at_once = paint(photo, places, encoder, options)
    in_parts = paint(photo, places, encoder, options.replace(tile=48))
    for name, value in at_once.losses.items():
        assert in_parts.losses[name] == pytest.approx(value, rel=0.01)
    assert np.abs(in_parts.pixels - at_once.pixels).mean() < 0.02
