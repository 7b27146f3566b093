"""What a picture costs here, in processor seconds of one thread: ``python -m benchmarks.scale measure``.

Processor time, not the clock's: on a machine with other work it is off by tens of percent, where the
clock is off by a factor. Waiting, which it does not see, is taken by the clock and marked so.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

COSTS = Path(__file__).with_name("costs.json")
SIDES = {"optimised": 192, "optimised, draft": 192, "fast": 768}


def main() -> None:
    from impasto.threads import limit

    limit(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, Any] = {
            "load": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "seconds per megapixel": engines(folder) | film_engines(folder),
            "films": films(folder),
            "files": files(folder),
            "manifest": manifest(folder),
            "schedule": schedule(folder),
            "worker": worker(folder),
        }
    COSTS.write_text(json.dumps(found, indent=2) + "\n")
    print(COSTS.read_text())


def busy(work: Callable[[], object], runs: int = 3, *, warm: bool = True) -> float:
    """The least processor time of some runs, after one that warms up."""
    if warm:
        work()
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def photograph(folder: Path, width: int) -> Path:
    from benchmarks.commands import sample_photo

    return sample_photo(folder, width, width * 3 // 4)


def engines(folder: Path) -> dict[str, float]:
    """Painting alone, by engine, on one thread of this processor."""
    import impasto
    from impasto.imaging import read
    from impasto.jobs import Job, Reference
    from impasto.painters.fast import FastPainter

    found = {}
    for name, preset in (("optimised", "default"), ("optimised, draft", "draft")):
        side = SIDES[name]
        photo = read(photograph(folder, side))

        def paint(photo: Any = photo, preset: str = preset, side: int = side) -> None:
            impasto.stylize(photo, "starry-night", preset=preset, size=side)

        found[name] = busy(paint, runs=1) / (side * side * 0.75 / 1e6)
    job = Job(Reference(""), (Reference("starry-night"),), options=impasto.FastOptions())
    painter = FastPainter(job)
    side = SIDES["fast"]
    pixels = read(photograph(folder, side)).pixels
    found["fast"] = busy(lambda: painter.paint_pixels(pixels)) / (side * side * 0.75 / 1e6)
    return {name: round(value, 3) for name, value in found.items()}


def clip(folder: Path, width: int, frames: int) -> Path:
    """A shot that pans over a photograph, 2 pixels a frame, as H.264."""
    import av
    import numpy as np

    from impasto.imaging import read

    height = width * 9 // 16
    wide = read(photograph(folder, width + 2 * frames + 2)).pixels[:height]
    path = folder / f"{width}.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=24, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            pixels = np.rint(wide[:, 2 * number : 2 * number + width] * 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")))
        container.mux(stream.encode(None))
    return path


def film_engines(folder: Path) -> dict[str, float]:
    """A frame of a film, read, painted, held to those before it, and written."""
    from impasto import FastOptions, OptimizeOptions, video
    from impasto.jobs import Job, Reference
    from impasto.painters.fast import FastPainter

    found: dict[str, float] = {}
    for name, options, width, frames in (
        ("film, fast", FastOptions(), 640, 16),
        ("film, optimised", OptimizeOptions(), 192, 24),
    ):
        source, fast = clip(folder, width, frames), isinstance(options, FastOptions)
        job = Job(Reference(""), (Reference("starry-night"),), options=options)
        how = {"options": options, "painter": FastPainter(job) if fast else None}

        def paint(source: Path = source, how: dict[str, Any] = how) -> None:
            video(source, "starry-night", folder / "out.mp4", **how)

        megapixels = frames * width * (width * 9 // 16) / 1e6
        found[name] = round(busy(paint, runs=1, warm=fast) / megapixels, 3)
    return found


def films(folder: Path) -> dict[str, float]:
    """What a film takes before it is painted in parts, for a frame of 720p."""
    from impasto import FilmOptions
    from impasto.pipelines.video.cuts import find_cuts

    frames = 24
    source = clip(folder, 1280, frames)
    spent = busy(lambda: find_cuts(source, FilmOptions(), lambda: False), runs=1)
    return {"look for cuts, s/MP": round(spent / (frames * 1280 * 720 / 1e6), 4)}


def files(folder: Path) -> dict[str, float]:
    """Reading and writing a picture, by megapixel, and hashing, by megabyte."""
    from impasto.imaging import read, write

    source = photograph(folder, 1024)
    picture = read(source)
    megapixels = 1024 * 768 / 1e6
    found: dict[str, float] = {}
    for kind in ("jpg", "png"):
        path = folder / f"file.{kind}"
        found[f"encode {kind}, s/MP"] = busy(partial(write, picture, path)) / megapixels
        found[f"decode {kind}, s/MP"] = busy(partial(read, path)) / megapixels
        found[f"size of {kind}, MB/MP"] = path.stat().st_size / 1e6 / megapixels
    data = os.urandom(16_000_000)
    found["hash, s/MB"] = busy(lambda: hashlib.sha256(data).digest()) / 16
    return {name: round(value, 5) for name, value in found.items()}


def manifest(folder: Path) -> dict[str, float]:
    """A line of the manifest: its size, the processor time, and the wait for the disk for one write."""
    from impasto.jobs import Job, Reference
    from impasto.jobs.identity import with_digests
    from impasto.jobs.manifest import Record, records
    from impasto.jobs.manifest import manifest as store_of

    photo = photograph(folder, 64)
    source = Reference(str(photo))
    job = with_digests(Job(source, (source,), "out/photo-starry-night.png"), network="0" * 64)
    losses = {f"style relu{n}_1": 0.123456789 for n in range(8)}
    record = Record("photo-starry-night.png", "done", job, (512, 384), 100, 12.5, losses)
    store = store_of(str(folder))
    waits = []
    for _ in range(20):
        began = time.perf_counter()
        store.add(record.to_dict())
        waits.append(time.perf_counter() - began)
    many = [record.to_dict() for _ in range(1000)]
    return {
        "bytes a line": Path(store.lines).stat().st_size // 20,
        "to write, s (processor)": round(busy(lambda: store.write(many)) / 1000, 6),
        "to read, s (processor)": round(busy(lambda: records(store)) / 1000, 6),
        "a write, s (clock, median)": round(sorted(waits)[10], 5),
    }


def schedule(folder: Path) -> dict[str, float]:
    """The coordinator: processor time and memory for a picture, everything but the workers being real."""
    from benchmarks.scale.simulate import World, simulate

    found: dict[str, float] = {}
    calm = World(worker_life=1e9, machine_life=1e9, flaky=0, damaged=0, poison=0, hang=0)
    for workers in (100, 1000):
        place = folder / str(workers)
        place.mkdir()
        run = simulate(place, items=6000, workers=workers, world=calm)
        found[f"a picture with {workers} workers, s (processor)"] = round(run.spent / run.lines, 6)
    place = folder / "memory"
    place.mkdir()
    tracemalloc.start()
    run = simulate(place, items=2000, workers=100, world=calm)
    found["memory, bytes a picture"] = round(tracemalloc.get_traced_memory()[1] / run.lines)
    tracemalloc.stop()
    return found


def ready() -> None:
    """Be a worker that waits for its first job; print the most memory that took, in bytes."""
    from impasto.pipelines.batch import Performer, make_performer

    performer = make_performer(60.0, 1)
    assert isinstance(performer, Performer)
    performer.warm_up()
    # Not getrusage's, which begins with the most of the process that started this one.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) * 1024)


def worker(folder: Path) -> dict[str, float]:  # noqa: ARG001
    """A worker until it is ready."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks.scale.measure import ready; ready()"],
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = float(done.stdout)
    return {
        "to start, s (processor)": round(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2
        ),
        "ready, MB": round(memory / 1e6),
    }
