"""The convolutional network every encoder is: a VGG trunk with named layers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders.layers import minimum_side, parse_layer
from impasto.errors import PictureError
from impasto.weights.architecture import TINY, VGG16, VGG19, Architecture

__all__ = [
    "CAFFE",
    "CENTRED",
    "CONVENTIONS",
    "POOLING_RESCALE",
    "TINY",
    "TORCHVISION",
    "VGG16",
    "VGG19",
    "Architecture",
    "Encoder",
    "InputConvention",
    "Padding",
    "Pooling",
]

Pooling = Literal["max", "average", "l2"]
Padding = Literal["zeros", "reflect", "replicate-first"]

# Average and L2 pooling shrink activations compared with max pooling; these factors, found for
# style-transfer-pytorch by its author, restore their size.
POOLING_RESCALE: Mapping[str, float] = {"max": 1.0, "average": 2.0, "l2": 0.78}


@dataclass(frozen=True)
class InputConvention:
    """The conversion of an sRGB picture in [0, 1] to a network's input: ``(x * scale - mean) / std``.

    ``mean`` and ``std`` are in the network's own channel order (BGR when ``bgr``).
    """

    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False


CAFFE = InputConvention(scale=255.0, mean=(103.939, 116.779, 123.68), bgr=True)
TORCHVISION = InputConvention(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
CENTRED = InputConvention(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))

CONVENTIONS: Mapping[str, InputConvention] = {
    "caffe": CAFFE,
    "torchvision": TORCHVISION,
    "centred": CENTRED,
}


def normalise_input(image: Tensor, convention: InputConvention, mean: Tensor, std: Tensor) -> Tensor:
    """Return the input ``convention`` makes of an sRGB ``image`` in [0, 1]; ``mean`` and ``std`` are its own,
    of shape (1, 3, 1, 1), on the image's device.
    """
    if convention.bgr:
        image = image.flip(1)
    return (image * convention.scale - mean) / std


def zero_colour(convention: InputConvention, mean: Tensor) -> Tensor:
    """Return the sRGB colour (3,) in [0, 1] that ``convention`` makes zeros of; ``mean`` as in
    ``normalise_input``.
    """
    colour = mean.flatten() / convention.scale
    return colour.flip(0) if convention.bgr else colour


def fingerprint(network: nn.Module) -> str:
    """Return a digest of a network's parameters and buffers, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def check_shape(image: Tensor) -> None:
    """Raise PictureError for an image that is not (B, 3, H, W)."""
    shape = tuple(image.shape)
    if len(shape) != 4 or shape[1] != 3:
        raise PictureError(
            f"expected an image of shape (B, 3, H, W), got {shape}",
            expected="(B, 3, H, W)",
            actual=str(shape),
        )


def check_side(image: Tensor, side: int, layers: Iterable[str]) -> None:
    """Raise PictureError for an image (B, 3, H, W) with fewer than ``side`` pixels on a side."""
    height, width = image.shape[2:]
    if min(height, width) < side:
        raise PictureError(
            f"expected at least {side} x {side} pixels for {', '.join(sorted(layers))};"
            f" got {width} x {height}",
            expected=f"{side} x {side} pixels",
            actual=f"{width} x {height} pixels",
        )


