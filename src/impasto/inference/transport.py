"""The optimal transport of features from one Gaussian to another, in NumPy.

The same maps as ``networks.transport`` gives to torch, without gradients; the formula and its sources are
there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating]

SHRINKAGE = 0.03
"""The share of its mean variance that is added to every variance before a map is made: what hardly varies in
the photograph is not blown up."""
GAIN = 6.0
"""The most a map stretches features in any direction."""


@dataclass(frozen=True)
class LayerMoments:
    """``mean`` (C,) and ``covariance`` (C, C) of features over positions."""

    mean: Matrix
    covariance: Matrix


Statistics = Mapping[str, LayerMoments]
"""What a network knows of a style: moments by layer."""


def mixture(parts: Sequence[LayerMoments], shares: Sequence[float]) -> LayerMoments:
    """Return the moments of a mixture of pictures, or of a picture's bands: ``shares`` of each, of which only
    the proportions count."""
    weights = np.array(shares, np.float64) / sum(shares)
    mean: Matrix = sum(w * p.mean for w, p in zip(weights, parts, strict=True))
    apart = [p.mean - mean for p in parts]
    covariance: Matrix = sum(
        w * (p.covariance + np.outer(a, a)) for w, p, a in zip(weights, parts, apart, strict=True)
    )
    return LayerMoments(mean, covariance)


def transport(content: LayerMoments, style: LayerMoments) -> Matrix:
    """Return the symmetric matrix (C, C) that carries ``content`` to ``style``, in double precision."""
    ours, theirs = _shrunk(content.covariance), _shrunk(style.covariance)
    root, inverse = _roots(ours)
    middle, _ = _roots(root @ theirs @ root)
    matrix = inverse @ middle @ inverse
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    found: Matrix = (vectors * np.minimum(values, GAIN)) @ vectors.T
    return found


def between(content: LayerMoments, style: LayerMoments, strength: float) -> LayerMoments:
    """Return the moments ``strength`` of the way from ``content`` to ``style``; beyond 1 further."""
    matrix = (1 - strength) * np.eye(len(content.mean)) + strength * transport(content, style)
    mean = content.mean + strength * (style.mean - content.mean)
    return LayerMoments(mean, matrix @ content.covariance @ matrix)


def _shrunk(covariance: Matrix) -> Matrix:
    found = covariance.astype(np.float64)
    # A flat picture has no variance at all, and its root must have an inverse.
    found[np.diag_indices_from(found)] += SHRINKAGE * np.trace(found) / len(found) + 1e-9
    return found


def _roots(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Return the symmetric square root of a symmetric positive ``matrix``, and its inverse."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    noise = max(values[-1] * np.finfo(np.float64).eps * len(values), 1e-30)
    roots = np.sqrt(np.maximum(values, noise))
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T
