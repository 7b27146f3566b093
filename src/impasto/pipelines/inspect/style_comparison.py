"""Distances between styles, from paths and names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from impasto.catalogue.loader import StyleLike, load_style
from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import FeatureExtractor
from impasto.imaging.inputs import name_of
from impasto.inspection.layers import known_layers, suggest_layers
from impasto.inspection.styles import StyleDistances, style_distances
from impasto.pipelines.inspect.inputs import as_network, find_photo
from impasto.tensors import with_defaults
from impasto.types import Picture


@with_defaults()
def compare_styles(
    styles: Sequence[StyleLike],
    *,
    layers: str | Iterable[str] | None = None,
    encoder: FeatureExtractor | str = "tiny",
    size: int = 512,
) -> tuple[StyleDistances, dict[str, Picture]]:
    """Return the distances between ``styles``, and thumbnails of those that are pictures, by name.

    ``styles``: named styles, style files, paintings; a folder of paintings is one style. All are
    measured at a long side of about ``size`` pixels. Raises InputError and its subclasses.
    """
    network = as_network(encoder)
    names = suggest_layers(network)[1] if layers is None else known_layers(network, layers)
    loaded: dict[str, Style] = {}
    for number, source in enumerate(styles, 1):
        name = _label(source, number)
        while name in loaded:
            name = f"{name} ({number})"
        loaded[name] = load_style(source)
    found = style_distances(network, loaded, names, long_side=size)
    thumbnails = {n: find_photo(s.picture, 192) for n, s in loaded.items() if isinstance(s, PictureStyle)}
    return found, thumbnails


def _label(source: object, number: int) -> str:
    path = name_of(source)
    return Path(path).stem.replace("_", " ") if path else f"picture {number}"
