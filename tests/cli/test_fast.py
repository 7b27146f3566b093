from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from typer.testing import CliRunner, Result

from impasto import imaging
from impasto.cli import app
from impasto.types import Picture
from tests.cli.running import refused
from tests.conftest import blobs


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fast", *[str(a) for a in arguments]])


def test_paints_a_photograph_and_says_where(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    result = run(photo_file, "starry-night", "-o", out)
    assert result.exit_code == 0, result.output
    assert f"painted: {out} (96x64, " in result.stdout
    found = imaging.read_parameters(out)
    assert found is not None
    assert (found["engine"], found["styles"]) == ("fast", ["starry-night"])


def test_any_painting_is_a_style_and_so_is_its_style_file(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    measured = tmp_path / "art.style"
    made = CliRunner().invoke(app, ["style", str(painting_file), "-o", str(measured)])
    assert made.exit_code == 0, made.output
    found = []
    for style in (painting_file, measured):
        out = tmp_path / "out.png"
        result = run(photo_file, style, "-o", out)
        assert result.exit_code == 0, result.output
        found.append(imaging.read(out).pixels)
    # A painting and its style file have the same statistics, but for the file's rounding.
    assert np.abs(found[0] - found[1]).mean() < 0.01
    assert np.abs(found[0] - imaging.read(photo_file).pixels).mean() > 0.05


def test_options_reach_the_painting(photo_file: Path, tmp_path: Path) -> None:
    outs = []
    for name, more in {
        "plain": [],
        "weak": ["--strength", 0.3],
        "fine": ["--stroke-size", 0.5],
        "grey": ["--keep-color"],
        "blend": ["great-wave:2"],
    }.items():
        outs.append(tmp_path / f"{name}.png")
        result = run(photo_file, "starry-night", *more, "-o", outs[-1])
        assert result.exit_code == 0, result.output
    pictures = [imaging.read(out).pixels for out in outs]
    for number, one in enumerate(pictures):
        for other in pictures[number + 1 :]:
            assert np.abs(one - other).max() > 0.02


def test_blends_with_other_shares_have_other_names(photo: Picture, tmp_path: Path) -> None:
    imaging.write(photo, tmp_path / "a.png")
    out = tmp_path / "out"
    for one, other in (("", ""), (":2", ":2"), (":9", ""), (":0.1", ":.9")):
        result = run(tmp_path / "a.png", f"starry-night{one}", f"great-wave{other}", "-o", out, "--force")
        assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "a-starry-night-great-wave.png",
        "a-starry-night10-great-wave90.png",
        "a-starry-night90-great-wave10.png",
    ]


def test_paintings_do_not_go_among_the_photographs(photo: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    imaging.write(photo, folder / "a.png")
    for output in (folder, tmp_path / "holiday" / ".." / "holiday"):
        result = run(folder, "starry-night", "-o", output)
        assert result.exit_code == 2
        assert "the paintings would go among the photographs" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["a.png"]
    (tmp_path / "file").write_text("no folder")
    result = run(folder, "starry-night", "-o", tmp_path / "file" / "in")
    assert (result.exit_code, f"{tmp_path / 'file'} is a file" in result.stderr) == (2, True)


def test_a_folder_of_photographs_goes_into_a_folder(photo: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name in ("a.png", "b.jpg"):
        imaging.write(photo, folder / name)
    out = tmp_path / "painted"
    result = run(folder, "starry-night", "-o", out, "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    names = sorted(p.name for p in out.iterdir())
    assert names == ["a-starry-night.png", "b-starry-night.jpg"]
    assert sorted(Path(line["output"]).name for line in lines[:-1]) == names
    assert lines[-1] == {"event": "result", "command": "fast", "painted": 2, "failed": 0}


def test_one_that_fails_does_not_stop_the_others(photo: Picture, tmp_path: Path) -> None:
    folder = tmp_path / "holiday"
    folder.mkdir()
    imaging.write(photo, folder / "good.png")
    (folder / "bad.png").write_bytes(b"no picture")
    imaging.write(Picture(blobs(8, 8, seed=1)), folder / "small.png")
    result = run(folder, "starry-night", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "bad.png" in result.stderr
    assert "small.png: expected a painting of at least 16 x 16" in result.stderr
    assert "1 of 3 painted" in result.stdout
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good-starry-night.png"]


def test_quiet_prints_nothing(photo_file: Path, tmp_path: Path) -> None:
    result = run(photo_file, "starry-night", "-o", tmp_path / "o.png", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_bad_requests_are_one_line(photo_file: Path, tmp_path: Path) -> None:
    out = ["-o", tmp_path / "o.png"]
    refused(run(), "expected a photograph")
    refused(run(photo_file, *out), "missing a style")
    refused(run(photo_file, "starry-nigth", *out), "did you mean 'starry-night'?")
    refused(run(photo_file, "starry-night:much", "the-kiss", *out), "a number for the weight of starry-night")
    refused(run(photo_file, "starry-night:2", *out), "another style besides starry-night:2")
    refused(run(photo_file, "starry-night:2", "the-kiss:-1", *out), "style_weights to be numbers from 0 up")
    refused(run(photo_file, "starry-night", "--size", 8, *out), "16 or more")
    refused(run(tmp_path / "none.jpg", "starry-night", *out), "none.jpg")
    refused(run(photo_file, "starry-night", "--strength", 3, *out), "strength")
    refused(run(photo_file, "starry-night", "-o", photo_file), "also an input")
    refused(run(photo_file, "starry-night", "--model", photo_file, *out), "expected a safetensors file")
    refused(run(photo_file, "starry-night", "--serve", 0, *out), "--camera")
    assert not (tmp_path / "o.png").exists()


def test_works_where_torch_cannot_be_imported(photo_file: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nsys.modules['torch'] = None\nfrom impasto.cli import app\n"
        f"app(['fast', {str(photo_file)!r}, 'starry-night', '--keep-color', "
        f"'-o', {str(tmp_path / 'o.png')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert imaging.read(tmp_path / "o.png").width == 96


def test_the_cold_start_leaves_out_what_it_can(photo_file: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom impasto.cli import app\n"
        f"try:\n    app(['fast', {str(photo_file)!r}, 'starry-night', "
        f"'-o', {str(tmp_path / 'o.jpg')!r}])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'cv2', 'scipy', 'tifffile', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_picture_of_fast_is_no_recipe_for_stylize(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    run(photo_file, "starry-night", "-o", out)
    again = CliRunner().invoke(app, ["stylize", "--from", str(out), "-o", str(tmp_path / "b.png")])
    refused(again, "impasto stylize")


def test_sixteen_bits_and_transparency_stay(tmp_path: Path) -> None:
    alpha = np.tile(np.linspace(0, 1, 48, dtype=np.float32), (32, 1))
    imaging.write(Picture(blobs(48, 32, seed=1), alpha, 16), tmp_path / "deep.png")
    run(tmp_path / "deep.png", "starry-night", "-o", tmp_path / "o.png")
    found = imaging.read(tmp_path / "o.png")
    assert found.bits == 16
    assert found.alpha is not None
    assert np.abs(found.alpha - alpha).max() < 1e-3
