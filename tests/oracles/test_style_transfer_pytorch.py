"""``impasto style-transfer`` against what crowsonkb/style-transfer-pytorch itself printed and painted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.cli.compat.style_transfer import run
from impasto.weights import save_network
from impasto.weights.architecture import VGG19
from tests.conftest import SHARED

ORACLES = SHARED / "oracles"
THEIRS = ORACLES / "style_transfer_pytorch"

pytestmark = pytest.mark.skipif(not THEIRS.exists(), reason="../shared has no style-transfer-pytorch oracles")

# Scale by scale: width, height and iterations.
RUNS: dict[str, tuple[list[str], list[tuple[int, int, int]]]] = {
    "stp_64": (["-ms", "64", "-s", "64", "-i", "20", "-ii", "20"], [(64, 43, 20)]),
    "stp_64_96": (["-ms", "64", "-s", "96", "-i", "10", "-ii", "12"], [(68, 45, 12), (96, 64, 10)]),
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The VGG-19 the oracles ran on, rebuilt as their README says."""
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    for k, (suffix, channels_in, channels_out) in enumerate(VGG19.convolutions()):
        values = np.random.RandomState(1000 + k).standard_normal((channels_out, channels_in, 3, 3))
        tensors[f"conv{suffix}.weight"] = (values * np.sqrt(2 / (9 * channels_in))).astype(np.float32)
        tensors[f"conv{suffix}.bias"] = np.zeros(channels_out, np.float32)
    path = tmp_path_factory.mktemp("oracle") / "oracle.safetensors"
    save_network(path, tensors, name="oracle", convention="torchvision", licence="none", source="a seed")
    return path


@pytest.fixture(scope="module", params=RUNS)
def painted(
    request: pytest.FixtureRequest, network: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Any], Path]:
    """One run's name, its trace, and its picture."""
    folder = tmp_path_factory.mktemp(request.param)
    out, trace = folder / "out.png", folder / "trace.json"
    pictures = [str(ORACLES / "content.png"), str(ORACLES / "style_a.png")]
    own = ["--model", str(network), "--trace", str(trace), "-o", str(out)]
    assert run([*pictures, *RUNS[request.param][0], "--devices", "cpu", *own]) == 0
    return request.param, json.loads(trace.read_text()), out


def theirs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((THEIRS / f"{name}.json").read_text())
    return found


def test_the_command_line_means_what_it_means_there(painted: tuple[str, dict[str, Any], Path]) -> None:
    name, trace, _ = painted
    ours = {key: value for key, value in trace["args"].items() if key in theirs(name)["args"]}
    assert ours == theirs(name)["args"]


def test_the_scales_and_iterations_are_theirs(painted: tuple[str, dict[str, Any], Path]) -> None:
    name, trace, _ = painted
    steps = [(row["w"], row["h"], row["i"], row["i_max"]) for row in trace["iterates"]]
    assert steps == [(row["w"], row["h"], row["i"], row["i_max"]) for row in theirs(name)["iterates"]]
    assert steps == [(w, h, i, count) for w, h, count in RUNS[name][1] for i in range(1, count + 1)]


def test_the_first_loss_agrees_to_five_digits(painted: tuple[str, dict[str, Any], Path]) -> None:
    name, trace, _ = painted
    assert trace["iterates"][0]["loss"] == pytest.approx(theirs(name)["iterates"][0]["loss"], rel=1e-5)


def test_every_loss_agrees_over_changes_of_scale_too(painted: tuple[str, dict[str, Any], Path]) -> None:
    name, trace, _ = painted
    losses = [[row["loss"] for row in rows] for rows in (trace["iterates"], theirs(name)["iterates"])]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_the_picture_is_theirs(painted: tuple[str, dict[str, Any], Path]) -> None:
    name, _, out = painted
    ours, other = (np.asarray(Image.open(p).convert("RGB"), dtype=int) for p in (out, THEIRS / f"{name}.png"))
    # Theirs is rounded down to 8 bits, ours to the nearest: half a step on average.
    assert ours.shape == other.shape
    assert abs((ours - other).mean() - 0.5) < 0.1
    assert np.abs(ours - other).max() <= 4
