from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from typer.testing import CliRunner, Result

import impasto
from impasto import imaging
from impasto.cli import app
from impasto.inference.onnx_runtime import onnxruntime
from tests.inference.networks import darker


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *[str(a) for a in arguments]])


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_writes_a_file_and_says_how_near_it_is(tmp_path: Path) -> None:
    out = tmp_path / "p.onnx"
    result = run("-o", out, "--precision", "fp16")
    assert result.exit_code == 0, result.output
    assert f"written: {out} (any-painting, fp16, {out.stat().st_size / 1e6:.1f} MB" in result.stdout
    assert "from the network at most" in result.stdout


def test_styles_of_every_kind_are_put_in_the_file(tmp_path: Path, photo_file: Path) -> None:
    out = tmp_path / "p.onnx"
    line = json.loads(run("--style", "great-wave", "--style", photo_file, "-o", out, "--json").stdout)
    assert line["bytes"] == out.stat().st_size
    assert line["largest_difference"] < 1e-3
    wave, own = line["styles"]
    assert (wave["name"], wave["title"]) == ("great-wave", "Under the Wave off Kanagawa")
    assert own["name"] == photo_file.stem


def test_pictures_in_memory_are_styles_and_numbered(tmp_path: Path, photo_file: Path) -> None:
    given: list[Any] = [photo_file.read_bytes(), "great-wave", imaging.read(photo_file).pixels]
    done = impasto.export(output=tmp_path / "p.onnx", styles=given)
    assert [style.name for style in done.styles] == ["picture", "great-wave", "picture-2"]
    from_file = impasto.export(output=tmp_path / "q.onnx", styles=[photo_file, "great-wave"])
    assert done.size > from_file.size


def test_stroke_size_is_that_of_the_styles_in_the_file(tmp_path: Path, photo_file: Path) -> None:
    pixels = imaging.read(photo_file).pixels
    image = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
    for stroke_size in (0.5, 1.0):
        out = tmp_path / "p.onnx"
        assert run("--style", "great-wave", "--stroke-size", stroke_size, "-o", out).exit_code == 0
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        feed = {"image": image, "strength": np.ones(1, np.float32)}
        painted = session.run(["painting"], feed)[0][0].transpose(1, 2, 0).clip(0, 1)
        wanted = impasto.fast(photo_file, "great-wave", stroke_size=stroke_size, device="cpu").picture.pixels
        assert np.abs(painted - wanted).max() < 2 / 255


def test_a_style_s_own_network_is_in_its_file(tmp_path: Path, photo_file: Path) -> None:
    out, refined = tmp_path / "p.onnx", darker(tmp_path / "mine.style")
    assert run("--style", refined, "-o", out).exit_code == 0
    pixels = imaging.read(photo_file).pixels
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    feed = {"image": pixels.transpose(2, 0, 1)[None], "strength": np.ones(1, np.float32)}
    painted = session.run(["painting"], feed)[0][0].transpose(1, 2, 0).clip(0, 1)
    wanted = impasto.fast(photo_file, refined, device="cpu").picture.pixels
    assert np.abs(painted - wanted).max() < 2 / 255


def test_the_encoder_is_a_file_of_its_own(tmp_path: Path) -> None:
    line = json.loads(run("any-painting-encoder", "-o", tmp_path / "e.onnx", "--json").stdout)
    assert (line["kind"], line["styles"]) == ("any-painting-encoder", [])


def test_bad_requests_are_one_line(tmp_path: Path) -> None:
    refused(run(), "-o FILE.onnx")
    refused(run("-o", tmp_path / "m.bin"), ".onnx")
    refused(run("-o", tmp_path / "m.onnx", "--precision", "fp8"), "fp32, fp16, int8")
    refused(run("-o", tmp_path / "m.onnx", "--precision", "int8"), "fp32 or fp16")
    refused(run("-o", tmp_path / "m.onnx", "--photos", tmp_path), "int8")
    refused(run("-o", tmp_path / "m.onnx", "--style", "starry-nigth"), "starry-night")
    refused(run("-o", tmp_path / "m.onnx", *2 * ["--style", "great-wave"]), "a name of its own")
    refused(run("-o", tmp_path / "m.onnx", "--stroke-size", "2"), "--style")
    refused(run("any-painting-encoder", "-o", tmp_path / "m.onnx", "--style", "great-wave"), "any-painting")
    refused(run(tmp_path / "none.pth", "-o", tmp_path / "m.onnx"), "none.pth")
    refused(run("mine.style", "-o", tmp_path / "m.onnx"), "export --style mine.style")
    refused(run("m.pth", "-o", tmp_path / "m.onnx", "--precision", "int8", "--photos", tmp_path / "no"), "no")
    assert list(tmp_path.iterdir()) == []
