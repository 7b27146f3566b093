"""Films from one keyframe, beside the keyframe moved along the flow alone.

The first frame of each clip is painted by the fast network and carried over 48 frames, or as many as there
are. The warping error is that of every ninth pair of frames, judged by TV-L1, as a share of that of frames
painted one by one; the rest compares later frames with the keyframe. Style: the distance to the painting, by
genuine VGG-19.

    python -m benchmarks keyframes              # a quarter of an hour on one core
    VIDEO_SIZE=320 VIDEO_FRAMES=25 python -m benchmarks keyframes
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice, pairwise

import cv2
import numpy as np

from benchmarks.video import CLIPS, NAME, PAINTING, SHARED, judge_network, tv_l1
from impasto import imaging
from impasto.clips import Request, open_clip
from impasto.clips.carried import Carrier, Keyframe
from impasto.clips.correspondence import follow, own_places, sample_at
from impasto.clips.flow import motion
from impasto.encoders import Encoder
from impasto.imaging import fit
from impasto.imaging.samples import to_bytes, unpacked
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.metrics import style_distance
from impasto.metrics.steadiness import judged, textured, warping_error
from impasto.painters.fast import FastPainter
from impasto.tensors import to_tensor
from impasto.types import Pixels

EVERY = 9


def hardness(pixels: Pixels) -> float:
    """The variance of the Laplacian of luma."""
    luma = pixels @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    return float(cv2.Laplacian(luma, cv2.CV_32F).var())


def flow_alone(frames: Sequence[Pixels], paint: Pixels) -> list[Pixels]:
    """The keyframe's paint at places that follow the flow, and nothing else."""
    places = own_places(*paint.shape[:2])
    moved = [paint]
    for before, frame in pairwise(frames):
        places = follow(places, motion(frame, before).flow)
        moved.append(np.clip(sample_at(paint, places, cv2.INTER_LANCZOS4), 0, 1))
    return moved


def compare(name: str, painter: FastPainter, network: Encoder, size: int, count: int) -> None:
    """Print two lines."""
    clip = open_clip(SHARED / "data" / "video" / name, Request(size=size))
    photos = [to_bytes(frame.pixels) for frame in islice(clip.frames(), count)]
    frames = [unpacked(photo) for photo in photos]
    paint = painter.paint_pixels(frames[0])[0]
    carrier = Carrier(Keyframe(photos[0], paint))
    films = {"carried": [paint, *(carrier.carry(photo).pixels for photo in photos[1:])]}
    films["flow alone"] = flow_alone(frames, paint)
    errors: dict[str, list[list[float]]] = {"naive": [], **{way: [] for way in films}}
    for n in range(0, len(frames) - 1, EVERY):
        flow, counted = judged(frames[n], frames[n + 1], tv_l1)
        pairs = {"naive": [painter.paint_pixels(frame)[0] for frame in frames[n : n + 2]]}
        pairs |= {way: film[n : n + 2] for way, film in films.items()}
        for way, pair in pairs.items():
            where = (counted, counted * textured(frames[n]))
            errors[way].append([warping_error(pair[0], pair[1], flow, weight) for weight in where])
    painting = imaging.read(SHARED / "data" / "style" / f"{PAINTING}.jpg")
    style = to_tensor(
        imaging.resize(painting.pixels, *fit(painting.width, painting.height, max(paint.shape)))
    )
    own = style_distance(to_tensor(paint), style, network)
    for way, film in films.items():
        share = np.mean(errors[way], axis=0) / np.mean(errors["naive"], axis=0)
        hard = " | ".join(f"{hardness(film[n]) / hardness(paint) - 1:+.0%}" for n in (12, 24, -1))
        away = style_distance(to_tensor(film[-1]), style, network) / own - 1
        print(f"| {name} | {way} | {share[0]:.2f} | {share[1]:.2f} | {hard} | {away:+.0%} |", flush=True)


def main() -> None:
    if not SHARED.exists():
        print(f"left out: the clips are not there; expected a folder {SHARED}")
        return
    size, count = int(os.environ.get("VIDEO_SIZE", "640")), int(os.environ.get("VIDEO_FRAMES", "49"))
    painter = FastPainter(Job(Reference(""), (Reference(NAME),), options=FastOptions()))
    print("| clip | way | everywhere | textured | hardness at 12 | at 24 | last | style |")
    print("|---|---|---|---|---|---|---|---|")
    for name in CLIPS:
        compare(name, painter, judge_network(), size, count)
