"""What a painting is made from: pictures, styles, masks and networks, out of paths, names and arrays."""

from __future__ import annotations

from impasto.sources.identity import fingerprint, name_of
from impasto.sources.masks import MaskLike, arrange, load_mask, several
from impasto.sources.networks import (
    Loaded,
    check_style_encoders,
    check_style_files,
    load_network,
    normalised,
    of_own,
    with_names,
)
from impasto.sources.pictures import PictureLike, load_picture, opaque
from impasto.sources.styles import StyleLike, load_style, pictures_in

__all__ = [
    "Loaded",
    "MaskLike",
    "PictureLike",
    "StyleLike",
    "arrange",
    "check_style_encoders",
    "check_style_files",
    "fingerprint",
    "load_mask",
    "load_network",
    "load_picture",
    "load_style",
    "name_of",
    "normalised",
    "of_own",
    "opaque",
    "pictures_in",
    "several",
    "with_names",
]
