from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from impasto.errors import OptionError
from impasto.parameters import check_parameters, choice, counted, parameter, parameters, schema

Tone = Literal["warm", "cold"]


@dataclass(frozen=True)
class Mixture:
    tone: Tone = choice("warm", Tone, "Of the light: {}.", "Light")
    drops: int = parameter(3, "How many.", "whole", least=1, bound=9)
    thinner: float | None = parameter(None, "A share.", "number", above=0, below=1, optional=True)
    shares: tuple[float, ...] = parameter((), "Of each.", "numbers", least=0)

    def __post_init__(self) -> None:
        check_parameters(self)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tone": "red"}, "expected tone to be one of warm, cold; got 'red'"),
        ({"drops": 0}, "expected drops to be a whole number, 1 or more; got 0"),
        ({"drops": True}, "expected drops to be a whole number"),
        ({"thinner": 0.0}, "expected thinner to be a number above 0; got 0.0"),
        ({"thinner": 1.0}, "expected thinner to be"),
        ({"shares": (1, -1)}, "expected shares to be numbers from 0 up"),
        ({"shares": "12"}, "expected shares to be a list of numbers"),
    ],
)
def test_what_a_field_may_not_be_is_refused_in_its_own_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        Mixture(**given)


def test_a_field_says_what_it_is_and_none_is_for_those_that_may_be_left_out() -> None:
    assert Mixture(thinner=None).thinner is None
    found = {name: (described.help, default) for name, described, default in parameters(Mixture)}
    assert found["tone"] == ("Of the light: warm, cold.", "warm")
    assert list(found) == ["tone", "drops", "thinner", "shares"]


def test_the_schema_has_the_fields_bounds_and_what_requests_may_ask_for() -> None:
    found = schema(Mixture, {"tone", "drops"})["properties"]
    assert found["tone"]["enum"] == ["warm", "cold"]
    assert (found["drops"]["minimum"], found["drops"]["maximum"]) == (1, 9)
    assert set(found) == {"tone", "drops"}


def test_one_thing_is_named_in_the_singular() -> None:
    assert [counted(n, "frame") for n in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
