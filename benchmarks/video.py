"""How steady painted films are: naive per frame, ours fast and ours optimised, in one run.

Judged with Farneback's flow, or the true flow of the Middlebury pairs; films are painted with DIS. The
clips are read from ../shared, beside the repository. Style and content distance are by genuine
VGG-19 to relu3_4, which no engine optimises.

    python -m benchmarks video                  # 5 clips, 192 pixels, 8 frames: minutes on two cores
    VIDEO_SIZE=320 VIDEO_FRAMES=24 python -m benchmarks video
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

import impasto
from impasto import imaging
from impasto.encoders import Encoder, load_encoder
from impasto.film_painters import FastPainter, OptimisedPainter
from impasto.metrics import content_distance, style_distance
from impasto.metrics.steadiness import (
    read_flow,
    sharpness,
    steadiness,
    visible,
    warping_error,
)
from impasto.optimize.pyramid import fit
from impasto.runtime import load_gallery
from impasto.tensors import to_tensor
from impasto.types import Pixels
from impasto.video import Blended, Coherence, Frame, Guided, Painter, Request, open_clip

SHARED = Path(__file__).parents[2] / "shared"
CLIPS = ("davis_car_shadow", "davis_blackswan", "sintel_mountain_2", "fox.mp4", "big_buck_bunny_cut.mp4")
PAIRS = ("middlebury_rubberwhale", "middlebury_grove2")
PAINTING, NAME = "starry_night_van_gogh", "starry-night"


class Alone:
    """Naive per frame: every frame as if there were no other."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter

    def all(self, frames: Sequence[Frame]) -> list[Pixels]:
        return [self.painter.paint(frame.pixels, None) for frame in frames]


def painted(way: Coherence | Alone, frames: Sequence[Frame]) -> list[Pixels]:
    if isinstance(way, Alone):
        return way.all(frames)
    return [found.pixels for found in way.paint(frames)]


def figures(frames: Sequence[Pixels], paintings: Sequence[Pixels], judge: Encoder) -> list[float]:
    """Style distance, content distance and sharpness, mean over frames."""
    height, width = frames[0].shape[:2]
    painting = imaging.read(SHARED / "data" / "style" / f"{PAINTING}.jpg")
    size = fit(painting.width, painting.height, max(width, height))
    style = to_tensor(imaging.resize(painting.pixels, *size))
    rows = [
        (
            style_distance(to_tensor(p), style, judge),
            content_distance(to_tensor(p), to_tensor(f), judge),
            sharpness(p),
        )
        for f, p in zip(frames, paintings, strict=True)
    ]
    return [float(value) for value in np.mean(rows, axis=0)]


def ways(first: Pixels) -> list[tuple[str, Coherence | Alone, str]]:
    """What is compared: its name, how it paints, and the naive way it belongs to."""
    path = SHARED / "data" / "style" / f"{PAINTING}.jpg"
    slow = OptimisedPainter([path], impasto.Options(), first)
    fast = FastPainter(load_gallery(), {NAME: 1.0})
    return [
        ("fast, naive", Alone(fast), "fast, naive"),
        ("fast, ours", Blended(fast), "fast, naive"),
        ("optimised, naive", Alone(slow), "optimised, naive"),
        ("optimised, ours", Guided(slow), "optimised, naive"),
    ]


def main() -> None:
    if not SHARED.exists():
        sys.exit(f"the clips are not there: expected a folder {SHARED}")
    size, count = int(os.environ.get("VIDEO_SIZE", "192")), int(os.environ.get("VIDEO_FRAMES", "8"))
    judge = load_encoder(
        SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors", padding="reflect", convention="caffe"
    )
    print("| clip | way | warping error | of naive | its root | style | content | sharpness |")
    print("|---|---|---|---|---|---|---|---|")
    for name in CLIPS:
        clip = open_clip(SHARED / "data" / "video" / name, Request(size=size))
        frames = list(islice(clip.frames(), count))
        photos = [frame.pixels for frame in frames]
        known: dict[str, list[float]] = {}
        for label, way, naive in ways(photos[0]):
            paintings = painted(way, frames)
            steady = steadiness(photos, paintings)
            known[label] = [steady.squared, steady.error, *figures(photos, paintings, judge)]
            _print(name, label, known[label], known[naive])
    for name in PAIRS:
        _pair(SHARED / "data" / "video" / name, size)


def _pair(folder: Path, size: int) -> None:
    """Frames 10 and 11, judged with the true flow between them, at the size it has."""
    first, second = (imaging.read(folder / f"frame{n}.png").pixels for n in (10, 11))
    flow = read_flow(folder / "flow10.flo")
    scale = size / max(flow.shape[:2])
    width, height = round(flow.shape[1] * scale), round(flow.shape[0] * scale)
    small = [imaging.resize(p, width, height) for p in (first, second)]
    frames = [Frame(n, n, pixels) for n, pixels in enumerate(small)]
    rows, columns = np.mgrid[:height, :width]
    true = flow[(rows / scale).astype(int), (columns / scale).astype(int)] * np.float32(scale)
    counted = visible(small[0], small[1], true)
    known: dict[str, list[float]] = {}
    for label, way, naive in ways(small[0]):
        paintings = painted(way, frames)
        error = warping_error(paintings[0], paintings[1], true, counted)
        known[label] = [error, float(np.sqrt(error))]
        _print(f"{folder.name}, true flow", label, known[label], known[naive])


def _print(clip: str, label: str, found: Sequence[float], naive: Sequence[float]) -> None:
    more = " | ".join(f"{a:.3f} ({a / b - 1:+.1%})" for a, b in zip(found[2:], naive[2:], strict=True))
    ratio = found[0] / naive[0]
    print(f"| {clip} | {label} | {found[0]:.5f} | {ratio:.2f} | {found[1]:.3f} | {more} |", flush=True)
