"""Nothing leaves the machine: every command, traced, against what docs/privacy.md promises."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest
import torch

from impasto import imaging
from impasto.cli.commands import COMMANDS, load
from impasto.types import Picture
from tests.cli.test_resume import begin
from tests.conftest import blobs, stripes
from tests.studio.conftest import API, submit, until, upload
from tests.studio.servers import free_port
from tests.tracing import Call, calls, environment, outside, sent, traced, why_not, written

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"
FOLDERS = re.findall(r"^\| `([^`]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
RAY = importlib.util.find_spec("ray") is not None
PATIENCE = 300.0
SHORT = "--size 48 --iterations 2"
TRAINING = "--content-dir photos --steps 2 --batch 1 --size 64"
IMPORT = "models import vgg.pth --name mine --convention torchvision"

# By command: what is run, and seen to its end. The studio has a test of its own.
CASES = {
    "stylize": [f"stylize photo.png painting.png -o o.png --log log.csv {SHORT}"],
    "batch": [
        f"batch photos --style starry-night -o out --workers 2 {SHORT}",
        "batch photos --style starry-night -o fast --fast",
        *([f"batch photos --style starry-night -o ray --ray local {SHORT}"] if RAY else []),
    ],
    "resume": ["resume it.state"],
    "neural-style": [
        "neural-style -content_image photo.png -style_image painting.png -model_file vgg.pth -gpu c"
        " -image_size 48 -num_iterations 2 -content_layers relu1_1 -style_layers relu1_1 -output_image o.png"
    ],
    "style-transfer": [
        "style-transfer photo.png painting.png --model tiny -ms 40 -s 48 -i 2 -ii 2 --devices cpu"
    ],
    "fast": [
        "fast photo.png starry-night -o o.png",
        "fast --camera film.avi starry-night -o me.gif",
    ],
    "export": ["export -o half.onnx --precision fp16", "export any-painting-encoder -o encoder.onnx"],
    "style": ["style painting.png -o painting.style"],
    "styles": ["styles"],
    "measure": ["measure photo.png photo.png painting.png"],
    "train": [
        f"train painting.png -o mine.style {TRAINING}",
        f"train painting.png -o one.safetensors {TRAINING} --architecture johnson2016",
    ],
    "video": [
        "video film.avi --style starry-night -o fast.mp4 --size 64 --workers 2",
        f"video film.avi --style painting.png -o slow.mp4 --optimize {SHORT} --next-iterations 2",
    ],
    "texture": [f"texture painting.png -o o.png {SHORT}"],
    "explain": ["explain photo.png painting.png -o page.html --size 64 --iterations 2"],
    "inspect layers": [
        f"inspect layers photo.png painting.png --rows style_weight=2/8 --columns seed=0/1 -o f.png {SHORT}"
    ],
    "inspect losses": [
        f"texture painting.png -o o.png --log log.csv {SHORT}",
        "inspect losses log.csv -o f.png",
    ],
    "inspect encoders": [f"inspect encoders photo.png painting.png --networks tiny -o f.png {SHORT}"],
    "inspect features": ["inspect features photo.png --layers relu1_1 -o f.png"],
    "inspect reconstruct": [f"inspect reconstruct photo.png --content-layers relu1_1 -o f.png {SHORT}"],
    "inspect style": ["inspect style starry-night great-wave painting.png --size 64 -o f.png"],
    "plugin install": ["plugin install gimp --folder photos"],
    "plugin list": ["plugin list"],
    "plugin remove": ["plugin install gimp --folder photos", "plugin remove gimp --folder photos"],
    "plugin path": ["plugin path gimp --folder photos"],
    "watch": ["watch photos painted --style starry-night --once --settled 0"],
    "doctor": ["doctor"],
    "config": ["config"],
    "models list": ["models list"],
    "models fetch": ["--offline models fetch vgg19"],
    "models import": [IMPORT],
    "models verify": [IMPORT, "models verify mine"],
    "models path": ["models path"],
}
REFUSED = "--offline models fetch"


def names() -> Iterator[str]:
    """Every command of the command line."""
    for name in COMMANDS:
        yield from [f"{name} {sub}" for sub in getattr(load(name), "commands", ())] or [name]


class Desk:
    """Somebody's first day: an empty home, and a folder with a few files to be in."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary, self.work = (folder / name for name in ("home", "tmp", "work"))
        for made in (self.home, self.temporary, self.work, self.work / "photos"):
            made.mkdir()
        for name in ("photo.png", "photos/one.png", "photos/two.png"):
            imaging.write(Picture(blobs(96, 64, seed=len(name))), self.work / name)
        imaging.write(Picture(stripes(80, 80)), self.work / "painting.png")
        self._logs: list[Path] = []

    @property
    def environment(self) -> Mapping[str, str]:
        return environment(self.home, self.temporary)

    def traced(self, *command: object) -> list[str]:
        self._logs.append(self.home.parent / f"log-{len(self._logs)}")
        return traced(command, self._logs[-1])

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        words = self.traced(*command)
        return subprocess.run(
            words, cwd=self.work, env=self.environment, capture_output=True, text=True, check=False
        )

    def seen(self) -> list[str]:
        """Addresses beyond this machine, and files outside the documented folders."""
        found: list[Call] = []
        for log in self._logs:
            with log.open(errors="replace") as lines:
                found += calls(lines)
        assert len(found) > 10, "nothing was traced"
        places = {"~": str(self.home), "$TMPDIR": str(self.temporary)}
        named = (re.sub(r"^(~|\$TMPDIR)", lambda m: places[m[0]], name) for name in FOLDERS)
        spilled = outside(written(found, self.work), [self.work, *map(Path, named)])
        return [*sorted(sent(found)), *sorted(map(str, spilled))]


