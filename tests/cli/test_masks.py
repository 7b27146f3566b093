from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from impasto import imaging
from impasto.cli import app
from impasto.types import Picture

FAST = ["--size", "48", "--iterations", "3", "--min-size", "0", "--quiet"]


@pytest.fixture
def masks(tmp_path: Path) -> tuple[Path, Path]:
    left = np.zeros((64, 96, 3), np.float32)
    left[:, :48] = 1
    for name, pixels in (("left.png", left), ("right.png", 1 - left)):
        imaging.write(Picture(pixels), tmp_path / name)
    return tmp_path / "left.png", tmp_path / "right.png"


def run(*arguments: object) -> int:
    return CliRunner().invoke(app, ["stylize", *map(str, arguments)]).exit_code


def test_masks_and_protection_are_taken_and_kept_in_the_picture(
    photo_file: Path, painting_file: Path, masks: tuple[Path, Path], tmp_path: Path
) -> None:
    left, right = masks
    out, band = tmp_path / "out.png", tmp_path / "band.png"
    pixels = np.zeros((64, 96, 3), np.float32)
    pixels[:16] = 1
    imaging.write(Picture(pixels), band)
    styles = [painting_file, "starry-night", "--content-mask", left, "--content-mask", right]
    assert run(photo_file, *styles, "--protect", band, "-o", out, *FAST) == 0
    stored = imaging.read_parameters(out)
    assert stored is not None
    assert stored["content_masks"] == [str(left), str(right)]
    assert stored["protect"] == str(band)
    again = tmp_path / "again.png"
    assert run("--from", out, "-o", again, "--quiet") == 0
    np.testing.assert_array_equal(imaging.read(again).pixels, imaging.read(out).pixels)


def test_options_of_colour_and_layers_arrive(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out, made = tmp_path / "out.png", tmp_path / "made.json"
    asked = ["--color", "match-style", "--color-method", "pca", "--color-strength", "0.5"]
    asked += ["--blend-layers", "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1/relu1_1:0.5"]
    asked += ["--style-scales", "1,0.5", "--style-loss", "mean-std", "--parameters", made]
    assert run(photo_file, painting_file, f"{painting_file}:-0.2", "-o", out, *asked, *FAST) == 0
    options = json.loads(made.read_text())["options"]
    assert options["color"] == "match-style"
    assert options["style_weights"] == [1, -0.2]
    assert options["blend_layers"][1] == {"relu1_1": 0.5}
    assert options["style_scales"] == [1, 0.5]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--color", "mauve"], "expected color to be one of style, luminance"),
        (["--style-scales", "1,2"], r"one style scale per style \(1\); got 2"),
        (["--content-mask", "nowhere.png"], "nowhere.png"),
        (["--blend-layers", "relu9_9"], "relu9_9"),
        (["--max-memory", "0.1", "--size", "2000"], "needs at least"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_two(
    photo_file: Path, painting_file: Path, tmp_path: Path, asked: list[str], words: str
) -> None:
    arguments = ["stylize", str(photo_file), str(painting_file), "-o", str(tmp_path / "out.png"), *asked]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2

    assert re.search(words, result.stderr)
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out.png").exists()
