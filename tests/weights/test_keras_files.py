from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto import weights
from impasto.errors import CorruptWeightsError, MissingExtraError
from impasto.weights import read_network
from impasto.weights.architecture import TINY, VGG16, VGG19, Architecture
from impasto.weights.keras_files import _places

Arrays = dict[str, np.ndarray]
Write = Callable[..., Path]

# How Keras has named the variables of one layer over the years, its layer being block1_conv1.
NAMES = {
    "keras 1": ("{0}/{0}_W_1:0", "{0}/{0}_b_1:0"),
    "keras 2": ("{0}/{0}/kernel:0", "{0}/{0}/bias:0"),
    "a whole model": ("model_weights/{0}/{0}/kernel:0", "model_weights/{0}/{0}/bias:0"),
    "within a model": ("vgg19/{0}/kernel:0", "vgg19/{0}/bias:0"),
    "keras 3": ("layers/{0}/vars/0", "layers/{0}/vars/1"),
    "keras 3 within a model": ("layers/vgg19/layers/{0}/vars/0", "layers/vgg19/layers/{0}/vars/1"),
}
COUNTED = {
    "keras 3": "layers/{}/vars/{}",
    "keras 2.13": "_layer_checkpoint_dependencies/{}/vars/{}",
    "within a model": "layers/functional/layers/{}/vars/{}",
}


def named(tensors: Arrays, names: tuple[str, str] = NAMES["keras 2"]) -> Arrays:
    """The small network as Keras has it: kernels (height, width, in, out)."""
    found = {}
    for name, value in tensors.items():
        layer = f"block{name[4]}_conv{name[6]}"
        if name.endswith(".weight"):
            found[names[0].format(layer)] = value.transpose(2, 3, 1, 0)
        else:
            found[names[1].format(layer)] = value
    return found


def counted(tensors: Arrays, path: str = COUNTED["keras 3"]) -> Arrays:
    """The same where layers are only counted: conv2d, conv2d_1 and so on."""
    found = {}
    for number, name in enumerate(name for name in tensors if name.endswith(".weight")):
        layer = f"conv2d_{number}" if number else "conv2d"
        found[path.format(layer, 0)] = tensors[name].transpose(2, 3, 1, 0)
        found[path.format(layer, 1)] = tensors[name.replace("weight", "bias")]
    return found


