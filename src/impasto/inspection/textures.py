"""Gram matrices as style: they do not change when all positions are shuffled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from impasto import losses
from impasto.encoders import FeatureExtractor
from impasto.inspection.layers import check_size, known_layers
from impasto.tensors import to_tensor
from impasto.types import Picture


def gram_matrices(
    encoder: FeatureExtractor, picture: Picture, layers: str | Iterable[str]
) -> dict[str, NDArray[np.float32]]:
    """Return the Gram matrix (C, C) of each layer, a mean over positions (``losses.gram_matrix``).

    Raises LayerError, and PictureError for a picture that is too small.
    """
    names = known_layers(encoder, layers)
    check_size(encoder, names, picture.width, picture.height, "the picture")
    with torch.no_grad():
        found = encoder(to_tensor(picture.pixels), names)
        return {name: losses.gram_matrix(found[name].float()).numpy() for name in names}


@dataclass(frozen=True)
class Shuffled:
    """A layer's activations with their positions in another order.

    ``gram``: the change of the Gram matrix, the norm of the difference over the matrix's own. ``content``:
    the mean squared difference of activations over their mean square: 0 for equal, 2 for unrelated ones.
    ``before``, ``after``: (H', W') the mean activation over channels.
    """

    layer: str
    gram: float
    content: float
    before: NDArray[np.float32]
    after: NDArray[np.float32]


def shuffled(encoder: FeatureExtractor, picture: Picture, layer: str, *, seed: int = 0) -> Shuffled:
    """Put all positions of ``layer`` in a random order, and measure the change of content and style."""
    (name,) = known_layers(encoder, layer)
    check_size(encoder, [name], picture.width, picture.height, "the picture")
    with torch.no_grad():
        features = encoder(to_tensor(picture.pixels), [name])[name].float().contiguous()
        flat = features.flatten(2)
        order = torch.randperm(flat.shape[2], generator=torch.Generator().manual_seed(seed))
        mixed = flat[:, :, order].view_as(features)
        ours, theirs = losses.gram_matrix(features), losses.gram_matrix(mixed)
        moved = (theirs - ours).norm() / ours.norm().clamp(min=1e-12)
        energy = features.square().mean().clamp(min=1e-12)
        content = losses.mean_squared(mixed, features) / energy
    return Shuffled(name, float(moved), float(content), features[0].mean(0).numpy(), mixed[0].mean(0).numpy())