class Encoder(nn.Module):
    """A VGG trunk that returns the activations of the layers it is asked for.

    Parameters are ``conv1_1.weight`` and so on. Input normalisation happens inside
    (``convention``), so the caller always passes sRGB in [0, 1]. ``architecture`` may be cut short
    (``Architecture.truncated``); the encoder then has the layers up to there.

    ``padding``: "zeros" as VGG was trained, "reflect", which leaves no frame along the border, or
    "replicate-first", the border's pixels repeated at conv1_1 and zeros after it (as
    style-transfer-pytorch has it). ``pooling``: "max" as VGG was trained, "average" (Gatys et al.,
    2015, section 2: smoother pictures) or "l2", the root of the sum of squares;
    ``rescale_pooling`` multiplies what the latter two give by ``POOLING_RESCALE``.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        architecture: Architecture,
        convention: InputConvention,
        *,
        padding: Padding = "zeros",
        pooling: Pooling = "max",
        rescale_pooling: bool = False,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.convention = convention
        self.padding: Padding = padding
        self.pooling: Pooling = pooling
        self.pool_scale = POOLING_RESCALE[pooling] if rescale_pooling else 1.0
        for suffix, channels_in, channels_out in architecture.convolutions():
            self.add_module(f"conv{suffix}", nn.Conv2d(channels_in, channels_out, 3))
        self.register_buffer("mean", torch.tensor(convention.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(convention.std).view(1, 3, 1, 1), persistent=False)

    @property
    def name(self) -> str:
        """The architecture's name."""
        return self.architecture.name

    @property
    def layer_names(self) -> list[str]:
        """Every layer there is, in network order: conv1_1, relu1_1, ..., pool1, conv2_1, ..."""
        return self.architecture.layer_names()

    def minimum_side(self, layers: Iterable[str]) -> int:
        """Return the smallest width and height, in pixels, that ``layers`` can be computed for."""
        return minimum_side(self.architecture, layers, padding=self.padding)

    def stride(self, layer: str) -> int:
        """Return the distance in pixels from one position of ``layer`` to the next: 2^(block - 1), twice that
        after its pooling.
        """
        name = parse_layer(layer, self.architecture)
        return int(2 ** (int(name[4]) - (0 if name.startswith("pool") else 1)))

    def channels(self, layer: str) -> int:
        """Return the number of channels of ``layer``."""
        name = parse_layer(layer, self.architecture)
        rows = self.architecture.convolutions()
        return [out for suffix, _, out in rows if suffix == name[4:] or suffix[0] == name[4:]][-1]

    def radius(self, layers: Iterable[str]) -> int:
        """Return the distance in pixels that ``layers`` see beyond a position's own cell, on any side."""
        names = self.layer_names
        deepest = max((names.index(parse_layer(n, self.architecture)) for n in layers), default=-1)
        reach, stride = 0, 1
        for name in names[: deepest + 1]:
            if name.startswith("conv"):
                reach += stride
            elif name.startswith("pool"):
                stride *= 2
        return reach

    def receptive_field(self, layers: Iterable[str]) -> tuple[int, int]:
        """Return ``radius`` and the largest stride of ``layers``.

        relu5_1 of VGG-19 has (70, 16): it sees
        16 + 2 * 70 = 156 pixels."""
        names = list(layers)
        return self.radius(names), max((self.stride(name) for name in names), default=1)

    def zero_colour(self) -> Tensor:
        """Return the sRGB colour (3,) in [0, 1] that the first convolution sees as zeros."""
        return zero_colour(self.convention, self.mean)

    def describe(self) -> dict[str, object]:
        """Return, as plain values, the properties that two encoders with equal activations share."""
        return {
            "name": self.architecture.name,
            "pooling": self.pooling,
            "pool_scale": self.pool_scale,
            "padding": self.padding,
            "sha256": fingerprint(self),
        }

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return the activations of ``layers`` for ``image`` of shape (B, 3, H, W) in [0, 1].

        Returns a dict from layer name to a (B, C, H', W') tensor, in network order, with
        H' = H // 2^(block - 1) (H // 2^block for a pooling layer). Nothing deeper than the deepest
        layer is computed. The convolutions run in their own precision, normalisation in the image's.
        Raises LayerError for a layer the network does not have, PictureError for
        an image of another shape or too small for the layers.
        """
        wanted = {parse_layer(name, self.architecture) for name in layers}
        check_shape(image)
        check_side(image, self.minimum_side(wanted), wanted)
        found: dict[str, Tensor] = {}
        features = self.normalise(image).to(next(self.parameters()).dtype)
        for name in self.layer_names:
            if len(found) == len(wanted):
                break
            if name.startswith("conv"):
                features = self._convolve(name, features)
            elif name.startswith("relu"):
                # In place, unless the convolution's own answer was asked for: half the memory traffic.
                features = self.activate(features, inplace=name.replace("relu", "conv") not in wanted)
            else:
                features = self._pool(features)
            if name in wanted:
                found[name] = features
        return found

    def normalise(self, image: Tensor) -> Tensor:
        """Return the network's own input for an sRGB ``image`` in [0, 1]."""
        return normalise_input(image, self.convention, self.mean, self.std)

    def activate(self, features: Tensor, *, inplace: bool) -> Tensor:
        """Return the rectifier after every convolution: relu(x) = max(x, 0), or what the architecture has."""
        slope = self.architecture.slope
        if slope:
            return functional.leaky_relu(features, slope, inplace)
        return functional.relu(features, inplace)

    def _convolve(self, name: str, features: Tensor) -> Tensor:
        layer = self.get_submodule(name)
        assert isinstance(layer, nn.Conv2d)
        if self.padding == "reflect":
            features = functional.pad(features, (1, 1, 1, 1), mode="reflect")
        elif self.padding == "replicate-first" and name == "conv1_1":
            features = functional.pad(features, (1, 1, 1, 1), mode="replicate")
        else:
            return functional.conv2d(features, layer.weight, layer.bias, padding=1)
        return functional.conv2d(features, layer.weight, layer.bias)

    def _pool(self, features: Tensor) -> Tensor:
        if self.pooling == "max":
            return functional.max_pool2d(features, 2)
        if self.pooling == "average":
            return functional.avg_pool2d(features, 2) * self.pool_scale
        return functional.lp_pool2d(features, 2.0, 2) * self.pool_scale
