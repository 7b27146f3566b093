"""The studio under load, on loopback: previews a second, a hundred queued jobs, two hundred open streams.

``python -m benchmarks.studio``: about a minute. Previews need the gallery network; without it they are
measured through a stand-in that only copies, and the output says so. Memory is the server process's resident
set before and after; it has to stay flat.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

PREVIEW_SECONDS = 8.0
STREAMS = 200
JOBS = 100
_SERVER = """
import sys
from impasto.studio import serve
from impasto.studio.gallery import model_path
from impasto.studio.settings import load
if model_path() is None:
    from impasto.studio import app
    class Style:
        name = title = artist = year = licence = "copy"
    class Copy:
        styles = (Style(),)
        def paint(self, pixels, styles, **more):
            return pixels.copy()
    made = app.Studio.__init__
    def patched(self, settings, **more):
        made(self, settings, **{**more, "load_gallery": Copy})
    app.Studio.__init__ = patched
serve.serve(load(), open_browser=False)
"""


def photograph() -> bytes:
    """A 1024 by 768 picture, JPEG."""
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 256, (96, 128, 3), dtype=np.uint8)).resize((1024, 768))
    stream = io.BytesIO()
    image.save(stream, format="JPEG")
    return stream.getvalue()


def start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server without painting workers, so that what is measured is the server."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as made:
        port = made.getsockname()[1]
    changes = {
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "WORKERS": "0",
        "DRAFT_WORKERS": "0",
        "REQUESTS_PER_MINUTE": "1000000",
        "JOBS_PER_MINUTE": "1000000",
        "MAX_ACTIVE": "1000",
        "MAX_QUEUE": "1000",
    }
    settings = {f"IMPASTO_STUDIO_{name}": value for name, value in changes.items()}
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER], env={**os.environ, **settings}, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                return process, url
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError((folder / "log").read_text())


def previews(client: httpx.Client, photo: str, style: str) -> tuple[float, float]:
    """Previews a second at 512 pixels, four at a time, and the median seconds of one."""
    body = {"photo": photo, "styles": [{"name": style}], "side": 512}
    seconds: list[float] = []
    end = time.perf_counter() + PREVIEW_SECONDS

    def ask() -> None:
        while time.perf_counter() < end:
            began = time.perf_counter()
            answer = client.post("/preview", json=body)
            answer.raise_for_status()
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(ask) for _ in range(4)]:
            done.result()
    return len(seconds) / (time.perf_counter() - began), float(np.median(seconds))


def queued(client: httpx.Client, photo: str) -> tuple[list[str], float]:
    """A hundred jobs submitted; their ids and how many a second."""
    body = {"photo": photo, "styles": [{"name": "starry-night"}]}
    began = time.perf_counter()
    ids = []
    for number in range(JOBS):
        answer = client.post("/jobs", json={**body, "seed": number})
        answer.raise_for_status()
        ids.append(answer.json()["id"])
    return ids, JOBS / (time.perf_counter() - began)


def streams(url: str, client: httpx.Client, ids: list[str]) -> tuple[int, float]:
    """Two hundred streams open at once: how many heard of a change, and how long the last one took."""
    heard: list[float] = []
    began_change = [0.0]
    opened, lock = threading.Semaphore(0), threading.Lock()

    def listen(id: str) -> None:
        with (
            httpx.Client(base_url=url, timeout=60, trust_env=False) as own,
            own.stream("GET", f"/api/v1/jobs/{id}/events") as answer,
        ):
            is_open = False
            for line in answer.iter_lines():
                if not line.startswith("data: "):
                    continue
                if not is_open:
                    is_open = True
                    opened.release()
                if json.loads(line[6:])["status"] == "cancelled":
                    with lock:
                        heard.append(time.perf_counter() - began_change[0])
                    return

    threads = [threading.Thread(target=listen, args=(ids[n % len(ids)],)) for n in range(STREAMS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        if not opened.acquire(timeout=60):
            raise RuntimeError("not every stream opened within a minute")
    began_change[0] = time.perf_counter()
    for id in ids:
        client.post(f"/jobs/{id}/cancel").raise_for_status()
    for thread in threads:
        thread.join(60)
    return len(heard), max(heard)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        process, url = start(Path(name))
        try:
            _measure(url, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(60)


def _measure(url: str, server: psutil.Process) -> None:
    def resident() -> float:
        return float(server.memory_info().rss) / 2**20

    with httpx.Client(base_url=f"{url}/api/v1", timeout=60, trust_env=False) as client:
        made = client.post("/pictures", files={"file": ("a.jpg", photograph())}, data={"role": "photo"})
        photo = made.raise_for_status().json()["id"]
        fast = [style["name"] for style in client.get("/styles").json()["styles"] if style["fast"]]
        if fast == ["copy"]:
            print("no gallery network is installed: previews are decoded, copied and encoded only")
        previews(client, photo, fast[0])
        before = resident()
        rate, median = previews(client, photo, fast[0])
        print(f"previews at 512 px, 4 at a time: {rate:.1f} a second, median {median * 1000:.0f} ms")
        rounds = []
        for _ in range(3):
            ids, submitted = queued(client, photo)
            heard, last = streams(url, client, ids)
            for id in ids:
                client.delete(f"/jobs/{id}").raise_for_status()
            rounds.append((submitted, heard, last, resident()))
        for submitted, heard, last, memory in rounds:
            print(
                f"{JOBS} jobs queued, {submitted:.0f} a second; {heard} of {STREAMS} streams heard of all "
                f"{JOBS} changes, the last after {last:.1f} s; memory {memory:.0f} MB"
            )
        first, last_one = rounds[0][3], rounds[-1][3]
        print(f"memory: {before:.0f} MB warm, {first:.0f} MB after one round, {last_one:.0f} MB after 3")


if __name__ == "__main__":
    main()
