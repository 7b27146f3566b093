"""Feature maps: the activations of each layer of a network for one picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.inspection.layers import check_size, known_layers
from impasto.tensors import to_tensor
from impasto.types import Picture


@dataclass(frozen=True)
class LayerView:
    """The activations of one layer for a picture.

    ``channels``: their number in the layer. ``stride``: pixels between two positions. ``field``: the side, in
    pixels, of the square that one position sees, None if it sees the whole picture. ``shown``: the channels
    in ``maps`` (K, H', W'). ``energy``: (C,) standard deviation of every channel over the picture.
    ``average``: (H', W') mean over channels. ``mean``, ``deviation``: of all activations. ``silent``: the
    share of activations, in [0, 1], at or below zero (sparsity).
    """

    layer: str
    channels: int
    stride: int
    field: int | None
    shown: tuple[int, ...]
    maps: NDArray[np.float32]
    energy: NDArray[np.float32]
    average: NDArray[np.float32]
    mean: float
    deviation: float
    silent: float

    @property
    def size(self) -> tuple[int, int]:
        """The (width, height) of a map."""
        return int(self.maps.shape[2]), int(self.maps.shape[1])

    def to_dict(self) -> dict[str, Any]:
        """Return the values without the maps, ready for JSON."""
        return {
            "layer": self.layer,
            "channels": self.channels,
            "width": self.size[0],
            "height": self.size[1],
            "stride": self.stride,
            "receptive_field": self.field,
            "shown": list(self.shown),
            "mean": self.mean,
            "deviation": self.deviation,
            "silent": self.silent,
        }


def feature_maps(
    encoder: FeatureExtractor,
    picture: Picture,
    layers: str | Iterable[str],
    *,
    channels: Sequence[int] | None = None,
    top: int = 6,
) -> list[LayerView]:
    """Return the activations of ``layers`` for ``picture``, in the requested order.

    ``channels``: those to show, counted from 0; by default the ``top`` most active ones of each layer, which
    vary most over positions. (Not those with the largest mean: tiny's rectifiers leak, and at relu5_1 nearly
    all of its information is below zero.)

    Raises LayerError for layers that the network does not have, PictureError for a picture too small for
    them, OptionError for channels that a layer does not have.
    """
    names = known_layers(encoder, layers)
    check_size(encoder, names, picture.width, picture.height, "the photograph")
    if top < 1:
        raise OptionError(f"expected 1 channel or more to show; got {top}")
    for name in names:
        beyond = [c for c in channels or () if not 0 <= c < encoder.channels(name)]
        if beyond:
            raise OptionError(
                f"{name} of {encoder.name} has the channels 0 to {encoder.channels(name) - 1}; "
                f"got {beyond[0]}"
            )
    with torch.no_grad():
        found = encoder(to_tensor(picture.pixels), names)
    return [_view(encoder, name, found[name][0].float().numpy(), channels, top) for name in names]


def _view(
    encoder: FeatureExtractor,
    name: str,
    features: NDArray[np.float32],
    channels: Sequence[int] | None,
    top: int,
) -> LayerView:
    energy = features.std(axis=(1, 2))
    order = np.argsort(-energy, kind="stable")[:top]
    shown = tuple(int(c) for c in (order if channels is None else channels))
    seen = encoder.receptive_field([name])
    return LayerView(
        layer=name,
        channels=len(features),
        stride=encoder.stride(name),
        field=None if seen is None else seen[1] + 2 * seen[0],
        shown=shown,
        maps=features[list(shown)].copy(),
        energy=energy,
        average=features.mean(axis=0),
        mean=float(features.mean()),
        deviation=float(features.std()),
        silent=float((features <= 0).mean()),
    )
