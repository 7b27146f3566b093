from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from impasto import weights
from impasto.cli import app as whole
from impasto.cli.models import app
from impasto.errors import CorruptWeightsError, ImpastoError, OptionError, WeightsMissingError
from impasto.weights import Architecture, WeightsFile, architecture, registry

SMALL = Architecture("small", (4,), (2,))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def run(*arguments: str) -> str:
    """What the command prints; its error, if it raises one, is raised here."""
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPASTO_WEIGHTS_DIR", str(tmp_path / "weights"))
    monkeypatch.delenv("IMPASTO_OFFLINE", raising=False)
    return tmp_path / "weights"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    tensors = {}
    for number, channels_in in ((0, 3), (2, 4)):
        tensors[f"features.{number}.weight"] = random.standard_normal((4, channels_in, 3, 3), np.float32)
        tensors[f"features.{number}.bias"] = random.standard_normal(4, np.float32)
    (tmp_path / "served").mkdir()
    path = tmp_path / "served" / "small.pth"
    torch.save({name: torch.from_numpy(value) for name, value in tensors.items()}, path)
    return path


@pytest.fixture
def published(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a small network that a server on this machine publishes."""
    handler = partial(Quiet, directory=str(file.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    entry = WeightsFile(
        "small-caffe",
        architecture="small",
        convention="caffe",
        licence="CC BY 4.0",
        source="a test",
        url=f"http://127.0.0.1:{server.server_address[1]}/small.pth",
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
    )
    monkeypatch.setitem(architecture.ARCHITECTURES, "small", SMALL)
    monkeypatch.setitem(registry.REGISTRY, entry.name, entry)
    yield entry.name
    server.shutdown()
    server.server_close()


def row(output: str, name: str) -> str:
    (found,) = [line for line in output.splitlines() if line.split()[:1] == [name]]
    return found


def test_importing_the_command_does_not_import_torch() -> None:
    code = "import sys, impasto.cli.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_list_says_what_each_network_is_and_whether_it_is_here(published: str, file: Path) -> None:
    output = run("list")
    for name in ("tiny", "vgg19", "vgg16", "vgg19-caffe", "vgg16-caffe"):
        assert weights.REGISTRY[name].licence in row(output, name)
    assert "574.7 MB" in row(output, "vgg19")
    assert row(output, published).split()[-1] == "no"
    run("fetch", published)
    run("import", str(file), "--name", "mine", "--convention", "torchvision")
    output = run("list")
    assert row(output, published).split()[-1] == "yes"
    assert "torchvision" in row(output, "mine")
    weights.path("mine").with_suffix(".json").write_text("{}")
    assert "damaged" in row(run("list"), "mine")


def test_fetch_stores_each_network_and_prints_where(published: str, folder: Path) -> None:
    path = folder / "small-caffe.safetensors"
    assert run("fetch", published) == f"{published}: {path}\n"
    changed = path.stat().st_mtime_ns
    run("fetch", published)
    assert path.stat().st_mtime_ns == changed
    run("fetch", published, "--force")
    assert path.stat().st_mtime_ns > changed
    assert run("path", published) == f"{path}\n"


def test_fetch_offline_is_refused(published: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    with pytest.raises(WeightsMissingError, match="offline"):
        run("fetch", published)


def test_offline_before_any_command_keeps_it_off_the_network(
    published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "0")  # undone afterwards, with what the command sets
    result = CliRunner().invoke(whole, ["--offline", "models", "fetch", published])
    assert result.exit_code == 2
    assert "offline" in result.stderr


def test_import_says_what_the_file_holds(published: str, file: Path) -> None:
    assert run("import", str(file)).startswith(f"{published}: small, 2 convolutions, caffe convention")
    with pytest.raises(OptionError, match="is made of"):
        run("import", str(file), "--name", "Mine!", "--convention", "caffe")


@pytest.mark.usefixtures("published")
def test_import_says_when_the_file_is_not_the_published_one_or_only_a_part(tmp_path: Path) -> None:
    part = tmp_path / "part.pth"
    torch.save({"0.weight": torch.ones(4, 3, 3, 3), "0.bias": torch.ones(4)}, part)
    output = run("import", str(part), "--name", "small-caffe")
    assert "the first 1 of 2 convolutions, to conv1_1" in output
    assert "not the published file small.pth" in output
    assert "yes, to conv1_1" in row(run("list"), "small-caffe")


def test_verify_names_what_is_right_and_fails_for_what_is_not(published: str, file: Path) -> None:
    run("fetch", published)
    run("import", str(file), "--name", "mine", "--convention", "caffe")
    assert "mine: ok, SHA-256" in run("verify")
    assert run("verify", published).startswith("small-caffe: ok")
    path = weights.path("mine")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(CorruptWeightsError, match=r"mine\.safetensors is not what was stored"):
        run("verify")
    assert "small-caffe: ok" in run("verify", published)


def test_path_prints_the_folder(folder: Path) -> None:
    assert run("path") == f"{folder}\n"
    with pytest.raises(ImpastoError, match="unknown network"):
        run("path", "nothing")


def test_every_extra_that_a_message_advises_exists() -> None:
    root = Path(__file__).parents[2]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pages = [*(root / "src").rglob("*.py"), *(root / "docs").glob("*.md"), root / "README.md"]
    texts = [page.read_text("utf-8") for page in pages]
    lists = [names for text in texts for names in re.findall(r"impasto\[([\w,-]+)\]", text)]
    in_text = {name for names in lists for name in names.split(",")}
    calls = re.compile(r"extras\.(?:load|missing)\(.*\"([\w-]+)\"\)")
    asked = {name for text in texts for name in calls.findall(text)}
    assert {"heic", "studio"} <= in_text <= set(extras)
    assert {"heic", "keras", "video", "inspect", "export", "ray"} <= asked <= set(extras)
