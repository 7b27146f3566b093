"""Feature maps of a picture, from paths and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from impasto.encoders import FeatureExtractor
from impasto.imaging.inputs import PictureLike
from impasto.inspection.features import LayerView, feature_maps
from impasto.inspection.layers import suggest_layers
from impasto.pipelines.inspect.inputs import as_network, find_photo
from impasto.tensors import with_defaults
from impasto.types import Picture


@dataclass(frozen=True)
class Features:
    """The feature maps of a photograph. ``photo``: as used. ``views``: a ``LayerView`` for each layer."""

    photo: Picture
    views: tuple[LayerView, ...]


@with_defaults()
def features(
    photo: PictureLike,
    layers: str | Iterable[str] | None = None,
    *,
    encoder: FeatureExtractor | str = "tiny",
    size: int = 384,
    channels: Sequence[int] | None = None,
    top: int = 6,
) -> Features:
    """Return the feature maps of ``layers`` for ``photo``, resized to a long side of at most ``size``.

    ``layers``: the style layers by default, one per block. ``channels``: the channels to show; by default
    the ``top`` most active ones. Raises InputError and its subclasses.
    """
    network = as_network(encoder)
    names = suggest_layers(network)[1] if layers is None else layers
    picture = find_photo(photo, size)
    return Features(picture, tuple(feature_maps(network, picture, names, channels=channels, top=top)))
