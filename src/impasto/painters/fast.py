"""Photographs in files and their paintings: size, transparency, precision, and how they were made."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from impasto import imaging
from impasto.errors import InputError, OptionError, PictureError
from impasto.inference.gallery import MINIMUM_SIDE, Gallery
from impasto.types import Picture
from impasto.version import __version__

SAFE_PIXELS = 25_000_000
"""How large a painting gets when no size is asked for: it takes less than 2 GB. Larger photographs are
shrunk to that."""


@dataclass(frozen=True)
class Manner:
    """How photographs are painted: the arguments of ``Gallery.paint``, and ``size``, the long side in
    pixels; None for the photograph's own, up to 25 megapixels."""

    styles: Mapping[str, float]
    strength: float = 1.0
    stroke_size: float = 1.0
    keep_color: bool = False
    size: int | None = None

    def __post_init__(self) -> None:
        if self.size is not None and self.size < MINIMUM_SIDE:
            raise OptionError(f"expected a size of {MINIMUM_SIDE} pixels or more; got {self.size}")

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """The painting's width and height for a photograph's. Raises PictureError when too small."""
        if self.size is not None:
            found = imaging.fit(width, height, self.size)
        elif width * height > SAFE_PIXELS:
            found = imaging.fit(
                width, height, int(max(width, height) * (SAFE_PIXELS / (width * height)) ** 0.5)
            )
        else:
            found = width, height
        if min(found) < MINIMUM_SIDE:
            raise PictureError(
                f"expected a painting of at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; it would be "
                f"{found[0]} x {found[1]}"
            )
        return found


@dataclass(frozen=True)
class Painted:
    """A painting that was written. ``shrunk``: the photograph was larger than is safe. ``seconds``:
    of the network alone."""

    output: Path
    width: int
    height: int
    seconds: float
    shrunk: bool


def paint_picture(gallery: Gallery, photo: Picture, manner: Manner) -> Picture:
    """``photo`` painted, with its transparency and its precision.

    Under transparent pixels the network sees the colours around them. Raises as ``Gallery.paint``.
    """
    width, height = manner.fitted(photo.width, photo.height)
    pixels, alpha = photo.pixels, photo.alpha
    if alpha is not None:
        pixels = imaging.fill_transparent(photo)
    if (photo.width, photo.height) != (width, height):
        pixels = imaging.resize(pixels, width, height)
        alpha = None if alpha is None else imaging.resize(alpha, width, height)
    painted = gallery.paint(
        pixels,
        manner.styles,
        strength=manner.strength,
        stroke_size=manner.stroke_size,
        keep_color=manner.keep_color,
    )
    return Picture(painted, alpha, photo.bits)


def paint_file(
    gallery: Gallery,
    photo: str | os.PathLike[str],
    output: str | os.PathLike[str],
    manner: Manner,
    *,
    quality: int = 95,
    model: str | None = None,
    max_pixels: int = imaging.MAX_PIXELS,
) -> Painted:
    """Read ``photo``, paint it, and write ``output``, which says inside how it was made.

    ``quality``: of lossy formats, 1 to 100. ``model``: the network's file, to be mentioned there. Raises
    PictureError and its kin for what cannot be painted, OutputError for what cannot be written.
    """
    target = Path(output)
    imaging.check_writable(target)
    if target.exists() and Path(photo).exists() and target.samefile(photo):
        raise InputError(f"the output {target} is also an input; it would be overwritten")
    read = imaging.read(photo, max_pixels=max_pixels)
    shrunk = manner.size is None and read.width * read.height > SAFE_PIXELS
    began = time.perf_counter()
    painted = paint_picture(gallery, read, manner)
    seconds = time.perf_counter() - began
    del read
    about = parameters(photo, manner, model, device=gallery.device)
    imaging.write(painted, target, quality=quality, parameters=about)
    return Painted(target, painted.width, painted.height, seconds, shrunk)


def parameters(
    photo: str | os.PathLike[str], manner: Manner, model: str | None = None, *, device: str = "cpu"
) -> dict[str, Any]:
    """What it takes to paint ``photo`` like this again, ready for JSON; ``device``: where it was painted."""
    return {
        "impasto": __version__,
        "content": os.fspath(photo),
        "fast": asdict(manner) | {"model": model, "device": device},
    }
