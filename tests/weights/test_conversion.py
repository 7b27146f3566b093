from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as safetensors_numpy

from impasto.errors import CorruptWeightsError, OutputError, WeightsMissingError
from impasto.weights import ARCHITECTURES, read_network, read_record, recognise, save_network
from impasto.weights.architecture import TINY, VGG16, VGG19, Architecture
from impasto.weights.layout import convolution_names, infer_architecture

Arrays = dict[str, np.ndarray]
TORCHVISION_19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
TORCHVISION_16 = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]


def shapes_of(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for suffix, channels_in, channels_out in architecture.convolutions():
        found[f"conv{suffix}.weight"] = (channels_out, channels_in, 3, 3)
        found[f"conv{suffix}.bias"] = (channels_out,)
    return found


@pytest.mark.parametrize(
    ("numbers", "architecture"), [(TORCHVISION_19, VGG19), (TORCHVISION_16, VGG16)], ids=["19", "16"]
)
@pytest.mark.parametrize("prefix", ["features.", ""])
def test_torchvision_numbers_are_understood(
    numbers: list[int], architecture: Architecture, prefix: str
) -> None:
    keys = [f"{prefix}{number}.{part}" for number in numbers for part in ("weight", "bias")]
    names = convolution_names([*keys, "classifier.0.weight", "classifier.6.bias"])
    expected = [f"conv{suffix}" for suffix, _, _ in architecture.convolutions()]
    assert [names[f"{prefix}{number}.weight"] for number in numbers] == [f"{n}.weight" for n in expected]
    assert len(names) == 2 * len(numbers)


@pytest.mark.parametrize("architecture", ARCHITECTURES.values(), ids=lambda a: a.name)
def test_architectures_are_known_by_their_shapes(architecture: Architecture) -> None:
    assert infer_architecture(shapes_of(architecture)) == architecture


def test_the_published_networks_have_their_known_sizes() -> None:
    assert [sum(out * (9 * c + 1) for _, c, out in a.convolutions()) for a in (VGG16, VGG19)] == [
        14_714_688,
        20_024_384,
    ]


def test_a_trunk_cut_inside_a_block_has_no_pooling_after_it() -> None:
    assert VGG19.truncated(7).layer_names()[-1] == "relu3_3"
    assert VGG19.truncated(8).layer_names()[-1] == "pool3"
    assert TINY.layer_names()[-1] == "relu5_1"
    assert VGG19.truncated(16) == VGG19
    with pytest.raises(ValueError, match="1 to 16"):
        VGG19.truncated(17)


def test_a_part_that_begins_two_networks_is_the_likely_ones() -> None:
    widths, depths = VGG16.widths[:3], VGG16.depths[:3]
    assert recognise(widths, depths, "vgg16") == VGG16.truncated(7)
    assert recognise(widths, depths) == VGG19.truncated(7)


def test_blocks_of_other_widths_are_a_custom_architecture() -> None:
    assert recognise((7, 9), (1, 2)) == Architecture("custom", (7, 9), (1, 2), last_pool=False)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "as published"])
def test_a_pth_in_torchvisions_layout_is_read(
    numbered: Arrays, tensors: Arrays, torch_file: Callable[..., Path], zipped: bool, small: Architecture
) -> None:
    network = read_network(torch_file(numbered, zipped=zipped))
    assert network.architecture == small
    assert list(network.tensors) == sorted(tensors)
    for name, value in tensors.items():
        np.testing.assert_array_equal(network.tensors[name], value)


