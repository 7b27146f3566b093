"""What a painting is made from: pictures, styles, masks and networks, out of paths, names and arrays."""

from __future__ import annotations

from impasto.catalogue.loader import StyleLike, load_style, pictures_in
from impasto.imaging.inputs import MaskLike, PictureLike, load_picture, name_of, opaque
from impasto.painters.sources.identity import fingerprint
from impasto.painters.sources.masks import arrange, load_mask, several
from impasto.painters.sources.networks import (
    Loaded,
    check_style_encoders,
    check_style_files,
    load_network,
    normalised,
    of_own,
    with_names,
)

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
