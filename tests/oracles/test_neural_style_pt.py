"""``impasto neural-style`` against what ProGamerGov/neural-style-pt itself printed and painted.

Its losses at one and the same picture are compared, then those after its first two steps. What comes later
hangs on rounding: Adam steps as far for a gradient of almost nothing, and the other way if its sign is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto.cli.compat.neural_style import run
from impasto.encoders import load_encoder
from impasto.encoders.network import Pooling
from impasto.tensors import to_tensor
from tests.oracles.made import facts, sampled

COMMON = "-content_image content.png -style_image style_a.png -model_file vgg19.pth -gpu c -image_size 96"
COMMON += " -seed 0 -init image -num_iterations 3 -print_iter 1 -save_iter 0"
ADAM = "-optimizer adam -learning_rate 10"
BETWEEN = f"{ADAM} -init_image start.png"
BARE = f"{BETWEEN} -tv_weight 0"
RUNS = {
    "image": "",
    "image_adam": ADAM,
    "lbfgs": "-init_image start.png",
    "adam": BETWEEN,
    "without_tv": BARE,
    "avg_pool": f"{BARE} -pooling avg",
    "two_styles": f"{BARE} -style_image style_a.png,style_b.png -style_blend_weights 3,1",
    "style_scale": f"{BARE} -style_scale 0.8",
    "layers": f"{BARE} -style_layers relu1_2,relu2_2,relu3_3 -content_layers relu2_2,relu3_1",
    "normalize_weights": f"{BARE} -normalize_weights",
    "normalize_gradients": f"{BARE} -normalize_gradients",
    "original_colors": f"{BARE} -original_colors 1",
}
THEIRS = facts("neural_style_pt")


@dataclass(frozen=True)
class Run:
    """What one run printed, iteration by iteration, and painted."""

    losses: NDArray[np.float64]
    pixels: NDArray[np.int64]


@pytest.fixture(scope="module")
def done() -> dict[str, Run]:
    return {}


@pytest.fixture(params=RUNS)
def pair(
    request: pytest.FixtureRequest, here: Path, done: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> tuple[Run, Run]:
    """What ours and theirs printed and painted; each of ours is run once."""
    name: str = request.param
    if name not in done:
        assert run([*COMMON.split(), *RUNS[name].split(), "-output_image", f"{name}.png"]) == 0
        blocks = capsys.readouterr().out.split("\nIteration ")[1:]
        assert [block.splitlines()[0] for block in blocks] == ["1 / 3", "2 / 3", "3 / 3"]
        losses = [[float(x) for x in re.findall(r"  \w+(?: \d)? loss: (\S+)", block)] for block in blocks]
        done[name] = Run(np.array(losses), sampled(here / f"{name}.png"))
    rows = [[*row["content"], *row["style"], row["total"]] for row in THEIRS[name]["losses"]]
    return done[name], Run(np.array(rows), np.array(THEIRS[name]["pixels"]))


def test_the_losses_of_the_first_picture_agree_to_five_digits(pair: tuple[Run, Run]) -> None:
    ours, theirs = pair
    np.testing.assert_allclose(ours.losses[0], theirs.losses[0], rtol=1e-5)


def test_the_losses_after_a_step_agree(pair: tuple[Run, Run]) -> None:
    ours, theirs = pair
    # L-BFGS's first step is so short that the content it costs is nothing but rounding.
    np.testing.assert_allclose(ours.losses[1], theirs.losses[1], rtol=5e-3, atol=1e-5)


# L-BFGS's second step is as long as the first tells, which was so short that rounding counts.
@pytest.mark.parametrize("pair", [name for name in RUNS if "adam" in RUNS[name]], indirect=True)
def test_the_losses_and_the_picture_after_two_steps_agree(pair: tuple[Run, Run]) -> None:
    ours, theirs = pair
    np.testing.assert_allclose(ours.losses[2], theirs.losses[2], rtol=1e-2)
    # Theirs is rounded down to 8 bits, ours to the nearest. A step of Adam is 10 for nearly every pixel.
    assert np.median(np.abs(ours.pixels - theirs.pixels)) <= 1
    assert (np.abs(ours.pixels - theirs.pixels) <= 2).mean() > 0.97


@pytest.mark.parametrize(
    ("name", "pooling", "layers"),
    [
        ("without_tv", "max", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
        ("avg_pool", "average", ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
        ("layers", "max", ["relu1_2", "relu2_2", "relu3_3"]),
    ],
)
def test_features_alone_give_its_style_losses(
    here: Path, name: str, pooling: Pooling, layers: list[str]
) -> None:
    """100 times the mean squared difference of F F^T / (C H W)."""
    from PIL import Image

    encoder = load_encoder(here / "vgg19.pth", convention="caffe", pooling=pooling, layers=layers)

    def grams(picture: str, size: tuple[int, int]) -> list[NDArray[np.float32]]:
        with Image.open(here / picture) as image:
            pixels = np.asarray(image.resize(size, Image.Resampling.BILINEAR), np.float32) / 255
        flat = [found[0].flatten(1) for found in encoder(to_tensor(pixels), layers).values()]
        return [(f @ f.T / f.numel()).numpy() for f in flat]

    pairs = zip(grams("start.png", (96, 64)), grams("style_a.png", (96, 72)), strict=True)
    found = [100 * float(np.square(ours - theirs).mean()) for ours, theirs in pairs]
    np.testing.assert_allclose(found, THEIRS[name]["losses"][0]["style"], rtol=1e-5)
