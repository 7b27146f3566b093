"""The convolutional network every encoder is: a VGG trunk with named layers.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
(2014), configurations D (VGG-16) and E (VGG-19), without the fully connected layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Pooling = Literal["max", "average", "l2"]
Padding = Literal["zeros", "reflect", "replicate-first"]

# Average and L2 pooling shrink activations compared with max pooling; these factors, found for
# style-transfer-pytorch by its author, restore their size.
POOLING_RESCALE: Mapping[str, float] = {"max": 1.0, "average": 2.0, "l2": 0.78}


@dataclass(frozen=True)
class Architecture:
    """Widths (channels) and depths (convolutions) of the five blocks, shallow to deep."""

    name: str
    widths: tuple[int, ...]
    depths: tuple[int, ...]

    def convolutions(self) -> list[tuple[str, int, int]]:
        """``(suffix, channels in, channels out)`` of every convolution, such as ("4_2", 512, 512)."""
        rows = []
        channels = 3
        for block, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True), 1):
            for index in range(1, depth + 1):
                rows.append((f"{block}_{index}", channels, width))
                channels = width
        return rows

    def layer_names(self) -> list[str]:
        """Every name that can be asked for, in network order: conv1_1, relu1_1, ..., pool1, ..."""
        names = []
        for block, depth in enumerate(self.depths, 1):
            for index in range(1, depth + 1):
                names += [f"conv{block}_{index}", f"relu{block}_{index}"]
            if block < len(self.depths) or depth > 1:
                names.append(f"pool{block}")
        return names


VGG16 = Architecture("vgg16", (64, 128, 256, 512, 512), (2, 2, 3, 3, 3))
VGG19 = Architecture("vgg19", (64, 128, 256, 512, 512), (2, 2, 4, 4, 4))
TINY = Architecture("tiny", (16, 32, 64, 128, 128), (2, 2, 4, 4, 1))


@dataclass(frozen=True)
class InputConvention:
    """How an sRGB picture in [0, 1] becomes the network's input: ``(x * scale - mean) / std``.

    ``mean`` and ``std`` are in the network's own channel order (BGR when ``bgr``).
    """

    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False


CAFFE = InputConvention(scale=255.0, mean=(103.939, 116.779, 123.68), bgr=True)
TORCHVISION = InputConvention(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
CENTRED = InputConvention(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


class Encoder(nn.Module):
    """A VGG trunk that returns the activations of the layers it is asked for.

    Parameters are ``conv1_1.weight`` and so on. Input normalisation happens inside
    (``convention``), so the caller always passes sRGB in [0, 1].
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
    def layer_names(self) -> list[str]:
        return self.architecture.layer_names()

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Activations of ``layers`` for ``image`` of shape (B, 3, H, W) in [0, 1].

        Returns a dict from layer name to a (B, C, H', W') tensor, H' = H // 2^(block - 1)
        (H // 2^block for a pooling layer). Nothing deeper than the deepest layer is computed.
        """
        wanted = set(layers)
        unknown = wanted.difference(self.layer_names)
        if unknown:
            raise KeyError(f"{self.architecture.name} has no layer {sorted(unknown)[0]!r}")
        found: dict[str, Tensor] = {}
        features = self.normalise(image)
        for name in self.layer_names:
            if len(found) == len(wanted):
                break
            if name.startswith("conv"):
                features = self._convolve(name, features)
            elif name.startswith("relu"):
                features = functional.relu(features)
            else:
                features = self._pool(features)
            if name in wanted:
                found[name] = features
        return found

    def normalise(self, image: Tensor) -> Tensor:
        """The network's own input for an sRGB ``image`` in [0, 1]."""
        if self.convention.bgr:
            image = image.flip(1)
        return (image * self.convention.scale - self.mean) / self.std

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
