"""Time to the loss neural-style reaches after 1000 iterations, with VGG-19, 512 pixels.

Both runs have one objective (neural-style's losses, weights and layers), one start (noise of one
seed), one machine. neural-style's is a single level in float32; ours is the preset
``neural-style-fast``. Our pictures are judged by the same float32 objective as neural-style's, every
few iterations of the last level, the clock stopped. Deeper than conv3_4 the network has random
filters of VGG-19's shape: the arithmetic is the same.

    python -m benchmarks convergence                       # about half an hour on two cores
    CONVERGENCE_SIZE=256 CONVERGENCE_ITERATIONS=500 python -m benchmarks convergence
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from impasto import imaging
from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import CAFFE, VGG19, Encoder
from impasto.optimize.engine import PyramidDescent
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset
from impasto.optimize.regions import everywhere
from impasto.types import Picture

SHARED = Path(__file__).parents[2] / "shared"
EVERY = 10


def network() -> Encoder:
    """VGG-19: genuine filters to conv3_4, seeded random ones beyond."""
    encoder = Encoder(VGG19, CAFFE)
    state = encoder.state_dict()
    genuine = load_file(SHARED / "weights" / "vgg19_conv1_1-conv3_4.safetensors")
    for k, (suffix, channels, width) in enumerate(VGG19.convolutions()):
        scale = np.sqrt(2 / (9 * channels))
        drawn = np.random.RandomState(1000 + k).standard_normal((width, channels, 3, 3)) * scale
        state[f"conv{suffix}.weight"] = torch.from_numpy(drawn.astype(np.float32))
        state[f"conv{suffix}.bias"] = torch.zeros(width)
    encoder.load_state_dict(state | genuine)
    return encoder.eval().requires_grad_(False)


def run(
    options: OptimizeOptions, photo: Picture, style: Picture, target: float | None = None
) -> tuple[float, int, float]:
    """Seconds, iterations at the last level, and float32 loss at full size, as ``options`` paint.

    Stops at ``target``, if there is one.
    """
    encoder = network()
    places = everywhere([PictureStyle(style)], options)
    exact = options.replace(precision="float32", min_size=0)
    judge = PyramidDescent(photo, places, encoder, exact).descent(0).objective
    spent, began = 0.0, time.perf_counter()
    painter = PyramidDescent(photo, places, encoder, options)
    descent = None
    for level, count in enumerate(painter.counts):
        descent = painter.descent(level, descent)
        for iteration in range(1, count + 1):
            descent.step()
            last = level == len(painter.counts) - 1
            if last and (iteration % EVERY == 0 or iteration == count):
                spent += time.perf_counter() - began
                loss = float(judge.evaluate(descent.image).total)
                print(f"  {spent:.0f} s  iteration {iteration}: loss {loss:.5g}", flush=True)
                if target is not None and loss <= target:
                    return spent, iteration, loss
                began = time.perf_counter()
    return spent, count, loss


def main() -> None:
    if not SHARED.exists():
        print(f"left out: the pictures are not there; expected a folder {SHARED}")
        return
    size = int(os.environ.get("CONVERGENCE_SIZE", "512"))
    iterations = int(os.environ.get("CONVERGENCE_ITERATIONS", "1000"))
    photo = imaging.read(SHARED / "data" / "content_test" / "tubingen.jpg")
    style = imaging.read(SHARED / "data" / "style" / "starry_night_van_gogh.jpg")
    theirs = preset("neural-style").options.replace(size=size, iterations=iterations)
    print("neural-style")
    slow = run(theirs, photo, style)
    print("neural-style-fast")
    fast = run(preset("neural-style-fast").options.replace(size=size), photo, style, slow[2])
    print("\n| | seconds | loss |\n|---|---|---|")
    print(f"| neural-style, {iterations} iterations | {slow[0]:.0f} | {slow[2]:.5g} |")
    print(f"| neural-style-fast | {fast[0]:.0f} | {fast[2]:.5g} |")
    print(f"\n{slow[0] / fast[0]:.1f} times less time" if fast[2] <= slow[2] else "\nnot reached")
