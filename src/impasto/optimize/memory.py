"""The memory that a painting needs, and the windows that keep it within its budget.

A network's need is measured, not derived: the peak resident memory of whole paintings at several sizes
(benchmarks/memory.py), divided by the bytes of all activations up to the deepest layer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from impasto.encoders import UNBOUNDED, FeatureExtractor
from impasto.errors import OptionError
from impasto.objectives import STYLE_LOSSES, Window, cover, whole
from impasto.optimize.budget import FIXED
from impasto.optimize.options import OptimizeOptions

# Peak memory of a forward and a backward pass, divided by the bytes of the activations it keeps.
OVERHEAD = 2.2
# Pictures the size of the result that are alive at once besides an optimiser's memory, and what the
# optimisers remember, in pictures (3 channels, float32).
PICTURES = 10
REMEMBERED = {"adam": 2, "sgd": 1}
# Memory of a loss of samples, in float32 matrices of all its samples: measured 7.5 with sort-matching and 8.6
# with sliced-wasserstein.
SAMPLED = 9
SMALLEST_TILE = 64


def plan(
    encoder: FeatureExtractor,
    layers: Sequence[str],
    height: int,
    width: int,
    options: OptimizeOptions,
    allowed: float,
    *,
    refuse: bool = True,
) -> list[Window]:
    """Return the windows in which to process a ``height`` x ``width`` picture; one if it fits at once.

    ``allowed``: the memory in bytes, as from ``budget``. A network with an unbounded receptive field always
    sees the whole. With ``refuse``, for a picture to be painted, raises OptionError if even the smallest
    windows would not fit, or if the whole is needed and exceeds ``options.max_memory``. Without it, for a
    picture that is only measured, returns the smallest windows in these cases.
    """
    stride = max((encoder.stride(name) for name in layers), default=1)
    margin = encoder.radius(layers)
    if STYLE_LOSSES[options.style_loss].kind == "hypercolumns":
        margin += stride  # interpolation needs the next cell
    if margin >= UNBOUNDED:
        if options.tile is not None:
            raise OptionError(
                "every position of this network sees the whole picture, so it cannot be painted in tiles"
            )
        if refuse and options.max_memory is not None:
            needed = kept(encoder, options, height, width) + _per_pixel(encoder, layers) * height * width
            if needed > allowed:
                raise _too_large(width, height, needed, allowed)
        return [whole(height, width)]
    if options.tile is not None:
        return cover(height, width, options.tile, margin, stride)
    fixed = kept(encoder, options, height, width)
    for_pass = allowed - fixed
    per_pixel = _per_pixel(encoder, layers)
    if for_pass >= per_pixel * height * width:
        return [whole(height, width)]
    margin = -(-margin // stride) * stride
    side = int(math.sqrt(max(for_pass, 0) / per_pixel)) - 2 * margin
    side = side // stride * stride
    smallest = max(SMALLEST_TILE, stride)
    if side < smallest and refuse:
        raise _too_large(width, height, fixed + per_pixel * (smallest + 2 * margin) ** 2, allowed)
    return cover(height, width, max(side, smallest), margin, stride)


def kept(encoder: FeatureExtractor, options: OptimizeOptions, height: int, width: int) -> float:
    """Return the bytes in use regardless of windows: pictures, and the state of the optimiser and losses."""
    remembered = 2 * options.history if options.optimizer == "lbfgs" else REMEMBERED[options.optimizer]
    pictures = (PICTURES + remembered) * 12 * height * width
    return (
        FIXED + pictures + targets(encoder, options, height, width) + samples(encoder, options, height, width)
    )


def samples(encoder: FeatureExtractor, options: OptimizeOptions, height: int, width: int) -> float:
    """Return the bytes a loss of samples keeps: samples of the picture and the style, and copies of both."""
    loss = STYLE_LOSSES[options.style_loss]
    if loss.kind == "moments":
        return 0.0
    count = loss.count if options.samples is None else options.samples
    numbers = 0
    for name, weight in options.style_layers.items():
        if weight:
            stride = 1 if loss.kind == "hypercolumns" else encoder.stride(name)
            positions = (height // stride) * (width // stride)
            width_of_one = encoder.channels(name) * (9 if loss.kind == "patches" else 1)
            numbers += min(count or positions, positions) * width_of_one
    return 4.0 * SAMPLED * numbers


def _per_pixel(encoder: FeatureExtractor, layers: Sequence[str]) -> float:
    return activations(encoder, layers) * OVERHEAD


def _too_large(width: int, height: int, needed: float, allowed: float) -> OptionError:
    return OptionError(
        f"a picture of {width}x{height} needs at least {needed / 1e9:.1f} GB with these options, and "
        f"{allowed / 1e9:.1f} GB may be used; raise --max-memory, lower --size, or store "
        "less (--optimizer adam, --history 5)"
    )


def activations(encoder: FeatureExtractor, layers: Sequence[str]) -> float:
    """Return the bytes of all activations up to the deepest of ``layers``, for each pixel of a picture."""
    names = encoder.layer_names
    deepest = max((names.index(name) for name in layers), default=0)
    size = torch.finfo(next(encoder.parameters()).dtype).bits // 8
    return sum(size * encoder.channels(name) / encoder.stride(name) ** 2 for name in names[: deepest + 1])


def targets(encoder: FeatureExtractor, options: OptimizeOptions, height: int, width: int) -> float:
    """Return the bytes of the photograph's activations that the content loss keeps."""
    size = torch.finfo(next(encoder.parameters()).dtype).bits // 8
    layers = [name for name, weight in options.content_layers.items() if weight]
    return sum(size * encoder.channels(n) * height * width / encoder.stride(n) ** 2 for n in layers)
