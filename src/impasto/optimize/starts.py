"""Where a painting starts, and how it grows from one level to the next."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from impasto import losses
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.imaging import resize
from impasto.objectives import IMAGE, StyleStatistics
from impasto.optimize.options import Options
from impasto.tensors import to_tensor
from impasto.types import Picture


def initial_image(
    photo: Tensor,
    statistics: StyleStatistics,
    start: Picture | None,
    encoder: FeatureExtractor,
    options: Options,
    generator: torch.Generator,
) -> Tensor:
    """Where the coarsest level starts, of the shape of ``photo`` (1, 3, H, W).

    Noise is around the colour that is the network's zero, as in neural-style.
    """
    if options.init == "content":
        return photo.clone()
    if options.init == "noise":
        noise = torch.randn(photo.shape, generator=generator).to(photo.device)
        return encoder.zero_colour().to(photo.device).view(1, 3, 1, 1) + options.noise * noise
    if options.init == "statistics":
        colours = statistics[IMAGE]
        covariance = losses.covariance_from_gram(colours.mean, colours.gram)
        root = losses.covariance_root(covariance, epsilon=1e-6).float()
        noise = torch.randn((3, photo[0, 0].numel()), generator=generator).to(photo.device)
        return (root @ noise + colours.mean[:, None]).view_as(photo)
    if start is None:
        raise OptionError(f"init must be content, noise, statistics or a picture; it is {options.init!r}")
    return to_tensor(resize(start.pixels, photo.shape[3], photo.shape[2]), photo.device)


def enlarge(image: Tensor, previous: Tensor, photo: Tensor, detail: float) -> Tensor:
    """``image`` at the size of ``photo``, with a share of the detail its coarser ``previous`` lacked."""

    def grow(picture: Tensor) -> Tensor:
        return functional.interpolate(picture, size=photo.shape[2:], mode="bicubic", align_corners=False)

    larger = grow(image)
    if detail:
        larger = larger + detail * (photo - grow(previous))
    return larger.clamp(0, 1)
