import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from impasto import weights
from impasto.cli.measure import measure
from impasto.errors import InputError, PictureError, WeightsError
from impasto.weights import ARCHITECTURES, save_network

app = typer.Typer()
app.command()(measure)


@pytest.fixture(autouse=True)
def empty_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "present", lambda _: False)


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    paths = []
    for seed, name in enumerate(("result", "content", "style")):
        pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        paths.append(str(tmp_path / f"{name}.png"))
    return paths


def run(*arguments: str) -> tuple[str, str]:
    outcome = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert outcome.exit_code == 0
    return outcome.stdout, outcome.stderr


def test_without_a_judge_the_table_has_the_other_figures_and_says_how_to_get_one(pictures: list[str]) -> None:
    printed, said = run(*pictures)
    assert "patch distance" in printed
    assert "impasto models fetch vgg19" in said


def test_a_style_without_a_picture_is_refused_with_what_is_needed(pictures: list[str]) -> None:
    for style, what in (("starry-night", "a named style"), ("mine.style", "a style file")):
        with pytest.raises(InputError, match=f"expected the picture of a painting; got {style}, {what}"):
            run(*pictures[:2], style)


def test_json_holds_every_figure_and_nothing_else_goes_to_standard_output(pictures: list[str]) -> None:
    printed, _ = run(*pictures, "--json")
    figures = json.loads(printed)
    assert figures["style_distance"] is None
    assert figures["content_distance"] is None
    assert figures["judge"] is None
    assert figures["grid_period_2"] > 0
    assert set(figures) >= {"patch_distance", "grid_period_4", "border_frame", "speckle"}


def save_judge(folder: Path, depth: int) -> str:
    """A file with the first convolutions of a small network of random kernels."""
    generator = np.random.default_rng(0)
    tensors = {}
    for suffix, channels_in, channels_out in ARCHITECTURES["tiny"].convolutions()[:depth]:
        kernels = generator.standard_normal((channels_out, channels_in, 3, 3)) / np.sqrt(9 * channels_in)
        tensors[f"conv{suffix}.weight"] = kernels.astype(np.float32)
        tensors[f"conv{suffix}.bias"] = np.zeros(channels_out, np.float32)
    path = folder / "judge.safetensors"
    save_network(
        path, tensors, name="judge", convention="centred", licence="MIT", source="chance", architecture="tiny"
    )
    return str(path)


def test_a_judge_in_a_file_fills_in_the_distances_and_is_named(pictures: list[str], tmp_path: Path) -> None:
    judge = save_judge(tmp_path, 8)
    printed, said = run(*pictures, "--judge", judge, "--json")
    figures = json.loads(printed)
    assert figures["style_distance"] > 0
    assert figures["content_distance"] > 0
    assert figures["judge"] == judge
    assert said == ""


def test_an_unchanged_content_has_content_distance_zero(pictures: list[str], tmp_path: Path) -> None:
    judge = save_judge(tmp_path, 8)
    printed, _ = run(pictures[1], pictures[1], pictures[2], "--judge", judge, "--json")
    assert json.loads(printed)["content_distance"] == 0


def test_a_judge_that_is_not_deep_enough_is_refused(pictures: list[str], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="relu3_4"):
        run(*pictures, "--judge", save_judge(tmp_path, 5))


def test_a_content_of_another_shape_is_refused(pictures: list[str], tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "square.png")
    with pytest.raises(PictureError, match="64x48; got 64x64"):
        run(pictures[0], str(tmp_path / "square.png"), pictures[2])


def test_importing_the_command_does_not_import_torch() -> None:
    code = "import sys, impasto.cli.measure; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
