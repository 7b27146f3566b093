"""Small copies of pictures, as JPEG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from impasto.imaging.samples import to_bytes
from impasto.types import Picture

SMALL_SIDE = 1024
"""The long side of the copy stored with an upload, in pixels."""


def as_image(picture: Picture, grey: bool = False) -> Image.Image:
    """Return ``picture`` at 8 bits a channel; ``grey``: only its red channel."""
    pixels = to_bytes(picture.pixels)
    if grey:
        return Image.fromarray(pixels[..., 0])
    if picture.alpha is not None:
        alpha = to_bytes(picture.alpha)
        pixels = np.concatenate([pixels, alpha[..., None]], axis=2)
    return Image.fromarray(pixels)


def thumbnail(picture: Picture, side: int, grey: bool = False, quality: int = 88) -> bytes:
    """Return a JPEG of ``picture``, on white, whose long side is at most ``side``."""
    image = as_image(picture, grey)
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return as_jpeg(image, quality)


def as_jpeg(image: Image.Image, quality: int = 88) -> bytes:
    """Return ``image`` as JPEG, with transparent parts on white."""
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=quality)
    return stream.getvalue()
