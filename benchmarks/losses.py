"""Every style loss on the same pictures: how close to the style, how much of the content, how much work.

Photographs are scikit-image's, paintings those of ../shared. Each loss paints every pair at three
weights; genuine VGG-19, which none of them optimises, measures. Styles are compared at the content
distance of the default recipe, reading each loss's curve. The sheet shows, for each loss, the picture
whose content distance is nearest to that. Work is processor time, which other programs hardly change.

    python -m benchmarks losses                       # most of an hour on two cores
    LOSSES_PAIRS=1 python -m benchmarks losses
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data

import impasto
from benchmarks.quality import SHARED, judged, style_at
from impasto import imaging
from impasto.encoders import load_encoder
from impasto.types import Picture, Pixels

SHEET = Path(__file__).parents[1] / "docs" / "images" / "losses.jpg"
SIZE = 256
PAIRS = [
    ("coffee", "starry_night_van_gogh"),
    ("astronaut", "self_portrait_straw_hat_van_gogh"),
    ("chelsea", "great_wave_hokusai"),
]
# Losses of samples change from step to step, or ask for far more memory with L-BFGS: Adam.
ADAM = {"optimizer": "adam", "learning_rate": 0.02, "beta2": 0.99, "iterations": 60, "coarse_iterations": 100}
RECIPES: Mapping[str, tuple[float, Mapping[str, Any]]] = {
    "wasserstein": (8.0, {}),
    "gram": (16.0, {}),
    "mean-std": (16.0, {}),
    "sort-matching": (8.0, {}),
    "sliced-wasserstein": (8.0, {}),
    "mrf": (0.8, ADAM | {"style_layers": {"relu3_1": 1.0, "relu4_1": 1.0}}),
    "nearest-neighbours": (3.0, ADAM),
    "strotss": (0.5, ADAM),
    "strotss, self-similarity": (0.25, ADAM | {"content_loss": "self-similarity"}),
}
STEPS = (0.25, 1.0, 4.0)


def sheet(rows: list[list[Pixels]]) -> Pixels:
    """Pictures in rows, cut to one size."""
    height, width = (min(p.shape[axis] for row in rows for p in row) for axis in (0, 1))
    return np.concatenate([np.concatenate([p[:height, :width] for p in row], 1) for row in rows], 0)


def main() -> None:
    if not SHARED.exists():
        print(f"left out: the paintings are not there; expected a folder {SHARED}")
        return
    pairs = PAIRS[: int(os.environ.get("LOSSES_PAIRS", str(len(PAIRS))))]
    file = SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors"
    judge = load_encoder(file, padding="reflect", convention="caffe")
    ratios: dict[str, list[float]] = {name: [] for name in RECIPES}
    times: dict[str, list[float]] = {name: [] for name in RECIPES}
    pictures: list[list[Pixels]] = []
    for photo_name, style_name in pairs:
        photo = Picture(getattr(skimage.data, photo_name)().astype(np.float32) / 255)
        painting = imaging.read(SHARED / "data" / "style" / f"{style_name}.jpg")
        row: list[Pixels] = []
        content, base_style, base_time = 0.0, 1.0, 1.0
        for name, (weight, changes) in RECIPES.items():
            curve, results, began = [], [], time.process_time()
            recipe = {"style_loss": name.partition(",")[0], **changes}
            for step in STEPS:
                result = impasto.stylize(photo, painting, size=SIZE, style_weight=weight * step, **recipe)
                results.append(result.picture.pixels)
                curve.append(judged(result.picture, photo, painting, judge))
            spent = time.process_time() - began
            if name == "wasserstein":
                (content, base_style), base_time = curve[1], spent
            style = style_at(curve, content)
            if style is not None:  # a pair beyond the curve's ends is left out
                ratios[name].append(style / base_style)
            times[name].append(spent / base_time)
            nearest = min(range(len(STEPS)), key=lambda k: abs(curve[k][0] - content))
            row.append(results[nearest])
            points = "  ".join(f"{c:.3f}, {s:.3f}" for c, s in curve)
            print(f"{photo_name}, {style_name}, {name}: {points}", flush=True)
        pictures.append(row)
        imaging.write(Picture(sheet(pictures)), SHEET, quality=85)
    print("\n| style loss | style distance at equal content | processor time |\n|---|---|---|")
    for name in RECIPES:
        print(f"| {name} | {statistics.median(ratios[name]):.2f} | {statistics.median(times[name]):.1f} |")
    print(f"\nMedians of those of {len(pairs)} pairs that reach the content distance, as ratios.")
    print(f"{SHEET.name}: a row for each pair.")
