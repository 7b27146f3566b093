from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from impasto import imaging
from impasto.cli import app
from impasto.runtime.gallery import SHIPPED
from impasto.types import Picture
from impasto.video import open_clip
from tests.conftest import blobs
from tests.video.clips import moving, sound_packets, write_clip


def test_the_command_paints_a_film_and_tells_of_it_as_json(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(4)])
    art = tmp_path / "art.png"
    imaging.write(Picture(blobs(80, 80, seed=3)), art)
    output = tmp_path / "out.mp4"
    words = ["video", source, "--style", art, "-o", output, "--size", 48, "--iterations", 2, "--json"]
    words += ["--next-iterations", 2, "--preview", tmp_path / "look.png"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["frame"] for row in rows[:-1]] == [1, 2, 3, 4]
    assert (rows[-1]["frames"], rows[-1]["engine"]) == (4, "optimize")
    assert open_clip(output).info.width == 48
    assert imaging.read(tmp_path / "look.png").width == 48


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--start", "x"], "--start must be seconds"),
        (["--end", "0"], "end must be after start"),
        (["--bits", "9"], "bits must be 8 or 10"),
        (["--rate", "12"], "--rate is for a folder or a pattern of pictures"),
        (["--codec", "h264", "--quality", "52"], "quality of h264 must be from 0 (best) to 51"),
        (["--size", "9999999"], "expected frames of at most"),
        (["--on-damage", "cry"], "damage must be one of"),
        (["--long-term", "2,3"], "growing numbers of frames from 1"),
        (["--keep", "0.5"], "--keep is for the fast networks"),
        (["--init", "noise"], "expected init content"),
        (["--fast"], "the fast networks do not know"),
        (["--codec", "divx"], "codec must be one of"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path: Path, words: list[str], reason: str) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    imaging.write(Picture(blobs(80, 80, seed=3)), tmp_path / "art.png")
    command = ["video", str(source), "--style", str(tmp_path / "art.png"), "-o", str(tmp_path / "out.mp4")]
    result = CliRunner().invoke(app, [*command, *words])
    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("rate", ["0", "fast"])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, rate: str) -> None:
    imaging.write(Picture(moving(0)), tmp_path / "1.png")
    command = ["video", str(tmp_path), "--style", "starry-night", "-o", str(tmp_path / "out.mp4")]
    result = CliRunner().invoke(app, [*command, "--rate", rate])
    assert result.exit_code == 2
    assert "rate must be" in result.stderr


def test_the_fast_networks_refuse_by_the_name_that_was_typed(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    command = ["video", str(source), "--style", "starry-night", "-o", str(tmp_path / "out.mp4")]
    result = CliRunner().invoke(app, [*command, "--iterations", "5"])
    assert result.exit_code == 2
    assert "--iterations is for optimising" in result.stderr


def test_ray_needs_no_address(tmp_path: Path) -> None:
    # What is missing is told, and not that the address is.
    result = CliRunner().invoke(app, ["video", "--ray", "-o", str(tmp_path / "out.mp4")])
    assert result.exit_code == 2
    assert "expected a film" in result.stderr


def test_the_fast_networks_paint_the_styles_they_know_and_need_no_torch(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(4)], sound=True)
    output = tmp_path / "out.mp4"
    code = (
        "import sys\nfrom impasto.cli import app\n"
        "try:\n    app(sys.argv[1:])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('torch' in sys.modules)"
    )
    words = ["video", str(source), "--style", "starry-night", "-o", str(output), "--keep-color"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    assert "(64x48, 4 frames, fast, " in done.stdout
    assert done.stdout.endswith("False\n")
    assert sound_packets(output) == sound_packets(source)


def test_a_network_of_one_s_own_paints_a_film(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(SHIPPED.read_bytes())
    words = ["video", source, "--model", copy, "--style", "great-wave", "-o", tmp_path / "out.gif"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert (open_clip(tmp_path / "out.gif").info.frames, "fast" in result.stdout) == (2, True)
    for more, reason in (
        (["--optimize"], "expected it without --optimize"),
        (["--style", "no-such"], "do not know the style 'no-such'"),
    ):
        result = CliRunner().invoke(app, [str(word) for word in [*words, *more]])
        assert (result.exit_code, reason in result.stderr) == (2, True)
