"""Training pictures for want of photographs: synthetic ones, or scikit-image's samples."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources, util
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from impasto.imaging.samples import to_bytes
from impasto.networks.scenes import clouds, dead_leaves
from impasto.networks.train.photos import PhotoSet, read_photos

SIDE = 320
SAMPLES = (
    *(
        "astronaut.png",
        "chelsea.png",
        "coffee.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "motorcycle_left.png",
    ),
    *("retina.jpg", "rocket.jpg", "brick.png", "camera.png", "grass.png", "gravel.png"),
)
"""The larger of scikit-image's photographs."""


def make_photos(
    count: int, seed: int = 0, side: int = SIDE, *, enough: Callable[[int], bool] = lambda _: False
) -> list[Tensor]:
    """Return ``count`` pictures (3, side, side) uint8: two thirds dead leaves, one third clouds.

    ``enough`` is asked before each, with the number made so far, and ends it, as of ``read_photos``.
    """
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        if enough(number):
            break
        draw = clouds if number % 3 == 2 else dead_leaves
        levels = to_bytes(draw(side, side, random))
        made.append(torch.from_numpy(levels).permute(2, 0, 1).contiguous())
    return made


def sample_photos(smallest: int) -> PhotoSet:
    """Return scikit-image's sample photographs, or none if it is not installed."""
    if util.find_spec("skimage") is None:
        return PhotoSet([])
    with resources.as_file(resources.files("skimage") / "data") as folder:
        return read_photos([p for name in SAMPLES if (p := Path(folder) / name).exists()], smallest=smallest)
