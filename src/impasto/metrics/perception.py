"""Closeness of a result to style and content, as measured by a network that did not paint it.

A network prefers pictures that were optimised with it, so use another one. Reflection padding in the encoder
keeps it from seeing a border that is not in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto import losses
from impasto.encoders.network import Encoder
from impasto.errors import OptionError, PictureError

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1")
CONTENT_LAYER = "relu3_4"


@torch.no_grad()
def style_distance(
    result: Tensor, style: Tensor, encoder: Encoder, layers: Sequence[str] = STYLE_LAYERS
) -> float:
    """Return the mean over ``layers`` of ||G - A|| / ||A||, Frobenius norms of mean Gram matrices.

    ``result`` and ``style`` are (1, 3, H, W) sRGB in [0, 1], of any two sizes, which are not changed: resize
    the style to the scale at which it was painted. 0: equal Gram matrices; 1: as far from the style as a
    picture without any features; there is no upper bound.

    Each layer is divided by its own target's norm, so the network's scale does not matter and layers count
    equally. Channels are not normalised: those that the style hardly uses would then dominate.

    Raises OptionError for no layers; PictureError for a picture too small for a layer and
    LayerError for a layer the encoder lacks, as the encoder does.
    Source: the Gram matrix of Gatys et al. 2016, equation 3; the relative norm is ours.
    """
    if not layers:
        raise OptionError("expected at least one style layer; got none")
    ours, theirs = encoder(result, layers), encoder(style, layers)
    distances = [
        losses.relative(losses.gram_matrix(found), losses.gram_matrix(theirs[name])).sqrt()
        for name, found in ours.items()
    ]
    return float(torch.stack(distances).mean())


@torch.no_grad()
def content_distance(result: Tensor, content: Tensor, encoder: Encoder, layer: str = CONTENT_LAYER) -> float:
    """Return ||F - P|| / ||P|| for the features of ``result`` and ``content`` at ``layer``.

    Both are (1, 3, H, W) sRGB in [0, 1], of one size. 0: the same features in the same places;
    1: as far from the content as a picture without any features; there is no upper bound, and
    unrelated photographs lie near 1.

    Raises PictureError when the sizes differ or are too small for the layer, LayerError for a layer
    the encoder lacks.
    Source: the content loss of Gatys et al. 2016, equation 1; the relative norm is ours.
    """
    if result.shape != content.shape:
        expected, actual = (f"{image.shape[3]}x{image.shape[2]}" for image in (result, content))
        raise PictureError(f"expected a content picture of the result's size, {expected}; got {actual}")
    (ours,) = encoder(result, [layer]).values()
    (theirs,) = encoder(content, [layer]).values()
    difference = losses.mean_squared(ours, theirs)
    energy = theirs.square().mean().clamp(min=torch.finfo(theirs.dtype).tiny)
    return float((difference / energy).sqrt())
