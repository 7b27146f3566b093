from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from impasto import imaging
from impasto.cli import app
from impasto.types import Picture
from tests.cli.running import refused
from tests.conftest import blobs
from tests.inference.networks import make_file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_file(tmp_path_factory.mktemp("networks") / "mine.safetensors")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fast", *[str(a) for a in arguments]])


def test_lists_one_style_a_line_its_name_first(model: Path) -> None:
    lines = run("--list", "--model", model).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["red-dots", "blue-lines"]
    assert "Blue Lines, Another, about 1910" in lines[1]
    shipped = run("--list", "--json").stdout.splitlines()
    assert len(shipped) >= 12
    assert json.loads(shipped[0])["artist"]


def test_paints_a_photograph_and_says_where(photo_file: Path, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.jpg"
    result = run(photo_file, "--style", "red-dots", "-o", out, "--model", model)
    assert result.exit_code == 0, result.output
    assert f"painted: {out} (96x64, " in result.stdout
    found = imaging.read_parameters(out)
    assert found is not None
    assert found["options"]["model"] == str(model)


def test_options_reach_the_painting(photo_file: Path, tmp_path: Path, model: Path) -> None:
    outs = []
    for name, more in {
        "plain": [],
        "weak": ["--strength", 0.3],
        "fine": ["--stroke-size", 0.5],
        "grey": ["--keep-color"],
        "blend": ["--style", "blue-lines:0.5"],
    }.items():
        outs.append(tmp_path / f"{name}.png")
        result = run(photo_file, "--style", "red-dots:0.5", *more, "-o", outs[-1], "--model", model)
        assert result.exit_code == 0, result.output
    pictures = [imaging.read(out).pixels for out in outs]
    for number, one in enumerate(pictures):
        for other in pictures[number + 1 :]:
            assert np.abs(one - other).max() > 0.02


def test_blends_with_other_shares_have_other_names(photo: Picture, tmp_path: Path, model: Path) -> None:
    imaging.write(photo, tmp_path / "a.png")
    out = tmp_path / "out"
    for one, other in (("", ""), (":2", ":2"), (":9", ":1"), (":0.1", ":0.9")):
        styles = ["--style", f"red-dots{one}", "--style", f"blue-lines{other}"]
        result = run(tmp_path / "a.png", *styles, "-o", out, "--model", model)
        assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "a-red-dots-blue-lines.png",
        "a-red-dots10-blue-lines90.png",
        "a-red-dots90-blue-lines10.png",
    ]


def test_paintings_do_not_go_among_the_photographs(photo: Picture, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    imaging.write(photo, folder / "a.png")
    for output in (folder, tmp_path / "holiday" / ".." / "holiday"):
        result = run(folder, "--style", "red-dots", "-o", output, "--model", model)
        assert result.exit_code == 2
        assert "the paintings would go among the photographs" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["a.png"]
    (tmp_path / "file").write_text("no folder")
    result = run(folder, "--style", "red-dots", "-o", tmp_path / "file" / "in", "--model", model)
    assert (result.exit_code, f"{tmp_path / 'file'} is a file" in result.stderr) == (2, True)


def test_several_photographs_go_into_a_folder(photo: Picture, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name in ("a.png", "b.jpg"):
        imaging.write(photo, folder / name)
    imaging.write(photo, tmp_path / "a.png")
    out = tmp_path / "painted"
    result = run(folder, tmp_path / "a.png", "--style", "red-dots", "-o", out, "--model", model, "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    names = sorted(p.name for p in out.iterdir())
    assert len(names) == 3
    assert sorted(Path(line["output"]).name for line in lines) == names
    assert "b-red-dots.jpg" in names


def test_one_that_fails_does_not_stop_the_others(photo: Picture, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    imaging.write(photo, folder / "good.png")
    (folder / "bad.png").write_bytes(b"no picture")
    imaging.write(Picture(blobs(8, 8, seed=1)), folder / "small.png")
    result = run(folder, "--style", "red-dots", "-o", tmp_path / "out", "--model", model)
    assert result.exit_code == 1
    assert "bad.png" in result.stderr
    assert "small.png: expected a painting of at least 16 x 16" in result.stderr
    assert "1 of 3 painted" in result.stdout
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good-red-dots.png"]


def test_quiet_prints_nothing(photo_file: Path, tmp_path: Path, model: Path) -> None:
    result = run(photo_file, "--style", "red-dots", "-o", tmp_path / "o.png", "--model", model, "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_bad_requests_are_one_line(photo_file: Path, tmp_path: Path, model: Path) -> None:
    out = ["-o", tmp_path / "o.png", "--model", model]
    refused(run(), "at least one photograph")
    refused(run(photo_file, "--style", "red-dots"), "-o OUT")
    refused(run(photo_file, *out), "--style NAME", "red-dots, blue-lines")
    refused(run(photo_file, "--style", "green", *out), "no style 'green'", "red-dots")
    refused(run(photo_file, "--style", "red-dots:much", *out), "NAME:WEIGHT")
    refused(run(photo_file, "--style", "red-dots", "--style", "red-dots:2", *out), "once")
    refused(run(photo_file, "--style", "red-dots", "--size", 8, *out), "16 or more")
    refused(run(tmp_path / "none.jpg", "--style", "red-dots", *out), "none.jpg")
    refused(run(photo_file, "--style", "red-dots", "--strength", 2, *out), "strength")
    refused(run(photo_file, "--style", "red-dots", "-o", photo_file, "--model", model), "also an input")
    refused(
        run(photo_file, "--style", "red-dots", "-o", tmp_path / "o.png", "--model", photo_file), "network"
    )
    refused(run(photo_file, photo_file.parent, "--style", "x", *out))
    refused(run(photo_file, "--serve", 0, *out), "--camera")
    assert not (tmp_path / "o.png").exists()


def test_works_where_torch_cannot_be_imported(photo_file: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom impasto.cli import app\n"
        f"app(['fast', {str(photo_file)!r}, '--style', 'starry-night', '--keep-color', "
        f"'-o', {str(tmp_path / 'o.png')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert imaging.read(tmp_path / "o.png").width == 96


def test_the_cold_start_leaves_out_what_it_can(photo_file: Path, tmp_path: Path, model: Path) -> None:
    code = (
        "import sys\nfrom impasto.cli import app\n"
        f"try:\n    app(['fast', {str(photo_file)!r}, '--style', 'red-dots', '--model', {str(model)!r}, "
        f"'-o', {str(tmp_path / 'o.jpg')!r}])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'cv2', 'scipy', 'tifffile', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_picture_of_fast_is_no_recipe_for_stylize(photo_file: Path, tmp_path: Path, model: Path) -> None:
    out = tmp_path / "out.png"
    run(photo_file, "--style", "red-dots", "-o", out, "--model", model)
    again = CliRunner().invoke(app, ["stylize", "--from", str(out), "-o", str(tmp_path / "b.png")])
    refused(again, "impasto stylize")


def test_sixteen_bits_and_transparency_stay(tmp_path: Path, model: Path) -> None:
    alpha = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (32, 1))
    imaging.write(Picture(blobs(48, 32, seed=1), alpha, 16), tmp_path / "deep.png")
    run(tmp_path / "deep.png", "--style", "red-dots", "-o", tmp_path / "o.png", "--model", model)
    found = imaging.read(tmp_path / "o.png")
    assert found.bits == 16
    assert found.alpha is not None
    assert np.abs(found.alpha - alpha).max() < 1e-3
