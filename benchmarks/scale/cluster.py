"""A real batch on a Ray cluster of several nodes, from and to an S3 store.

All on this machine: a head without processors, some nodes with one worker each, and moto's server as the
store (``pip install 'moto[server]' s3fs``). The batch runs with worker processes and plain folders, then on
the cluster undisturbed, then with nodes that are killed and replaced in its course. What must hold is
checked: every picture is there once, to the byte what the processes painted. Costs are processor seconds of
every process there is, so that Ray's own (its control service, a raylet and agents a node) are among them.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

STYLE = "starry-night"
WIDTH = 640
OURS = "impasto"
STORE = "moto"
RAY = ("gcs_server", "raylet", "dashboard", "log_monitor", "monitor.py", "runtime_env", "agent.py")


@dataclass(frozen=True)
class Outcome:
    """A batch that has run: seconds by the clock, processor seconds by kind of process, digests by name."""

    seconds: float
    costs: dict[str, float]
    killed: int
    digests: dict[str, str]
    lines: int


def main(photos: int = 60, nodes: int = 3) -> None:
    """Run all three, check them, and print a table."""
    missing = [name for name in ("moto", "s3fs", "ray") if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(f"this needs {', '.join(missing)}: pip install 'impasto[ray]' 'moto[server]' s3fs")
    os.environ |= {"OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(photos):
            photograph(folder / "photos" / f"{number:04d}.jpg", number)
        plain = by_processes(folder, nodes)
        with store(folder) as prefix:
            calm = by_ray(prefix, "calm", photos, nodes, kills=0)
            rough = by_ray(prefix, "rough", photos, nodes, kills=nodes)
    for outcome in (calm, rough):
        assert outcome.digests == plain.digests, "other pictures than worker processes painted"
        assert outcome.lines == photos, f"{outcome.lines} lines in the manifest for {photos} photographs"
    print(f"{photos} photographs of {WIDTH}x{WIDTH * 3 // 4}, fast; {nodes} workers\n")
    print("| | seconds | painting, s a picture | Ray | store | nodes killed | painted | the same bytes |")
    print("|---|---|---|---|---|---|---|---|")
    for title, one in (("processes, folders", plain), ("Ray, S3", calm), ("Ray, S3, nodes die", rough)):
        costs = " | ".join(f"{one.costs[kind] / photos:.2f}" for kind in (OURS, "Ray", STORE))
        print(f"| {title} | {one.seconds:.0f} | {costs} | {one.killed} | {len(one.digests)} | yes |")


def photograph(path: Path, seed: int) -> None:
    """Smooth colours and a few edges; every one differs."""
    path.parent.mkdir(exist_ok=True)
    chance = np.random.default_rng(seed)
    small = Image.fromarray(chance.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    small.resize((WIDTH, WIDTH * 3 // 4), Image.Resampling.BICUBIC).save(path, quality=92)


def batch(source: str, output: str, *more: str) -> list[str]:
    """The command line of the batch."""
    paint = ["batch", source, "--style", STYLE, "--fast", "--no-recipe", "-o", output, "--quiet", *more]
    return [sys.executable, "-m", "impasto", *paint]


def by_processes(folder: Path, workers: int) -> Outcome:
    out = folder / "plain"
    command = batch(str(folder / "photos"), str(out), "--workers", str(workers))
    seconds, costs = measured(command, lambda: None)
    digests = {path.name: digest(path.read_bytes()) for path in out.glob("*.png")}
    return Outcome(seconds, costs, 0, digests, lines((out / "manifest.jsonl").read_text()))


def by_ray(prefix: str, name: str, photos: int, workers: int, *, kills: int) -> Outcome:
    """The batch on a cluster of its own; as it goes on, ``kills`` nodes die, and each is replaced."""
    # Importing it first keeps Ray from reporting to its makers.
    import impasto.jobs.executors.ray  # noqa: F401

    make = importlib.import_module("ray.cluster_utils").Cluster
    out = f"{prefix}/{name}"
    cluster = make(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(workers)]
    killed = 0

    def disturb() -> None:
        nonlocal killed
        if killed < kills and len(pictures(out)) >= photos * (killed + 1) / (kills + 2):
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
            nodes.append(cluster.add_node(num_cpus=1))
            killed += 1

    try:
        command = batch(f"{prefix}/photos", out, "--ray", cluster.address, "--workers", str(workers))
        seconds, costs = measured(command, disturb)
    finally:
        cluster.shutdown()
    assert killed == kills, f"the batch was over after {killed} of {kills} kills: more photographs, please"
    space = filesystem()
    digests = {path.rsplit("/", 1)[1]: digest(space.cat_file(path)) for path in pictures(out)}
    return Outcome(seconds, costs, killed, digests, lines(space.cat_file(f"{out}/manifest.jsonl").decode()))


def measured(command: list[str], meanwhile: Callable[[], None]) -> tuple[float, dict[str, float]]:
    """Run ``command``; return seconds, and processor seconds by kind; dead processes count too."""
    used: dict[int, tuple[str, float]] = {}
    before = {process.pid: spent(process) for process in family()}
    began = time.monotonic()
    running = subprocess.Popen(command)
    while running.poll() is None:
        meanwhile()
        for process in family():
            with contextlib.suppress(psutil.Error):
                used[process.pid] = (kind(process), spent(process) - before.get(process.pid, 0.0))
        time.sleep(0.1)
    seconds = time.monotonic() - began
    if running.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {running.returncode}")
    return seconds, {name: sum(t for k, t in used.values() if k == name) for name in (OURS, "Ray", STORE)}


def family() -> list[psutil.Process]:
    """This process's descendants; Ray's daemons are among them while the cluster is this process's."""
    return psutil.Process().children(recursive=True)


def spent(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def kind(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    if "moto" in words:
        return STORE
    return "Ray" if any(name in words for name in RAY) else OURS


@contextlib.contextmanager
def store(folder: Path) -> Iterator[str]:
    """An S3 store with the photographs in it; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with (folder / "store.log").open("wb") as log:
        serve = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(serve, stdout=log, stderr=log)
    try:
        space = reachable(port)
        space.mkdir("pictures")
        space.put(str(folder / "photos"), "pictures/photos", recursive=True)
        yield "s3://pictures"
    finally:
        server.terminate()
        server.wait()


def reachable(port: int) -> Any:
    """The store's file system, once the server answers."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return filesystem()
        time.sleep(0.1)
    raise RuntimeError("moto's server does not answer")


def filesystem() -> Any:
    import s3fs

    return s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)


def pictures(out: str) -> list[str]:
    """Addresses of the pictures there so far, without their scheme."""
    space = filesystem()
    return [path for path in space.find(out) if path.endswith(".png")] if space.exists(out) else []


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def lines(manifest: str) -> int:
    """The number of different results that a manifest says are done."""
    records = [json.loads(line) for line in manifest.splitlines()]
    return len({record["output"] for record in records if record.get("status") == "done"})