def thin(architecture: Architecture, monkeypatch: pytest.MonkeyPatch) -> Arrays:
    """Tensors of a network built as ``architecture`` is, and known, but a thirty-second as wide."""
    widths = tuple(width // 32 for width in architecture.widths)
    known = Architecture(architecture.name, widths, architecture.depths)
    monkeypatch.setitem(weights.ARCHITECTURES, architecture.name, known)
    random = np.random.default_rng(1)
    found = {}
    for suffix, channels_in, channels_out in known.convolutions():
        found[f"conv{suffix}.weight"] = random.standard_normal((channels_out, channels_in, 3, 3), np.float32)
        found[f"conv{suffix}.bias"] = random.standard_normal(channels_out, np.float32)
    return found


def assert_same(found: weights.Network, tensors: Arrays) -> None:
    assert list(found.tensors) == sorted(tensors)
    for name, value in tensors.items():
        np.testing.assert_array_equal(found.tensors[name], value)
        assert found.tensors[name].dtype == np.float32


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_layers_are_known_by_their_names(hdf5: Write, tensors: Arrays, names: tuple[str, str]) -> None:
    other = {"predictions/predictions/kernel:0": np.ones((4, 3)), "fc1/fc1/bias:0": np.ones(3)}
    network = read_network(hdf5(named(tensors, names) | other))
    assert_same(network, tensors)
    assert network.metadata["convention"] == "caffe"


@pytest.mark.parametrize("path", COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize("architecture", [VGG16, VGG19], ids=lambda a: a.name)
def test_layers_that_are_only_counted_are_known_by_their_widths(
    hdf5: Write, monkeypatch: pytest.MonkeyPatch, path: str, architecture: Architecture
) -> None:
    tensors = thin(architecture, monkeypatch)
    network = read_network(hdf5(counted(tensors, path), "any.weights.h5"))
    assert_same(network, tensors)
    assert network.architecture.name == architecture.name


def test_widths_say_where_blocks_begin() -> None:
    widths = tuple(out for _, _, out in VGG19.convolutions())
    assert [f"{block}_{index}" for block, index in _places(widths, None)] == [
        suffix for suffix, _, _ in VGG19.convolutions()
    ]
    assert _places(tuple(out for _, _, out in VGG16.convolutions()), None)[-1] == (5, 3)
    assert _places((64, 64, 128, 128, 256, 256, 256, 512), "vgg19")[-1] == (4, 1)
    assert _places((7, 9), None) == []


def test_kernels_become_filters(hdf5: Write, tensors: Arrays) -> None:
    arrays = named(tensors)
    kernel = arrays["block2_conv1/block2_conv1/kernel:0"]
    network = read_network(hdf5(arrays))
    assert network.tensors["conv2_1.weight"][5, 3, 0, 2] == kernel[0, 2, 3, 5]


def test_a_keras_archive_is_opened(hdf5: Write, tensors: Arrays, tmp_path: Path) -> None:
    inner = hdf5(named(tensors, NAMES["keras 3"]), "model.weights.h5")
    path = tmp_path / "tuned.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.write(inner, "model.weights.h5")
    assert_same(read_network(path), tensors)


def test_what_an_optimiser_keeps_is_left_out(hdf5: Write, tensors: Arrays) -> None:
    kept = {
        f"optimizer_weights/Adam/{name}": value * 0
        for name, value in named(tensors, ("{0}/{0}/kernel/m:0", "{0}/{0}/bias/m:0")).items()
    }
    assert_same(read_network(hdf5(named(tensors) | kept)), tensors)


def test_an_imported_network_is_used_as_keras_prepares_pictures(
    hdf5: Write, tensors: Arrays, small: Architecture
) -> None:
    stored = weights.import_file(hdf5(named(tensors), "My Fine-Tuned.h5"))
    assert (stored.name, stored.convention, stored.architecture) == ("my-fine-tuned", "caffe", small.name)
    assert_same(read_network(weights.locate("my-fine-tuned")), tensors)


def test_half_precision_becomes_single(hdf5: Write, tensors: Arrays) -> None:
    halves = {name: value.astype(np.float16) for name, value in tensors.items()}
    assert_same(read_network(hdf5(named(halves))), {k: v.astype(np.float32) for k, v in halves.items()})


def changed(arrays: Arrays, changes: dict[str, np.ndarray | None]) -> Arrays:
    found = arrays | {key: value for key, value in changes.items() if value is not None}
    return {key: value for key, value in found.items() if key not in changes or changes[key] is not None}


KERNEL, BIAS = (name.format("block1_conv2") for name in NAMES["keras 2"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({BIAS: None}, r"block1_conv2 to have one kernel .* found \(3, 3, 4, 4\)"),
        ({KERNEL: np.ones((5, 5, 4, 4))}, r"one kernel of shape \(3, 3, in, out\)"),
        ({KERNEL: np.ones((3, 3, 4, 5)), BIAS: np.ones(5)}, r"shape \(4, 4, 3, 3\), got \(5, 4, 3, 3\)"),
        ({"copy/block1_conv2/kernel:0": np.ones((3, 3, 4, 4))}, "one kernel"),
        ({KERNEL: np.ones((3, 3, 4, 4), np.int32)}, "floating-point numbers, got int32"),
        ({BIAS: np.full(4, np.nan)}, r"conv1_2\.bias has values"),
        ({KERNEL: None, BIAS: None}, "conv1_2 is missing"),
    ],
)
def test_what_is_not_a_vgg_network_is_refused(
    hdf5: Write, tensors: Arrays, changes: dict[str, np.ndarray | None], message: str
) -> None:
    two = {f"conv1_3.{part}": tensors[f"conv1_2.{part}"] for part in ("weight", "bias")}
    arrays = named({"conv1_1.weight": tensors["conv1_1.weight"], "conv1_1.bias": tensors["conv1_1.bias"]})
    arrays |= named({name: tensors[name] for name in ("conv1_2.weight", "conv1_2.bias")}) | named(two)
    with pytest.raises(CorruptWeightsError, match=message) as caught:
        read_network(hdf5(changed(arrays, changes)))
    assert "vgg.h5" in str(caught.value)


def test_theanos_kernels_are_refused(hdf5: Write, tensors: Arrays) -> None:
    arrays = {key: v.transpose(3, 2, 0, 1) if v.ndim == 4 else v for key, v in named(tensors).items()}
    with pytest.raises(CorruptWeightsError, match=r"one kernel of shape \(3, 3, in, out\)"):
        read_network(hdf5(arrays))


@pytest.mark.parametrize("arrays", [{}, {"layers/conv2d/vars/0": np.ones((3, 3, 3, 5))}, {"a": np.ones(3)}])
def test_other_networks_are_refused(hdf5: Write, arrays: Arrays) -> None:
    arrays = {**arrays, **({"layers/conv2d/vars/1": np.ones(5)} if "layers/conv2d/vars/0" in arrays else {})}
    with pytest.raises(CorruptWeightsError, match="VGG-16 or VGG-19 as Keras has them"):
        read_network(hdf5(arrays or {"empty": np.ones((1, 1))}))


@pytest.mark.parametrize("content", [b"", b"not an HDF5 file, whatever it is called"])
@pytest.mark.parametrize("name", ["x.h5", "x.keras"])
def test_damaged_files_are_refused(hdf5: Write, tmp_path: Path, name: str, content: bytes) -> None:
    hdf5({"a": np.ones(1)}, "other.h5")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorruptWeightsError, match="truncated or damaged"):
        read_network(tmp_path / name)


@pytest.mark.usefixtures("hdf5")
def test_an_archive_without_weights_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(CorruptWeightsError, match=r"model\.weights\.h5"):
        read_network(tmp_path / "x.keras")


def test_without_h5py_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    for name in ("x.h5", "x.hdf5", "x.weights.h5", "X.keras"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(MissingExtraError, match=r"pip install .*\[keras\]'"):
            read_network(tmp_path / name)


def test_the_tiny_network_is_not_mistaken_for_kerass() -> None:
    assert _places(tuple(out for _, _, out in TINY.convolutions()), None)[-1] == (5, 1)
