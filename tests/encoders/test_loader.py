from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import numpy as safetensors_numpy

from impasto import weights
from impasto.encoders import load_encoder
from impasto.encoders.network import CAFFE, CENTRED, TORCHVISION
from impasto.errors import LayerError, OptionError, WeightsError, WeightsMissingError
from impasto.weights import Architecture, cache
from impasto.weights.architecture import TINY

SMALL = Architecture("custom", (4, 6), (2, 1), last_pool=False)
PUBLISHED = ["vgg19", "vgg16", "vgg19-caffe", "vgg16-caffe"]


def random_tensors(architecture: Architecture) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    found = {}
    for suffix, channels_in, channels_out in architecture.convolutions():
        found[f"conv{suffix}.weight"] = random.standard_normal((channels_out, channels_in, 3, 3), np.float32)
        found[f"conv{suffix}.bias"] = random.standard_normal(channels_out, np.float32)
    return found


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path / "weights"))
    return tmp_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    safetensors_numpy.save_file(random_tensors(SMALL), path)
    return path


@pytest.mark.parametrize("name", PUBLISHED)
def test_missing_weights_are_not_downloaded(name: str) -> None:
    with pytest.raises(WeightsMissingError, match=f"impasto models fetch {name}"):
        load_encoder(name)


def test_the_bundled_network_pads_as_it_was_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tiny.safetensors"
    tensors = random_tensors(TINY)
    safetensors_numpy.save_file({name: value.astype(np.float16) for name, value in tensors.items()}, path)
    monkeypatch.setattr(cache, "bundled_path", lambda: path)
    encoder = load_encoder("tiny")
    assert (encoder.architecture, encoder.convention, encoder.padding) == (TINY, CENTRED, "reflect")
    assert load_encoder("tiny", padding="zeros").padding == "zeros"
    np.testing.assert_allclose(encoder.conv5_1.weight, tensors["conv5_1.weight"], rtol=1e-3, atol=1e-4)


def test_the_bundled_network_sees() -> None:
    features = load_encoder("tiny")(torch.rand(1, 3, 48, 40), ["relu1_1", "relu5_1"])
    assert [tuple(f.shape) for f in features.values()] == [(1, 16, 48, 40), (1, 128, 3, 2)]
    assert all(float(f.std()) > 0 for f in features.values())


def test_an_encoder_is_ready_for_use(file: Path) -> None:
    encoder = load_encoder(file, convention="caffe")
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(parameter.dtype == torch.float32 for parameter in encoder.parameters())
    np.testing.assert_array_equal(encoder.conv2_1.weight, random_tensors(SMALL)["conv2_1.weight"])


def test_options_reach_the_encoder(file: Path) -> None:
    encoder = load_encoder(
        str(file), pooling="l2", rescale_pooling=True, padding="replicate-first", convention="torchvision"
    )
    assert (encoder.pooling, encoder.pool_scale, encoder.padding) == ("l2", 0.78, "replicate-first")
    assert encoder.convention == TORCHVISION
    plain = load_encoder(file, convention="caffe")
    assert (plain.pooling, plain.pool_scale, plain.padding) == ("max", 1.0, "zeros")


def test_an_imported_network_is_loaded_by_its_name(file: Path) -> None:
    weights.import_file(file, "mine", convention="caffe")
    encoder = load_encoder("mine")
    assert (encoder.convention, encoder.architecture) == (CAFFE, SMALL)


def test_a_network_saved_for_reflection_is_used_with_it(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    weights.save_network(
        path, random_tensors(SMALL), name="own", convention="centred", licence="MIT", source="me",
        padding="reflect",
    )  # fmt: skip
    encoder = load_encoder(path)
    assert (encoder.convention, encoder.padding) == (CENTRED, "reflect")


def test_a_file_that_does_not_say_its_convention_needs_one(file: Path) -> None:
    with pytest.raises(OptionError, match="expected --convention"):
        load_encoder(file)


def test_unknown_names_and_values_are_refused(file: Path) -> None:
    with pytest.raises(OptionError, match="unknown network 'resnet'"):
        load_encoder("resnet")
    with pytest.raises(OptionError, match="pooling to be one of max, average, l2; got 'mean'"):
        load_encoder(file, convention="caffe", pooling="mean")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="padding to be one of zeros, reflect, replicate-first"):
        load_encoder(file, convention="caffe", padding="wrap")  # type: ignore[arg-type]
    with pytest.raises(WeightsMissingError, match="there is no such file"):
        load_encoder("no/such.pth")


@pytest.mark.parametrize("by_name", [True, False])
def test_a_part_of_a_trunk_is_enough_for_its_own_layers_only(tmp_path: Path, by_name: bool) -> None:
    path = tmp_path / "part.safetensors"
    part = TINY.truncated(6)
    safetensors_numpy.save_file(random_tensors(part), path)
    weights.import_file(path, convention="caffe")
    name = "part" if by_name else path
    encoder = load_encoder(name, layers=["relu3_2", "relu1_1"], convention="caffe")
    assert encoder.layer_names[-1] == "relu3_2"
    with pytest.raises(WeightsError, match="to reach relu4_1; its file holds the first 6 convolutions"):
        load_encoder(name, layers=["block4_conv1"], convention="caffe")
    with pytest.raises(LayerError, match="tiny has no layer 'relu5_4'"):
        load_encoder(name, layers=["relu5_4"], convention="caffe")
