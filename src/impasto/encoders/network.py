"""The VGG encoder: a convolutional trunk with named layers."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders import frozen
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
    "NormalisedNetwork",
    "Padding",
    "Pooling",
]

Pooling = Literal["max", "average", "l2"]
Padding = Literal["zeros", "reflect", "replicate-first"]

# Average and L2 pooling reduce activations compared with max pooling; these factors, from
# style-transfer-pytorch, compensate for it.
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


class NormalisedNetwork(nn.Module):
    """A network that converts sRGB pictures in [0, 1] to its own input, by ``convention``."""

    mean: Tensor
    std: Tensor

    def __init__(self, convention: InputConvention) -> None:
        super().__init__()
        self.convention = convention
        self.register_buffer("mean", torch.tensor(convention.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(convention.std).view(1, 3, 1, 1), persistent=False)

    def normalise(self, image: Tensor) -> Tensor:
        """Return the network's own input for an sRGB ``image`` in [0, 1]."""
        image = image.flip(1) if self.convention.bgr else image
        return (image * self.convention.scale - self.mean) / self.std

    def zero_colour(self) -> Tensor:
        """Return the sRGB colour (3,) in [0, 1] that becomes zero in the network's input."""
        colour = self.mean.flatten() / self.convention.scale
        return colour.flip(0) if self.convention.bgr else colour


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
        raise PictureError(f"expected an image of shape (B, 3, H, W), got {shape}")


def check_side(image: Tensor, side: int, layers: Iterable[str]) -> None:
    """Raise PictureError for an image (B, 3, H, W) with fewer than ``side`` pixels on a side."""
    height, width = image.shape[2:]
    if min(height, width) < side:
        raise PictureError(
            f"expected at least {side} x {side} pixels for {', '.join(sorted(layers))};"
            f" got {width} x {height}"
        )


class Encoder(NormalisedNetwork):
    """A VGG trunk that returns the activations of the requested layers.

    Parameters are ``conv1_1.weight`` and so on. The input is normalised inside (``convention``), so the
    caller always passes sRGB in [0, 1]. If ``architecture`` is truncated (``Architecture.truncated``), the
    encoder has only the layers up to there.

    ``padding``: "zeros", as in VGG's training; "reflect", which leaves no frame along the border; or
    "replicate-first", which repeats the border's pixels at conv1_1 and pads with zeros after it, as in
    style-transfer-pytorch. ``pooling``: "max", as in VGG's training; "average" (Gatys et al., 2015, section
    2: smoother pictures); or "l2", the root of the sum of squares. ``rescale_pooling`` multiplies the results
    of the latter two by ``POOLING_RESCALE``. See ``joined`` for pictures without borders.
    """

    def __init__(
        self,
        architecture: Architecture,
        convention: InputConvention,
        *,
        padding: Padding = "zeros",
        pooling: Pooling = "max",
        rescale_pooling: bool = False,
    ) -> None:
        super().__init__(convention)
        self.architecture = architecture
        self.padding: Padding = padding
        self.pooling: Pooling = pooling
        self.pool_scale = POOLING_RESCALE[pooling] if rescale_pooling else 1.0
        self.seamless = ""
        for suffix, channels_in, channels_out in architecture.convolutions():
            self.add_module(f"conv{suffix}", nn.Conv2d(channels_in, channels_out, 3))

    @property
    def name(self) -> str:
        """The architecture's name."""
        return self.architecture.name

    @property
    def layer_names(self) -> list[str]:
        """All layers, in network order: conv1_1, relu1_1, ..., pool1, conv2_1, ..."""
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

        relu5_1 of VGG-19 has (70, 16): it sees 16 + 2 * 70 = 156 pixels."""
        names = list(layers)
        return self.radius(names), max((self.stride(name) for name in names), default=1)

    def joined(self, seamless: str) -> Encoder:
        """Return this network for pictures whose opposite edges meet: left and right for "x", top and bottom
        for "y", both for "xy". Weights are shared.

        Sides that meet must be multiples of the largest stride.
        """
        found = copy.copy(self)
        found.seamless = seamless
        return found

    def describe(self) -> dict[str, object]:
        """Return, as plain values, the properties that two encoders with equal activations share."""
        return {
            "name": self.architecture.name,
            "pooling": self.pooling,
            "pool_scale": self.pool_scale,
            "padding": self.padding + (f", seamless {self.seamless}" if self.seamless else ""),
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
        names = self.layer_names
        ordered = [name for name in names if name in wanted]
        deepest = names.index(ordered[-1]) if ordered else -1
        features = self.normalise(image).to(next(self.parameters()).dtype)
        if self._only_the_picture_learns(features):
            steps = [self._step(name, wanted) for name in names[: deepest + 1]]
            found = frozen.run(features, steps, [names.index(name) for name in ordered])
            return dict(zip(ordered, found, strict=True))
        results: dict[str, Tensor] = {}
        for name in names[: deepest + 1]:
            features = self._compute(name, features, wanted)
            if name in wanted:
                results[name] = features
        return results

    def _only_the_picture_learns(self, features: Tensor) -> bool:
        learns = torch.is_grad_enabled() and features.requires_grad
        return learns and self.pooling != "l2" and not any(p.requires_grad for p in self.parameters())

    def _step(self, name: str, wanted: Collection[str]) -> frozen.Step:
        """Return the step that computes ``name``."""
        if name.startswith("conv"):
            layer = self.get_submodule(name)
            assert isinstance(layer, nn.Conv2d)
            return frozen.PaddedConvolution(layer.weight, layer.bias, self._padding(name))
        if name.startswith("relu"):
            # In place, for half the memory traffic, unless the convolution's own result was requested.
            return frozen.Rectifier(self.architecture.slope, name.replace("relu", "conv") not in wanted)
        return frozen.MaxPool() if self.pooling == "max" else frozen.AveragePool(self.pool_scale)

    def _compute(self, name: str, features: Tensor, wanted: Collection[str]) -> Tensor:
        """Return the activations of ``name`` from those of the layer before."""
        if name.startswith("pool") and self.pooling == "l2":
            return functional.lp_pool2d(features, 2.0, 2) * self.pool_scale
        found = self._step(name, wanted).forward(features)
        return found if isinstance(found, Tensor) else found[0]

    def _padding(self, name: str) -> frozen.Paddings:
        own: frozen.PaddingMode
        if self.padding == "replicate-first":
            own = "replicate" if name == "conv1_1" else "zeros"
        else:
            own = self.padding
        return "circular" if "y" in self.seamless else own, "circular" if "x" in self.seamless else own
