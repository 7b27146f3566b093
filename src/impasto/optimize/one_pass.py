"""One pass of the network for any painting, as the picture that an optimisation starts from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.catalogue.files import network_of
from impasto.catalogue.measured import Style, at_once
from impasto.encoders import FeatureExtractor, load_encoder
from impasto.errors import StyleError
from impasto.imaging import continued, joined, resize_mask
from impasto.inference.any_painting import AnyPaintingPainter
from impasto.inference.any_painting_numbers import LAYERS
from impasto.inference.any_painting_weights import networks_between
from impasto.inference.options import MINIMUM_SIDE
from impasto.inference.transport import LayerMoments, Statistics
from impasto.optimize.regions import Place, blended
from impasto.tensors import plane_to_tensor, to_pixels, to_tensor


def one_pass(
    photo: Tensor,
    places: Sequence[Place],
    style_side: float,
    seamless: str = "",
    painter: AnyPaintingPainter | None = None,
) -> Tensor:
    """Return ``photo`` (1, 3, H, W) in [0, 1], painted in one pass in the styles of ``places``.

    As with ``impasto fast``, a style may have a network of its own. Styles are measured at ``style_side``,
    the long side of a style in pixels, and at half of it; a place with a mask is painted only there.
    ``seamless``: the opposite edges that meet, as in ``OptimizeOptions``. ``painter``: the network for all
    places, if already loaded. Raises StyleError if the network cannot paint in these styles or at this size;
    its message is the end of a sentence.
    """
    height, width = photo.shape[2:]
    if min(height, width) < MINIMUM_SIDE:
        raise StyleError(f"the fast network needs {MINIMUM_SIDE} pixels on each side, not {width}x{height}")
    if any(use.weight < 0 for place in places for use in place.styles):
        raise StyleError("the fast network cannot move away from a style")
    encoder = load_encoder("tiny")
    pixels = continued(to_pixels(photo), seamless)
    image = photo
    for place in places:
        both = (_moments(encoder, place, side) for side in (style_side, style_side / 2))
        network = painter or network_for([(use.style, use.weight) for use in place.styles])
        painted = to_tensor(joined(network.paint(pixels, *both)[0], seamless))
        if place.mask is None:
            image = painted
        else:
            mask = plane_to_tensor(resize_mask(place.mask, width, height))
            image = image + mask * (painted - image)
    return image


def network_for(styles: Sequence[tuple[Style, float]]) -> AnyPaintingPainter:
    """Return the network for ``styles`` and their shares, on the processor, with torch's number of
    threads."""
    files = [network_of(style) for style, _ in styles]
    shares = networks_between(files, [share for _, share in styles], 1.0)
    return AnyPaintingPainter(shares, threads=torch.get_num_threads(), device="cpu")


def _moments(encoder: FeatureExtractor, place: Place, long_side: float) -> Statistics:
    """Return the statistics of the styles of ``place`` for a picture with this ``long_side``, in pixels."""
    found = {}
    for layer, numbers in blended(encoder, place, LAYERS, long_side, at_once).items():
        mean, gram = numbers.mean.double(), numbers.gram.double()
        found[layer] = LayerMoments(mean.numpy(), (gram - torch.outer(mean, mean)).numpy())
    return found
