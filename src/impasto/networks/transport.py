"""Optimal transport of features from one Gaussian to another, in batches, with finite gradients.

Of all maps from features with mean m and covariance S to features with mean m' and covariance S', the one
that moves them least is affine: x -> T (x - m) + m' with T = S^(-1/2) (S^(1/2) S' S^(1/2))^(1/2) S^(-1/2),
symmetric and positive (Monge's map; Olkin and Pukelsheim 1982; for style transfer, Lu et al., "A Closed-form
Solution to Universal Style Transfer", ICCV 2019). It has no trained parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from impasto.inference.transport import GAIN, SHRINKAGE
from impasto.losses.gaussian import eigendecomposition


@dataclass(frozen=True)
class Gaussian:
    """``mean`` (B, C) and ``covariance`` (B, C, C) of features, one of each per picture."""

    mean: Tensor
    covariance: Tensor


def gaussian(features: Tensor) -> Gaussian:
    """Return the mean and covariance of (B, C, H, W) ``features`` over positions, in float32."""
    with torch.autocast(features.device.type, enabled=False):
        rows = _rows(features).float()
        mean = rows.mean(1)
        centred = rows - mean[:, None]
        return Gaussian(mean, centred.transpose(1, 2) @ centred / rows.shape[1])


def transport(
    content: Gaussian, style: Gaussian, *, shrinkage: float = SHRINKAGE, gain: float = GAIN
) -> Tensor:
    """Return the matrix T (B, C, C) that maps ``content`` to ``style``, with eigenvalues up to ``gain``.

    ``shrinkage`` times the mean variance is added to the diagonals of both covariances, so equal ones still
    give the identity. Computed in double precision; the result has the content's type.
    """
    ours, theirs = (_shrunk(g.covariance.double(), shrinkage) for g in (content, style))
    root, inverse = roots(ours)
    product = root @ theirs @ root
    middle, _ = roots((product + product.transpose(1, 2)) / 2)
    matrix = inverse @ middle @ inverse
    return limited((matrix + matrix.transpose(1, 2)) / 2, gain).to(content.mean.dtype)


def between(content: Gaussian, style: Gaussian, strength: float) -> Gaussian:
    """Return the Gaussian ``strength`` of the way from ``content`` to ``style``, along the transport: 0 gives
    the content's, 1 nearly the style's, more goes beyond it.
    """
    whole = transport(content, style)
    identity = torch.eye(whole.shape[1], dtype=whole.dtype, device=whole.device)
    matrix = torch.lerp(identity, whole, strength)
    mean = torch.lerp(content.mean, style.mean, strength)
    return Gaussian(mean, matrix @ content.covariance @ matrix)


def carry(features: Tensor, matrix: Tensor, mean: Tensor, target: Tensor) -> Tensor:
    """Return ``features`` (B, C, H, W) mapped by x -> T (x - mean) + target, in their own type.

    ``matrix`` (B, C, C), symmetric; ``mean`` and ``target`` (B, C).
    """
    centred = _rows(features) - mean[:, None].to(features.dtype)
    moved = centred @ matrix.to(features.dtype) + target[:, None].to(features.dtype)
    batch, channels, height, width = features.shape
    return moved.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _rows(features: Tensor) -> Tensor:
    """Return (B, C, H, W) as (B, H W, C), without a copy if channels are last."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def roots(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Return the symmetric square roots of symmetric positive ``matrices`` (B, C, C), and their inverses."""
    found: tuple[Tensor, Tensor] = _Roots.apply(matrices)  # type: ignore[no-untyped-call]
    return found


def limited(matrices: Tensor, most: float) -> Tensor:
    """Return symmetric ``matrices`` (B, C, C) with eigenvalues limited to ``most``."""
    room = most * torch.eye(matrices.shape[1], dtype=matrices.dtype, device=matrices.device) - matrices
    if not bool(torch.linalg.cholesky_ex(room.detach()).info.any()):
        return matrices  # no eigenvalue exceeds it, as this cheap test shows
    found: Tensor = _Limited.apply(matrices, most)  # type: ignore[no-untyped-call]
    return found