@pytest.mark.parametrize("layout", ["tensors", "numbered"])
def test_safetensors_are_read_in_both_layouts(
    layout: str, request: pytest.FixtureRequest, tensors: Arrays, tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    safetensors_numpy.save_file(request.getfixturevalue(layout), path)
    network = read_network(path)
    assert {name: value.tobytes() for name, value in network.tensors.items()} == {
        name: value.tobytes() for name, value in tensors.items()
    }


def test_half_precision_becomes_single(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    halves = {name: value.astype(np.float16) for name, value in tensors.items()}
    safetensors_numpy.save_file(halves, path)
    for name, value in read_network(path).tensors.items():
        np.testing.assert_array_equal(value, halves[name].astype(np.float32))
        assert value.dtype == np.float32


def test_what_is_saved_is_read_back_with_what_was_said_about_it(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    stored = save_network(
        path, tensors, name="mine", convention="centred", licence="MIT", source="me", padding="reflect"
    )
    network = read_network(path)
    assert network.metadata["convention"] == stored.convention == "centred"
    assert network.metadata["padding"] == "reflect"
    assert (stored.convolutions, stored.deepest, stored.size) == (3, "conv2_1", path.stat().st_size)
    assert read_record(path) == stored
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.json", "mine.safetensors"]


def test_a_record_that_was_edited_is_refused(tensors: Arrays, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_network(path, tensors, name="mine", convention="caffe", licence="MIT", source="me")
    for text in ("{}", "[]", "{", path.with_suffix(".json").read_text().replace("3,", '"3",')):
        path.with_suffix(".json").write_text(text)
        with pytest.raises(CorruptWeightsError, match=r"mine\.json"):
            read_record(path)


def test_a_place_that_cannot_be_written_to_is_an_output_error(tensors: Arrays, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        save_network(
            tmp_path / "none" / "x.safetensors",
            tensors,
            name="x",
            convention="caffe",
            licence="MIT",
            source="me",
        )


class Harmful:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.witness}",)


def test_pickled_code_is_refused_and_does_not_run(numbered: Arrays, tmp_path: Path) -> None:
    import torch

    witness = tmp_path / "it-ran"
    content = {key: torch.from_numpy(value) for key, value in numbered.items()}
    harmful = {**content, "features.99.weight": Harmful(witness)}
    zipped, legacy, bare = (tmp_path / f"{name}.pth" for name in ("zipped", "legacy", "bare"))
    torch.save(harmful, zipped)
    torch.save(harmful, legacy, _use_new_zipfile_serialization=False)
    bare.write_bytes(pickle.dumps(Harmful(witness)))
    for path in (zipped, legacy, bare):
        with pytest.raises(CorruptWeightsError, match="pickled objects, which could run code"):
            read_network(path)
    assert not witness.exists()
    pickle.loads(bare.read_bytes())
    assert witness.exists(), "the pickle would have run"


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "as published"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_pth_is_refused(
    numbered: Arrays, torch_file: Callable[..., Path], zipped: bool, share: float
) -> None:
    path = torch_file(numbered, zipped=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptWeightsError, match="damaged"):
        read_network(path)


@pytest.mark.parametrize("length", [0, 5, 200, -4])
def test_a_truncated_safetensors_is_refused(tensors: Arrays, tmp_path: Path, length: int) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(safetensors_numpy.save(tensors)[:length])
    with pytest.raises(CorruptWeightsError, match="truncated or damaged"):
        read_network(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(
    numbered: Arrays, torch_file: Callable[..., Path], value: float
) -> None:
    numbered["features.2.weight"][1, 2, 0, 1] = value
    with pytest.raises(CorruptWeightsError, match=r"conv1_2\.weight has values"):
        read_network(torch_file(numbered))


def edited(tensors: Arrays, **changes: np.ndarray | None) -> Arrays:
    found = dict(tensors)
    for key, value in changes.items():
        name = key.replace("__", ".")
        if value is None:
            del found[name]
        else:
            found[name] = value
    return found


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conv1_2__bias": None}, r"conv1_2\.bias is missing"),
        ({"conv1_1__weight": None, "conv1_1__bias": None}, "conv1_1 is missing"),
        ({"conv1_2__weight": None, "conv1_2__bias": None, "conv2_1__weight": np.ones((6, 9, 3, 3))}, "9"),
        ({"conv1_2__weight": np.ones((4, 4, 5, 5))}, r"shape \(4, 4, 3, 3\), got \(4, 4, 5, 5\)"),
        ({"conv1_2__weight": np.ones((4, 3, 3, 3))}, r"shape \(4, 4, 3, 3\), got \(4, 3, 3, 3\)"),
        ({"conv1_2__weight": np.ones((5, 4, 3, 3))}, r"shape \(4, 4, 3, 3\), got \(5, 4, 3, 3\)"),
        ({"conv2_1__bias": np.ones(5)}, r"conv2_1\.bias of shape \(6,\), got \(5,\)"),
        ({"conv1_1__weight": np.ones((4, 3, 3, 3), np.int64)}, "floating-point numbers, got int64"),
        ({"decoder__weight": np.ones(1)}, r"found 'decoder\.weight'"),
        ({"conv1_1__running_mean": np.ones(4)}, "without batch normalisation"),
    ],
)
def test_what_is_not_a_vgg_network_is_refused(
    tensors: Arrays, tmp_path: Path, changes: Arrays, message: str
) -> None:
    path = tmp_path / "x.safetensors"
    safetensors_numpy.save_file(edited(tensors, **changes), path)
    with pytest.raises(CorruptWeightsError, match=message) as caught:
        read_network(path)
    assert str(path) in str(caught.value)


def test_numbers_in_another_order_than_vggs_are_refused() -> None:
    with pytest.raises(CorruptWeightsError, match="found them at 0, 4"):
        convolution_names(["0.weight", "0.bias", "4.weight", "4.bias"])
    with pytest.raises(CorruptWeightsError, match="found them at 1, 3"):
        convolution_names(["1.weight", "1.bias", "3.weight", "3.bias"])
    with pytest.raises(CorruptWeightsError, match="conv1_1"):
        convolution_names([])


def test_other_kinds_of_file_are_refused(tmp_path: Path) -> None:
    import torch

    (tmp_path / "x.onnx").write_bytes(b"")
    with pytest.raises(CorruptWeightsError, match=r"\.safetensors, \.pth, \.pt or \.model file"):
        read_network(tmp_path / "x.onnx")
    with pytest.raises(WeightsMissingError, match="there is no such file"):
        read_network(tmp_path / "none.pth")
    torch.save([torch.ones(1)], tmp_path / "list.pth")
    with pytest.raises(CorruptWeightsError, match="dictionary from names to tensors, got list"):
        read_network(tmp_path / "list.pth")


def test_a_state_dict_inside_a_checkpoint_is_found(numbered: Arrays, tmp_path: Path) -> None:
    import torch

    content = {key: torch.from_numpy(value) for key, value in numbered.items()}
    torch.save({"state_dict": content, "epoch": 3}, tmp_path / "x.pth")
    assert len(read_network(tmp_path / "x.pth").tensors) == 6
