"""Soft proofs: a picture in the colours a printing press can show."""

from __future__ import annotations

import io
import os
from dataclasses import replace

import numpy as np
from PIL import Image, ImageCms

from impasto.errors import InputError
from impasto.files import read_bounded, reason_of
from impasto.imaging.icc import srgb_profile
from impasto.imaging.samples import to_bytes, unpacked
from impasto.types import Picture

_TROUBLE = (ImageCms.PyCMSError, ValueError, OSError, TypeError)


def read_press_profile(path: str | os.PathLike[str]) -> bytes:
    """Return the ICC profile of a CMYK press in the file ``path``, for ``soft_proof``.

    Raises InputError: there is no such file, it is no ICC profile, or one of another kind, or one
    that cannot be used both ways, from colours to inks and back.
    """
    try:
        profile = read_bounded(path)
    except (OSError, ValueError) as problem:
        reason = reason_of(problem)
        raise _refused(path, f"it cannot be read ({reason})") from problem
    if len(profile) < 132 or profile[36:40] != b"acsp":
        raise _refused(path, "it is not an ICC profile")
    space = profile[16:20]
    if space != b"CMYK":
        raise _refused(path, f"it is for {space.decode('ascii', 'replace').strip()} colours")
    try:
        _there_and_back(Image.new("RGB", (1, 1)), profile)
    except _TROUBLE as problem:
        raise _refused(path, f"it cannot be used ({problem})") from problem
    return profile


def soft_proof(picture: Picture, profile: bytes) -> Picture:
    """Return ``picture`` as inks would show it, in sRGB again; its alpha stays.

    ``profile``: from ``read_press_profile``. Colours go to CMYK and back at 8 bits by the perceptual
    intent, as in style-transfer-pytorch.
    """
    shown = _there_and_back(Image.fromarray(to_bytes(picture.pixels)), profile)
    return replace(picture, pixels=unpacked(np.asarray(shown)), bits=8)


def _there_and_back(image: Image.Image, profile: bytes) -> Image.Image:
    inks = _convert(image, srgb_profile(), profile, "CMYK")
    return _convert(inks, profile, srgb_profile(), "RGB")


def _convert(image: Image.Image, before: bytes, after: bytes, mode: str) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(before)),
        ImageCms.ImageCmsProfile(io.BytesIO(after)),
        renderingIntent=ImageCms.Intent.PERCEPTUAL,
        outputMode=mode,
    )
    if converted is None:
        raise ValueError("Little CMS returned no picture")
    return converted


def _refused(path: str | os.PathLike[str], actual: str) -> InputError:
    return InputError(f"{path}: expected an ICC profile of a CMYK press, but {actual}.")
