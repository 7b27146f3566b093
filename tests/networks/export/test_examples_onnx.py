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

from impasto import imaging
from impasto.inference import load_gallery
from impasto.inference.gallery import SHIPPED

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
WEB_RUNTIME = ROOT / "studio-page" / "node_modules" / "onnxruntime-web" / "dist"
CHROMIUM = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PATIENCE = 120_000


def test_the_python_example_paints_as_impasto_does(photo_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.png"
    command = [sys.executable, EXAMPLES / "onnx_python.py", SHIPPED, photo_file, out]
    subprocess.run([*command, "starry-night:0.7", "great-wave:0.3"], check=True, capture_output=True)
    pixels = imaging.read(photo_file).pixels
    wanted = load_gallery().paint(pixels, {"starry-night": 0.7, "great-wave": 0.3})
    assert np.abs(imaging.read(out).pixels - wanted).max() < 1 / 255


def test_the_python_example_needs_nothing_else() -> None:
    text = (EXAMPLES / "onnx_python.py").read_text()
    modules = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    assert modules == {"json", "os", "sys", "numpy", "onnxruntime", "PIL"}


def test_the_web_example_uses_the_names_in_the_file() -> None:
    text = (EXAMPLES / "onnx_web.html").read_text()
    session = load_gallery()._session
    names = [value.name for value in (*session.get_inputs(), *session.get_outputs())]
    assert names == ["image", "weights", "painting"]
    for name in names:
        assert re.search(rf"\b{name}\b", text)


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
    made = re.search(r"made by: impasto (.*) > (\S+)", text)
    assert made
    with (tmp_path / made[2]).open("w") as file:
        command = [sys.executable, "-m", "impasto", *made[1].split()]
        subprocess.run(command, check=True, stdout=file, cwd=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
@pytest.mark.skipif(not WEB_RUNTIME.exists(), reason="onnxruntime-web is not installed (npm ci)")
def test_the_web_example_paints_in_a_browser_as_impasto_does(site: str, photo_file: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(site)
        page.wait_for_function("words.textContent.startsWith('Choose')", timeout=PATIENCE)
        page.select_option("#style", index=1)
        page.set_input_files("#photo", photo_file)
        page.wait_for_function("words.textContent.includes(' ms')", timeout=PATIENCE)
        picture = base64.b64decode(page.evaluate("canvas.toDataURL()").partition(",")[2])
        browser.close()
    assert problems == []
    painted = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), np.float32) / 255
    gallery = load_gallery()
    wanted = gallery.paint(imaging.read(photo_file).pixels, gallery.styles[1].name)
    assert np.abs(painted - wanted).max() < 1.5 / 255  # canvases cut off where others round
