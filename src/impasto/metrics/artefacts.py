"""Faults that have nothing to do with style: grids, frames along the border, stray pixels.

Each takes ``image``, (1, 3, H, W) sRGB in [0, 1], and is near a known value for photographs, so a figure can
be judged without a reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from impasto.errors import PictureError

_TILE = 64
_PERIOD_2 = 3
_BORDER_WIDTHS = (1, 2, 4, 8)
_SEGMENT = 16
_ROUNDING = (1 / 255) ** 2 / 12
"""The variance that rounding to 8 bits leaves in every pixel."""
_STEP = 0.5 / 255
"""Half a step of 8 bits: a shift in colour that cannot be seen."""


@dataclass(frozen=True)
class GridEnergy:
    """Power at a period divided by the power at neighbouring frequencies; 1 or less without a grid.

    ``period_2`` and ``period_4``: for patterns that repeat every 2 and every 4 pixels along at
    least one axis, the strongest of all directions.
    """

    period_2: float
    period_4: float

    @property
    def worst(self) -> float:
        return max(self.period_2, self.period_4)


@torch.no_grad()
def grid_energy(image: Tensor) -> GridEnergy:
    """Measure patterns with a period of 2 or 4 pixels in the luminance of ``image``, a fault of strided
    layers.

    The picture is cut into half-overlapping tiles of 64 pixels (32 if a side is below 128) under a
    Hann window. In each tile the power at each frequency whose periods are 2 or 4 is divided by
    the mean of its neighbours, 3 bins and up to a frequency of 1/8 away along the axis where that is
    larger, since edges along the axes raise whole lines of a spectrum. The ratios' roots are then
    averaged over tiles and squared: a grid in the sky is not lost among the leaves, and a fence in
    one corner counts little. The power of 8-bit rounding is added to both sides of a ratio.

    1 or less for photographs (0.3 to 1.5; more by chance below 100 pixels), hundreds for a grid of
    amplitude 0.02. Raises PictureError for a side below 32 pixels. The measure is ours; for where
    such grids come from see Odena et al. 2016, "Deconvolution and Checkerboard Artifacts".
    """
    ratios = grid_ratios(image).tolist()
    return GridEnergy(max(ratios[:_PERIOD_2]), max(ratios[_PERIOD_2:]))


def grid_ratios(images: Tensor) -> Tensor:
    """Return the figure of ``grid_energy`` for each direction, (15,), of (B, 3, H, W) together.

    The first three repeat every 2 pixels, the others every 4. Differentiable, so that it can be a loss."""
    _require_side(images, 32)
    side = _TILE if min(images.shape[2:]) >= 2 * _TILE else _TILE // 2
    power = _tile_power(_luminance(images), side)
    half, quarter = side // 2, side // 4
    period_2 = [(half, 0), (0, half), (half, half)]
    period_4 = [
        (row, column)
        for row, column in product((0, quarter, half, side - quarter), repeat=2)
        if quarter in (row, column)
    ]
    return torch.stack([_excess(power, row, column) for row, column in [*period_2, *period_4]])


def _luminance(image: Tensor) -> Tensor:
    """Return the luminance, (B, 1, H, W): the weights of ITU-R BT.709 on the sRGB values as they are."""
    weights = image.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def _tile_power(luminance: Tensor, side: int) -> Tensor:
    """Return (tiles, side, side) power spectra, scaled so that white noise has its variance at each bin."""
    tiles = luminance.unfold(2, side, side // 2).unfold(3, side, side // 2).reshape(-1, side, side)
    hann = torch.hann_window(side, dtype=tiles.dtype, device=tiles.device)
    window = torch.outer(hann, hann)
    centred = tiles - (tiles * window).sum((1, 2), keepdim=True) / window.sum()
    power: Tensor = torch.fft.fft2(centred * window).abs().square() / window.square().sum()
    return power


def _excess(power: Tensor, row: int, column: int) -> Tensor:
    """Return the power at a bin divided by that of its neighbours: the squared mean of roots over tiles."""
    side = power.shape[1]
    offsets = [offset for distance in range(3, side // 8 + 1) for offset in (-distance, distance)]
    along_rows = power[:, [(row + offset) % side for offset in offsets], column].mean(1)
    along_columns = power[:, row, [(column + offset) % side for offset in offsets]].mean(1)
    around = torch.maximum(along_rows, along_columns)
    ratios = (power[:, row, column] + _ROUNDING) / (around + _ROUNDING)
    return ratios.sqrt().mean().square()


@torch.no_grad()
def border_frame(image: Tensor) -> float:
    """Measure how much the outermost 1, 2, 4 or 8 pixels stand out from those inside them.

    For each width w of at most a tenth of the shorter side, strips of w pixels along the four sides
    are compared with the strips next to them, in mean colour over 16 pixels of their length; the
    difference at the border is divided by the median difference between such strips deeper inside.
    The largest ratio counts. Half an 8-bit step is added to both differences.

    About 1 for photographs (below 2, except for scans with dark edges), 3 to 20 for visible frames.
    Raises PictureError for a side below 32 pixels. The measure is ours.
    """
    _require_side(image, 32)
    sides = [image, image.flip(2), image.transpose(2, 3), image.flip(3).transpose(2, 3)]
    widths = [width for width in _BORDER_WIDTHS if 10 * width <= min(image.shape[2:])]
    return max(_border_shift(sides, width) for width in widths)


def _border_shift(sides: list[Tensor], width: int) -> float:
    """Return the shift in colour at the top of the pictures ``sides`` over the median shift further down."""
    depth = min(side.shape[2] for side in sides) // 2
    profiles = torch.stack([_shifts(side[..., :depth, :], width) for side in sides]).mean(0)
    inside = profiles[2 * width :].median()
    return float((profiles[0] + _STEP) / (inside + _STEP))


def _shifts(picture: Tensor, width: int) -> Tensor:
    """Return the mean absolute difference (D,) of the ``width`` high strips above and below each depth."""
    strips = functional.avg_pool2d(picture, (width, _SEGMENT), stride=(1, _SEGMENT))
    return (strips[..., width:, :] - strips[..., :-width, :]).abs().mean((0, 1, 3))


@torch.no_grad()
def speckle(image: Tensor) -> float:
    """Measure stray pixels: the root mean square of values beyond all eight neighbours, in [0, 1].

    A value above or below all its neighbours counts by its distance to the nearest of them, channel by
    channel; other values count 0. Edges, lines and regular grids therefore do not count, stray dots do. 0.001
    to 0.015 for photographs, 0.03 if one pixel in a hundred is off by 0.3. Raises PictureError for a side
    below 3 pixels. The measure is ours.
    """
    _require_side(image, 3)
    height, width = image.shape[2:]
    centre = image[..., 1:-1, 1:-1]
    around = torch.stack(
        [
            image[..., row : height - 2 + row, column : width - 2 + column]
            for row, column in product(range(3), repeat=2)
            if (row, column) != (1, 1)
        ]
    )
    above, below = centre - around.amax(0), around.amin(0) - centre
    return float(torch.maximum(above, below).clamp(min=0).square().mean().sqrt())


def _require_side(image: Tensor, smallest: int) -> None:
    if min(image.shape[2:]) < smallest:
        raise PictureError(
            f"expected a picture of {smallest}x{smallest} pixels or more; got"
            f" {image.shape[3]}x{image.shape[2]}"
        )
