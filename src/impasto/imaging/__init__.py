"""Pictures in files and in memory: decoding, encoding, colour, size, masks.

Everything here works on NumPy arrays: (H, W, 3) float32 in [0, 1], sRGB.
"""

from impasto.imaging.animation import is_moving, read_frames
from impasto.imaging.colour import (
    lab_to_rgb,
    linear_to_srgb,
    luv_to_rgb,
    rgb_to_lab,
    rgb_to_luv,
    rgb_to_ycbcr,
    rgb_to_yuv,
    srgb_to_linear,
    ycbcr_to_rgb,
    yuv_to_rgb,
)
from impasto.imaging.colour_transfer import (
    ColourMatching,
    ColourSpace,
    blend_colours,
    keep_colours,
    luminance,
    match_colours,
    match_luminance,
    put_back,
)
from impasto.imaging.decoder import read
from impasto.imaging.edges import continued, joined
from impasto.imaging.encoder import check_parameters, check_writable, encode, write
from impasto.imaging.folders import is_picture, pictures_in
from impasto.imaging.formats import READABLE_SUFFIXES, WRITABLE_SUFFIXES
from impasto.imaging.guard import ImagingWarning
from impasto.imaging.headers import PictureHeader, read_header, read_size
from impasto.imaging.masks import check_proportions, feather, read_mask, resize_mask
from impasto.imaging.metadata import read_parameters
from impasto.imaging.proof import read_press_profile, soft_proof
from impasto.imaging.read_options import ReadOptions
from impasto.imaging.regions import match_regions, read_regions, split_regions
from impasto.imaging.sizes import Rounding, fit, overlap, resample, resample_joined, resize
from impasto.imaging.transparency import fill_transparent, painted_like

__all__ = [
    "READABLE_SUFFIXES",
    "WRITABLE_SUFFIXES",
    "ColourMatching",
    "ColourSpace",
    "ImagingWarning",
    "PictureHeader",
    "ReadOptions",
    "Rounding",
    "blend_colours",
    "check_parameters",
    "check_proportions",
    "check_writable",
    "continued",
    "encode",
    "feather",
    "fill_transparent",
    "fit",
    "is_moving",
    "is_picture",
    "joined",
    "keep_colours",
    "lab_to_rgb",
    "linear_to_srgb",
    "luminance",
    "luv_to_rgb",
    "match_colours",
    "match_luminance",
    "match_regions",
    "overlap",
    "painted_like",
    "pictures_in",
    "put_back",
    "read",
    "read_frames",
    "read_header",
    "read_mask",
    "read_parameters",
    "read_press_profile",
    "read_regions",
    "read_size",
    "resample",
    "resample_joined",
    "resize",
    "resize_mask",
    "rgb_to_lab",
    "rgb_to_luv",
    "rgb_to_ycbcr",
    "rgb_to_yuv",
    "soft_proof",
    "split_regions",
    "srgb_to_linear",
    "write",
    "ycbcr_to_rgb",
    "yuv_to_rgb",
]
