"""Installed without torch and OpenCV, the package paints with fast networks and says what else needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import imaging
from impasto.types import Picture
from tests.conftest import blobs, stripes

BLOCKED = "import json, sys; sys.modules['torch'] = sys.modules['cv2'] = None; "
RUN = (
    BLOCKED + "from typer.testing import CliRunner; from impasto.cli import app\n"
    "done = [CliRunner().invoke(app, line.split()) for line in sys.argv[1:]]\n"
    "print(json.dumps([[one.exit_code, one.stdout, one.stderr] for one in done]))"
)
WORKS = [
    "fast photo.png painting.png -o a.png",
    "fast photo.png starry-night:2 great-wave -o b.png",
    "fast alpha.png starry-night -o alpha-painted.png",
    "fast photo.png starry-night -o b.tif",
    "batch photo.png --style starry-night --fast -o out",
    "styles --json",
    "models list",
    "train --help",
    "plugin install gimp --folder .",
]
WITHOUT_OPENCV = [
    "fast deep.png starry-night -o c.png",
    "fast --camera 0 starry-night -o c.gif",
    "video frames --rate 5 --style starry-night -o c.gif",
]
REFUSED = [
    "stylize photo.png starry-night -o c.png",
    "batch photo.png --style starry-night -o slow",
    "style painting.png -o d.style",
    "measure photo.png painting.png painting.png",
    "texture painting.png -o e.png",
    "train painting.png -o f.style --content-dir .",
    "export -o g.onnx",
    "explain photo.png painting.png -o h.html",
    "inspect layers photo.png painting.png -o i.png",
    "neural-style -content_image photo.png -style_image painting.png",
    "style-transfer photo.png painting.png",
]


def run(code: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    imaging.write(Picture(blobs(64, 48, seed=1)), tmp_path / "photo.png")
    imaging.write(Picture(stripes(48, 48)), tmp_path / "painting.png")
    alpha = np.zeros(blobs(64, 48, seed=1).shape[:2], np.float32)
    alpha[8:40, 8:40] = 1
    imaging.write(Picture(blobs(64, 48, seed=1), alpha), tmp_path / "alpha.png")
    imaging.write(Picture(blobs(64, 48, seed=1), bits=16), tmp_path / "deep.png")
    (tmp_path / "frames").mkdir()
    for number in range(2):
        imaging.write(Picture(blobs(64, 48, seed=number)), tmp_path / "frames" / f"{number}.png")
    return tmp_path


def test_what_needs_torch_says_so_and_the_rest_works(folder: Path) -> None:
    lines = [*WORKS, *REFUSED, *WITHOUT_OPENCV]
    found = json.loads(run(RUN, folder, *lines).splitlines()[-1])
    for line, (code, _, error) in zip(lines, found, strict=True):
        if line in WORKS:
            assert code == 0, (line, error)
        elif line in WITHOUT_OPENCV:
            assert (code, error.count("\n")) == (2, 1), (line, error)
            assert "need OpenCV, which is not installed: pip install" in error, line
        else:
            assert code == 2, (line, error)
            assert "needs torch, which is not installed: pip install torch" in error, line
            assert error.count("\n") == 1, line
    assert imaging.read(folder / "b.png").width == 64


def test_from_python_it_is_an_error_of_the_package(folder: Path) -> None:
    code = (
        BLOCKED + "import impasto\n"
        "impasto.fast('photo.png', 'starry-night').save('out.png')\n"
        "said = []\n"
        "for name in ('stylize', 'texture', 'measure', 'explain', 'export', 'make_style', 'train'):\n"
        "    try:\n"
        "        getattr(impasto, name)('photo.png', 'starry-night')\n"
        "    except impasto.ImpastoError as error:\n"
        "        said.append(type(error).__name__)\n"
        "print(*said)"
    )
    assert run(code, folder).split() == ["MissingExtraError"] * 7
