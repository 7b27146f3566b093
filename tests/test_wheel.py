from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from impasto import imaging
from impasto.types import Picture
from impasto.version import __version__
from tests.conftest import blobs

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "impasto"

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
    # As .ci/release does: the source archive first, and the wheel from it.
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "sources", filter="data")
    (sources,) = (folder / "sources").iterdir()
    subprocess.run([*build, "-t", "wheel"], cwd=sources, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_source_archive_has_what_a_distributor_needs_and_nothing_of_others(wheel: Path) -> None:
    (archive,) = wheel.parent.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    for name in ("LICENSE", "CHANGELOG.md", "pyproject.toml", "constraints.txt", "tests/test_wheel.py"):
        assert name in names, name
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode == 0:
        made = {"PKG-INFO"} | {name for name in names if name.startswith("src/impasto/studio/page")}
        assert names - set(tracked.stdout.splitlines()) - made == set()


@pytest.mark.slow
def test_the_wheel_holds_the_plug_ins_and_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        (about,) = (name for name in names if name.endswith("/METADATA"))
        metadata = Parser().parsestr(opened.read(about).decode())
    plugins = SOURCE / "plugins" / "data"
    files = {path.relative_to(SOURCE.parent).as_posix() for path in plugins.rglob("*") if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert len(files) >= 7
    assert files | {"impasto/plugins/client.py"} <= names
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert "torch>=2.13" in metadata.get_all("Requires-Dist", [])
    assert not [name for name in names if name.startswith("tests/") or name.endswith((".pyc", ".log"))]


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
    slim = subprocess.run(
        [sys.executable, ROOT / ".ci" / "slim_wheel.py", wheel], check=True, capture_output=True, text=True
    ).stdout.strip()
    install = [str(python), "-m", "pip", "install", "--quiet", "-c", constraints]
    subprocess.run([*install, slim], check=True)
    taken = sum(file.stat().st_size for file in (tmp_path / "env").rglob("*") if file.is_file())
    assert taken < 300_000_000  # README.md: 253 MB
    installed = subprocess.run(
        [python, "-m", "pip", "list"], check=True, capture_output=True, text=True
    ).stdout
    assert not {"torch", "opencv-python-headless", "av"} & set(installed.split())
    photo, out = tmp_path / "photo.png", tmp_path / "out.png"
    imaging.write(Picture(blobs(128, 96, seed=1)), photo)
    arguments = ["fast", str(photo), "great-wave", "-o", str(out), "--quiet"]
    subprocess.run([str(python), "-c", OFFLINE, *arguments], check=True, cwd=tmp_path)
    assert imaging.read(out).width == 128
    stylize = [
        "stylize",
        str(photo),
        "great-wave",
        "-o",
        str(tmp_path / "two.png"),
        "--size",
        "128",
        "--quiet",
    ]
    refused = subprocess.run(
        [str(python), "-m", "impasto", *stylize], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "needs torch" in refused.stderr
    remove = [str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "impasto-fast"]
    subprocess.run(remove, check=True)
    subprocess.run([*install, str(wheel)], check=True)
    subprocess.run([str(python), "-c", OFFLINE, *stylize], check=True, cwd=tmp_path)
    assert imaging.read(tmp_path / "two.png").width == 128
