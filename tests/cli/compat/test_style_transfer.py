from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

from impasto import imaging
from impasto.cli import app
from impasto.cli.compat.style_transfer_options import make_options, parse
from impasto.optimize.presets import preset
from tests.cli.running import refused
from tests.conftest import stripes
from tests.imaging.test_proof import press_profile
from tests.waiting import rest_of

# The bundled network has all the layers, and is small. Scales of 45 and 64.
FAST = ["--model", "tiny", "-ms", "40", "-s", "64", "-i", "2", "-ii", "3", "--devices", "cpu"]

DEFAULTS: dict[str, Any] = {
    "output": "out.png",
    "style_weights": None,
    "devices": [],
    "random_seed": 0,
    "content_weight": 0.015,
    "tv_weight": 2.0,
    "optimizer": "adam",
    "min_scale": 128,
    "end_scale": "512",
    "iterations": 500,
    "initial_iterations": 1000,
    "save_every": 50,
    "step_size": 0.02,
    "avg_decay": 0.99,
    "init": "content",
    "style_scale_fac": 1.0,
    "style_size": None,
    "pooling": "max",
    "proof": None,
    "web": False,
    "host": "0.0.0.0",
    "port": 8080,
    "browser": "",
}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["style-transfer", *(str(a) for a in arguments)])


def test_options_and_defaults_are_the_programs() -> None:
    found = vars(parse(["photo.jpg", "a.jpg", "b.jpg"]))
    peers = {"content": "photo.jpg", "styles": ["a.jpg", "b.jpg"]} | DEFAULTS
    assert found == peers | {"model": "vgg19", "preview": None, "trace": None}


def test_without_options_it_is_the_preset() -> None:
    assert make_options(parse(["p.jpg", "a.jpg"]), 1, 1) == preset("style-transfer-pytorch").options


def test_short_options_mean_the_same_as_long_ones() -> None:
    short = "-o x.png -sw 2 -1 -r 5 -cw 1 -tw 3 -ms 64 -s 96+ -i 7 -ii 9 -ss 0.1 -ad 0.5"
    long = (
        "--output x.png --style-weights 2 -1 --random-seed 5 --content-weight 1 --tv-weight 3 --min-scale 64 "
        "--end-scale 96+ --iterations 7 --initial-iterations 9 --step-size 0.1 --avg-decay 0.5"
    )
    found = [vars(parse(["p.jpg", "a.jpg", "b.jpg", *text.split()])) for text in (short, long)]
    assert found[0] == found[1]
    assert found[0]["style_weights"] == [2.0, -1.0]
    assert found[0]["end_scale"] == "96+"


def test_the_options_reach_the_painting() -> None:
    line = (
        "p.jpg a.jpg b.jpg -sw 3 -1 -r 5 -cw 1 -tw 3 -ms 64 -s 96 -i 7 -ii 9 -ss 0.1 -ad 0.5 --pooling l2 "
        "--init style_stats --style-scale-fac 0.5 --style-size 77 --model x.pth --devices cpu"
    )
    expected = preset("style-transfer-pytorch").options.replace(
        style_weights=(3, -1),
        seed=5,
        content_weight=1,
        tv_weight=3,
        min_size=64,
        size=96,
        iterations=7,
        first_iterations=9,
        learning_rate=0.1,
        average_decay=0.5,
        pooling="l2",
        init="channel-statistics",
        style_scale=0.5,
        style_size=77,
        encoder="x.pth",
        device="cpu",
    )
    assert make_options(parse(line.split()), 1, 1) == expected


def test_lbfgs_steps_as_far_as_it_likes() -> None:
    options = make_options(parse(["p.jpg", "a.jpg", "--optimizer", "lbfgs", "-ss", "0.1"]), 1, 1)
    assert (options.learning_rate, options.clip, options.history) == (1.0, False, 10)


@pytest.mark.parametrize(("width", "height"), [(400, 100), (100, 400)])
def test_a_scale_with_a_plus_has_the_area_of_its_square(width: int, height: int) -> None:
    found = parse(["p.jpg", "a.jpg", "-s", "512+"])
    assert make_options(found, width, height).size == 1024  # 1024 x 256 = 512 x 512


def test_the_first_scale_is_never_beyond_the_last() -> None:
    assert make_options(parse(["p.jpg", "a.jpg", "-s", "64"]), 1, 1).min_size == 64


