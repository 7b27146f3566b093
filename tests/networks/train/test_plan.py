from __future__ import annotations

from typing import Any

import pytest

from impasto.errors import OptionError
from impasto.networks.train.plan import TrainingPlan


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"painting": ""}, "a painting"),
        ({"architecture": "resnet"}, "any-painting, johnson2016; got 'resnet'"),
        ({"size": 32}, "size from 64 to 512; got 32"),
        ({"size": 100}, "a multiple of 16; got 100"),
        ({"batch": 0}, "batch from 1"),
        ({"steps": 0}, "1 step"),
        ({"steps": 5, "minutes": 1.0}, "expected only one of them"),
        ({"minutes": 0.0}, "minutes"),
        ({"style_weight": 0.0}, "style weight"),
        ({"precision": "half"}, "float32"),
        ({"device": "tpu"}, "'tpu'"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        TrainingPlan(**({"painting": "scream.jpg"} | given))


def test_a_style_s_title_is_its_file_s_name() -> None:
    assert TrainingPlan("art/the_scream-1893.jpg").title == "The scream 1893"


def test_a_refinement_takes_five_minutes_at_most() -> None:
    assert TrainingPlan("a").seconds <= 5 * 60
