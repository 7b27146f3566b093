"""The initial image of a painting, and its enlargement from one level to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch
from torch import Tensor
from torch.nn import functional

from impasto import losses
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.imaging import overlap, resize
from impasto.objectives import IMAGE, StyleStatistics
from impasto.objectives.statistics import normalised_shares
from impasto.optimize.options import Initialisation, OptimizeOptions
from impasto.optimize.regions import StyleUse
from impasto.tensors import to_tensor
from impasto.types import Picture

OWN_SIZE = 1 << 30  # a long side beyond that of any style, so each is measured at its own


def initial_image(
    photo: Tensor,
    statistics: StyleStatistics,
    start: Picture | None,
    encoder: FeatureExtractor,
    options: OptimizeOptions,
    generator: torch.Generator,
    styles: Sequence[StyleUse] = (),
) -> Tensor:
    """Return the image from which the coarsest level starts, of the shape of ``photo`` (1, 3, H, W).

    It is ``start`` if given. White noise is centred on the colour that the network maps to zero, as in
    neural-style. ``styles``: those whose colours "channel-statistics" uses.
    """
    if start is not None:
        return to_tensor(resize(start.pixels, photo.shape[3], photo.shape[2]), photo.device)
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
    if options.init in ("gray", "uniform"):
        noise = torch.rand(photo.shape, generator=generator).to(photo.device)
        return noise if options.init == "uniform" else 0.5 + noise / 255
    if options.init == "normal":
        return truncated_normal([0.5] * 3, [0.25] * 3, photo, generator)
    if options.init == "channel-statistics":
        return truncated_normal(*channel_statistics(styles, encoder), photo, generator)
    kinds = ", ".join(get_args(Initialisation))
    raise OptionError(f"expected init to be {kinds} or a picture; got {options.init!r}")


def truncated_normal(
    means: Sequence[float], deviations: Sequence[float], like: Tensor, generator: torch.Generator
) -> Tensor:
    """Return noise of the shape of ``like`` (1, 3, H, W), normal in each channel; values outside [0, 1] are
    drawn again.
    """
    noise = torch.empty(like.shape)
    for channel, mean, deviation in zip(noise[0], means, deviations, strict=True):
        torch.nn.init.trunc_normal_(channel, mean, deviation, a=0.0, b=1.0, generator=generator)
    return noise.to(like.device)


def channel_statistics(
    styles: Sequence[StyleUse], encoder: FeatureExtractor
) -> tuple[list[float], list[float]]:
    """Return the mean and the standard deviation of each channel in ``styles``, at their own sizes.

    Both are weighted sums over the styles, of means and of variances. Source: style-transfer-pytorch. A
    departure: with negative weights, means are kept in [0, 1] and variances above zero.
    """
    shares = normalised_shares([use.weight for use in styles], len(styles))
    mean, variance = torch.zeros(3), torch.zeros(3)
    for share, use in zip(shares, styles, strict=True):
        own = use.style.statistics(encoder, (), OWN_SIZE, mask=use.mask)[IMAGE]
        mean += share * own.mean.cpu()
        unbiased = own.positions / max(own.positions - 1, 1)
        variance += share * unbiased * (own.gram.diagonal() - own.mean.square()).cpu()
    return mean.clamp(0, 1).tolist(), variance.clamp(min=1e-6).sqrt().tolist()


def enlarge(image: Tensor, previous: Tensor, photo: Tensor, detail: float, seamless: str = "") -> Tensor:
    """Return ``image`` at the size of ``photo``, with a share of the detail that ``previous`` lacked.

    ``seamless``: the opposite edges that meet, as in ``OptimizeOptions``.
    """
    height, width = photo.shape[2:]
    above, top = overlap(image.shape[2], height) if "y" in seamless else (0, 0)
    before, left = overlap(image.shape[3], width) if "x" in seamless else (0, 0)
    size = (height + 2 * top, width + 2 * left)

    def grow(picture: Tensor) -> Tensor:
        padded = picture
        if above or before:
            padded = functional.pad(picture, (before, before, above, above), mode="circular")
        grown = functional.interpolate(padded, size=size, mode="bicubic", align_corners=False)
        return grown[..., top : top + height, left : left + width]

    larger = grow(image)
    if detail:
        larger = larger + detail * (photo - grow(previous))
    return larger.clamp(0, 1)
