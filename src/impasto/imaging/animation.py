"""Moving pictures: the frames of animated PNG, WebP and AVIF files, and how long each is shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.errors import PictureError
from impasto.imaging import formats, icc
from impasto.imaging.decoder import separate
from impasto.imaging.guard import decoding
from impasto.imaging.samples import unpacked
from impasto.types import Picture

_KINDS = (formats.PNG, formats.WEBP, formats.AVIF)
_SHOWN = Fraction(1, 10)
"""The duration in seconds of frames that state 10 ms or less, or none, as in browsers."""


def is_moving(path: str | os.PathLike[str]) -> bool:
    """Return whether the file is an animated PNG, WebP or AVIF, of more than one frame."""
    place = Path(path)
    try:
        kind = _kind(place)
        if kind not in _KINDS:
            return False
        with decoding(place, kind.name), Image.open(place, formats=[kind.codec]) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except PictureError:
        return False


def read_frames(path: str | os.PathLike[str]) -> Iterator[tuple[Picture, Fraction]]:
    """Yield each frame of a moving picture, in sRGB with straight alpha, and how many seconds it is shown.

    Raises PictureError for one that cannot be decoded.
    """
    place = Path(path)
    kind = _kind(place)
    with decoding(place, kind.name):
        opened = Image.open(place, formats=[kind.codec])
    with opened as image:
        profile = image.info.get("icc_profile")
        # A PNG may begin with a still picture for programs without animation, which is not one of the frames.
        number = int(getattr(image, "default_image", False))
        while True:
            try:
                with decoding(place, kind.name):
                    image.seek(number)
                    image.load()
                    colour, alpha = separate(image)
                    pixels = unpacked(icc.image_to_srgb(colour, profile))
            except PictureError as error:
                if isinstance(error.__cause__, EOFError):
                    return
                raise
            shown = Fraction(image.info.get("duration") or 0) / 1000
            plane = None if alpha is None else unpacked(np.asarray(alpha))
            if plane is not None and bool((plane == 1).all()):
                plane = None
            yield Picture(pixels, alpha=plane), shown if shown > Fraction(1, 100) else _SHOWN
            number += 1


def _kind(path: Path) -> formats.Format:
    with path.open("rb") as stream:
        return formats.sniff(path, stream.read(512))
