from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from impasto.cli import app
from impasto.inference import load_gallery
from tests.inference.networks import make_file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_file(tmp_path_factory.mktemp("networks") / "mine.safetensors")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *[str(a) for a in arguments]])


def refused(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_writes_a_file_that_paints_and_says_how_near_it_is(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.onnx"
    result = run(model, "-o", out, "--precision", "fp16")
    assert result.exit_code == 0, result.output
    assert f"written: {out} (gallery, fp16, {out.stat().st_size / 1e6:.1f} MB" in result.stdout
    assert "from torch at most" in result.stdout
    assert [s.name for s in load_gallery(out).styles] == ["red-dots", "blue-lines"]


def test_json_has_the_figures(model: Path, tmp_path: Path) -> None:
    line = json.loads(run(model, "-o", tmp_path / "m.onnx", "--json").stdout)
    assert line["bytes"] == (tmp_path / "m.onnx").stat().st_size
    assert line["largest_difference"] < 1e-3
    assert [style["name"] for style in line["styles"]] == ["red-dots", "blue-lines"]


def test_bad_requests_are_one_line(model: Path, tmp_path: Path) -> None:
    refused(run(model), "-o FILE.onnx")
    refused(run(model, "-o", tmp_path / "m.bin"), ".onnx")
    refused(run(model, "-o", tmp_path / "m.onnx", "--precision", "fp8"), "fp32, fp16, int8")
    refused(run(model, "-o", tmp_path / "m.onnx", "--photos", tmp_path), "int8")
    refused(run(tmp_path / "none.pth", "-o", tmp_path / "m.onnx"), "none.pth")
    refused(run(model, "-o", tmp_path / "m.onnx", "--precision", "int8", "--photos", tmp_path / "no"), "no")
    assert list(tmp_path.iterdir()) == []
