"""The studio under load, on loopback: previews a second, a hundred queued jobs, two hundred open streams, and
how soon an idle worker takes a job.

``python -m benchmarks.studio``: about a minute; ``--seconds 2 --jobs 10 --streams 20 --rounds 2`` for a try.
Memory is the server process's resident set. It has to stay flat: between the first round and
the last it may grow by ``ALLOWED`` at most, or the benchmark ends with 1.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
import psutil
from PIL import Image

ALLOWED = 0.1
"""Of the server's memory: what the allocator keeps to itself moves by a few percent."""
_SERVER = "from impasto.studio import server, settings; server.serve(settings.load(), open_browser=False)"


def photograph() -> bytes:
    """A 1024 by 768 picture, JPEG."""
    random = np.random.default_rng(0)
    image = Image.fromarray(random.integers(0, 256, (96, 128, 3), dtype=np.uint8)).resize((1024, 768))
    stream = io.BytesIO()
    image.save(stream, format="JPEG")
    return stream.getvalue()


def start(folder: Path, workers: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """A server; without workers what is measured is the server alone."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as made:
        port = made.getsockname()[1]
    changes = {
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "WORKERS": str(workers),
        "DRAFT_WORKERS": "0",
        "EXPLANATION_WORKERS": "0",
        "TRAINING_WORKERS": "0",
        "REQUESTS_PER_MINUTE": "1000000",
        "JOBS_PER_MINUTE": "1000000",
        "MAX_ACTIVE": "1000",
        "MAX_QUEUE": "1000",
        "MAX_STREAMS": "1000",
        "MAX_USER_STREAMS": "1000",
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


def previews(client: httpx.Client, photo: str, style: str, lasting: float) -> tuple[float, float]:
    """Previews a second at 512 pixels, four at a time, and the median seconds of one."""
    body = {"photo": photo, "styles": [{"name": style}], "side": 512}
    seconds: list[float] = []
    end = time.perf_counter() + lasting

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


def queued(client: httpx.Client, photo: str, count: int) -> tuple[list[str], float]:
    """So many jobs submitted; their ids and how many a second."""
    body = {"photo": photo, "styles": [{"name": "starry-night"}]}
    began = time.perf_counter()
    ids = []
    for number in range(count):
        answer = client.post("/jobs", json={**body, "seed": number})
        answer.raise_for_status()
        ids.append(answer.json()["id"])
    return ids, count / (time.perf_counter() - began)


def streams(url: str, client: httpx.Client, ids: list[str], count: int) -> tuple[int, float]:
    """So many streams open at once: how many heard of a change, and how long the last one took."""
    heard: list[float] = []
    began_change = [0.0]
    opened, lock = threading.Semaphore(0), threading.Lock()

    def listen(id: str) -> None:
        with (
            httpx.Client(base_url=url, timeout=300, trust_env=False) as own,
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

    threads = [threading.Thread(target=listen, args=(ids[n % len(ids)],)) for n in range(count)]
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


def taken(url: str, count: int) -> list[float]:
    """Seconds from the submission of a job to an idle worker's taking it, for so many jobs one by one."""
    options = {"iterations": 1, "coarse_iterations": 1, "min_size": 0}
    seconds = []
    with httpx.Client(base_url=f"{url}/api/v1", timeout=300, trust_env=False) as client:
        made = client.post("/pictures", files={"file": ("a.jpg", photograph())}, data={"role": "photo"})
        body = {
            "photo": made.json()["id"],
            "styles": [{"name": "starry-night"}],
            "size": 64,
            "options": options,
        }
        for number in range(count + 1):
            time.sleep(0.1 + 0.037 * (number % 10))  # not in step with a worker that looks now and then
            id = client.post("/jobs", json={**body, "options": options}).json()["id"]
            while (job := client.get(f"/jobs/{id}").json())["status"] in ("queued", "running"):
                time.sleep(0.05)
            if job["status"] != "done":
                raise RuntimeError(job["error"])
            created, started = (datetime.fromisoformat(job[name]) for name in ("created", "started"))
            seconds.append((started - created).total_seconds())
    return sorted(seconds[1:])  # the first waited for the worker's start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of previews")
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--paintings", type=int, default=30, help="to measure how soon a worker takes one")
    load = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        process, url = start(Path(name))
        try:
            is_fit = _measure(url, psutil.Process(process.pid), load)
        finally:
            process.terminate()
            process.wait(60)
    with tempfile.TemporaryDirectory() as name:
        process, url = start(Path(name), workers=1)
        try:
            seconds = taken(url, load.paintings)
        finally:
            process.terminate()
            process.wait(60)
    median, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
    print(f"an idle worker takes a job after {median * 1000:.0f} ms; 95 of 100 within {late * 1000:.0f} ms")
    return 0 if is_fit else 1


def _measure(url: str, server: psutil.Process, load: argparse.Namespace) -> bool:
    """Print the figures; whether memory stayed flat and every stream heard of every change."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=300, trust_env=False) as client:
        made = client.post("/pictures", files={"file": ("a.jpg", photograph())}, data={"role": "photo"})
        photo = made.raise_for_status().json()["id"]
        style = client.get("/styles").json()["styles"][0]["name"]
        previews(client, photo, style, load.seconds / 2)  # threads and buffers are made here
        rate, median = previews(client, photo, style, load.seconds)
        print(f"previews at 512 px, 4 at a time: {rate:.1f} a second, median {median * 1000:.0f} ms")
        return _rounds(url, client, photo, server, load)


def _rounds(
    url: str, client: httpx.Client, photo: str, server: psutil.Process, load: argparse.Namespace
) -> bool:
    memory, is_complete = [], True
    for _ in range(load.rounds):
        ids, submitted = queued(client, photo, load.jobs)
        heard, last = streams(url, client, ids, load.streams)
        for id in ids:
            client.delete(f"/jobs/{id}").raise_for_status()
        memory.append(float(server.memory_info().rss) / 2**20)
        is_complete = is_complete and heard == load.streams
        print(
            f"{load.jobs} jobs queued, {submitted:.0f} a second; {heard} of {load.streams} streams heard of "
            f"all changes, the last after {last:.1f} s; memory {memory[-1]:.0f} MB"
        )
    is_flat = memory[-1] <= memory[0] * (1 + ALLOWED)
    print(f"memory: {memory[0]:.0f} MB after the first round, {memory[-1]:.0f} MB after the last", end="")
    print(": flat" if is_flat else ": NOT FLAT")
    return is_flat and is_complete


if __name__ == "__main__":
    sys.exit(main())
