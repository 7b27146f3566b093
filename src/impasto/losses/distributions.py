"""Distances between whole distributions of features, beyond their first moments.

Samples are matrices (N, C): N feature vectors of C channels, in any order. In one dimension, optimal
transport between two samples matches values in sorted order.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from impasto.losses.features import mismatch, require_at_least, require_samples
from impasto.losses.gaussian import precise


def quantiles(samples: Tensor, count: int) -> Tensor:
    """Return the ``count`` samples that best represent each channel of ``samples``: (M, C) -> (count, C).

    Each channel is sorted and divided into ``count`` parts of equal weight, whose means are returned; a
    sample that crosses a boundary counts in both parts in proportion. Rows are ascending and have the
    samples' mean. With a ``count`` of M, samples are only sorted.

    Raises InputError when ``samples`` is not 2-D or is empty, OptionError when ``count`` is below 1.
    """
    require_samples(samples, samples)
    require_at_least("count", count, 1)
    ordered = samples.sort(dim=0).values
    size = samples.shape[0]
    if count == size:
        return ordered
    # The sum below a boundary is linear between samples. Double precision, because large sums are subtracted;
    # integers, so that boundaries are exact.
    values = precise(ordered)
    sums = torch.cat([torch.zeros_like(values[:1]), values.cumsum(0)])
    cuts = torch.arange(count + 1, device=values.device) * size
    below, share = cuts // count, (cuts % count).to(values.dtype) / count
    up_to = sums[below] + share[:, None] * values[below.clamp(max=size - 1)]
    return (up_to.diff(dim=0) * (count / size)).to(samples)


def sort_matching(found: Tensor, target: Tensor) -> Tensor:
    """Return the mean of the squared 2-Wasserstein distances of single channels, a scalar.

    ``found`` is (N, C), ``target`` (M, C). If M differs from N, the target's ``quantiles`` replace it. The
    gradient with respect to ``found`` is still that of the exact distance. The value omits the target's
    spread within each of the N parts, which no N samples can match, so its minimum is 0. A constant target
    may be replaced by its quantiles beforehand.

    Raises InputError when the shapes do not fit.
    Source: Zhang et al. 2022, "Exact Feature Distribution Matching for Arbitrary Style Transfer and
    Domain Generalization", which matches by sorting; the idea of matching each channel's histogram is
    from Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using
    Histogram Losses". The treatment of samples of different sizes is ours.
    """
    require_samples(found, target)
    return (found.sort(dim=0).values - quantiles(target, found.shape[0])).square().mean()


def sliced_wasserstein(found: Tensor, target: Tensor, directions: Tensor) -> Tensor:
    """Return the mean over ``directions`` of ``sort_matching`` along each, a scalar.

    ``found`` is (N, C), ``target`` (M, C), ``directions`` (K, C) of unit length (not checked), as
    ``random_directions`` draws them. Over all directions it is 0 only for equal distributions; with few
    directions, draw new ones for every step.

    Raises InputError when the shapes do not fit.
    Source: Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis"; its authors'
    code draws as many directions as there are channels.
    """
    require_samples(found, target)
    if directions.dim() != 2 or directions.shape[1] != found.shape[1] or directions.shape[0] == 0:
        raise mismatch(f"directions of shape (K, {found.shape[1]})", directions)
    return sort_matching(found @ directions.T, target @ directions.T)


def random_directions(channels: int, count: int, generator: torch.Generator) -> Tensor:
    """Return ``count`` directions of unit length, (count, channels) float32, on the generator's device.

    Uniform on the sphere. Raises OptionError when a number is below 1.
    """
    require_at_least("channels", channels, 1)
    require_at_least("count", count, 1)
    drawn = torch.randn(count, channels, generator=generator, device=generator.device)
    return functional.normalize(drawn, dim=1)
