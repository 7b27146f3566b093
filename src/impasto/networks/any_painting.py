"""The network for any painting: a photograph in, a painting out, in one pass.

The bundled encoder, unchanged, computes the photograph's features up to relu4_1. A decoder mirrors it; at
relu4_1, relu3_1, relu2_1 and relu1_1 its features are mapped to the painting's mean and covariance by optimal
transport (``transport``). Only the decoder is trained, and it is not specific to a painting. The transport of
one decoder's features at several depths is from Chiu and Gurari, "PhotoWCT2: Compact Autoencoder for
Photorealistic Style Transfer" (WACV 2022).

The maps are affine, with a plain graph of convolutions between two of them, so each part can be exported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.errors import PictureError
from impasto.inference.any_painting_numbers import (
    CURVE,
    DIRECTIONS,
    FAINT,
    GRAIN,
    LAYERS,
    LENGTH,
    MARGIN,
    NOISE,
    PULL,
    SLOPE,
    SPREAD,
    STRIDE,
    WIDTH,
)
from impasto.networks.transport import Gaussian, between, carry, gaussian, transport

LEAST_SIDE = 2 * STRIDE
_ENCODER_CONVOLUTIONS = 9


class Convolution(nn.Conv2d):
    """A 3x3 convolution with reflection padding, which keeps the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)
        nn.init.kaiming_normal_(self.weight, a=SLOPE)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(functional.pad(input, (1, 1, 1, 1), mode="reflect"))


class Residual(nn.Module):
    """``x`` plus two convolutions of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(channels, channels), Convolution(channels, channels)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.second(_rectified(self.first(x)))
        return found


class OrientedNoise(nn.Module):
    """Noise stretched along the edges of a photograph, and along random curves where it has none.

    Brush strokes follow the shapes they paint. As in Haeberli, "Paint by Numbers" (SIGGRAPH 1990), and
    Litwinowicz, "Processing Images and Video for an Impressionist Effect" (SIGGRAPH 1997), the directions are
    those of the structure tensor; here they only direct the noise, which the network turns into strokes by
    the painting's statistics. No parameters are trained.
    """

    filters: Tensor
    overlaps: Tensor
    turns: Tensor
    edges: Tensor
    soft: Tensor

    def __init__(self) -> None:
        super().__init__()
        angles = torch.arange(DIRECTIONS) * (math.pi / DIRECTIONS)
        reach = torch.arange(-MARGIN, MARGIN + 1.0)
        along = angles.cos()[:, None, None] * reach + angles.sin()[:, None, None] * reach[:, None]
        across = angles.cos()[:, None, None] * reach[:, None] - angles.sin()[:, None, None] * reach
        filters = (-0.5 * ((along / LENGTH) ** 2 + (across / WIDTH) ** 2)).exp()
        filters /= filters.square().sum((1, 2), keepdim=True).sqrt()
        hat = (-0.5 * (reach / SPREAD) ** 2).exp()
        hat /= hat.sum()
        self.register_buffer("filters", filters[:, None], persistent=False)
        overlaps = filters.flatten(1) @ filters.flatten(1).T
        self.register_buffer("overlaps", overlaps[:, :, None, None], persistent=False)
        turns = torch.stack([(2 * angles).cos(), (2 * angles).sin()], 1)[:, :, None, None]
        self.register_buffer("turns", turns, persistent=False)
        self.register_buffer("edges", torch.tensor([-0.5, 0.0, 0.5]), persistent=False)
        self.register_buffer("soft", torch.outer(hat, hat)[None, None], persistent=False)

    def forward(self, seen: Tensor, noise: Tensor) -> Tensor:
        """Return (B, NOISE, H, W) with mean 0 and variance about 1, from the photograph's relu3_1
        (B, 64, H, W) and noise from ``draw_noise``."""
        directions = self._directions(seen) + inside(noise)[:, NOISE : NOISE + 2]
        directions = directions / (directions.square().sum(1, keepdim=True) + 1e-6).sqrt()
        shares = functional.conv2d(directions, self.turns).relu() ** 4
        variance = (shares * functional.conv2d(shares, self.overlaps)).sum(1, keepdim=True)
        shares = shares / (variance + 1e-6).sqrt()
        batch, _, height, width = shares.shape
        white = noise[:, :NOISE].reshape(batch * NOISE, 1, *noise.shape[2:])
        drawn_out = functional.conv2d(white, self.filters).view(batch, NOISE, DIRECTIONS, height, width)
        return (drawn_out * shares[:, None]).sum(2)

    def _directions(self, seen: Tensor) -> Tensor:
        """Return (B, 2, H, W): cosine and sine of twice the angle of the edges at each position, times their
        agreement, from 0 to 1, times their strength."""
        padded = functional.pad(seen, (1, 1, 1, 1), mode="replicate")
        level = padded.shape[1]
        filters = self.edges.expand(level, 1, 1, 3)
        x = functional.conv2d(padded[:, :, 1:-1], filters, groups=level)
        y = functional.conv2d(padded[:, :, :, 1:-1], filters.transpose(2, 3), groups=level)
        tensor = torch.stack([(x * x).mean(1), (y * y).mean(1), (x * y).mean(1)], 1)
        tensor = functional.pad(tensor, (MARGIN, MARGIN, MARGIN, MARGIN), mode="replicate")
        xx, yy, xy = functional.conv2d(tensor, self.soft.expand(3, -1, -1, -1), groups=3).unbind(1)
        return torch.stack([yy - xx, -2 * xy], 1) / (xx + yy + FAINT)[:, None] * PULL


class Coarsest(nn.Module):
    """From transported relu4_1 to the decoder's relu3_1; the photograph's own relu3_1, transported, is
    added."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = Convolution(128 + 4 * NOISE, 128)
        self.middle = Residual(128)
        self.narrow = Convolution(128, 64)
        self.beside = nn.Conv2d(64 + NOISE, 64, 1)
        self.leave = Convolution(64, 64)

    def forward(self, x: Tensor, noise: Tensor, beside: Tensor) -> Tensor:
        x = _rectified(self.enter(torch.cat([x, functional.pixel_unshuffle(noise, 2)], 1)))
        x = enlarged(_rectified(self.narrow(self.middle(x)))) + self.beside(torch.cat([beside, noise], 1))
        return _rectified(self.leave(x))


