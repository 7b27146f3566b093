from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from click.testing import Result
from typer.core import TyperOption
from typer.testing import CliRunner

from impasto import imaging
from impasto.cli import app
from impasto.cli.video import app as video_app
from impasto.clips import open_clip
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video.film import video
from impasto.pipelines.video.segments import LINES
from impasto.types import Picture
from tests.clips.clips import moving, sound_packets, write_clip
from tests.conftest import blobs
from tests.inference.networks import darker
from tests.stopping import environment, stopping
from tests.waiting import PATIENCE, until


def test_the_command_paints_a_film_and_tells_of_it_as_json(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(4)])
    art = tmp_path / "art.png"
    imaging.write(Picture(blobs(80, 80, seed=3)), art)
    output = tmp_path / "out.mp4"
    words = [
        "video",
        source,
        "--style",
        art,
        "-o",
        output,
        "--optimize",
        "--size",
        48,
        "--iterations",
        2,
        "--json",
    ]
    words += ["--iterations", 2, "--next-iterations", 2, "--preview", tmp_path / "look.png"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["step"], row["unit"]) for row in rows[:-1]] == [(n, "frame") for n in (1, 2, 3, 4)]
    assert (rows[-1]["frames"], rows[-1]["engine"]) == (4, "optimize")
    assert open_clip(output).info.width == 48
    assert imaging.read(tmp_path / "look.png").width == 48


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--start", "x"], "expected --start to be seconds"),
        (["--end", "0"], "expected end to be after start"),
        (["--bits", "9"], "expected bits to be 8 or 10"),
        (["--rate", "12"], "--rate works with a folder or a pattern"),
        (["--codec", "h264", "--quality", "52"], "quality of h264 from 0 (best) to 51"),
        (["--size", "9999999"], "expected frames of at most"),
        (["--on-damage", "cry"], "expected damage to be one of"),
        (["--long-term", "2,3", "--optimize"], "growing numbers of frames from 1"),
        (["--keep", "0.5", "--optimize"], "--keep does not work with --optimize"),
        (["--init", "noise", "--optimize"], "expected init fast or content"),
        (["--init", "noise"], "--init needs --optimize"),
        (["--codec", "divx"], "expected codec to be one of"),
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
    assert "rate to be" in result.stderr


def test_the_fast_networks_refuse_by_the_name_that_was_typed(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    command = ["video", str(source), "--style", "starry-night", "-o", str(tmp_path / "out.mp4")]
    result = CliRunner().invoke(app, [*command, "--iterations", "5"])
    assert result.exit_code == 2
    assert "--iterations needs --optimize" in result.stderr


def test_ray_needs_no_address(tmp_path: Path) -> None:
    # What is missing is told, and not that the address is.
    result = CliRunner().invoke(app, ["video", "--ray", "-o", str(tmp_path / "out.mp4")])
    assert result.exit_code == 2
    assert "missing argument: IN" in result.stderr


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["video", *map(str, words)])


def test_the_preview_is_a_frame_as_it_was_painted(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(6)])
    look = tmp_path / "look.png"
    words = [source, "--style", "starry-night", "-o", tmp_path / "out.mkv", "--codec", "ffv1"]
    result = run(*words, "--preview", look, "--json")
    assert result.exit_code == 0, result.output
    frames = [frame.pixels for frame in open_clip(tmp_path / "out.mkv").frames()]
    apart = [float(np.abs(imaging.read(look).pixels - frame).max()) for frame in frames]
    assert min(apart) < 1 / 255


def test_several_styles_are_blended_by_their_weights(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(0)])
    words = [source, "--codec", "ffv1", "--style", "starry-night"]
    frames = []
    for more in ([], ["--style", "great-wave:0"], ["--style", "great-wave:3"]):
        result = run(*words, *more, "-o", tmp_path / "out.mkv", "--force")
        assert result.exit_code == 0, result.output
        frames.append(next(iter(open_clip(tmp_path / "out.mkv").frames())).pixels)
    np.testing.assert_array_equal(frames[0], frames[1])
    assert np.abs(frames[0] - frames[2]).max() > 0.05
    assert (
        "another style besides great-wave:3" in run(source, "--style", "great-wave:3", "-o", "x.mkv").stderr
    )


def test_what_is_kept_of_an_unfinished_film_is_removed_where_asked(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(6)])
    output = tmp_path / "out.mp4"
    asked = itertools.count()
    video(
        source,
        "starry-night",
        output,
        segment=2,
        cancel=lambda: next(asked) > 3,
    )
    assert (tmp_path / ".impasto" / "out.mp4.film" / "00000" / LINES).read_text()
    output.write_bytes(b"a film of before")
    for words in (f"removed the stored parts of {output}", f"there are no stored parts of {output}"):
        result = run("--discard", "-o", output)
        assert (result.exit_code, result.stdout) == (0, words + "\n")
        assert not (tmp_path / ".impasto").exists()
    assert output.read_bytes() == b"a film of before"
    assert run("--discard").exit_code == 2


def test_the_help_tells_the_size_that_films_have() -> None:
    command = typer.main.get_command(video_app)
    size = next(option for option in command.params if option.name == "size")
    assert isinstance(size, TyperOption)
    assert str(size.help).endswith(f"[default: the film's own; optimised, at most {OptimizeOptions().size}]")


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_film_by_workers_goes_on_after_the_last_finished_segments(
    tmp_path: Path, how: signal.Signals
) -> None:
    # One shot: all of it is one part, in a worker's hands.
    source = write_clip(tmp_path / "clip.mp4", [moving(n, 160, 120) for n in range(60)], sound=True)
    output = tmp_path / "out.mkv"
    words = ["video", str(source), "--style", "starry-night", "--codec", "ffv1", "--segment", "5"]
    words += ["--workers", "2", "--json", "-o"]
    command = [sys.executable, "-m", "impasto", *words]
    subprocess.run([*command, str(tmp_path / "whole.mkv")], check=True, capture_output=True)
    lines = tmp_path / ".impasto" / "out.mkv.film" / "00000" / LINES
    held = stopping("wait", 18, "00000.json", *words, str(output))
    with subprocess.Popen(held, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        until(lambda: lines.exists() and lines.read_text().count("ticks") == 3)
        process.send_signal(how)
        rows = [json.loads(line) for line in process.communicate(timeout=PATIENCE)[0].splitlines()]
    if how == signal.SIGINT:
        assert (process.returncode, rows[-1]["cancelled"]) == (130, True)
    assert not output.exists()
    done = subprocess.run([*command, str(output)], check=True, capture_output=True, text=True)
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["resumed"] == 15
    one, other = ([f.pixels for f in open_clip(p).frames()] for p in (output, tmp_path / "whole.mkv"))
    assert [np.array_equal(a, b) for a, b in zip(one, other, strict=True)] == [True] * 60
    assert not (tmp_path / ".impasto").exists()


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


def test_a_style_s_own_network_paints_a_film(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "clip.mp4", [moving(n) for n in range(2)])
    refined = darker(tmp_path / "mine.style")
    brightness = {}
    for style in ("starry-night", refined):
        out = tmp_path / f"{Path(style).stem}.mkv"
        words = ["video", source, "--style", style, "-o", out]
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
        assert "2 frames, fast" in result.stdout
        brightness[style] = float(np.mean([frame.pixels.mean() for frame in open_clip(out).frames()]))
    assert brightness[refined] < brightness["starry-night"] - 0.1
    result = CliRunner().invoke(app, [str(word) for word in [*words, "--model", refined, "--optimize"]])
    assert (result.exit_code, "--model does not work with --optimize" in result.stderr) == (2, True)
