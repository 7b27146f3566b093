"""The gallery network: one pass from photograph to painting, one set of filters for many styles.

An hourglass after Johnson et al. 2016 (section 3.1 and supplement), made for processors: it works at a
half, a quarter and an eighth of the picture's size, residual blocks at the two coarsest, and only eight
channels see every pixel. What makes a style is conditional instance normalisation (Dumoulin, Shlens and
Kudlur 2017): the scales and shifts after each normalisation, and here also a linear map of the
photograph's colours that the painted strokes are added to. A style is a row of such numbers; rows blend.

Beside the photograph the network sees a grain, fixed noise that repeats after ``GRAIN`` pixels: where a sky
is flat, strokes need something to begin at, or they fall into a lattice of the coarsest features (noise as
an input: Ulyanov et al. 2016).

Row 0 is the photograph itself: its last scales are zero and its colour map is the identity, so that it
gives back its input, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.errors import InputError, PictureError

MINIMUM_SIDE = 16
EPSILON = 1e-5

COLOUR_NUMBERS = 12
"""A row begins with its colour map: a 3x3 matrix, row by row, and a shift."""

GRAIN = 256
"""Rows and columns of the grain, whose standard deviation is a quarter of the photograph's range."""

_HALF, _QUARTER, _EIGHTH, _UP, _FULL = 16, 48, 96, 24, 8
_COARSE_BLOCKS = 3


