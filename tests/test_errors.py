"""Errors have the two halves of their messages as attributes, and name what is near."""

from __future__ import annotations

import pytest

from impasto.errors import ImpastoError, OptionError, did_you_mean, require_one_of


@pytest.mark.parametrize(
    ("message", "expected", "actual"),
    [
        ("expected 1 to 100; got 0", "1 to 100", "0"),
        ("a.png: expected a mask, in greys, but it is red.", "a mask, in greys", "it is red"),
        ("expected floats, got int8", "floats", "int8"),
        ("expected one, two or three; it has four, or five", "one, two or three", "it has four, or five"),
        ("cannot read the folder x", None, None),
    ],
)
def test_a_message_says_its_halves_once(message: str, expected: str | None, actual: str | None) -> None:
    error = ImpastoError(message)
    assert (error.expected, error.actual) == (expected, actual)


def test_the_nearest_names_are_offered_and_else_what_there_is() -> None:
    assert did_you_mean("stary-night", ["starry-night", "scream"]) == "; did you mean 'starry-night'?"
    assert did_you_mean("relu1_3", ["relu1_1", "relu1_2"], most=2) == "; did you mean 'relu1_2' or 'relu1_1'?"
    assert did_you_mean("x", ["relu1_1"], "it has relu1_1") == "; it has relu1_1"
    assert did_you_mean("x", ["relu1_1"]) == ""


def test_a_choice_is_refused_with_all_that_there_are() -> None:
    require_one_of("mode", "all", ("all", "none"))
    with pytest.raises(OptionError, match="expected mode to be one of all, none; got 'some'"):
        require_one_of("mode", "some", ("all", "none"))
