"""Inputs of a painting: pictures, styles, masks and networks, loaded from paths, names and arrays."""

from __future__ import annotations

from impasto.catalogue.loader import StyleLike, load_style, pictures_in
from impasto.imaging.inputs import MaskLike, PictureLike, load_picture, name_of, opaque
from impasto.painters.sources.encoders import (
    LoadedEncoder,
    check_style_encoders,
    check_style_files,
    load_encoder,
    normalised,
    with_encoder,
    with_layer_names,
)
from impasto.painters.sources.identity import fingerprint
from impasto.painters.sources.masks import arrange, feathered

__all__ = [
    "LoadedEncoder",
    "MaskLike",
    "PictureLike",
    "StyleLike",
    "arrange",
    "check_style_encoders",
    "check_style_files",
    "feathered",
    "fingerprint",
    "load_encoder",
    "load_picture",
    "load_style",
    "name_of",
    "normalised",
    "opaque",
    "pictures_in",
    "with_encoder",
    "with_layer_names",
]
