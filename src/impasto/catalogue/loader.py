"""Loading of styles from names, style files, pictures and folders of pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import numpy as np

from impasto import imaging
from impasto.catalogue.files import read_style
from impasto.catalogue.lookup import find_style
from impasto.catalogue.measured import CollectionStyle, PictureStyle, Sizing, Style
from impasto.catalogue.sizes import style_size
from impasto.errors import StyleError
from impasto.imaging.inputs import PictureLike, in_memory, kind_of, load_picture, opaque
from impasto.imaging.read_options import READING, ReadOptions
from impasto.types import Picture

StyleLike = PictureLike | Style


def load_style(
    source: StyleLike,
    *,
    sizing: Sizing = "grid",
    resampling: str = "lanczos",
    rounding: imaging.Rounding = "half-up",
    largest: int | None = None,
    reading: ReadOptions = READING,
) -> Style:
    """Return a style from a name, a style file, a folder of pictures, or anything ``load_picture`` takes.

    ``catalogue.lookup.find_style`` decides which it is. ``sizing``, ``resampling`` and ``rounding``: how
    pictures are measured, as in ``PictureStyle``. An object that is already a style, with methods
    ``statistics`` and ``samples``, is returned unchanged, with its own sizes. Transparent parts of pictures
    take the colours around them. ``largest``: the largest long side at which the style is measured; much
    larger pictures are reduced while they are read. ``reading``: limits and colours for reading pictures.
    Raises StyleError or PictureError.
    """
    if callable(getattr(source, "statistics", None)) and callable(getattr(source, "samples", None)):
        return cast(Style, source)
    size = _needed(sizing, largest)
    source = in_memory(source, reading, size)
    if isinstance(source, (str, os.PathLike)):
        found = find_style(os.fsdecode(source))
        if found.kind in ("named", "file"):
            return read_style(found.path)
        if found.kind == "folder":
            pictures = [opaque(load_picture(p, reading, size)) for p in pictures_in(found.path)]
            return CollectionStyle(tuple(PictureStyle(p, sizing, resampling, rounding) for p in pictures))
    if not isinstance(source, (str, os.PathLike, np.ndarray, Picture)):
        raise StyleError(f"expected a style: a name, a path, a picture or a Style; got {kind_of(source)}")
    picture = opaque(load_picture(source, reading, size))
    return PictureStyle(picture, sizing, resampling, rounding)


def _needed(sizing: Sizing, largest: int | None) -> int | tuple[int, int] | None:
    """Return the size at which pictures must be read, as in ``imaging.read``."""
    if largest is None or sizing == "as-is":
        return None
    return (largest, largest) if sizing == "square" else max(largest, style_size(largest))


def pictures_in(source: PictureLike) -> list[PictureLike]:
    """Return ``source`` alone, or, if it is a folder, the paths of its pictures in the order of their names.

    Raises StyleError for a folder without any.
    """
    if not isinstance(source, (str, os.PathLike)) or not Path(source).is_dir():
        return [source]
    paths = imaging.pictures_in(Path(source))
    if not paths:
        raise StyleError(f"the folder {source} has no pictures in it; expected an artist's works")
    return list(paths)
