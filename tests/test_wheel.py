from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from impasto import imaging
from impasto.types import Picture
from tests.conftest import blobs

ROOT = Path(__file__).parents[1]

# Any use of the network ends the program.
OFFLINE = """
import socket, sys
def refuse(*_, **__):
    raise RuntimeError("the network was used")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from impasto.cli import main
sys.argv = ["impasto", *sys.argv[1:]]
main()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_network_and_the_styles_and_stays_small(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "impasto/weights/data/tiny.safetensors" in names
    assert sum(name.endswith(".style") for name in names) >= 12
    assert "impasto/py.typed" in names
    # Of which eleven are the network's runtime for browsers, where Node was there to build the page.
    assert wheel.stat().st_size < 24_000_000


@pytest.mark.slow
def test_the_wheel_in_an_empty_environment_paints_without_a_network(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    constraints = str(ROOT / "constraints.txt")
    command = [str(python), "-m", "pip", "install", "--quiet", "-c", constraints, str(wheel)]
    subprocess.run(command, check=True)
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    imaging.write(Picture(blobs(128, 96, seed=1)), photo)
    arguments = ["stylize", str(photo), "great-wave", "-o", str(out), "--size", "128", "--quiet"]
    subprocess.run([str(python), "-c", OFFLINE, *arguments], check=True, cwd=tmp_path)
    assert imaging.read(out).width == 128
