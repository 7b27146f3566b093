"""The network for any painting: a photograph in, a painting out, in one pass.

The bundled encoder, unchanged, sees the photograph to relu4_1. A decoder that mirrors it goes back up, and
what it holds at relu4_1, relu3_1, relu2_1 and relu1_1 is carried to the painting's mean and covariance there
by optimal transport (``transport``). Only the decoder is learnt, and nothing in it belongs to one painting:
every other serves as well. Carrying one decoder's features at several depths is from Chiu and Gurari,
"PhotoWCT2: Compact Autoencoder for Photorealistic Style Transfer" (WACV 2022).

Between two maps runs a plain graph of convolutions, and the maps are affine: each can be exported by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders.network import CENTRED, TINY, Encoder
from impasto.errors import PictureError
from impasto.networks.transport import Gaussian, between, carry, gaussian, transport

LAYERS = ("relu4_1", "relu3_1", "relu2_1", "relu1_1")
"""Where features are carried over, in the order of the decoder."""

STRIDE = 8
LEAST_SIDE = 2 * STRIDE
NOISE = 4
"""Channels of noise at relu4_1: what a flat sky is painted from."""

_SLOPE = 0.1
_ENCODER_CONVOLUTIONS = 9


class Convolution(nn.Conv2d):
    """A 3x3 convolution that keeps the size, the picture mirrored at its border."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)
        nn.init.kaiming_normal_(self.weight, a=_SLOPE)
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


class Coarsest(nn.Module):
    """From relu4_1, carried over, to the decoder's relu3_1; the photograph's own, carried over, joins it."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = Convolution(128 + NOISE, 128)
        self.middle = Residual(128)
        self.narrow = Convolution(128, 64)
        self.beside = nn.Conv2d(64, 64, 1)
        self.leave = Convolution(64, 64)

    def forward(self, x: Tensor, noise: Tensor, beside: Tensor) -> Tensor:
        x = _rectified(self.enter(torch.cat([x, noise], 1)))
        x = enlarged(_rectified(self.narrow(self.middle(x)))) + self.beside(beside)
        return _rectified(self.leave(x))


class Middle(nn.Module):
    """From relu3_1 to relu2_1, as before it."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.narrow = Convolution(64, 64), Convolution(64, 32)
        self.beside = nn.Conv2d(32, 32, 1)
        self.leave = Convolution(32, 32)

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        x = self.narrow(x + _rectified(self.enter(x)))
        return _rectified(self.leave(enlarged(_rectified(x)) + self.beside(beside)))


class Finest(nn.Module):
    """From relu2_1, carried over, to the decoder's relu1_1."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.leave = Convolution(32, 16), Convolution(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return _rectified(self.leave(enlarged(_rectified(self.narrow(x)))))


class AnyPaintingNetwork(nn.Module):
    """The encoder to relu4_1 and the decoder behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(TINY.truncated(_ENCODER_CONVOLUTIONS), CENTRED, padding="reflect")
        self.encoder.requires_grad_(False)
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
        strength: float = 1.0,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Paint ``photo`` (B, 3, H, W) in [0, 1], of any size from 16 pixels, in ``style``.

        The result is (B, 3, H, W); it may leave [0, 1].

        ``style``: layer to statistics, each for all pictures or one a picture. ``strength``: how far from the
        photograph's own style, which gives it back, to this one; beyond 1 further. ``noise``
        (B, NOISE, H/8, W/8), rounded up, as ``draw_noise`` gives it, is drawn anew where it is not given.
        """
        height, width = photo.shape[2:]
        seen = self.encoder(whole_strides(photo), LAYERS)
        if strength != 1:
            style = {n: between(gaussian(found), style[n], strength) for n, found in seen.items()}
        painted, _ = self.decode(seen, style, noise=noise)
        return painted[..., :height, :width]

    def decode(
        self, seen: Mapping[str, Tensor], style: Mapping[str, Gaussian], *, noise: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the painting of a photograph of which relu4_1, relu3_1 and relu2_1 are ``seen``, and the
        decoder's own relu3_1, relu2_1 and relu1_1 after they were carried over.
        """
        if noise is None:
            batch, _, rows, columns = seen[LAYERS[0]].shape
            noise = draw_noise(batch, rows, columns).to(seen[LAYERS[0]].device)

        def carried(features: Tensor, layer: str) -> Tensor:
            ours, theirs = gaussian(features), style[layer]
            return carry(features, transport(ours, theirs), ours.mean, theirs.mean)

        deep, middling, shallow = (carried(seen[layer], layer) for layer in LAYERS[:3])
        inner = [carried(self.coarsest(deep, noise.to(deep.dtype), middling), "relu3_1")]
        inner.append(carried(self.middle(inner[0], shallow), "relu2_1"))
        inner.append(carried(self.finest(inner[1]), "relu1_1"))
        return 0.5 + 0.25 * self.colours(inner[2]).float(), inner


def draw_noise(batch: int, rows: int, columns: int, generator: torch.Generator | None = None) -> Tensor:
    """(batch, NOISE, rows, columns) of mean 0 and variance 1, without the finest waves, which would show as
    lines along the axes."""
    white = torch.randn(batch * NOISE, 1, rows + 2, columns + 2, generator=generator)
    hat = torch.tensor([1.0, 2.0, 1.0]) / 6**0.5  # of which the sum of squares is 1
    return functional.conv2d(white, torch.outer(hat, hat)[None, None]).view(batch, NOISE, rows, columns)


def enlarged(x: Tensor) -> Tensor:
    """Double the size by linear interpolation."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def whole_strides(picture: Tensor) -> Tensor:
    """Return ``picture``, mirrored at the right and the bottom until its sides are multiples of 8."""
    height, width = picture.shape[2:]
    if min(height, width) < LEAST_SIDE:
        expected, actual = f"{LEAST_SIDE} pixels a side or more", f"{width}x{height}"
        raise PictureError(
            f"expected a picture of {expected}; got {actual}", expected=expected, actual=actual
        )
    beyond = (0, -width % STRIDE, 0, -height % STRIDE)
    return functional.pad(picture, beyond, mode="reflect") if any(beyond) else picture


def blended(styles: Sequence[Mapping[str, Gaussian]], shares: Sequence[float]) -> dict[str, Gaussian]:
    """Return the Gaussians of a mixture of pictures, ``shares`` of each, which sum to 1."""
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
    return functional.leaky_relu(x, _SLOPE)
