"""Frames per second from file to file: `impasto video` beside johnson2016, frame by frame."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import skimage.data
import torch

from impasto import imaging
from impasto.clips import open_clip
from impasto.clips.codecs import find_target
from impasto.clips.writer import SegmentWriter
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.networks.johnson import JohnsonPainter
from impasto.painters.fast import FastPainter
from impasto.pipelines.video.film import video
from impasto.tensors import to_pixels, to_tensor
from impasto.types import Pixels

SIZES = {(640, 360): 60, (1280, 720): 30, (1920, 1080): 16}
"""Width and height to frames."""
STYLE = "starry-night"


def pan(width: int, height: int, count: int) -> Iterator[Pixels]:
    """A camera that moves over a photograph, three pixels a frame, with the noise of a sensor."""
    photo = np.asarray(skimage.data.coffee(), np.float32) / np.float32(255)
    large = imaging.resize(photo, width + 3 * count, height + count)
    noise = np.random.default_rng(0)
    for n in range(count):
        view = large[n : n + height, 3 * n : 3 * n + width]
        yield np.clip(view + noise.normal(0, 0.01, view.shape).astype(np.float32), 0, 1)


def write_film(path: Path, frames: Iterator[Pixels], width: int, height: int) -> list[float]:
    """``frames`` as H.264 at 25 a second; when each was written."""
    target = find_target(path, 8)
    writer = SegmentWriter(path, target, width, height, Fraction(25))
    times = []
    for number, pixels in enumerate(frames):
        writer.write(pixels, number)
        times.append(time.perf_counter())
    writer.close()
    return times


def rate(times: list[float]) -> float:
    """Frames a second after the first, which waits for everything to start."""
    return (len(times) - 1) / (times[-1] - times[0])


@torch.inference_mode()
def johnson(clip: Path, output: Path, width: int, height: int) -> float:
    """Read, paint, write, one after the other; random filters, which take as long as learnt ones."""
    network = JohnsonPainter().eval()
    painted = (to_pixels(network(to_tensor(f.pixels))) for f in open_clip(clip).frames())
    return rate(write_film(output, painted, width, height))


def alone(clip: Path, output: Path, width: int, height: int) -> float:
    """Our network in johnson's place."""
    painter = FastPainter(Job(Reference(""), (Reference(STYLE),), options=FastOptions()))
    painted = (painter.paint_pixels(f.pixels)[0] for f in open_clip(clip).frames())
    return rate(write_film(output, painted, width, height))


def ours(clip: Path, output: Path, width: int, height: int) -> float:  # noqa: ARG001 - as the clip
    """``impasto video --fast``, steadied."""
    times: list[float] = []
    video(
        clip,
        STYLE,
        output,
        options=FastOptions(),
        on_progress=lambda _: times.append(time.perf_counter()),
    )
    return rate(times)


def main() -> None:
    ways: dict[str, Callable[[Path, Path, int, int], float]] = {
        "johnson2016, frame by frame": johnson,
        "our network, frame by frame": alone,
        "impasto video": ours,
    }
    print(f"Frames per second from H.264 to H.264; {os.cpu_count()} cores.\n")
    print("| | " + " | ".join(ways) + " | impasto video of johnson2016 |")
    print("|" + "---|" * (len(ways) + 2))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for (width, height), count in SIZES.items():
            clip = folder / f"{height}.mp4"
            write_film(clip, pan(width, height, count), width, height)
            rates = [way(clip, folder / "out.mp4", width, height) for way in ways.values()]
            cells = " | ".join(f"{value:.2f}" for value in rates)
            print(f"| {height}p | {cells} | {rates[-1] / rates[0]:.1f} |", flush=True)
    print()
