from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.encoders import minimum_side, parse_layer, parse_layers
from impasto.errors import LayerError, OptionError
from impasto.weights.architecture import TINY, VGG16, VGG19


def test_reading_layer_names_does_not_import_torch() -> None:
    code = "import sys, impasto.encoders.layers, impasto.encoders; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("relu4_2", "relu4_2"),
        (" conv4_2 ", "conv4_2"),
        ("pool4", "pool4"),
        ("ReLU1_1", "relu1_1"),
        ("block4_conv2", "relu4_2"),
        ("block5_pool", "pool5"),
    ],
)
def test_papers_and_keras_names_are_understood(text: str, name: str) -> None:
    assert parse_layer(text, VGG19) == parse_layer(text) == name


@pytest.mark.parametrize("text", ["", "relu", "relu42", "relu0_1", "fc6", "block4", "relu4_2x"])
def test_what_is_no_layers_name_is_refused(text: str) -> None:
    with pytest.raises(LayerError, match="expected a layer") as caught:
        parse_layer(text)
    assert caught.value.actual == repr(text)
    with pytest.raises(LayerError, match="vgg19 has no layer"):
        parse_layer(text, VGG19)


def test_an_unknown_layer_comes_with_the_nearest_or_with_all() -> None:
    with pytest.raises(LayerError, match=r"vgg16 has no layer 'relu3_4'.*did you mean .*relu3_3"):
        parse_layer("relu3_4", VGG16)
    with pytest.raises(LayerError, match=r"it has conv1_1, relu1_1, .*pool5"):
        parse_layer("fully connected", VGG19)
    with pytest.raises(LayerError, match="deepest is relu5_1"):
        parse_layer("pool5", TINY)


def test_weights_follow_a_colon_and_default_to_one() -> None:
    expected = {"relu1_1": 0.5, "relu2_1": 1.0}
    assert parse_layers("relu1_1:0.5, relu2_1,") == expected
    assert parse_layers(["relu1_1:0.5", "block2_conv1"], VGG19) == expected
    assert parse_layers({"relu1_1": 0.5, "relu2_1": 1}) == expected
    assert list(parse_layers("relu5_1,relu1_1")) == ["relu5_1", "relu1_1"]


def test_names_of_modules_are_taken_as_they_come() -> None:
    found = parse_layers("layer2.0.conv1:0.5, features.3", modules=True)
    assert found == {"layer2.0.conv1": 0.5, "features.3": 1.0}
    with pytest.raises(LayerError, match=r"features\.3 is given twice"):
        parse_layers("features.3,features.3:2", modules=True)


@pytest.mark.parametrize("weight", ["x", "", "-1", "nan", "inf"])
def test_weights_that_are_not_numbers_of_zero_or_more_are_refused(weight: str) -> None:
    with pytest.raises(OptionError, match="weight of relu1_1 to be a number of 0 or more"):
        parse_layers(f"relu1_1:{weight}")


@pytest.mark.parametrize("layers", ["relu1_1,block1_conv1", ["relu1_1", "relu1_1:2"]])
def test_a_layer_given_twice_is_refused(layers: str | list[str]) -> None:
    with pytest.raises(LayerError, match="relu1_1 is given twice"):
        parse_layers(layers)


def test_no_layer_at_all_is_refused() -> None:
    for layers in ("", " , ", [], {}):
        with pytest.raises(LayerError, match="at least one layer"):
            parse_layers(layers)


@given(
    st.dictionaries(
        st.sampled_from(VGG19.layer_names()), st.floats(0, 1e300, allow_subnormal=False), min_size=1
    )
)
def test_weights_are_parsed_as_they_were_written(layers: dict[str, float]) -> None:
    text = ",".join(f"{name}:{weight!r}" for name, weight in layers.items())
    assert parse_layers(text, VGG19) == layers


def test_the_smallest_side_doubles_with_every_block() -> None:
    assert [minimum_side(VGG19, [f"relu{block}_1"]) for block in range(1, 6)] == [2, 4, 8, 16, 32]
    assert [minimum_side(VGG19, [f"pool{block}"]) for block in range(1, 6)] == [2, 4, 8, 16, 32]
    assert minimum_side(VGG19, ["relu4_2", "relu1_1"]) == 16
    assert minimum_side(VGG19, ["relu4_2"], padding="zeros") == 8
    assert minimum_side(VGG19, ["pool4"], padding="zeros") == 16
    with pytest.raises(LayerError):
        minimum_side(TINY, ["relu5_2"])


def test_layer_names_are_in_network_order() -> None:
    assert VGG19.layer_names()[:6] == ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1"]
    assert len(VGG19.layer_names()) == 2 * 16 + 5
    assert all(math.isfinite(weight) for weight in parse_layers(",".join(VGG19.layer_names())).values())
