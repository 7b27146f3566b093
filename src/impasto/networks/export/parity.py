"""Comparison of exported files with their networks, before the files are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.errors import OptionError, WeightsError
from impasto.inference.styles import FastStyle
from impasto.networks.scenes import dead_leaves
from impasto.types import Pixels

PRECISIONS = ("fp32", "fp16", "int8")
PARITY = 1e-3
"""The largest difference, on [0, 1], between a file in fp32 or fp16 and the network."""

SMALL = 0.02
"""The largest mean difference, on [0, 1], allowed for int8: five levels of 255."""

SIZES = ((64, 64), (131, 97), (90, 161))
"""Heights and widths of the pictures compared: multiples of 4, and not."""

Tensor4 = NDArray[np.float32]
Painter = Callable[[Tensor4], Tensor4]


@dataclass(frozen=True)
class Difference:
    """The difference between pictures painted by the file and by the network, on [0, 1], clipped."""

    largest: float
    mean: float
    pictures: int


@dataclass(frozen=True)
class Export:
    """A file that was written. ``nodes``: operations in its graph. ``styles``: in the order of its rows."""

    path: Path
    kind: str
    precision: str
    size: int
    nodes: int
    difference: Difference
    styles: tuple[FastStyle, ...]


def compare(ours: Painter, reference: Painter, pictures: Sequence[Tensor4]) -> Difference:
    """Compare two networks on ``pictures``: (1, 3, H, W) in [0, 1], of any sizes."""
    largest, means = 0.0, []
    for picture in pictures:
        apart = np.abs(np.clip(ours(picture), 0, 1) - np.clip(reference(picture), 0, 1))
        largest = max(largest, float(apart.max()))
        means.append(float(apart.mean()))
    return Difference(largest, float(np.mean(means)), len(pictures))


def check_precision(precision: str) -> None:
    """Raise OptionError for an unknown precision."""
    if precision not in PRECISIONS:
        raise OptionError(f"expected a precision of {', '.join(PRECISIONS)}; got {precision!r}")


def check_difference(found: Sequence[Difference], precision: str) -> Difference:
    """Return the worst of ``found``. Raises WeightsError if it is more than ``precision`` allows."""
    if precision == "int8":
        worst = max(found, key=lambda difference: difference.mean)
        if worst.mean > SMALL:
            raise WeightsError(
                f"expected int8 to change a pixel by {SMALL:g} of its range at most, on average; it changes "
                f"them by {worst.mean:.2g}. Use --precision fp16 for a small file"
            )
        return worst
    worst = max(found, key=lambda difference: difference.largest)
    if worst.largest > PARITY:
        raise WeightsError(
            f"expected the ONNX file within {PARITY:g} of the network; they differ by {worst.largest:.2g}"
        )
    return worst


def comparison_pictures(precision: str, photos: Sequence[Pixels]) -> list[Tensor4]:
    """Return pictures (1, 3, H, W) in [0, 1] to compare on: ``photos`` for int8, else synthetic ones."""
    if precision == "int8":
        return tensors(photos or [dead_leaves(256, 192, seed) for seed in (91, 92)])
    return tensors([dead_leaves(width, height, seed) for seed, (height, width) in enumerate(SIZES)])


def calibration(photos: Sequence[Pixels]) -> list[Tensor4]:
    """Return pictures to calibrate int8 on: ``photos``, or two dozen synthetic ones."""
    return tensors(photos or [dead_leaves(256, 256, seed) for seed in range(24)])


def tensors(pictures: Sequence[Pixels]) -> list[Tensor4]:
    return [np.ascontiguousarray(pixels.transpose(2, 0, 1))[None] for pixels in pictures]
