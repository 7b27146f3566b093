"""The choice of layers to inspect, checked against a network and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.encoders import CONVENTIONS, Encoder, FeatureExtractor
from impasto.encoders.loader import own_layers
from impasto.errors import LayerError, PictureError
from impasto.optimize.options import CONTENT_LAYERS, STYLE_LAYERS
from impasto.tensors import to_tensor
from impasto.types import Picture

Paper = Literal["2015", "2016"]
"""Gatys, Ecker and Bethge: figure 1 of 2015 inverts conv1_1 to conv5_1, that of 2016 conv1_2 to conv5_2."""


def known_layers(encoder: FeatureExtractor, layers: str | Iterable[str]) -> list[str]:
    """Return ``layers`` ("relu1_1,relu2_1" or several) by ``encoder``'s names for them, in their order.

    Keras's names for the layers of a VGG are accepted. Raises LayerError for unknown layers.
    """
    return list(own_layers(encoder, layers))


def check_size(encoder: FeatureExtractor, layers: Sequence[str], width: int, height: int, what: str) -> None:
    """Raise PictureError if ``what``, a picture of this size, is too small for ``layers``."""
    least = encoder.minimum_side(layers)
    if min(width, height) < least:
        deepest = max(layers, key=lambda name: encoder.minimum_side([name]))
        raise PictureError(
            f"{what} has {width}x{height} pixels, and {deepest} of {encoder.name} needs {least}x{least}: "
            "expected a larger picture, a larger --size, or layers that are less deep"
        )


def paper_layers(encoder: FeatureExtractor, paper: Paper = "2015") -> list[str]:
    """Return the five layers of a paper's figure 1, as far as ``encoder`` has them.

    If a block is shorter than the paper's (``tiny`` ends with conv5_1), the nearest layer of the block is
    used. For networks other than VGG: the layers from ``suggest_layers``.
    """
    names = encoder.layer_names
    wanted = [f"conv{block}_{1 if paper == '2015' else 2}" for block in range(1, 6)]
    if not isinstance(encoder, Encoder):
        return suggest_layers(encoder)[1]
    return [name if name in names else f"{name[:-1]}1" for name in wanted if f"{name[:-1]}1" in names]


def growing_sets(layers: Sequence[str]) -> list[list[str]]:
    """Return the first layer; the first two; ... all of them (Gatys et al. 2015, figures 1 and 3)."""
    return [list(layers[: count + 1]) for count in range(len(layers))]


def suggest_layers(encoder: FeatureExtractor) -> tuple[list[str], list[str]]:
    """Return the content and style layers for any network: those of ``OptimizeOptions`` if it has them.

    For other networks: for style the last layer of each size of features, up to five from the finest on, and
    for content the last of stride 8, or of the nearest stride. Raises LayerError for a network without
    layers.
    """
    known = set(encoder.layer_names)
    if known >= {*CONTENT_LAYERS, *STYLE_LAYERS}:
        return list(CONTENT_LAYERS), list(STYLE_LAYERS)
    last: dict[int, str] = {}
    for name in encoder.layer_names:
        last[encoder.stride(name)] = name
    if not last:
        raise LayerError(f"{encoder.name} has no layers to show")
    nearest = min(last, key=lambda stride: abs(np.log2(stride / 8)))
    return [last[nearest]], [last[stride] for stride in sorted(last)][:5]


@dataclass(frozen=True)
class NetworkInput:
    """The input that a network receives for a picture.

    ``planes``: (3, H, W), in the order of ``channels``. ``scale``, ``mean``, ``std``: those of the formula
    ``(x * scale - mean) / std``, x in [0, 1]. ``zero``: the sRGB colour (3,) that becomes zero.
    """

    planes: NDArray[np.float32]
    channels: tuple[str, str, str]
    scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    zero: tuple[float, float, float]


def network_input(encoder: FeatureExtractor, picture: Picture) -> NetworkInput:
    """Return the picture in the form that ``encoder`` expects (preprocessing).

    For custom networks, whose convention is unknown, CENTRED's is shown.
    """
    convention = getattr(encoder, "convention", CONVENTIONS["centred"])
    mean, std = convention.mean, convention.std
    order = (2, 1, 0) if convention.bgr else (0, 1, 2)
    image = to_tensor(picture.pixels)[0].numpy()[list(order)]
    shape = (3, 1, 1)
    planes = (image * convention.scale - np.reshape(mean, shape)) / np.reshape(std, shape)
    red, green, blue = (float(v) for v in encoder.zero_colour().tolist())
    names = ("red", "green", "blue")
    channels = (names[order[0]], names[order[1]], names[order[2]])
    return NetworkInput(planes.astype(np.float32), channels, convention.scale, mean, std, (red, green, blue))


def equal_weights(layers: Iterable[str]) -> Mapping[str, float]:
    """Return weight 1 for every layer, in the form of ``OptimizeOptions``."""
    return dict.fromkeys(layers, 1.0)
