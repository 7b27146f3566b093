"""``impasto style-transfer`` against what crowsonkb/style-transfer-pytorch itself printed and painted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.cli.compat.style_transfer import run
from tests.oracles.made import facts, sampled

RUNS = {"one_scale": "-ms 64 -s 64 -ii 4", "two_scales": "-ms 64 -s 96 -ii 3 -i 2"}
THEIRS = facts("style_transfer_pytorch")


@pytest.fixture(scope="module", params=RUNS)
def painted(request: pytest.FixtureRequest, made: Path) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """What one run told, what theirs did, and our picture."""
    name: str = request.param
    out, trace = made / f"{name}.png", made / f"{name}.json"
    own = ["--model", str(made / "vgg19.safetensors"), "--trace", str(trace), "-o", str(out)]
    pictures = [str(made / "content.png"), str(made / "style_a.png")]
    assert run([*pictures, *RUNS[name].split(), "--devices", "cpu", *own]) == 0
    return json.loads(trace.read_text()), THEIRS[name], out


Painted = tuple[dict[str, Any], dict[str, Any], Path]


def test_the_command_line_means_what_it_means_there(painted: Painted) -> None:
    ours, theirs, _ = painted
    assert {key: value for key, value in ours["args"].items() if key in theirs["args"]} == theirs["args"]


def test_the_scales_and_iterations_are_theirs(painted: Painted) -> None:
    ours, theirs, _ = painted
    steps = [[row["w"], row["h"], row["i"], row["i_max"]] for row in ours["iterates"]]
    assert steps == [row[:4] for row in theirs["iterates"]]


def test_the_losses_agree_over_the_change_of_scale_too(painted: Painted) -> None:
    ours, theirs, _ = painted
    losses = [row["loss"] for row in ours["iterates"]]
    # Square roots of matrices amplify rounding: theirs agrees with itself on two threads to 1e-5.
    assert losses[0] == pytest.approx(theirs["iterates"][0][4], rel=1e-4)
    np.testing.assert_allclose(losses, [row[4] for row in theirs["iterates"]], rtol=2e-3)


def test_the_picture_is_theirs(painted: Painted) -> None:
    _, theirs, out = painted
    difference = sampled(out) - np.array(theirs["pixels"])
    # Theirs is rounded down to 8 bits, ours to the nearest: half a step on average.
    assert abs(difference.mean() - 0.5) < 0.25
    assert (np.abs(difference) <= 2).mean() > 0.97
