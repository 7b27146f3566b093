from __future__ import annotations

import pytest

from impasto.errors import OptionError
from impasto.imaging import ReadOptions
from impasto.imaging.read_options import LIMITS
from impasto.parameters import parameters, taken


def test_only_more_pixels_than_allowed_are_refused() -> None:
    reading = ReadOptions(max_pixels=2000)
    assert reading.refuses(40, 50) == ""
    assert reading.refuses(41, 50) == "at most 2,000 pixels"


def test_limits_change_no_picture() -> None:
    assert set(LIMITS) <= {name for name, _, _ in parameters(ReadOptions)}
    assert ReadOptions(max_pixels=5).differing() == {}


def test_the_options_of_reading_are_taken_out_of_the_changes_of_a_call() -> None:
    changes = {"size": 100, "max_pixels": 7}
    assert taken(ReadOptions(), changes) == ReadOptions(max_pixels=7)
    assert changes == {"size": 100}


def test_options_return_from_json() -> None:
    assert ReadOptions.from_dict(ReadOptions(max_pixels=9).to_dict()) == ReadOptions(max_pixels=9)
    with pytest.raises(OptionError, match="unknown option of reading 'depth'"):
        ReadOptions.from_dict({"depth": 8})
