"""What a painting is made from: pictures, styles, masks and networks, out of paths, names and arrays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import imaging
from impasto.encoders import Encoder, FeatureExtractor, load_extractor, normalise_activations
from impasto.errors import InputError, OptionError, PictureError, StyleError
from impasto.optimize.options import Options
from impasto.optimize.places import Place, StyleUse, by_colour, under_masks
from impasto.optimize.style_files import SUFFIX, FileStyle, named_styles, read_style
from impasto.optimize.styles import CollectionStyle, PictureStyle, Style
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels, Plane

PictureLike = str | os.PathLike[str] | Picture | NDArray[Any]
"""A path, a decoded ``Picture``, or an array (H, W, 3): uint8, or floats in [0, 1], sRGB."""

StyleLike = PictureLike | Style

MaskLike = str | os.PathLike[str] | NDArray[Any]
"""A path, or an array: (H, W) floats in [0, 1] for a grey mask, (H, W, 3) for coloured regions."""


def load_picture(source: PictureLike, max_pixels: int = imaging.MAX_PIXELS) -> Picture:
    """A ``Picture`` from a path, an array or a ``Picture``. Raises PictureError."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source)
    return imaging.read(source, max_pixels=max_pixels)


def _from_array(array: NDArray[Any]) -> Picture:
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0:
        raise PictureError(f"expected an array of shape (H, W, 3); got shape {array.shape}")
    if array.dtype == np.uint8:
        return Picture(array.astype(np.float32) / np.float32(255))
    if not np.issubdtype(array.dtype, np.floating):
        raise PictureError(f"expected an array of uint8 or of floats in [0, 1]; got {array.dtype}")
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
        raise PictureError(f"expected floats in [0, 1]; got values from {array.min():g} to {array.max():g}")
    return Picture(array.astype(np.float32))


def load_style(
    source: StyleLike, *, options: Options | None = None, max_pixels: int = imaging.MAX_PIXELS
) -> Style:
    """A style from a name, a style file, a folder of pictures, or anything ``load_picture`` takes.

    A name is looked for on disk first, then among the named styles. ``options`` say at which sizes
    pictures are measured. Raises StyleError or PictureError.
    """
    if isinstance(source, (FileStyle, PictureStyle, CollectionStyle)):
        return source
    chosen = options or Options()
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        named = named_styles()
        if not path.exists() and str(source) in named:
            return read_style(named[str(source)])
        if not path.exists() and not path.suffix:
            raise StyleError(
                f"there is no style or file called {str(source)!r}; the named styles are {', '.join(named)}"
            )
        if path.suffix.lower() == SUFFIX:
            return read_style(path)
        if path.is_dir():
            return _load_folder(path, chosen, max_pixels)
    picture = load_picture(source, max_pixels)  # type: ignore[arg-type]
    return PictureStyle(picture, chosen.style_sizes, chosen.resampling, chosen.rounding)


def _load_folder(folder: Path, options: Options, max_pixels: int) -> CollectionStyle:
    """All pictures of ``folder``, in the order of their names, as one style."""
    paths = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in imaging.READABLE_SUFFIXES]
    if not paths:
        raise StyleError(f"the folder {folder} has no pictures in it; expected an artist's works")
    pictures = [imaging.read(path, max_pixels=max_pixels) for path in paths]
    members = [PictureStyle(p, options.style_sizes, options.resampling, options.rounding) for p in pictures]
    return CollectionStyle(tuple(members))


def several(masks: MaskLike | Sequence[MaskLike]) -> list[MaskLike]:
    return [masks] if isinstance(masks, (str, os.PathLike, np.ndarray)) else list(masks)


