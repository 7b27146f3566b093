from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.errors import CorruptWeightsError, InputError, OptionError, WeightsError, WeightsMissingError
from impasto.inference.one_style import OneStylePainter
from impasto.inference.onnx_runtime import onnxruntime
from impasto.inference.styles import FastStyle
from impasto.networks.export import export_model, export_transformer
from impasto.networks.export.parity import Difference, check_difference, compare
from impasto.networks.johnson import JohnsonNetwork, JohnsonPainter
from impasto.networks.scenes import dead_leaves
from impasto.tensors import to_pixels, to_tensor
from tests.conftest import blobs


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return [dead_leaves(96, 64, seed) for seed in range(2)]


def test_int8_that_changes_the_picture_is_not_offered() -> None:
    small = Difference(largest=0.3, mean=0.015, pictures=1)
    assert check_difference([small], "int8") == small
    with pytest.raises(WeightsError, match="fp16"):
        check_difference([small, Difference(0.1, 0.03, 1)], "int8")


def test_differences_are_of_what_can_be_seen() -> None:
    picture = np.full((1, 3, 2, 2), 0.5, np.float32)
    assert compare(lambda p: p + 5, lambda p: p + 7, [picture]) == Difference(0.0, 0.0, 1)
    assert compare(lambda p: p, lambda p: p + 0.25, [picture]) == Difference(0.25, 0.25, 1)


class Painter(torch.nn.Module):
    """A little of everything that transformer networks are made of."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner = torch.nn.Conv2d(3, 32, 3, 2, padding=1, padding_mode="reflect")
        self.normalise = torch.nn.InstanceNorm2d(32, affine=True)
        self.outer = torch.nn.Conv2d(32, 3, 3, padding=1, padding_mode="reflect")

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.normalise(self.inner(image)))
        return self.outer(torch.nn.functional.interpolate(features, size=image.shape[2:], mode="nearest"))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_torch_network_of_one_style_becomes_a_file_for_any_size(tmp_path: Path, precision: str) -> None:
    painter = Painter()
    style = FastStyle("mine", "Mine")
    done = export_transformer(painter, tmp_path / "p.onnx", style=style, precision=precision)
    assert done.difference.largest < 1e-3
    session = onnxruntime.InferenceSession(str(tmp_path / "p.onnx"), providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["impasto"])["kind"] == "johnson2016"
    image = torch.rand(1, 3, 37, 53)
    with torch.inference_mode():
        wanted = painter(image)
    found = session.run(["painting"], {"image": image.numpy()})[0]
    assert np.abs(found - wanted.numpy()).max() < 1e-3
    painted = OneStylePainter(tmp_path / "p.onnx", device="cpu").paint(to_pixels(image))
    assert np.abs(painted - to_pixels(wanted)).max() < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_the_published_network_is_exported_in_every_precision(
    tmp_path: Path, precision: str, photos: list[np.ndarray]
) -> None:
    torch.manual_seed(0)
    network = JohnsonNetwork()
    for parameter in network.deconv3.parameters():
        parameter.data.mul_(20)  # into the range of pictures
    torch.save(network.state_dict(), tmp_path / "My Mosaic.pth")
    given = photos if precision == "int8" else ()
    done = export_model(tmp_path / "My Mosaic.pth", tmp_path / "m.onnx", precision=precision, photos=given)
    assert done.kind == "johnson2016"
    assert done.difference.mean < (0.02 if precision == "int8" else 1e-4)
    found = OneStylePainter(tmp_path / "m.onnx", device="cpu")
    pixels = blobs(53, 37, seed=2)
    with torch.inference_mode():
        wanted = to_pixels(JohnsonPainter(network).eval()(to_tensor(pixels)))
    apart = np.abs(found.paint(pixels) - wanted)
    assert apart.mean() < (0.04 if precision == "int8" else 1e-3)


def test_unusable_sources_and_precisions_are_refused(tmp_path: Path) -> None:
    style = FastStyle("mine", "Mine")
    with pytest.raises(OptionError, match="fp32, fp16, int8"):
        export_transformer(Painter(), tmp_path / "g.onnx", style=style, precision="int4")
    with pytest.raises(WeightsMissingError, match="no such file"):
        export_model(tmp_path / "none.pth", tmp_path / "g.onnx")
    other = tmp_path / "other.pth"
    other.write_bytes(b"something else")
    with pytest.raises(CorruptWeightsError, match="other"):
        export_model(other, tmp_path / "g.onnx")
    made = tmp_path / "made.onnx"
    made.write_bytes(b"a graph")
    with pytest.raises(InputError, match="ONNX file already"):
        export_model(made, tmp_path / "g.onnx")


def test_made_scenes_are_repeatable_and_have_edges() -> None:
    scene = dead_leaves(64, 48, 1)
    assert scene.shape == (48, 64, 3)
    assert np.array_equal(scene, dead_leaves(64, 48, 1))
    assert 0 <= scene.min() < 0.2 < 0.8 < scene.max() <= 1
    assert np.abs(np.diff(scene, axis=1)).max() > 0.2
