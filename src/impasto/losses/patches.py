"""Losses that compare each patch of a feature map with the nearest one of the target.

Samples are matrices (N, D): N patches, or single feature vectors, of D numbers each. The nearest sample of
the target is found without a gradient, one block of similarities at a time; the gradient is that of the
distance to it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import require_one_of
from impasto.losses.features import require_at_least, require_samples, unit_vectors

DISTANCES = ("cosine", "euclidean")
"""The distances that ``nearest_neighbours`` and ``relaxed_earth_mover`` accept."""

LIMIT = 4_000_000
"""The default number of similarities held at once: 16 MB in float32."""


@torch.no_grad()
def nearest_neighbours(
    found: Tensor, target: Tensor, distance: str = "cosine", *, limit: int = LIMIT
) -> Tensor:
    """Return the index (N,) of the row of ``target``, (M, D), nearest to each row of ``found``, (N, D).

    ``distance`` is "cosine", for which a row of zeros is equally far from all, or "euclidean". At most
    ``limit`` of the N x M similarities are in memory at once; except for rounding, the result does not depend
    on it. The first of equally near rows is chosen.

    Raises InputError when the shapes do not fit, OptionError for an unknown distance or a limit below 1.
    """
    require_samples(found, target)
    require_one_of("distance", distance, DISTANCES)
    require_at_least("limit", limit, 1)
    if distance == "cosine":
        found, target = unit_vectors(found), unit_vectors(target)
    rows = max(1, limit // target.shape[0])
    blocks = (found[start : start + rows] for start in range(0, found.shape[0], rows))
    return torch.cat([_nearest(block, target, distance, limit) for block in blocks])


def nearest_distances(
    found: Tensor, target: Tensor, distance: str = "cosine", *, limit: int = LIMIT
) -> Tensor:
    """Return the distance of each row of ``found``, (N, D), to the nearest row of ``target``, (M, D): (N,).

    "cosine": 1 - cos, in [0, 2], and 1 for a row of zeros; "euclidean": in the units of the features.
    The gradient reaches both and is finite, zero where rows coincide. ``limit`` and errors as for
    ``nearest_neighbours``.
    """
    matched = target[nearest_neighbours(found, target, distance, limit=limit)]
    if distance == "cosine":
        return 1 - (unit_vectors(found) * unit_vectors(matched)).sum(1)
    lengths: Tensor = torch.linalg.vector_norm(found - matched, dim=1)
    return lengths


def mrf(found: Tensor, target: Tensor, *, limit: int = LIMIT) -> Tensor:
    """Return the mean of the squared differences between each patch and the target's most similar one, a
    scalar.

    ``found`` is (N, D), ``target`` (M, D). The most similar patch has the largest normalised
    cross-correlation, that is, the smallest cosine distance. ``limit`` and errors as for
    ``nearest_neighbours``. Source: Li and Wand 2016, "Combining Markov Random Fields and Convolutional Neural
    Networks for Image Synthesis", equations 2 and 3. The paper sums over patches and their elements; the mean
    does not grow with the picture or the patch.
    """
    return (found - target[nearest_neighbours(found, target, limit=limit)]).square().mean()


def nearest_neighbour_cosine(
    found: Tensor, target: Tensor, *, centred: bool = True, limit: int = LIMIT
) -> Tensor:
    """Return the mean cosine distance of each feature vector to the target's nearest one, a scalar in [0, 2].

    ``found`` is (N, C), ``target`` (M, C). ``centred`` subtracts each side's mean first, for the match and
    for the distance, because features that share a large mean all point the same way. ``limit`` and errors as
    for ``nearest_neighbours``.
    Source: Kolkin et al. 2022, "Neural Neighbor Style Transfer", as in the last pass of its authors' code. In
    earlier passes they match once, against fixed targets.
    """
    require_samples(found, target)
    if centred:
        found, target = found - found.mean(0), target - target.mean(0)
    return nearest_distances(found, target, limit=limit).mean()


def _nearest(block: Tensor, target: Tensor, distance: str, limit: int) -> Tensor:
    """Return the nearest rows of ``target`` for the rows of ``block``, part of the target by part."""
    columns = max(1, limit // block.shape[0])
    closest = block.new_full((block.shape[0],), -torch.inf)
    nearest = torch.zeros(block.shape[0], dtype=torch.int64, device=block.device)
    for start in range(0, target.shape[0], columns):
        values, places = _closeness(block, target[start : start + columns], distance).max(1)
        nearest = torch.where(values > closest, places + start, nearest)
        closest = torch.maximum(values, closest)
    return nearest


def _closeness(found: Tensor, target: Tensor, distance: str) -> Tensor:
    if distance == "cosine":
        return found @ target.T
    # Differences, not the product formula, which loses small distances between large values.
    return -torch.cdist(found, target, compute_mode="donot_use_mm_for_euclid_dist")