def arrange(
    photo: Picture,
    uses: Sequence[StyleUse],
    masks: Sequence[MaskLike],
    style_masks: Sequence[MaskLike],
    options: Options,
) -> list[Place]:
    """Which styles go where, out of masks as the user gave them."""
    pictures = [u.style.picture if isinstance(u.style, PictureStyle) else None for u in uses]
    if style_masks and len(style_masks) != len(uses):
        raise InputError(f"expected one style mask per style ({len(uses)}); got {len(style_masks)}")
    if len(masks) == 1 and _is_coloured(masks[0]):
        own = [_regions(m, p, "style mask") for m, p in zip(style_masks, pictures, strict=False)]
        regions = _regions(masks[0], photo, "content mask")
        feathered = {name: _feathered(mask, options) for name, mask in regions.items()}
        return by_colour(uses, feathered, own)
    inner = [load_mask(m, p, "style mask", None) for m, p in zip(style_masks, pictures, strict=False)]
    if not masks:
        within = [replace(u, mask=m) for u, m in zip(uses, inner, strict=True)] if inner else uses
        return [Place(tuple(within))]
    return under_masks(uses, [load_mask(m, photo, "content mask", options) for m in masks], inner)


def _is_coloured(mask: MaskLike) -> bool:
    pixels = mask if isinstance(mask, np.ndarray) else imaging.read(mask).pixels
    return pixels.ndim == 3 and bool((np.ptp(pixels, axis=2) > 0.15).mean() > 0.01)


def _regions(mask: MaskLike, picture: Picture | None, name: str) -> dict[str, Plane]:
    if isinstance(mask, np.ndarray):
        found = imaging.split_regions(_from_array(mask).pixels, name=name)
    else:
        found = imaging.read_regions(mask)
    if picture is not None:
        imaging.check_proportions(next(iter(found.values())), picture.width, picture.height, name=name)
    return found


def load_mask(mask: MaskLike, picture: Picture | None, name: str, options: Options | None) -> Plane:
    if isinstance(mask, np.ndarray):
        if mask.ndim != 2 or not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
            raise PictureError(f"expected a {name} of shape (H, W) in [0, 1]; got shape {mask.shape}")
        plane = mask.astype(np.float32)
    else:
        plane = imaging.read_mask(mask)
    if picture is None:
        return plane
    imaging.check_proportions(plane, picture.width, picture.height, name=name)
    return plane if options is None else _feathered(plane, options)


def _feathered(mask: Plane, options: Options) -> Plane:
    """``mask`` with the soft edge asked for, which is in pixels of the result."""
    if not options.mask_feather:
        return mask
    side = max(options.size) if isinstance(options.size, tuple) else options.size
    return imaging.feather(mask, options.mask_feather * max(mask.shape) / side)


def make_encoder(options: Options, photo: Picture, styles: Sequence[Style]) -> FeatureExtractor:
    """The encoder ``options`` name, set up as they say."""
    return normalised(load_network(options), options, photo, styles)


def load_network(options: Options) -> FeatureExtractor:
    """The network ``options`` name, as it comes. Raises LayerError for layers it does not have."""
    layers = [*options.content_layers, *options.style_layers]
    return load_extractor(
        options.encoder,
        pooling=options.pooling,
        rescale_pooling=options.rescale_pooling,
        padding=options.padding,
        layers=layers,
    )


def normalised(
    encoder: FeatureExtractor, options: Options, photo: Picture, styles: Sequence[Style]
) -> FeatureExtractor:
    if options.normalise_activations:
        if not isinstance(encoder, Encoder):
            raise OptionError(
                f"normalise_activations rescales the filters of a VGG; {options.encoder} is none"
            )
        # Gatys normalised over ImageNet; the two pictures at hand stand in for it.
        pictures = [photo, *(s.picture for s in styles if isinstance(s, PictureStyle))]
        sized = [_at_size(p, 512) for p in pictures]
        encoder = normalise_activations(encoder, [to_tensor(p) for p in sized])
    return encoder


def _at_size(picture: Picture, long_side: int) -> Pixels:
    scale = min(1.0, long_side / max(picture.width, picture.height))
    return imaging.resize(
        picture.pixels, max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    )


def name_of(source: object) -> str:
    """The path or name it came by; nothing for what is in memory only."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""
