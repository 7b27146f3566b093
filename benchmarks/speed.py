"""The whole default command at 512x384, in iterations of neural-style.

One such iteration is VGG-19 to relu5_1 in float32, the losses of neural-style, forward and back,
at the same size. neural-style does 1000 of them. Command and iterations alternate in one run, so
that a machine that slows down slows both. The VGG-19 has random weights: the arithmetic is the
same.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.commands import measured, sample_photo
from impasto.encoders.network import CAFFE, VGG19, Encoder
from impasto.objectives import Objective, Region, measure_style
from impasto.optimize.presets import preset

WIDTH, HEIGHT = 512, 384
RUNS = 5


def neural_style_iteration() -> float:
    """Median seconds of one iteration, of three."""
    torch.manual_seed(0)
    encoder = Encoder(VGG19, CAFFE).requires_grad_(False)
    options = preset("neural-style").options
    photo, painting, image = (torch.rand(1, 3, HEIGHT, WIDTH) for _ in range(3))
    objective = Objective(
        encoder,
        encoder(photo, options.content_layers),
        [Region(measure_style(encoder, painting, list(options.style_layers)))],
        content_weights=options.content_layers,
        style_weights=options.style_layers,
        content_loss=options.content_loss,
        style_loss=options.style_loss,
    )
    seconds = []
    for _ in range(4):
        began = time.perf_counter()
        objective.evaluate(image)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = sample_photo(folder, WIDTH, HEIGHT)
        rows = []
        for _ in range(RUNS):
            iteration = neural_style_iteration()
            row = {"iteration": iteration}
            for preset_name in ("default", "draft"):
                command = ["-m", "impasto", "stylize", str(photo), "starry-night", "--quiet", "--force"]
                command += ["--preset", preset_name, "-o", str(folder / "out.png")]
                row[preset_name] = measured(command)[0] / iteration
            rows.append(row)
    median = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    print("| whole command, 512x384, tiny | neural-style iterations (median of 5) | lowest - highest |")
    print("|---|---|---|")
    for name in ("default", "draft"):
        values = [row[name] for row in rows]
        print(f"| `--preset {name}` | {median[name]:.2f} | {min(values):.2f} - {max(values):.2f} |")
    print(f"\nOne iteration took {median['iteration']:.2f} s; {torch.get_num_threads()} threads.")
