from __future__ import annotations

import pytest

from impasto.errors import CorruptWeightsError
from impasto.weights.architecture import VGG16_PRUNED, Architecture, recognise, recognise_uneven
from impasto.weights.layout import convolution_names, infer_architecture

PLACES = {0: "conv1_1", 2: "conv1_2", 5: "conv2_1"}
NUMBERED = {
    f"features.{number}.{part}": f"{name}.{part}"
    for number, name in PLACES.items()
    for part in ("weight", "bias")
}
NAMED = {name: name for name in NUMBERED.values()}


PREFIXES = ["module.", "vgg.", "module.vgg19.", "net.0."]


@pytest.mark.parametrize(
    ("layout", "prefix"),
    [*((NUMBERED, prefix) for prefix in PREFIXES), *((NAMED, prefix) for prefix in [*PREFIXES, "features."])],
)
def test_what_a_larger_module_puts_before_the_names_is_taken_off(layout: dict[str, str], prefix: str) -> None:
    keys = {f"{prefix}{key}": name for key, name in layout.items()}
    beside = ["decoder.3.weight", "head.bias", f"{prefix}classifier.0.weight", f"{prefix}fc6.bias"]
    assert convolution_names([*beside, *reversed(keys)]) == keys


def test_tensors_without_sides_make_no_network() -> None:
    assert recognise_uneven(()) is None
    with pytest.raises(CorruptWeightsError, match=r"conv1_1\.weight"):
        infer_architecture({"conv1_1.weight": (), "conv1_1.bias": ()})


def test_numbers_alone_may_have_a_prefix_too() -> None:
    keys = {f"vgg.{key.removeprefix('features.')}": name for key, name in NUMBERED.items()}
    assert convolution_names([*keys, "classifier.0.weight"]) == keys


def test_features_trained_on_several_devices_are_understood() -> None:
    keys = {key.replace("features.", "features.module."): name for key, name in NUMBERED.items()}
    assert convolution_names(keys) == keys
    behind = {f"vgg.{key}": name for key, name in keys.items()}
    assert convolution_names(behind) == behind


def test_what_lies_beside_the_features_is_left_out() -> None:
    assert convolution_names([*NUMBERED, "head.weight", "projection.0.weight"]) == NUMBERED


def test_several_networks_are_refused() -> None:
    keys = [f"{prefix}.{key}" for prefix in ("student", "teacher") for key in NAMED]
    with pytest.raises(CorruptWeightsError, match=r"found several: under student\., teacher\."):
        convolution_names(keys)


def test_a_prefix_hides_no_gap_and_no_batch_normalisation() -> None:
    keys = [f"vgg.{key}" for key in NAMED]
    with pytest.raises(CorruptWeightsError, match=r"conv1_2\.bias is missing"):
        convolution_names([key for key in keys if not key.endswith("conv1_2.bias")])
    with pytest.raises(CorruptWeightsError, match="without batch normalisation"):
        convolution_names([*(f"vgg.{key}" for key in NUMBERED), "vgg.features.1.running_mean"])
    with pytest.raises(CorruptWeightsError, match=r"found 'decoder\.weight'"):
        convolution_names([*keys, "vgg.decoder.weight"])


def shapes_of(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for suffix, channels_in, channels_out in architecture.convolutions():
        found[f"conv{suffix}.weight"] = (channels_out, channels_in, 3, 3)
        found[f"conv{suffix}.bias"] = (channels_out,)
    return found


@pytest.mark.parametrize("depth", [2, 3, 7, 12, 13])
def test_a_pruned_network_is_known_by_its_widths_whole_or_in_part(depth: int) -> None:
    part = VGG16_PRUNED.truncated(depth)
    assert infer_architecture(shapes_of(part)) == part
    assert [out for _, _, out in part.convolutions()] == list(VGG16_PRUNED.channels[:depth])
    assert part.widths[-1] == part.channels[-1]
    assert part.layer_names()[-1].startswith("pool") == (depth in (2, 7, 13))


def test_other_uneven_widths_are_refused() -> None:
    shapes = shapes_of(VGG16_PRUNED)
    shapes["conv1_2.weight"], shapes["conv1_2.bias"] = (23, 24, 3, 3), (23,)
    with pytest.raises(CorruptWeightsError, match=r"conv1_2\.weight of shape \(24, 24, 3, 3\)"):
        infer_architecture(shapes)
    assert recognise_uneven((24, 23)) is None


def test_even_blocks_are_never_the_pruned_network() -> None:
    assert recognise(VGG16_PRUNED.widths, VGG16_PRUNED.depths).name == "custom"