def test_paints_in_the_programs_words(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run(photo_file, painting_file, "-o", out, *FAST)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "Using devices: cpu"
    assert lines[1].startswith("CPU threads: ")
    assert lines[2] == "Loading model..."
    steps = [(45, 30, i) for i in (1, 2, 3)] + [(64, 43, i) for i in (1, 2)]
    expected = [f"Size: {w}x{h}, iteration: {i}, loss: " for w, h, i in steps]
    expected.insert(3, f"Writing image to {out}.")  # at the end of a scale
    expected.append(f"Writing image to {out}.")
    for line, beginning in zip(lines[3:], expected, strict=True):
        assert line.startswith(beginning)
    with Image.open(out) as image:
        assert image.size == (64, 43)
        assert image.info["icc_profile"]


def test_saves_in_place_every_so_many_steps(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = run(photo_file, painting_file, "-o", out, *FAST, "-s", "40", "-ii", "5", "--save-every", "2")
    assert result.stdout.count(f"Writing image to {out}.") == 3  # after two, after four, and at the end
    assert [p.name for p in tmp_path.glob("out*")] == ["out.png"]


def test_jpeg_keeps_all_colours(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jpg"
    assert run(photo_file, painting_file, "-o", out, *FAST).exit_code == 0
    with Image.open(out) as image:
        assert {sampling[1:3] for sampling in image.layer} == {(1, 1)}  # type: ignore[attr-defined]
        assert image.info["icc_profile"]


def test_tiff_has_16_bits(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tif"
    assert run(photo_file, painting_file, "-o", out, *FAST).exit_code == 0
    pixels = tifffile.imread(out)
    assert (pixels.dtype, pixels.shape) == (np.uint16, (43, 64, 3))
    assert (pixels % 257 != 0).any()


def test_a_trace_is_written_where_asked_for_only(
    photo_file: Path, painting_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(photo_file, painting_file, *FAST)
    assert (tmp_path / "out.png").exists()
    assert not (tmp_path / "trace.json").exists()
    run(photo_file, painting_file, *FAST, "--trace", "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert set(trace) == {"args", "iterates"}
    assert set(trace["args"]) == {"content", "styles", *DEFAULTS}
    assert trace["args"]["end_scale"] == 64
    assert [(row["i"], row["i_max"]) for row in trace["iterates"]] == [(1, 3), (2, 3), (3, 3), (1, 2), (2, 2)]
    assert set(trace["iterates"][0]) == {"w", "h", "i", "i_max", "loss", "time", "gpu_ram"}


def test_a_preview_is_kept_up_to_date(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    preview = tmp_path / "preview.png"
    run(photo_file, painting_file, "-o", tmp_path / "out.png", *FAST, "--preview", preview)
    # How often it is renewed goes by the clock: of the first scale or of the second one.
    assert imaging.read(preview).width in (45, 64)


@pytest.mark.parametrize("options", [["--web"], ["--browser"], ["--port", "80", "--host", "127.0.0.1"]])
def test_no_server_is_started_and_that_is_said(
    photo_file: Path, painting_file: Path, tmp_path: Path, options: list[str]
) -> None:
    result = run(photo_file, painting_file, "-o", tmp_path / "out.png", *FAST, *options)
    assert result.exit_code == 0
    assert "no server is started; use --preview FILE" in result.stderr
    assert options[0] in result.stderr


def test_a_second_device_is_accepted_and_its_rest_is_said(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    result = run(photo_file, painting_file, "-o", tmp_path / "o.png", *FAST, "--devices", "cpu", "cpu:0")
    assert result.exit_code == 0
    assert "cpu:0 is not used" in result.stderr


def test_a_negative_style_weight_leads_away_and_paints_all_the_same(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    out = [tmp_path / "with.png", tmp_path / "without.png"]
    for path, second in zip(out, ("-0.5", "0"), strict=True):
        result = run(photo_file, painting_file, photo_file, "-sw", "1", second, "-o", path, *FAST)
        assert result.exit_code == 0, result.output
    assert not np.array_equal(*(imaging.read(path).pixels for path in out))


@pytest.mark.parametrize("init", ["gray", "uniform", "normal", "style_stats"])
def test_every_start_paints(photo_file: Path, painting_file: Path, tmp_path: Path, init: str) -> None:
    out = tmp_path / "out.png"
    assert run(photo_file, painting_file, "-o", out, *FAST, "--init", init, "-r", "-3").exit_code == 0
    assert out.exists()


def test_proof_shows_photograph_and_painting_in_the_presss_colours(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    press, out = tmp_path / "press.icc", tmp_path / "out.png"
    press.write_bytes(press_profile())  # black ink alone
    result = run(photo_file, painting_file, "-o", out, *FAST, "-ss", "0.001", "--proof", press)
    assert result.exit_code == 0, result.output
    assert np.ptp(imaging.read(out).pixels, axis=2).max() < 0.05
    assert np.ptp(stripes(80, 80), axis=2).max() > 0.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-sw", "1", "2"], ["--style-weights", "one per style (1); got 2"]),
        (["-sw", "-1"], ["more than 0"]),
        (["-sw", "much"], ["-sw", "a number", "'much'"]),
        (["--devices", "cpu", "cpu", "cpu"], ["--devices", "one or two"]),
        (["--devices", "cpu", "cuda:0"], ["same type; got cpu cuda:0"]),
        (["--devices", "tpu"], ["'tpu'"]),
        (["-s", "large"], ["-s", "512+", "'large'"]),
        (["-s", "8"], ["16 or more", "'8'"]),
        (["-ms", "0"], ["-ms", "1 or more", "'0'"]),
        (["-i", "2.5"], ["-i", "a whole number", "'2.5'"]),
        (["-ii", "0"], ["-ii", "1 or more"]),
        (["-ss", "0"], ["-ss", "above 0"]),
        (["-ad", "1"], ["-ad", "less than 1"]),
        (["-cw", "nan"], ["-cw", "0 or more"]),
        (["--style-scale-fac", "-1"], ["above 0"]),
        (["--init", "noise"], ["--init", "'style_stats'"]),
        (["--optimizer", "sgd"], ["--optimizer", "adam"]),
        (["--pooling", "min"], ["--pooling", "l2"]),
        (["--save-every", "0"], ["--save-every"]),
        (["--nonsense"], ["--nonsense", "style-transfer --help"]),
        (["--model", "nothing.pth"], ["nothing.pth"]),
        (["--proof", "nothing.icc"], ["nothing.icc", "ICC profile", "No such file"]),
        (["-o", "no/such/folder/out.png"], ["no/such/folder"]),
        (["-o", "out.xyz"], [".xyz"]),
        (["--trace", "no/such/folder/trace.json"], ["no/such/folder"]),
    ],
)
def test_what_cannot_work_is_refused_before_the_work(
    photo_file: Path,
    painting_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run(photo_file, painting_file, *FAST, *options), *words)
    assert not (tmp_path / "out.png").exists()


def test_pictures_that_are_missing_are_refused(photo_file: Path, tmp_path: Path) -> None:
    refused(run(photo_file), "style")
    refused(run(photo_file, tmp_path / "none.jpg", "-o", tmp_path / "out.png", *FAST), "none.jpg")
    refused(run(photo_file, photo_file, "-o", photo_file, *FAST), "also an input")


def test_the_preset_paints_the_same_picture(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out = [tmp_path / "a.png", tmp_path / "b.png"]
    common = ["-s", "64", "-i", "3", "-ii", "3", "--model", "tiny"]
    assert run(photo_file, painting_file, "-o", out[0], *common).exit_code == 0
    changes = ["--size", "64", "--iterations", "3", "--encoder", "tiny"]
    line = [
        "stylize",
        photo_file,
        painting_file,
        "-o",
        out[1],
        "--preset",
        "style-transfer-pytorch",
        *changes,
    ]
    assert CliRunner().invoke(app, [str(a) for a in line]).exit_code == 0
    assert np.array_equal(*(imaging.read(path).pixels for path in out))


def test_the_help_names_every_option() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in DEFAULTS:
        assert f"--{name.replace('_', '-')}" in result.stdout


def test_interrupting_keeps_the_picture_so_far(photo_file: Path, painting_file: Path, tmp_path: Path) -> None:
    out, trace = tmp_path / "out.png", tmp_path / "trace.json"
    command = [sys.executable, "-m", "impasto", "style-transfer", str(photo_file), str(painting_file)]
    command += ["-o", str(out), *FAST, "-i", "100000", "-ii", "100000", "--trace", str(trace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Size: " not in process.stdout.readline():
            pass
        os.kill(process.pid, signal.SIGINT)
        rest, errors = rest_of(process)
    assert process.returncode == 130, errors
    assert rest.splitlines()[-1] == f"Writing image to {out}."
    assert f"the picture so far is {out}" in errors
    assert "Traceback" not in errors
    assert imaging.read(out).width == 64
    assert json.loads(trace.read_text())["iterates"]


def test_the_trace_and_the_result_are_two_files(
    photo_file: Path, painting_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "st.png"
    result = run(photo_file, painting_file, *FAST, "--trace", out, "-o", out)
    refused(result, "expected two files", "the result")
    assert not out.exists()
