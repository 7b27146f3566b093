"""`impasto train`: paintings by the network before and after it was refined for one style."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.fast.pictures import Judge, Settings, read, tensor
from impasto import imaging
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.metrics import CONTENT_LAYER, STYLE_LAYERS, grid_energy
from impasto.networks.train.plan import TrainingPlan
from impasto.painters.fast import FastPainter
from impasto.pipelines.train import train_network
from impasto.types import Picture, Pixels

STRENGTHS = (0.9, 1.0, 1.1)


def figures(
    judge: Judge, style: Path, painting: Pixels, photos: Sequence[Pixels], strength: float, keep: Path
) -> list[float]:
    """Content and style distance and grid energy, means over ``photos`` painted in ``style``."""
    options = FastOptions(strength=strength)
    painter = FastPainter(Job(Reference(), (Reference(str(style)),), options=options))
    rows = []
    for number, pixels in enumerate(photos):
        painted = painter.paint_pixels(pixels)[0]
        imaging.write(Picture(painted), keep / f"{style.stem}{style.suffix[1:]}-{strength:g}-{number}.png")
        result, photo, target = tensor(painted), tensor(pixels), tensor(painting)
        judge.remember([photo, target], [*STYLE_LAYERS, CONTENT_LAYER])
        rows.append((*judge.distances(result, photo, target), grid_energy(result).worst))
    found: list[float] = np.mean(rows, axis=0).tolist()
    return found


def at_content(rows: Sequence[Sequence[float]], content: float) -> float | None:
    """The style distance at ``content``, between the strengths of ``rows``; None beyond them."""
    pairs = sorted((row[0], row[1]) for row in rows)
    if not pairs[0][0] <= content <= pairs[-1][0]:
        return None
    contents, styles = zip(*pairs, strict=True)
    return float(np.interp(content, contents, styles))


def main(settings: Settings) -> None:
    judge = Judge(settings.judge)
    photos = [read(path, settings.size) for path in settings.held_out()]
    print(f"Means of {len(photos)} photographs of {settings.size} pixels; distances by VGG-19.\n")
    print("| painting | network | strength | content | style | grid |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = settings.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for file in settings.paintings:
            painting, refined = read(file, settings.size), folder / f"{file.stem}.style"
            plan = TrainingPlan(
                str(file), (str(settings.practice),), minutes=settings.minutes, steps=settings.steps
            )
            began = time.process_time()
            done = train_network(plan, refined)
            seconds = time.process_time() - began
            rows = {}
            for network, style in (("bundled", file), ("refined", refined)):
                rows[network] = [
                    figures(judge, style, painting, photos, strength, folder) for strength in STRENGTHS
                ]
                for strength, (content, like, grid) in zip(STRENGTHS, rows[network], strict=True):
                    cells = f"{strength:g} | {content:.3f} | {like:.3f} | {grid:.2f}"
                    print(f"| {file.stem} | {network} | {cells} |", flush=True)
            content, like, _ = rows["bundled"][STRENGTHS.index(1.0)]
            equal = at_content(rows["refined"], content)
            said = (
                "not among these strengths" if equal is None else f"{equal:.3f}, {1 - equal / like:.0%} less"
            )
            print(
                f"\n{file.stem}: {done.steps} steps, {seconds:.0f} s of processor time; style at the bundled"
            )
            print(f"network's content: {said}\n", flush=True)