class Middle(nn.Module):
    """From relu3_1 to relu2_1, like ``Coarsest``."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.narrow = Convolution(64, 64), Convolution(64, 32)
        self.beside = nn.Conv2d(32 + GRAIN[0], 32, 1)
        self.leave = Convolution(32, 32)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        x = self.narrow(x + _rectified(self.enter(x)))
        return _rectified(self.leave(enlarged(_rectified(x)) + self.beside(beside)))


class Finest(nn.Module):
    """From transported relu2_1 to the decoder's relu1_1, like ``Coarsest``."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.leave = Convolution(32, 16), Convolution(16, 16)
        self.beside = nn.Conv2d(16 + GRAIN[1], 16, 1)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        return _rectified(self.leave(enlarged(_rectified(self.narrow(x))) + self.beside(beside)))


class AnyPaintingNetwork(nn.Module):
    """The encoder to relu4_1 and the decoder behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(TINY.truncated(_ENCODER_CONVOLUTIONS), CENTRED, padding="reflect")
        self.encoder.requires_grad_(False)
        self.oriented = OrientedNoise()
        self.coarsest, self.middle, self.finest = Coarsest(), Middle(), Finest()
        self.colours = Convolution(16, 3)
        nn.init.normal_(self.colours.weight, std=0.02)

    def decoder(self) -> dict[str, nn.Parameter]:
        """Return the parameters that are trained, by name."""
        return {n: p for n, p in self.named_parameters() if not n.startswith("encoder.")}

    def measure(self, picture: Tensor) -> dict[str, Gaussian]:
        """Return the statistics at ``LAYERS`` of a painting (B, 3, H, W) in [0, 1]."""
        return {name: gaussian(found) for name, found in self.encoder(picture, LAYERS).items()}

    def forward(
        self,
        photo: Tensor,
        style: Mapping[str, Gaussian],
        *,
        coarse: Mapping[str, Gaussian] | None = None,
        boldness: float = 1.0,
        strength: float = 1.0,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Paint ``photo`` (B, 3, H, W) in [0, 1], of any size from 16 pixels, in ``style``.

        The result is (B, 3, H, W); its values may lie outside [0, 1].

        ``style``: statistics by layer, one for all pictures or one for each. ``coarse``: those of the
        painting at half its size; with them the photograph is painted at half its size first (from 32 pixels
        a side), with strokes twice as large, and the share ``boldness`` of that change is added before the
        pass at full size. ``strength``: 0 reproduces the photograph, 1 paints in the style, more exaggerates
        it. ``noise``: from ``draw_noise``, for relu3_1; drawn here if not given.
        """
        height, width = photo.shape[2:]
        if coarse is None or min(height, width) < 2 * LEAST_SIDE:
            painted = self._painted(whole_strides(photo), style, strength, noise)
        else:
            photo = whole_strides(photo, 2 * STRIDE)
            if noise is None:
                noise = draw_noise(len(photo), photo.shape[2] // 4, photo.shape[3] // 4).to(photo.device)
            small = functional.avg_pool2d(photo, 2)
            change = self._painted(small, coarse, strength, part_of(noise)).clamp(0, 1) - small
            bolder = (photo + boldness * enlarged(change)).clamp(0, 1)
            painted = self._painted(bolder, style, strength, noise)
        return painted[..., :height, :width]

    def _painted(
        self, photo: Tensor, style: Mapping[str, Gaussian], strength: float, noise: Tensor | None
    ) -> Tensor:
        seen = self.encoder(photo, LAYERS)
        if strength != 1:
            style = {n: between(gaussian(found), style[n], strength) for n, found in seen.items()}
        return self.decode(seen, style, noise=noise)[0]

    def decode(
        self, seen: Mapping[str, Tensor], style: Mapping[str, Gaussian], *, noise: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the painting of a photograph with the features ``seen`` at ``LAYERS``, and the decoder's
        relu3_1, relu2_1 and relu1_1 after transport.
        """
        middling = seen["relu3_1"]
        if noise is None:
            noise = draw_noise(len(middling), *middling.shape[2:]).to(middling.device)
        with torch.no_grad(), torch.autocast(middling.device.type, enabled=False):
            strokes = self.oriented(middling.float(), noise.float())
        grain = [fine.to(middling.dtype) for fine in grains(noise)]

        def carried(features: Tensor, layer: str) -> Tensor:
            ours, theirs = gaussian(features), style[layer]
            return carry(features, transport(ours, theirs), ours.mean, theirs.mean)

        deep, *beside = (carried(seen[layer], layer) for layer in LAYERS)
        inner = [carried(self.coarsest(deep, strokes.to(deep.dtype), beside[0]), "relu3_1")]
        inner.append(carried(self.middle(inner[0], torch.cat([beside[1], grain[0]], 1)), "relu2_1"))
        inner.append(carried(self.finest(inner[1], torch.cat([beside[2], grain[1]], 1)), "relu1_1"))
        return 0.5 + 0.25 * self.colours(inner[2]).float(), inner


def draw_noise(batch: int, rows: int, columns: int, generator: torch.Generator | None = None) -> Tensor:
    """Draw the noise for a picture with (rows, columns) positions of relu3_1, with ``MARGIN`` on each side.

    The result is (batch, NOISE + 2 + 4 GRAIN[0] + 16 GRAIN[1], rows + 2 MARGIN, columns + 2 MARGIN), float32:
    ``NOISE`` channels of white noise with mean 0 and variance 1; two that change slowly, the directions where
    the photograph has none; and ``GRAIN``, with 4 and 16 numbers for each position (``grains``).
    """
    rows, columns = rows + 2 * MARGIN, columns + 2 * MARGIN
    coarse = torch.randn(batch, 2, rows // CURVE + 3, columns // CURVE + 3, generator=generator)
    curves = functional.interpolate(coarse, scale_factor=CURVE, mode="bicubic", align_corners=False)
    fine = 4 * GRAIN[0] + 16 * GRAIN[1]
    white = torch.randn(batch, NOISE + fine, rows, columns, generator=generator)
    curves = curves[:, :, CURVE : CURVE + rows, CURVE : CURVE + columns]
    return torch.cat([white[:, :NOISE], curves, white[:, NOISE:]], 1)


def inside(noise: Tensor) -> Tensor:
    """Return ``noise`` without its margin."""
    return noise[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]


def grains(noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return the finer noise: (B, GRAIN[0], H/2, W/2) and (B, GRAIN[1], H, W) for a picture H by W."""
    fine = inside(noise)[:, NOISE + 2 :]
    half = 4 * GRAIN[0]
    return functional.pixel_shuffle(fine[:, :half], 2), functional.pixel_shuffle(fine[:, half:], 4)


def part_of(noise: Tensor) -> Tensor:
    """Return the noise for a picture of half the size: one corner of ``noise``."""
    rows, columns = (side // 2 - MARGIN for side in noise.shape[2:])
    return noise[:, :, : rows + 2 * MARGIN, : columns + 2 * MARGIN]


def enlarged(x: Tensor) -> Tensor:
    """Double the size by linear interpolation, without artefacts of period two, which would show as a grid of
    bricks."""
    channels = x.shape[1]
    hat = x.new_tensor([0.25, 0.5, 0.25])
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    smooth = functional.conv2d(padded, torch.outer(hat, hat).expand(channels, 1, 3, 3), groups=channels)
    return functional.interpolate(smooth, scale_factor=2, mode="bilinear", align_corners=False)


def whole_strides(picture: Tensor, stride: int = STRIDE) -> Tensor:
    """Return ``picture`` padded by reflection at the right and bottom to multiples of ``stride``."""
    height, width = picture.shape[2:]
    if min(height, width) < LEAST_SIDE:
        raise PictureError(f"expected a picture of {LEAST_SIDE} pixels a side or more; got {width}x{height}")
    beyond = (0, -width % stride, 0, -height % stride)
    return functional.pad(picture, beyond, mode="reflect") if any(beyond) else picture


def blended(styles: Sequence[Mapping[str, Gaussian]], shares: Sequence[float]) -> dict[str, Gaussian]:
    """Return the Gaussians of a mixture of pictures. ``shares``: the weight of each; they sum to 1."""
    found = {}
    for layer in styles[0]:
        rows = [(share, style[layer]) for share, style in zip(shares, styles, strict=True)]
        mean = torch.stack([share * g.mean for share, g in rows]).sum(0)
        second = torch.stack(
            [share * (g.covariance + g.mean[:, :, None] * g.mean[:, None, :]) for share, g in rows]
        ).sum(0)
        found[layer] = Gaussian(mean, second - mean[:, :, None] * mean[:, None, :])
    return found


def _rectified(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE)