@pytest.fixture
def desk() -> Iterator[Desk]:
    if reason := why_not():
        pytest.skip(reason)
    # Not pytest's own folder: the names of Ray's sockets must be short.
    with tempfile.TemporaryDirectory(prefix="day", ignore_cleanup_errors=True) as name:
        yield Desk(Path(name).resolve())


def prepare_checkpoint() -> None:
    """``it.state``, of a painting cut short."""
    shutil.copy("painting.png", "art.png")
    begin()


def prepare_network() -> None:
    """``vgg.pth``, a VGG of one convolution."""
    torch.manual_seed(0)
    torch.save({"features.0.weight": torch.randn(64, 3, 3, 3), "features.0.bias": torch.zeros(64)}, "vgg.pth")


def prepare_film() -> None:
    """``film.avi``, of four frames."""
    writer = cv2.VideoWriter("film.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10, (96, 64))
    for number in range(4):
        frame = np.rint(blobs(96, 64, seed=number) * 255).astype(np.uint8)
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()


PREPARED = {"it.state": prepare_checkpoint, "vgg.pth": prepare_network, "film.avi": prepare_film}


def test_every_command_has_a_case() -> None:
    assert {*CASES, "studio"} == set(names())
    assert {"~/.cache/impasto", "~/.local/share/impasto", "$TMPDIR"} <= set(FOLDERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_command_sends_nothing_and_writes_where_it_says(
    name: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.work)
    for file, prepare in PREPARED.items():
        if any(file in line for line in CASES[name]):
            prepare()
    for line in CASES[name]:
        done = desk.run(sys.executable, "-m", "impasto", *line.split())
        assert done.returncode == (2 if line.startswith(REFUSED) else 0), f"{line}: {done.stderr[-2000:]}"
    assert desk.seen() == []


@pytest.mark.slow
def test_the_studio_sends_nothing_and_writes_where_it_says(desk: Desk) -> None:
    port = free_port()
    command = desk.traced(sys.executable, "-m", "impasto", "studio", "--no-browser", "--port", port)
    with (desk.home.parent / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=desk.work, env=desk.environment, stdout=said, stderr=said)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}{API}", timeout=60, trust_env=False)

    def answers() -> bool:
        try:
            return client.get("/session").status_code == 200
        except httpx.TransportError:
            return False

    def done(job: dict[str, Any]) -> bool:
        status = client.get(f"/jobs/{job['id']}").json()["status"]
        assert status in ("queued", "running", "done"), status
        return bool(status == "done")

    try:
        until(answers, PATIENCE)
        photo = upload(client)
        quick = client.post("/preview", json={"photo": photo, "styles": [{"name": "starry-night"}]})
        assert quick.status_code == 200, quick.text
        for job in (submit(client, photo, kind="draft"), painted := submit(client, photo)):
            until(lambda job=job: done(job), PATIENCE)
        explained = client.post(f"/jobs/{painted['id']}/explanation")
        assert explained.status_code == 202, explained.text
        until(lambda: done(explained.json()), PATIENCE)
    finally:
        client.close()
        for child in psutil.Process(process.pid).children():
            child.terminate()
        assert process.wait(60) == 0
    assert desk.seen() == []


@pytest.mark.slow
def test_what_is_sent_and_written_is_seen(desk: Desk) -> None:
    code = """
import os, pathlib, socket, subprocess, sys
for address in ("192.0.2.1", "127.0.0.1"):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((address, 9))
child = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'?', ('127.0.0.1', 53))"
subprocess.run([sys.executable, "-c", child])
home = pathlib.Path.home()
(home / ".cache/impasto").mkdir(parents=True)
(home / ".cache/impasto/fine").write_text("")
(home / ".cache/spy").mkdir()
(home / ".cache/spy/event.db").write_text("")
os.rename("photo.png", home / "moved.png")
"""
    done = desk.run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    spied = [str(desk.home / name) for name in (".cache/spy", ".cache/spy/event.db", "moved.png")]
    assert desk.seen() == ["connect 192.0.2.1:9", "sendto 127.0.0.1:53", *spied]
