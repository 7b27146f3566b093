"""Pictures in files and in memory: decoding, encoding, colour, size.

Everything here works on NumPy arrays: (H, W, 3) float32 in [0, 1], sRGB.
"""

from impasto.imaging.colour import (
    lab_to_rgb,
    linear_to_srgb,
    rgb_to_lab,
    rgb_to_yuv,
    srgb_to_linear,
    yuv_to_rgb,
)
from impasto.imaging.decode import MAX_PIXELS, read
from impasto.imaging.encode import write
from impasto.imaging.files import check_writable
from impasto.imaging.formats import WRITABLE_SUFFIXES
from impasto.imaging.guard import ImagingWarning
from impasto.imaging.metadata import read_parameters
from impasto.imaging.sizes import fit, resize
from impasto.imaging.transparency import fill_transparent

__all__ = [
    "MAX_PIXELS",
    "WRITABLE_SUFFIXES",
    "ImagingWarning",
    "check_writable",
    "fill_transparent",
    "fit",
    "lab_to_rgb",
    "linear_to_srgb",
    "read",
    "read_parameters",
    "resize",
    "rgb_to_lab",
    "rgb_to_yuv",
    "srgb_to_linear",
    "write",
    "yuv_to_rgb",
]
