"""Checks of the tensors passed to losses, and the matrix view from which statistics are computed."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.errors import InputError, OptionError


def flatten_positions(features: Tensor) -> Tensor:
    """Return the (C, M) matrix whose columns are the feature vectors of ``features``, (B, C, H, W).

    M = B * H * W: the pictures of a batch are pooled, so that the tiles of one picture, stacked
    as a batch, give the statistics of the whole picture.

    Raises InputError when ``features`` is not 4-D or has no positions.
    """
    if features.dim() != 4 or features.numel() == 0:
        raise mismatch("features of shape (B, C, H, W), none of them zero", features)
    return features.transpose(0, 1).flatten(1)


def require_same_shape(what: str, value: Tensor, target: Tensor) -> None:
    """Raise InputError unless both tensors have the same shape; broadcasting would hide a mistake."""
    if value.shape != target.shape:
        raise mismatch(f"{what} of the target's shape {tuple(target.shape)}", value)


def require_samples(found: Tensor, target: Tensor) -> None:
    """Raise InputError unless both are matrices (N, C) and (M, C) of the same C, none of them zero."""
    for samples in (found, target):
        if samples.dim() != 2 or samples.numel() == 0:
            raise mismatch("samples of shape (N, C), none of them zero", samples)
    if found.shape[1] != target.shape[1]:
        raise mismatch(f"samples of the target's {target.shape[1]} channels", found)


def require_at_least(name: str, value: int, least: int) -> None:
    """Raise OptionError when the option ``name`` is below ``least``."""
    if value < least:
        raise OptionError(f"expected {name} to be {least} or more; got {value}")


def unit_vectors(samples: Tensor) -> Tensor:
    """Return the rows of ``samples``, (N, C), divided by their lengths.

    A row shorter than 1e-6 has no meaningful direction: it is left unchanged, so that its cosine
    with anything is about 0 and its gradient is finite.
    """
    lengths = torch.linalg.vector_norm(samples, dim=1, keepdim=True)
    return samples / torch.where(lengths > 1e-6, lengths, 1.0)


def mismatch(expected: str, value: Tensor) -> InputError:
    """Return the error for a tensor whose shape is not the ``expected`` one."""
    return InputError(f"expected {expected}; got shape {tuple(value.shape)}")
