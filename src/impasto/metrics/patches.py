"""The distance between the small patches of two pictures, measured without a network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from impasto.errors import OptionError, PictureError

_SAMPLES = 8192
_QUANTILES = 512


@torch.no_grad()
def sliced_wasserstein_patches(
    result: Tensor,
    style: Tensor,
    *,
    patch: int = 7,
    scales: Sequence[int] = (1, 2, 4),
    projections: int = 128,
    seed: int = 0,
) -> float:
    """Return the sliced 2-Wasserstein distance between the patches of two pictures, mean over ``scales``.

    ``result`` and ``style`` are (1, 3, H, W) sRGB in [0, 1], of any two sizes. At scale s both are
    averaged over s x s pixels; up to 8192 patches of ``patch`` x ``patch`` pixels are drawn from
    each, projected on ``projections`` random directions, and the quantiles of the two
    distributions compared. Scales at which a picture is smaller than a patch are left out.

    0 for identical pictures; 0.1 for two flat pictures 0.1 apart in every channel, on average over
    directions. The draws depend only on ``seed``, so the figure is repeatable; values below about 0.01 are
    sampling noise, except for identical pictures.

    Raises OptionError for a count below 1, PictureError when a picture is smaller than a
    patch at every scale.
    Source: Rabin et al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing"; on
    patches as in Elnekave and Weiss 2022, "Generating Natural Images with Direct Patch
    Distributions Matching".
    """
    if min(patch, projections, *scales, len(scales)) < 1:
        raise OptionError(
            f"expected numbers of 1 or more; got patch {patch}, projections {projections}, scales"
            f" {tuple(scales)}"
        )
    directions = _directions(patch, projections, seed).to(result)
    distances = []
    for scale in scales:
        if min(*result.shape[2:], *style.shape[2:]) >= patch * scale:
            ours, theirs = (
                _quantiles(functional.avg_pool2d(image, scale), directions, patch, seed)
                for image in (result, style)
            )
            distances.append((ours - theirs).square().mean())
    if not distances:
        side = patch * min(scales)
        actual = " and ".join(f"{image.shape[3]}x{image.shape[2]}" for image in (result, style))
        raise PictureError(f"expected pictures of {side}x{side} pixels or more; got {actual}")
    return float(torch.stack(distances).sqrt().mean())


def _directions(patch: int, projections: int, seed: int) -> Tensor:
    """Return (projections, 3 patch^2) unit vectors, uniform on the sphere."""
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(projections, 3 * patch * patch, generator=generator), dim=1)


def _quantiles(image: Tensor, directions: Tensor, patch: int, seed: int) -> Tensor:
    """Return (projections, 512) quantiles of the projected patches of ``image``, at evenly spaced levels."""
    rows, columns = image.shape[2] - patch + 1, image.shape[3] - patch + 1
    generator = torch.Generator().manual_seed(seed + 1)
    if rows * columns <= _SAMPLES:
        places = torch.arange(rows * columns)
    else:
        places = torch.randint(rows * columns, (_SAMPLES,), generator=generator)
    windows = image[0].unfold(1, patch, 1).unfold(2, patch, 1)  # (3, rows, columns, patch, patch), a view
    places = places.to(image.device)
    chosen = windows[:, places // columns, places % columns].transpose(0, 1).flatten(1)
    ordered = (directions @ chosen.T).sort(dim=1).values
    return functional.interpolate(ordered[None], size=_QUANTILES, mode="linear", align_corners=False)[0]