def squared_distance(found: Gaussian, target: Gaussian, target_root: Tensor, epsilon: Tensor) -> Tensor:
    """Return squared 2-Wasserstein distances (B,), the batched form of ``losses.wasserstein2_gaussian``.

    ``epsilon`` (B,) is added to both diagonals; ``target_root`` (B, C, C) is the root of the target's
    covariance after that.
    """
    identity = torch.eye(target_root.shape[1], dtype=torch.float64, device=target_root.device)
    ridge = epsilon[:, None, None] * identity
    root = target_root.double()
    product = root @ (found.covariance.double() + ridge) @ root
    overlap = roots((product + product.transpose(1, 2)) / 2)[0].diagonal(dim1=1, dim2=2).sum(1)
    traces = (found.covariance + target.covariance).diagonal(dim1=1, dim2=2).sum(1).double()
    spread = traces + 2 * epsilon * target_root.shape[1] - 2 * overlap
    return (found.mean - target.mean).square().sum(1) + spread.to(found.mean.dtype)


def _shrunk(covariance: Tensor, shrinkage: float) -> Tensor:
    identity = torch.eye(covariance.shape[1], dtype=covariance.dtype, device=covariance.device)
    mean_variance = covariance.diagonal(dim1=1, dim2=2).mean(1)
    # A flat picture has no variance, but its root must have an inverse.
    return covariance + (shrinkage * mean_variance + 1e-9)[:, None, None] * identity


def _rebuilt(vectors: Tensor, values: Tensor) -> Tensor:
    return (vectors * values[:, None, :]) @ vectors.transpose(1, 2)


def _through(vectors: Tensor, upstream: Tensor, slopes: Tensor) -> Tensor:
    """Return a matrix function's gradient from its divided differences ``slopes`` (Daleckii and Krein)."""
    inner = vectors.transpose(1, 2) @ ((upstream + upstream.transpose(1, 2)) / 2) @ vectors
    return vectors @ (inner * slopes) @ vectors.transpose(1, 2)


class _Roots(torch.autograd.Function):
    """Divided differences of the root are 1 / (r_i + r_j), of its inverse -1 / (r_i r_j (r_i + r_j)): unlike
    the gradients of eigenvectors they stay finite where eigenvalues meet."""

    @staticmethod
    def forward(ctx: Any, matrices: Tensor) -> tuple[Tensor, Tensor]:
        values, vectors = eigendecomposition(matrices)
        noise = values[:, -1:].clamp(min=0) * torch.finfo(values.dtype).eps * values.shape[1]
        found = torch.maximum(values, noise).clamp(min=1e-30).sqrt()
        ctx.save_for_backward(vectors, found)
        return _rebuilt(vectors, found), _rebuilt(vectors, 1 / found)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, root: Tensor, inverse: Tensor) -> Tensor:
        vectors, found = ctx.saved_tensors
        slopes = 1 / (found[:, :, None] + found[:, None, :])
        products = found[:, :, None] * found[:, None, :]
        return _through(vectors, root, slopes) - _through(vectors, inverse, slopes / products)


class _Limited(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, matrices: Tensor, most: float) -> Tensor:
        values, vectors = eigendecomposition(matrices)
        kept = values.clamp(max=most)
        ctx.save_for_backward(vectors, values, kept)
        return _rebuilt(vectors, kept)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:
        vectors, values, kept = ctx.saved_tensors
        apart = values[:, :, None] - values[:, None, :]
        same = apart.abs() < 1e-9 * values.abs().amax(1)[:, None, None].clamp(min=1e-30)
        secants = (kept[:, :, None] - kept[:, None, :]) / torch.where(same, 1.0, apart)
        tangents = (values == kept).to(values.dtype)
        return _through(vectors, upstream, torch.where(same, tangents[:, :, None], secants)), None
