from __future__ import annotations

from typing import Any

import pytest

from impasto.errors import OptionError
from impasto.networks.train.batches import LossWeights
from impasto.networks.train.plan import MINUTES, TrainingPlan, kebab
from impasto.networks.train.stages import stages_of
from impasto.networks.train.training import TrainingSchedule


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"paintings": ()}, "a painting"),
        ({"method": "half"}, "rows, full, scratch"),
        ({"architecture": "resnet"}, "gallery, johnson2016"),
        ({"architecture": "johnson2016"}, "--from-scratch"),
        ({"architecture": "johnson2016", "method": "scratch", "paintings": ("a", "b")}, "one style"),
        ({"method": "scratch", "start": "mine.safetensors"}, "random filters"),
        ({"size": 32}, "size from 64 to 512; got 32"),
        ({"batch": 0}, "batch from 1"),
        ({"steps": 0}, "1 step"),
        ({"steps": 5, "minutes": 1.0}, "expected one of them"),
        ({"minutes": 0.0}, "minutes"),
        ({"style_weight": 0.0}, "style weight"),
        ({"precision": "half"}, "float32"),
        ({"names": ("a", "b")}, "a name for each of the 1"),
        ({"names": ("My Style",)}, "'My Style'"),
        ({"paintings": ("x/scream.jpg", "y/scream.png")}, "two are called scream"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        TrainingPlan(**({"paintings": ("scream.jpg",)} | given))


def test_styles_are_called_after_their_files() -> None:
    assert TrainingPlan(("art/The Scream_1893.jpg", "straw-hat")).style_names() == (
        "the-scream-1893",
        "straw-hat",
    )
    assert kebab("Été à Giverny!") == "ete-a-giverny"


def test_each_method_has_a_time_and_stages_that_fill_it() -> None:
    common = TrainingSchedule(1, 2, 64, loss=LossWeights(style=3.0))
    for method in MINUTES:
        stages = stages_of(method, "gallery", common)  # type: ignore[arg-type]
        assert sum(stage.share for stage in stages) == 1
        assert all(stage.schedule.loss.style == 3.0 for stage in stages)
    assert TrainingPlan(("a",)).seconds <= 5 * 60
    frozen = stages_of("rows", "gallery", common)
    assert [stage.schedule.filters for stage in frozen] == [0.0]
    assert [s.schedule.filters > 0 for s in stages_of("full", "gallery", common)] == [False, True]
