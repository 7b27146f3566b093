"""Grids and borders in the gallery's paintings, over those in the photographs themselves."""

from __future__ import annotations

import statistics

from benchmarks.fast.pictures import Settings, read, tensor
from impasto.inference import load_gallery
from impasto.metrics import border_frame, grid_energy, speckle
from impasto.types import Pixels

NAMES = ("grid, period 2", "grid, period 4", "border", "speckle")


def figures(pixels: Pixels) -> tuple[float, float, float, float]:
    image = tensor(pixels)
    grid = grid_energy(image)
    return grid.period_2, grid.period_4, border_frame(image), speckle(image)


def means(rows: list[tuple[float, float, float, float]]) -> list[float]:
    return [statistics.fmean(column) for column in zip(*rows, strict=True)]


def main(settings: Settings) -> None:
    gallery = load_gallery()
    photos = [read(path, settings.size) for path in settings.held_out()]
    before = [figures(pixels) for pixels in photos]
    base = means(before)
    print(f"Means over {len(photos)} photographs of {settings.size} pixels; paintings over photographs.\n")
    print("| style | " + " | ".join(NAMES) + " |\n|---|---|---|---|---|")
    print("| the photographs | " + " | ".join(f"{number:.3f}" for number in base) + " |")
    worst = [0.0] * len(NAMES)
    for style in gallery.styles:
        after = [figures(gallery.paint(pixels, style.name)) for pixels in photos]
        ratios = [a / b for a, b in zip(means(after), base, strict=True)]
        worst = [max(w, r) for w, r in zip(worst, ratios, strict=True)]
        print(f"| {style.name} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |", flush=True)
    print("| the worst | " + " | ".join(f"{ratio:.2f}" for ratio in worst) + " |")
