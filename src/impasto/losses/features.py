"""What every loss asks of the tensors it is given, and the one view all statistics are taken from."""

from __future__ import annotations

from torch import Tensor

from impasto.errors import InputError


def flatten_positions(features: Tensor) -> Tensor:
    """The (C, M) matrix whose columns are the feature vectors of ``features``, (B, C, H, W).

    M = B * H * W: the pictures of a batch are pooled, so that the tiles of one picture, stacked
    as a batch, give the statistics of the whole picture.

    Raises InputError when ``features`` is not 4-D or has no positions.
    """
    if features.dim() != 4 or features.numel() == 0:
        raise mismatch("features of shape (B, C, H, W), none of them zero", features)
    return features.transpose(0, 1).flatten(1)


def require_same_shape(what: str, value: Tensor, target: Tensor) -> None:
    """Raise InputError unless both tensors have one shape; broadcasting would hide a mistake."""
    if value.shape != target.shape:
        raise mismatch(f"{what} of the target's shape {tuple(target.shape)}", value)


def mismatch(expected: str, value: Tensor) -> InputError:
    """The error for a tensor whose shape is not the ``expected`` one."""
    actual = f"shape {tuple(value.shape)}"
    return InputError(f"Expected {expected}; got {actual}.", expected=expected, actual=actual)