class ConditionalNorm(nn.Module):
    """Instance normalisation whose scales and shifts are given at each call.

    ``features`` (B, C, H, W); ``scale`` and ``shift`` (B, C). Each channel of each picture gets mean 0
    and variance 1 over its positions, then ``scale`` and ``shift``. Dumoulin et al. 2017, equation 5.
    """

    def forward(self, features: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        normal = functional.instance_norm(features, eps=EPSILON)
        scaled: Tensor = normal * scale[:, :, None, None].to(normal.dtype)
        return scaled + shift[:, :, None, None].to(normal.dtype)


class ConvNorm(nn.Module):
    """Reflection padding, a convolution, and a place for the normalisation after it."""

    def __init__(self, channels_in: int, channels_out: int, side: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.padding = side // 2
        self.channels = channels_out
        self.convolution = nn.Conv2d(channels_in, channels_out, side, stride, bias=False)
        self.normalise = ConditionalNorm()

    def forward(self, features: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        padded = functional.pad(features, [self.padding] * 4, mode="reflect")
        normal: Tensor = self.normalise(self.convolution(padded), scale, shift)
        return normal


class GalleryNetwork(nn.Module):
    """Paints (B, 3, H, W) in [0, 1] in the styles of its table, one row of ``weights`` a picture.

    ``rows``: how many sets of numbers the table has. Filters are some 645 thousand numbers, a row
    1,932. Any height and width from 16 pixels; memory and time grow with their product.
    """

    def __init__(self, rows: int) -> None:
        super().__init__()
        if rows < 1:
            raise InputError(f"expected at least the photograph's row; got {rows} rows")
        self.grain: Tensor
        self.register_buffer("grain", make_grain())
        self.down2 = ConvNorm(4, _HALF, 5, 2)
        self.down4 = ConvNorm(_HALF, _QUARTER, 3, 2)
        self.blocks4 = nn.ModuleList([ConvNorm(_QUARTER, _QUARTER) for _ in range(2)])
        self.down8 = ConvNorm(_QUARTER, _EIGHTH, 3, 2)
        self.blocks8 = nn.ModuleList([ConvNorm(_EIGHTH, _EIGHTH) for _ in range(2 * _COARSE_BLOCKS)])
        self.up4 = nn.Conv2d(_EIGHTH, _QUARTER, 1)
        self.blocks4_up = nn.ModuleList([ConvNorm(_QUARTER, _QUARTER) for _ in range(2)])
        self.up2 = nn.Conv2d(_QUARTER, _UP, 1)
        self.fine2 = ConvNorm(_UP, _UP)
        self.up1 = nn.Conv2d(_UP, _FULL, 1)
        self.fine1 = ConvNorm(_FULL, _FULL)
        self.strokes = nn.Conv2d(_FULL, 3, 3, bias=False)
        self.table = nn.Parameter(neutral_rows(rows, self.widths))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        with torch.no_grad():
            self.strokes.weight.mul_(0.1)  # begin near the photograph
            self.table[0, -2 * _FULL :] = 0.0

    @property
    def layers(self) -> list[ConvNorm]:
        """The normalised layers, in the order in which a row has their numbers."""
        down: list[nn.Module] = [self.down2, self.down4, *self.blocks4, self.down8, *self.blocks8]
        layers = [*down, *self.blocks4_up, self.fine2, self.fine1]
        return [layer for layer in layers if isinstance(layer, ConvNorm)]

    @property
    def widths(self) -> list[int]:
        """Channels of each normalised layer."""
        return [layer.channels for layer in self.layers]

    @property
    def filters(self) -> list[nn.Parameter]:
        """Everything that styles share."""
        return [p for name, p in self.named_parameters() if name != "table"]

    @property
    def photograph_is_exact(self) -> list[int]:
        """The numbers of row 0 that make it give back its input: its colour map and its last scales."""
        numbers = self.table.shape[1]
        return [*range(COLOUR_NUMBERS), *range(numbers - 2 * _FULL, numbers)]

    def forward(self, image: Tensor, weights: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint ``image`` (B, 3, H, W) with ``weights`` (B, rows), the share of each row.

        ``corner``: the row and column of the grain at which the picture begins, any from 0. The answer may
        leave [0, 1]; clip it. Raises PictureError for a picture below 16 pixels.
        """
        if not torch.compiler.is_exporting() and min(image.shape[2:]) < MINIMUM_SIDE:
            height, width = image.shape[2:]
            raise PictureError(
                f"expected at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; got {width} x {height}",
                expected=f"{MINIMUM_SIDE} x {MINIMUM_SIDE} pixels",
                actual=f"{width} x {height} pixels",
            )
        numbers = weights @ self.table
        pairs = iter(self._scales_and_shifts(numbers))
        relu = functional.relu
        half = relu(self.down2(torch.cat([image * 4 - 2, self._grain(image, corner) * 4], 1), *next(pairs)))
        quarter = relu(self.down4(half, *next(pairs)))
        quarter = self._block(quarter, self.blocks4, pairs)
        coarse = relu(self.down8(quarter, *next(pairs)))
        for start in range(0, len(self.blocks8), 2):
            coarse = self._block(coarse, self.blocks8[start : start + 2], pairs)
        quarter = quarter + enlarge(self.up4(coarse), quarter)
        quarter = self._block(quarter, self.blocks4_up, pairs)
        upper = relu(self.fine2(enlarge(self.up2(quarter), half), *next(pairs)))
        full = relu(self.fine1(enlarge(self.up1(upper), image), *next(pairs)))
        strokes: Tensor = self.strokes(functional.pad(full, [1] * 4, mode="reflect"))
        return recolour(image, numbers) + strokes.to(image.dtype)

    def _grain(self, image: Tensor, corner: tuple[int, int]) -> Tensor:
        """Return (B, 1, H, W): the endless grain, from ``corner`` on, beside ``image``."""
        rows, columns = (
            torch.arange(start, start + length, device=image.device) % GRAIN
            for start, length in zip(corner, image.shape[2:], strict=True)
        )
        grain = self.grain.to(image.dtype)[rows[:, None], columns]
        return grain.expand(len(image), 1, -1, -1)

    def _scales_and_shifts(self, numbers: Tensor) -> list[tuple[Tensor, Tensor]]:
        found, start = [], COLOUR_NUMBERS
        for width in self.widths:
            scale, shift = numbers[:, start : start + width], numbers[:, start + width : start + 2 * width]
            found.append((scale, shift))
            start += 2 * width
        return found

    def _block(
        self,
        features: Tensor,
        layers: Sequence[nn.Module] | nn.ModuleList,
        pairs: Iterator[tuple[Tensor, Tensor]],
    ) -> Tensor:
        """Return a residual block: no rectifier after the sum (Johnson et al. 2016, supplement)."""
        first, second = layers
        inner = functional.relu(first(features, *next(pairs)))
        return features + second(inner, *next(pairs))  # type: ignore[no-any-return]


def make_grain() -> Tensor:
    """Return (GRAIN, GRAIN): seeded normal noise, rounded to halves so that files keep it exactly."""
    noise = torch.randn((GRAIN, GRAIN), generator=torch.Generator().manual_seed(0))
    return (noise / 4).half().float()


def neutral_rows(rows: int, widths: Sequence[int]) -> Tensor:
    """Return (rows, numbers): the identity as colour map, scales of 1 and shifts of 0."""
    parts = [torch.eye(3).flatten(), torch.zeros(3)]
    for width in widths:
        parts += [torch.ones(width), torch.zeros(width)]
    return torch.cat(parts).repeat(rows, 1)


def recolour(image: Tensor, numbers: Tensor) -> Tensor:
    """Apply the linear map of colours at the start of each row of ``numbers`` (B, ...) to (B, 3, H, W)."""
    matrix = numbers[:, :9].reshape(-1, 3, 3)
    shift = numbers[:, 9:COLOUR_NUMBERS]
    mapped = torch.einsum("bij,bjhw->bihw", matrix, image)
    return mapped + shift[:, :, None, None]


def enlarge(features: Tensor, like: Tensor) -> Tensor:
    """Return ``features`` at the height and width of ``like``, nearest neighbours: resize, then convolve,
    leaves no grid (Odena et al. 2016).
    """
    return functional.interpolate(features, size=like.shape[2:], mode="nearest")
