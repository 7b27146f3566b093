"""The distance of features from those of the content picture, position by position."""

from __future__ import annotations

from torch import Tensor

from impasto.losses.features import require_same_shape


def mean_squared(features: Tensor, target: Tensor) -> Tensor:
    """Return the mean of (F - P)^2 over all elements, a scalar: independent of picture size and width.

    Both tensors (B, C, H, W), any range. Raises InputError when their shapes differ.
    Source: the content loss of Johnson et al. 2016 (section 3.2) and of neural-style.
    """
    require_same_shape("features", features, target)
    return (features - target).square().mean()
