from __future__ import annotations

import base64
import io
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import impasto
from impasto import imaging
from impasto.types import Picture, Pixels
from tests.conftest import blobs, stripes

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
WEB_RUNTIME = ROOT / "studio-page" / "node_modules" / "onnxruntime-web" / "dist"
CHROMIUM = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 120_000


def export(folder: Path, *arguments: object) -> None:
    command = [sys.executable, "-m", "impasto", "export", *map(str, arguments), "-q"]
    subprocess.run(command, check=True, cwd=folder)


def paint(*arguments: object) -> Pixels:
    """What the Python example makes of MODEL, PHOTO, OUT and styles."""
    command = [sys.executable, EXAMPLES / "onnx_python.py", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    return imaging.read(Path(str(arguments[2]))).pixels


def test_the_python_example_paints_in_named_styles_as_impasto_does(photo_file: Path, tmp_path: Path) -> None:
    export(tmp_path, "--style", "starry-night", "--style", "great-wave", "-o", "two.onnx")
    painted = paint(
        tmp_path / "two.onnx", photo_file, tmp_path / "o.png", "starry-night:0.7", "great-wave:0.3"
    )
    styles = ("starry-night", "great-wave")
    wanted = impasto.fast(photo_file, styles, style_weights=(0.7, 0.3), device="cpu").picture.pixels
    assert np.abs(painted - wanted).max() < 2 / 255


def test_the_python_example_paints_in_paintings_as_impasto_does(photo_file: Path, tmp_path: Path) -> None:
    export(tmp_path, "-o", "any-painting.onnx")
    export(tmp_path, "any-painting-encoder", "-o", "encoder.onnx")
    paintings = [tmp_path / "stripes.png", tmp_path / "blobs.png"]
    imaging.write(Picture(stripes(700, 520, period=30)), paintings[0])
    imaging.write(Picture(blobs(512, 640, seed=4)), paintings[1])
    shares = [f"{path}:{share}" for path, share in zip(paintings, (0.6, 0.2), strict=True)]
    painted = paint(tmp_path / "any-painting.onnx", photo_file, tmp_path / "o.png", *shares)
    wanted = impasto.fast(photo_file, paintings, style_weights=(0.6, 0.2), device="cpu").picture.pixels
    assert np.abs(painted - wanted).max() < 3 / 255  # paintings are shrunk in eight bits there


def test_the_python_example_needs_nothing_else() -> None:
    text = (EXAMPLES / "onnx_python.py").read_text()
    modules = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert modules == {"json", "os", "pathlib", "sys", "numpy", "onnxruntime", "PIL"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The web example served as its comment says."""
    text = (EXAMPLES / "onnx_web.html").read_text()
    for name in re.findall(r"ort[-.\w]+\.(?:mjs|wasm)", text.partition("-->")[0]):
        shutil.copy(WEB_RUNTIME / name, tmp_path)
    shutil.copy(EXAMPLES / "onnx_web.html", tmp_path / "index.html")
    made = re.findall(r"made by: impasto export (.*)", text)
    assert len(made) == 2
    for arguments in made:
        export(tmp_path, *arguments.split())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
@pytest.mark.skipif(not WEB_RUNTIME.exists(), reason="onnxruntime-web is not installed (npm ci)")
def test_the_web_example_paints_in_a_browser_as_impasto_does(
    site: str, photo_file: Path, tmp_path: Path
) -> None:
    api = pytest.importorskip("playwright.sync_api")
    painting = tmp_path / "blobs.png"
    imaging.write(Picture(blobs(512, 384, seed=4, coarse=24)), painting)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(site)
        page.wait_for_function("words.textContent.startsWith('Choose')", timeout=PATIENCE)
        page.set_input_files("#photo", photo_file)
        page.set_input_files("#painting", painting)
        page.wait_for_function("words.textContent.includes(' ms')", timeout=PATIENCE)
        picture = base64.b64decode(page.evaluate("canvas.toDataURL()").partition(",")[2])
        browser.close()
    assert problems == []
    painted = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), np.float32) / 255
    apart = np.abs(painted - impasto.fast(photo_file, painting, device="cpu").picture.pixels)
    assert apart.mean() < 2 / 255  # browsers shrink pictures otherwise
