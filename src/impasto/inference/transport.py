"""Optimal transport of features from one Gaussian to another, in NumPy.

The maps are those of ``networks.transport``, without gradients; see there for the formula and its sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from impasto.threads import one_blas_thread

Matrix = NDArray[np.floating]

SHRINKAGE = 0.03
"""The share of the mean variance that is added to every variance before a map is computed, so that directions
with little variance in the photograph are not amplified."""
GAIN = 6.0
"""The largest factor by which a map may stretch features in any direction."""


@dataclass(frozen=True)
class LayerMoments:
    """``mean`` (C,) and ``covariance`` (C, C) of features over positions."""

    mean: Matrix
    covariance: Matrix

    @cached_property
    def root(self) -> Matrix:
        """The symmetric square root of the covariance, after shrinkage, in double precision."""
        with one_blas_thread():
            values, vectors = _eigen(_shrunk(self.covariance))
            found: Matrix = (vectors * np.sqrt(values)) @ vectors.T
        return found


Statistics = Mapping[str, LayerMoments]
"""A style as the network uses it: moments by layer."""


def mixture(parts: Sequence[LayerMoments], shares: Sequence[float]) -> LayerMoments:
    """Return the moments of a mixture of pictures, or of a picture's bands. ``shares``: the weight of each;
    only proportions matter."""
    weights = np.array(shares, np.float64) / sum(shares)
    mean: Matrix = sum(w * p.mean for w, p in zip(weights, parts, strict=True))
    apart = [p.mean - mean for p in parts]
    covariance: Matrix = sum(
        w * (p.covariance + np.outer(a, a)) for w, p, a in zip(weights, parts, apart, strict=True)
    )
    return LayerMoments(mean, covariance)


def transport(content: LayerMoments, style: LayerMoments) -> Matrix:
    """Return the symmetric matrix (C, C) that maps ``content`` to ``style``, in double precision.

    Computed as S^1/2 (S^1/2 C S^1/2)^-1/2 S^1/2: the same map, but it needs the root of the style alone,
    which is reused for every photograph.
    """
    with one_blas_thread():
        values, vectors = _eigen(style.root @ _shrunk(content.covariance) @ style.root)
        half = (style.root @ vectors) * values**-0.25
        found: Matrix = half @ half.T
        try:
            np.linalg.cholesky(GAIN * np.eye(len(found)) - found)
        except np.linalg.LinAlgError:  # it stretches some direction by more
            values, vectors = np.linalg.eigh(found)
            found = (vectors * np.minimum(values, GAIN)) @ vectors.T
    return found


def between(content: LayerMoments, style: LayerMoments, strength: float) -> LayerMoments:
    """Return the moments ``strength`` of the way from ``content`` to ``style``; above 1 lies beyond the
    style."""
    matrix = (1 - strength) * np.eye(len(content.mean)) + strength * transport(content, style)
    mean = content.mean + strength * (style.mean - content.mean)
    with one_blas_thread():
        return LayerMoments(mean, matrix @ content.covariance @ matrix)


def _shrunk(covariance: Matrix) -> Matrix:
    found = covariance.astype(np.float64)
    # A flat picture has no variance, but its root must have an inverse.
    found[np.diag_indices_from(found)] += SHRINKAGE * np.trace(found) / len(found) + 1e-9
    return found


def _eigen(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Return the eigenvalues (C,), above 0 beyond rounding, and the eigenvectors (C, C) of a positive
    symmetric ``matrix``."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.maximum(values, max(values[-1] * np.finfo(np.float64).eps * len(values), 1e-30)), vectors
