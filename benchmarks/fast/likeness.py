"""Style and content distance of the gallery's paintings in every precision, judged by another network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.fast.networks import export
from benchmarks.fast.pictures import PAINTINGS, Judge, Settings, read, tensor
from impasto.inference import load_gallery
from impasto.inference.onnx_runtime import onnxruntime
from impasto.metrics import CONTENT_LAYER, STYLE_LAYERS
from impasto.networks.export.parity import PRECISIONS
from impasto.networks.files import GALLERY, load_network
from impasto.types import Pixels

Paint = Callable[[Pixels, np.ndarray], Pixels]


def through_onnx(path: Path) -> Paint:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def paint(pixels: Pixels, row: np.ndarray) -> Pixels:
        image = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
        painting = session.run(["painting"], {"image": image, "weights": row})[0][0]
        found: Pixels = np.ascontiguousarray(painting.clip(0, 1).transpose(1, 2, 0))
        return found

    return paint


def through_torch_in_bfloat16() -> Paint:
    network, _ = load_network()

    def paint(pixels: Pixels, row: np.ndarray) -> Pixels:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            painting = network(tensor(pixels), torch.from_numpy(row))[0].float()
        found: Pixels = painting.clamp(0, 1).permute(1, 2, 0).contiguous().numpy()
        return found

    return paint


def main(settings: Settings) -> None:
    judge, gallery = Judge(settings.judge), load_gallery()
    photos = [read(path, settings.size) for path in settings.held_out()[: max(1, settings.count // 4)]]
    with tempfile.TemporaryDirectory() as name:
        ways: dict[str, Paint] = {"torch bfloat16": through_torch_in_bfloat16()}
        for precision in PRECISIONS:
            file, refused = export(GALLERY, Path(name) / f"{precision}.onnx", precision)
            ways[f"ONNX {precision}" + (", not offered" if refused else "")] = through_onnx(file)
        reference = ways["ONNX fp32"]
        found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ["the photograph", *ways]}
        for style in gallery.styles:
            if style.name not in PAINTINGS:
                continue
            painting = tensor(read(settings.painting_file(PAINTINGS[style.name]), settings.size))
            row = gallery.row(style.name)
            for pixels in photos:
                photo, wanted = tensor(pixels), reference(pixels, row)
                judge.remember([photo, painting], [*STYLE_LAYERS, CONTENT_LAYER])
                for way, paint in {"the photograph": lambda pixels, _: pixels, **ways}.items():
                    painted = paint(pixels, row)
                    apart = float(np.abs(painted - wanted).mean())
                    found[way].append((*judge.distances(tensor(painted), photo, painting), apart))
    count = len(found["the photograph"])
    print(f"Means of {count} pictures of {settings.size} pixels, {count // len(photos)} styles.\n")
    print("| way | content distance | style distance | mean difference from fp32 |\n|---|---|---|---|")
    for way, rows in found.items():
        content, like, apart = np.mean(rows, axis=0)
        shown = "" if way == "the photograph" else f"{apart:.5f}"
        print(f"| {way} | {content:.3f} | {like:.3f} | {shown} |")
