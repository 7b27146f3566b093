"""Square roots of covariance matrices, and the trace of a root with a finite gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from impasto.errors import InputError
from impasto.losses.features import mismatch, require_same_shape


def eigendecomposition(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the eigenvalues (..., C), ascending, and eigenvectors (..., C, C), as columns, of symmetric
    matrices (..., C, C).

    Uses one thread: with a few hundred channels more threads gain little, and when another program keeps a
    core busy they wait for each other, up to a thousand times longer. If any number is not finite, all
    results are NaN, so that an optimiser notices.
    """
    if not bool(matrix.isfinite().all()):
        return torch.full_like(matrix[..., 0], torch.nan), torch.full_like(matrix, torch.nan)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        values, vectors = torch.linalg.eigh(matrix)
    finally:
        torch.set_num_threads(threads)
    return values, vectors


def covariance_root(covariance: Tensor, *, epsilon: float = 1e-4, newton_schulz: int | None = None) -> Tensor:
    """Return the symmetric square root of ``covariance`` + ``epsilon`` * I, (C, C) -> (C, C).

    The result is float64 and carries no gradient; it is NaN where ``covariance`` is not finite.
    Eigenvalues made negative by rounding are set to zero before ``epsilon`` is added, so a rank-deficient
    covariance has a root.

    ``newton_schulz``: the number of Newton-Schulz iterations to use in place of the exact root (see
    ``trace_of_root``).

    Raises InputError when ``covariance`` is not square, or for a negative ``epsilon`` or count.
    """
    _require_square(covariance)
    _require_options(epsilon, newton_schulz)
    values, vectors = eigendecomposition(precise(covariance.detach()))
    roots = _roots(values.clamp(min=0) + epsilon, newton_schulz)
    root: Tensor = (vectors * roots) @ vectors.T
    return root


def trace_of_root(
    covariance: Tensor, root: Tensor, *, epsilon: float = 1e-4, newton_schulz: int | None = None
) -> Tensor:
    """Return tr((R (S + epsilon I) R)^(1/2)), a float64 scalar.

    S is ``covariance`` and R is ``root``, both (C, C).

    R is symmetric, as from ``covariance_root``, and constant. The gradient with respect to S is
    (1/2) R A^(-1/2) R for A = R (S + epsilon I) R, since d tr A^(1/2) = (1/2) tr(A^(-1/2) dA). It needs only
    the eigendecomposition that gives the value, and cannot be differentiated again.

    With ``newton_schulz`` = n the value is that of n Newton-Schulz iterations, and the gradient that of n
    iterations for the corresponding Lyapunov equation (Lin and Maji 2017, "Improved Bilinear Pooling with
    CNNs"). Both affect eigenvalues alone, so they are applied to those. Roots of eigenvalues far below the
    largest come out too small: with 12 iterations, those below about 1e-4 of the norm. Use this to reproduce
    programs that iterate; omit it for the exact root.

    Raises InputError when shapes do not fit, or for a negative ``epsilon`` or count.
    """
    _require_square(covariance)
    require_same_shape("a covariance", covariance, root)
    _require_options(epsilon, newton_schulz)
    trace: Tensor = _TraceOfRoot.apply(  # type: ignore[no-untyped-call]
        precise(covariance), precise(root.detach()), epsilon, newton_schulz
    )
    return trace


def precise(values: Tensor) -> Tensor:
    """Return ``values`` in float64, because float32 loses small eigenvalues; on the CPU if the device lacks
    float64.
    """
    return (values.cpu() if values.device.type == "mps" else values).double()


class _TraceOfRoot(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, covariance: Tensor, root: Tensor, epsilon: float, iterations: int | None) -> Tensor:
        identity = torch.eye(covariance.shape[0], dtype=covariance.dtype, device=covariance.device)
        product = root @ (0.5 * (covariance + covariance.T) + epsilon * identity) @ root
        values, vectors = eigendecomposition(0.5 * (product + product.T))
        # For a unit eigenvector v, v' A v = (Rv)' (S + epsilon I) (Rv) is at least epsilon |Rv|^2
        # when S has no negative eigenvalue; anything below that is rounding.
        directions = root @ vectors
        values = torch.maximum(values, epsilon * directions.square().sum(0))
        roots = _roots(values, iterations)
        ctx.save_for_backward(directions, _half_inverse(roots, iterations))
        return roots.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:
        directions, slopes = ctx.saved_tensors
        return upstream * ((directions * slopes) @ directions.T), None, None, None


def _roots(values: Tensor, iterations: int | None) -> Tensor:
    """Return the square roots of eigenvalues >= 0, (C,): exact, or by Newton-Schulz iterations."""
    if iterations is None:
        return values.sqrt()
    norm = values.norm().clamp(min=_SMALLEST)
    root, inverse = values / norm, torch.ones_like(values)
    for _ in range(iterations):
        step = (3 - inverse * root) / 2
        root, inverse = root * step, inverse * step
    approximation: Tensor = root * norm.sqrt()
    return approximation


def _half_inverse(roots: Tensor, iterations: int | None) -> Tensor:
    """Return 1 / (2 r) for each root r, (C,): exact, or by the Lyapunov iterations."""
    if iterations is None:
        # Roots that are only rounding noise would give meaningless slopes.
        noise = roots.max() * torch.finfo(roots.dtype).eps ** 0.5
        slopes: Tensor = torch.where(roots > 0, 0.5 / torch.maximum(roots, noise).clamp(min=_SMALLEST), 0.0)
        return slopes
    norm = roots.norm().clamp(min=_SMALLEST)
    root, inverse = roots / norm, torch.ones_like(roots) / norm
    for _ in range(iterations):
        step = (3 - root.square()) / 2
        root, inverse = root * step, inverse * step
    approximation: Tensor = 0.5 * inverse
    return approximation


_SMALLEST = 1e-150
"""Replaces zero in divisors; its square is still above float64's smallest number."""


def _require_square(matrix: Tensor) -> None:
    if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1]:
        raise mismatch("a covariance of shape (C, C)", matrix)


def _require_options(epsilon: float, newton_schulz: int | None) -> None:
    if not 0 <= epsilon < float("inf"):
        raise InputError(f"expected epsilon to be 0 or more; got {epsilon}")
    if newton_schulz is not None and newton_schulz < 1:
        raise InputError(f"expected newton_schulz to be 1 iteration or more; got {newton_schulz}")
