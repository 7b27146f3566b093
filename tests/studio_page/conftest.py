"""A studio with its page, and a browser to visit it: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import numpy as np
import pytest
from PIL import Image

from impasto.studio.client import StudioClient
from impasto.studio.web.routes.page import FOLDER
from impasto.types import Pixels
from tests.conftest import blobs
from tests.waiting import until

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
AXE = ROOT / "studio-page" / "node_modules" / "axe-core" / "axe.min.js"
SMALL = 192
"""Long side of what tests have painted: big enough for two levels, small enough for a busy machine."""
PATIENCE = 120_000


class Studio:
    """``impasto studio`` in a process of its own, which can be stopped and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port, self.log = folder, 0, folder / "log.txt"
        self.settings = {f"IMPASTO_STUDIO_{name.upper()}": value for name, value in settings.items()}
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "impasto", "studio", "--no-browser", "--port", str(self.port)]
        environment = os.environ | {"PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"} | self.settings
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", str(self.folder / "data")], stdout=log, stderr=log, env=environment
            )
        until(self._started)

    def _started(self) -> bool:
        said = re.findall(r"Impasto Studio: (http://127\.0\.0\.1:(\d+)/)", self.log.read_text())
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        if not said:
            return False
        self.address, self.port = said[-1][0], int(said[-1][1])
        try:
            with urlopen(f"{self.address}healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def get(self, path: str) -> Any:
        with urlopen(self.address + path, timeout=60) as answer:
            return json.loads(answer.read())

    def preview(self, photo: bytes, **asked: Any) -> Pixels:
        """What the server's own preview of a photograph is, without a browser; (H, W, 3) in [0, 1]."""
        with StudioClient(self.address) as client:
            id = client.upload(photo)
        address = f"{self.address}api/v1/preview"
        answer = httpx.post(address, json={"photo": id, **asked}, headers={"Accept": "image/png"}, timeout=60)
        assert answer.status_code == 200, answer.text
        image = Image.open(io.BytesIO(answer.content)).convert("RGB")
        return np.asarray(image, dtype=np.float32) / 255


def need_page() -> None:
    """Skip the test where the page is not built."""
    if not (FOLDER / "index.html").is_file():
        pytest.skip("the studio's page is not built: make studio, or IMPASTO_BUILD_PAGE=1 pip install -e .")


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    need_page()
    made = Studio(tmp_path_factory.mktemp("studio"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium, or its path in IMPASTO_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra 'dev'")
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        found = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield found
        found.close()


# How many of the page's short timers have not rung yet: it previews a moment after the last change.
TIMERS = """
    const [begin, end, open] = [window.setTimeout.bind(window), window.clearTimeout.bind(window), new Set()];
    window.setTimeout = (action, delay = 0, ...rest) => {
        const id = begin((...given) => { open.delete(id); action(...given); }, delay, ...rest);
        if (delay <= 1000) open.add(id);
        return id;
    };
    window.clearTimeout = (id) => { open.delete(id); end(id); };
    window.timersLeft = () => open.size;
"""


class Visit:
    """A page in a fresh browser, and what a person sees of it."""

    def __init__(self, browser: Any, studio: Studio, **options: Any) -> None:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
        self.context = browser.new_context(accept_downloads=True, **options)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(
            "if (!localStorage.getItem('impasto-studio'))"
            f" localStorage.setItem('impasto-studio', JSON.stringify({{size: {SMALL}}}))"
        )
        self.context.add_init_script(TIMERS)
        self.studio, self.requests, self.complaints = studio, [], []
        self.page = self.context.new_page()
        self.page.on("request", self._asked)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    # Playwright takes no built-in functions.
    def _asked(self, request: Any) -> None:
        self.requests.append(request)

    def _heard(self, line: Any) -> None:
        if "Content Security Policy" in line.text or (line.type == "error" and "ERR_" not in line.text):
            address = line.location.get("url", "")
            self.complaints.append(f"{line.text}: {address}" if address else line.text)

    def open(self) -> None:
        self.page.goto(self.studio.address)
        self.page.wait_for_selector("body.is-open")

    def drop(self, name: str, data: bytes, kind: str = "image/jpeg") -> None:
        """Drop a file on the page, as a mouse would."""
        self.page.evaluate(
            """([name, data, type]) => {
                const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
                const transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name, { type }));
                const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
                document.querySelector(".easel").dispatchEvent(new DragEvent("drop", init));
            }""",
            [name, base64.b64encode(data).decode(), kind],
        )
        self.page.wait_for_selector("body.has-photo")

    def add_painting(self, name: str, data: bytes) -> None:
        """Add a painting of one's own."""
        own = self.page.locator('.group input[type="file"]')
        own.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
        self.until("document.querySelector('[data-key^=own]')")

    def until(self, condition: str) -> None:
        """Wait for an expression to be true. Playwright's own way is against the page's policy (eval)."""
        end = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(f"Boolean({condition})"):
            assert time.monotonic() < end, f"waited in vain for {condition}"
            self.page.wait_for_timeout(50)

    def begun(self) -> None:
        """Wait for the painting to be under way."""
        self.until("Number(document.querySelector('.working .stroke-bar').ariaValueNow) >= 1")

    def canvas(self, which: str) -> Pixels:
        """What a canvas of the easel holds ("before" or "after"), (H, W, 3) in [0, 1]."""
        url = self.page.evaluate(f"document.querySelector('canvas.{which}').toDataURL('image/png')")
        image = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB")
        return np.asarray(image, dtype=np.float32) / 255

    def choose(self, style: str) -> None:
        """Click a painting, and wait for the picture painted after it."""
        self.page.click(f'[data-key="{style}"]')
        self.settle()

    def settle(self) -> None:
        """Wait for the preview under way."""
        self.until("window.timersLeft() === 0")
        self.page.wait_for_selector("body.has-painting .view:not(.is-busy)")

    def slide(self, field: str, value: int) -> None:
        self.page.evaluate(
            """([id, value]) => {
                const slider = document.getElementById(id);
                slider.value = value;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            [field, str(value)],
        )

    def size(self, side: int) -> None:
        """A size that the page does not offer, being for tests."""
        self.page.evaluate(
            """(side) => {
                const select = document.getElementById("size");
                select.append(new Option(side, side));
                select.value = side;
                select.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            str(side),
        )

    def paint(self) -> None:
        self.page.get_by_role("button", name="Paint it properly").click()

    def wait_painted(self) -> None:
        self.page.wait_for_selector(".label-actions a[download]")

    def painted(self) -> Pixels:
        """What the canvas holds, once that is the result under the label: the label is there before."""
        link = self.page.evaluate("document.querySelector('.label-actions a[download]').href")
        # As the page asks for it: a JPEG, whose noise is more than a grey level in a small picture.
        address = f"{link.partition('?')[0]}?format=jpg&quality=95&parameters=false&download=false"
        with urlopen(address, timeout=60) as answer, Image.open(io.BytesIO(answer.read())) as image:
            result = np.asarray(image.convert("RGB"), dtype=np.float32) / 255

        def shown() -> bool:
            found = self.canvas("after")
            return found.shape == result.shape and bool(np.abs(found - result).max() < 3 / 255)

        until(shown)
        return self.canvas("after")

    def facts(self) -> str:
        return str(self.page.inner_text(".label-facts"))

    def jobs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.studio.get("api/v1/jobs")["jobs"]
        return found

    def close(self) -> None:
        self.context.close()
        assert [complaint for complaint in self.complaints if not self._is_of_deleted(complaint)] == []

    def _is_of_deleted(self, complaint: str) -> bool:
        """Whether a job's picture was not found since the job went for good while the page asked for it."""
        found = re.search(r"\(Not Found\).*/api/v1/jobs/([^/]+)/(?:thumbnail|preview)", complaint)
        if found is None:
            return False
        return httpx.get(f"{self.studio.address}api/v1/jobs/{found[1]}", timeout=60).status_code == 404


@pytest.fixture
def visit(browser: Any, studio: Studio) -> Iterator[Visit]:
    made = Visit(browser, studio)
    made.open()
    yield made
    made.close()


@pytest.fixture
def another(browser: Any, tmp_path: Path) -> Iterator[Callable[..., tuple[Studio, Visit]]]:
    """A studio with other settings, and a visit to it."""
    made: list[tuple[Studio, Visit]] = []

    def make(**settings: str) -> tuple[Studio, Visit]:
        own = Studio(tmp_path, **settings)
        own.start()
        visit = Visit(browser, own)
        made.append((own, visit))
        return own, visit

    yield make
    for own, visit in made:
        try:
            visit.close()
        finally:
            own.stop()


# Dialogs scroll by themselves, and hide what lies beside them.
TOO_WIDE = """Math.max(
    document.documentElement.scrollWidth - innerWidth,
    ...[...document.querySelectorAll("dialog[open]")].map((each) => each.scrollWidth - each.clientWidth),
)"""
WINDOWS = [(390, 844), (768, 1024), (1280, 800), (1920, 1080)]


def faults(page: Any) -> list[str]:
    """Return what axe finds in a view, from a phone to a wide screen, by day and by night, in words."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in studio-page/")
    # The page's policy forbids inline scripts; Playwright's evaluate is not bound by it.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    window, found = page.viewport_size, []
    for width, height in WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for fault in page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]:
                places = [node["html"][:120] for node in fault["nodes"]]
                found.append(f"{width} {scheme} {fault['id']}: {fault['help']}: {places}")
        wide = page.evaluate(TOO_WIDE)
        if wide > 0:
            found.append(f"{width}: {wide} pixels too wide")
    page.set_viewport_size(window)
    return found


def encode(pixels: Pixels, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture
def photo_bytes() -> bytes:
    """A photograph of 240 x 160 pixels, PNG."""
    return encode(blobs(240, 160, seed=3))
