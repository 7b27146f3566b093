"""Films: how steady they are, and how fast they are painted, each beside the naive way, in one run.

Steadiness: naive per frame, ours fast and ours optimised. Films are painted with DIS; they are judged with
TV-L1 (Zach, Pock and Bischof 2007, as in scikit-image) where the photograph has texture, since elsewhere
no flow can be checked, and everywhere; and with the true flow of the Middlebury pairs. The clips are read
from ../shared, beside the repository. Style and content distance are by genuine VGG-19 to relu3_4, which no
engine optimises.

Speed: `impasto video`, from file to file, beside one pass of johnson2016 in torch after the other, at 360,
720 and 1080 lines.

    python -m benchmarks video                  # 5 clips, 320 pixels, 12 frames: half an hour on two cores
    VIDEO_SIZE=192 VIDEO_FRAMES=8 VIDEO_ONLY=fast python -m benchmarks video
    VIDEO_ONLY=speed python -m benchmarks video
    VIDEO_ONLY=long VIDEO_ENGINES=fast VIDEO_JUDGE=JUDGE python -m benchmarks video    # whole shots

Whole shots are of 48 frames. JUDGE is a folder with LPIPS's AlexNet (benchmarks/judges.py); else no LPIPS.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

import impasto
from benchmarks import video_speed
from benchmarks.judges import AlexNet
from impasto import imaging
from impasto.clips import Blended, Coherence, Frame, Guided, Request, open_clip
from impasto.encoders import Encoder, load_encoder
from impasto.imaging import fit
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.metrics import content_distance, style_distance
from impasto.metrics.steadiness import (
    Flow,
    along_flow,
    hardness,
    judged,
    read_flow,
    sharpness,
    textured,
    visible,
    warping_error,
)
from impasto.painters.fast import FastPainter
from impasto.painters.frames.fast import FastFramePainter
from impasto.painters.frames.optimised import OptimisedFramePainter
from impasto.pipelines.video.options import FilmOptions
from impasto.tensors import to_tensor
from impasto.types import Pixels, Plane

SHARED = Path(__file__).parents[2] / "shared"
CLIPS = ("davis_car_shadow", "davis_blackswan", "sintel_mountain_2", "fox.mp4", "big_buck_bunny_cut.mp4")
PAIRS = ("middlebury_rubberwhale", "middlebury_grove2")
FILM = FilmOptions()
PAINTING, NAME = "starry_night_van_gogh", "starry-night"


class Alone:
    """Naive per frame: every frame as if there were no other."""

    def __init__(self, paint: Callable[[Pixels], Pixels]) -> None:
        self.paint = paint

    def all(self, frames: Sequence[Frame]) -> list[Pixels]:
        return [self.paint(frame.pixels) for frame in frames]


@dataclass(frozen=True)
class Scene:
    """What is painted, and what it is judged by: flows, and where they count, between its frames."""

    name: str
    frames: list[Frame]
    flows: list[tuple[Flow, Plane]]
    exact: bool = False

    def errors(self, paintings: Sequence[Pixels], everywhere: bool) -> list[float]:
        found = []
        for photo, pair, (flow, counted) in zip(
            self.frames[:-1], pairwise(paintings), self.flows, strict=True
        ):
            where = counted if everywhere or self.exact else counted * textured(photo.pixels)
            found.append(warping_error(*pair, flow, where))
        return found


def tv_l1(first: Pixels, second: Pixels) -> Flow:
    """The flow (H, W, 2) from ``first`` to ``second``, in pixels right and down."""
    from skimage.color import rgb2gray
    from skimage.registration import optical_flow_tvl1

    down, right = optical_flow_tvl1(rgb2gray(first), rgb2gray(second))
    return np.stack([right, down], axis=2).astype(np.float32)


def read_scene(name: str, size: int, count: int) -> Scene:
    clip = open_clip(SHARED / "data" / "video" / name, Request(size=size))
    frames = list(islice(clip.frames(), count))
    return Scene(name, frames, [judged(a.pixels, b.pixels, tv_l1) for a, b in pairwise(frames)])


def read_pair(name: str, size: int) -> Scene:
    """Frames 10 and 11, with the true flow between them, at ``size``."""
    folder = SHARED / "data" / "video" / name
    flow = read_flow(folder / "flow10.flo")
    scale = size / max(flow.shape[:2])
    width, height = round(flow.shape[1] * scale), round(flow.shape[0] * scale)
    first, second = (
        imaging.resize(imaging.read(folder / f"frame{n}.png").pixels, width, height) for n in (10, 11)
    )
    rows, columns = np.mgrid[:height, :width]
    true = flow[(rows / scale).astype(int), (columns / scale).astype(int)] * np.float32(scale)
    counted = visible(first, second, true)
    return Scene(f"{name}, true flow", [Frame(0, 0, first), Frame(1, 1, second)], [(true, counted)], True)


def ways(engine: str, first: Pixels) -> list[tuple[str, Coherence | Alone]]:
    """The naive way to paint with an engine, and ours."""
    if engine == "fast":
        fast = FastFramePainter(FastPainter(Job(Reference(""), (Reference(NAME),), options=FastOptions())))
        return [
            ("naive", Alone(fast.paint)),
            ("ours", Blended(fast, keep=FILM.keep)),
        ]
    slow = OptimisedFramePainter(
        [SHARED / "data" / "style" / f"{PAINTING}.jpg"],
        impasto.OptimizeOptions(),
        first,
        temporal_weight=FILM.temporal_weight,
        next_iterations=FILM.next_iterations,
    )
    return [
        ("naive", Alone(lambda pixels: slow.paint(pixels, None).pixels)),
        ("ours", Guided(slow, long_term=FILM.long_term)),
    ]


def figures(frames: Sequence[Frame], paintings: Sequence[Pixels], judge: Encoder) -> np.ndarray:
    """(N, 3): style distance, content distance and sharpness of each frame."""
    height, width = frames[0].pixels.shape[:2]
    painting = imaging.read(SHARED / "data" / "style" / f"{PAINTING}.jpg")
    size = fit(painting.width, painting.height, max(width, height))
    style = to_tensor(imaging.resize(painting.pixels, *size))
    return np.array(
        [
            (
                style_distance(to_tensor(p), style, judge),
                content_distance(to_tensor(p), to_tensor(f.pixels), judge),
                sharpness(p),
            )
            for f, p in zip(frames, paintings, strict=True)
        ]
    )


def compare(scene: Scene, engine: str, judge: Encoder) -> float:
    """Print a line; the share of the naive error that is left."""
    errors, looks = [], []
    for _, way in ways(engine, scene.frames[0].pixels):
        if isinstance(way, Alone):
            paintings = way.all(scene.frames)
        else:
            paintings = [found.pixels for found in way.paint(scene.frames)]
        errors.append([np.mean(scene.errors(paintings, everywhere)) for everywhere in (False, True)])
        looks.append(figures(scene.frames, paintings, judge))
    away = looks[1] / looks[0] - 1
    share, everywhere = (float(ours / naive) for naive, ours in zip(*errors, strict=True))
    within = float((np.abs(away) <= 0.05).all(1).mean())
    parts = " | ".join(f"{a.mean():+.1%} ({a.min():+.1%} to {a.max():+.1%})" for a in away.T)
    cells = [scene.name, engine, f"{errors[0][0]:.5f}", f"{errors[1][0]:.5f}", f"**{share:.2f}**"]
    print(f"| {' | '.join(cells)} | {everywhere:.2f} | {parts} | {within:.0%} |", flush=True)
    return share


def stability(engines: Sequence[str]) -> None:
    size, count = int(os.environ.get("VIDEO_SIZE", "320")), int(os.environ.get("VIDEO_FRAMES", "12"))
    judge = judge_network()
    print(f"{size} pixels, {count} frames, {NAME}. Against the naive frame, mean (least to most):\n")
    print("| clip | engine | naive | ours | of naive | everywhere | style | content | sharp | within 5% |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    scenes = [read_scene(name, size, count) for name in CLIPS] + [read_pair(name, size) for name in PAIRS]
    for engine in engines:
        shares = [compare(scene, engine, judge) for scene in scenes]
        print(
            f"| median of {len(shares)} | {engine} | | | **{np.median(shares):.2f}** | | | | | |", flush=True
        )


def long_shots(engines: Sequence[str]) -> None:
    """Print the fourth and every tenth frame of whole shots, beside the same frame painted alone.

    Steadiness: the warping error, and LPIPS of a painting and another along the flow, from the frame before
    and from the one seven before, as shares of those of frames painted alone.
    """
    size, count = int(os.environ.get("VIDEO_SIZE", "320")), int(os.environ.get("VIDEO_FRAMES", "48"))
    clips = os.environ.get("VIDEO_CLIPS", ",".join(CLIPS)).split(",")
    judges = (
        judge_network(),
        AlexNet(Path(os.environ["VIDEO_JUDGE"])) if "VIDEO_JUDGE" in os.environ else None,
    )
    print(f"{size} pixels, {NAME}. Against the frame painted alone:\n")
    steady = ("error, next", "LPIPS, next", "error, 7 apart", "LPIPS, 7 apart")
    print(f"| clip | engine | frame | style | content | sharpness | hardness | {' | '.join(steady)} |")
    print(f"|{'---|' * 11}", flush=True)
    for engine in engines:
        for name in clips:
            clip = open_clip(SHARED / "data" / "video" / name, Request(size=size))
            long_shot(name, list(islice(clip.frames(), count)), engine, *judges)


def long_shot(
    name: str, frames: Sequence[Frame], engine: str, judge: Encoder, alexnet: AlexNet | None
) -> None:
    """Print the rows of one shot."""
    (_, alone), (_, together) = ways(engine, frames[0].pixels)
    assert isinstance(alone, Alone)
    assert not isinstance(together, Alone)
    ours = [found.pixels for found in together.paint(frames)]
    naive = cache(lambda number: alone.paint(frames[number].pixels))
    for n in sorted({3, *range(9, len(frames), 10), len(frames) - 1} & set(range(len(frames)))):
        rows = [figures([frames[n]], [picture], judge)[0] for picture in (ours[n], naive(n))]
        away = [*rows[0] / rows[1] - 1, hardness(ours[n]) / hardness(naive(n)) - 1]
        cells = [f"{part:+.1%}" for part in away]
        for apart in (1, 7):
            if apart > n:
                cells += ["", ""]
                continue
            flow, counted = judged(frames[n - apart].pixels, frames[n].pixels, tv_l1)
            pairs = ((ours[n - apart], ours[n]), (naive(n - apart), naive(n)))
            errors = [warping_error(first, second, flow, counted) for first, second in pairs]
            cells.append(f"{errors[0] / errors[1]:.2f}")
            if alexnet is None:
                cells.append("")
            else:
                unlike = [lpips_along(first, second, flow, counted, alexnet) for first, second in pairs]
                cells.append(f"{unlike[0] / unlike[1]:.2f}")
        print(f"| {name} | {engine} | {n + 1} | {' | '.join(cells)} |", flush=True)


def lpips_along(first: Pixels, second: Pixels, flow: Flow, counted: Plane, judge: AlexNet) -> float:
    """LPIPS of ``first`` and of ``second`` along the flow, which is ``first`` where nothing counts."""
    where = counted[..., None]
    return judge.lpips(to_tensor(first), to_tensor(along_flow(second, flow) * where + first * (1 - where)))


def judge_network() -> Encoder:
    weights = SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors"
    return load_encoder(weights, padding="reflect", convention="caffe")


def main() -> None:
    if not SHARED.exists():
        print(f"left out: the clips are not there; expected a folder {SHARED}")
        return
    only = os.environ.get("VIDEO_ONLY")
    if only not in (None, "speed", "long", "fast", "optimised"):
        sys.exit(f"VIDEO_ONLY is speed, long, fast or optimised; it is {only!r}")
    if only == "long":
        long_shots(os.environ.get("VIDEO_ENGINES", "fast,optimised").split(","))
        return
    if only in (None, "speed"):
        video_speed.main()
    if only != "speed":
        stability([only] if only else ["fast", "optimised"])
