"""The protocol that painting requires of a network; ``Encoder`` and ``ModuleEncoder`` implement it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn


class FeatureExtractor(Protocol):
    """A frozen network in evaluation mode whose layers are accessible by name.

    The feature at position (i, j) of a layer of stride s corresponds to the cell of s x s pixels that begins
    at (i s, j s); a picture (H, W) has H // s by W // s of them.
    """

    @property
    def name(self) -> str:
        """The network's name: its architecture, or a module's class."""

    @property
    def layer_names(self) -> list[str]:
        """Every layer there is, in network order."""

    def __call__(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return the activations (B, C, H // s, W // s) of ``layers``, in network order, for ``image`` (B, 3,
        H, W), sRGB in [0, 1]. Raises LayerError and PictureError.
        """

    def minimum_side(self, layers: Iterable[str]) -> int:
        """Return the smallest width and height, in pixels, that ``layers`` can be computed for."""

    def stride(self, layer: str) -> int:
        """Return the distance in pixels from one position of ``layer`` to the next."""

    def channels(self, layer: str) -> int:
        """Return the number of channels of ``layer``."""

    def radius(self, layers: Iterable[str]) -> int:
        """Return the distance in pixels that ``layers`` see beyond a position's own cell, on any side.

        UNBOUNDED if they see the whole picture or if the distance is unknown."""

    def receptive_field(self, layers: Iterable[str]) -> tuple[int, int] | None:
        """Return ``(radius, stride)``: ``radius`` and the least common multiple of the strides of ``layers``;
        None where the radius is UNBOUNDED.

        If a part of a picture begins at multiples of ``stride`` and extends ``radius`` pixels or more on
        every side, the features in its middle are those of the whole picture.
        """

    def zero_colour(self) -> Tensor:
        """Return the sRGB colour (3,) in [0, 1] that becomes zero in the network's input."""

    def describe(self) -> dict[str, object]:
        """Return, as plain values, the properties that two networks with equal activations share.

        These are "name", "pooling", "pool_scale", "padding" and "sha256"."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Return the weights, none of which requires gradients."""

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name."""

    def children(self) -> Iterator[nn.Module]:
        """Return the parts whose precision may be lowered, without the normalisation of the input."""

    def to(self, device: torch.device) -> Self:
        """Return the network on ``device``."""


UNBOUNDED = 2**20
"""A radius, in pixels, beyond any picture's."""
