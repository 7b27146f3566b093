from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_a_trip_through_json(name: str) -> None:
    options = preset(name).options
    assert OptimizeOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    assert preset(name).summary
    assert preset(name).source


def test_the_default_preset_is_the_default_options() -> None:
    assert preset("default").options == OptimizeOptions()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 3}, "a whole number of pixels from 16 to 1000000, or (width, height); got 3"),
        ({"size": "512"}, "expected size to be"),
        ({"pooling": "median"}, "expected pooling to be one of max, average, l2; got 'median'"),
        ({"iterations": 0}, "expected iterations to be a whole number, 1 or more; got 0"),
        ({"iterations": 2.5}, "expected iterations to be a whole number"),
        ({"style_weight": float("nan")}, "expected style_weight to be a number"),
        ({"style_weight": -1}, "expected style_weight to be a number, 0 or more; got -1"),
        ({"learning_rate": 0}, "expected learning_rate to be a number above 0"),
        ({"style_layers": {"relu1_1": "x"}}, "the weight of relu1_1 in style_layers to be a number"),
        ({"style_layers": {}, "content_layers": {}}, "both are empty"),
        ({"style_weights": (1.0, -1.0)}, "add up to more than 0"),
        ({"beta1": 1.0}, "expected beta1 to be a number, at least 0 and less than 1"),
        ({"sise": 512}, "unknown option 'sise'"),
        ({"color_strength": "x"}, "expected color_strength to be a number from 0 to 1; got 'x'"),
        ({"beta1": "x"}, "expected beta1 to be a number, at least 0 and less than 1; got 'x'"),
        (
            {"style_weights": ("a",)},
            "expected style_weights to be a list of numbers, one per style; got ('a',)",
        ),
        ({"style_weights": "12"}, "expected style_weights to be a list of numbers, one per style; got '12'"),
        ({"style_weights": (float("inf"),)}, "expected style_weights to be a list of numbers"),
        ({"style_scales": 5}, "expected style_scales to be a list of numbers, one per style; got 5"),
        ({"content_layers": 5}, "expected content_layers to map layers to weights"),
        (
            {"content_layers": {5: 1.0}},
            "expected content_layers to have layer names such as 'relu1_1'; got 5",
        ),
        (
            {"style_layers": {"relu1_1": -1, "relu2_1": 2}},
            "weight of relu1_1 in style_layers to be a number, 0 or more",
        ),
        ({"blend_layers": 5}, "expected blend_layers to be a list of mappings, one per style; got 5"),
        (
            {"blend_layers": ({"relu1_1": "x"},)},
            "weight of relu1_1 in blend_layers to be a number, 0 or more",
        ),
        ({"blend_layers": (5,)}, "expected blend_layers to map layers to weights"),
        (
            {"seed": 10**23},
            "expected seed to be a whole number, at least 0 and less than 2**64".replace("*", r"\*"),
        ),
        ({"init": 5}, "expected init to be a way to begin"),
        ({"init": ""}, "expected init to be a way to begin"),
        ({"device": 5}, "expected device to be a device's name"),
        ({"encoder": 5}, "expected encoder to be a network's name or a file's; got 5"),
        ({"clip": "no"}, "expected clip to be True or False; got 'no'"),
        ({"pooling": ["max"]}, "expected pooling to be one of max, average, l2"),
        ({"style_weight": 10**400}, "expected style_weight to be a number"),
    ],
)
def test_a_bad_option_is_refused_with_what_was_expected(change: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        OptimizeOptions().replace(**change)
    assert "\n" not in str(caught.value)


def test_files_may_be_given_as_paths_and_survive_json() -> None:
    options = OptimizeOptions(init=Path("start.png"), encoder=Path("own.pth"))  # type: ignore[arg-type]
    assert (options.init, options.encoder) == ("start.png", "own.pth")
    with pytest.raises(OptionError, match="expected options to be a mapping"):
        OptimizeOptions.from_dict(5)  # type: ignore[arg-type]


def test_an_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(OptionError, match="default, draft, best, from-photo, gatys2015"):
        preset("vangogh")


def test_options_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        OptimizeOptions().size = 3  # type: ignore[misc]


def test_a_style_size_takes_the_place_of_the_style_scale() -> None:
    assert OptimizeOptions(style_scale=0.5).style_side(512) == 256
    assert OptimizeOptions(style_scale=0.5, style_size=300).style_side(512) == 300
    with pytest.raises(OptionError, match="expected style_size to be a whole number from 1 to 100000; got 0"):
        OptimizeOptions(style_size=0)
