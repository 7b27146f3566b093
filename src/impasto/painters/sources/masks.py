"""Masks and coloured regions, loaded from paths and arrays, and the styles they assign to places."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from impasto import imaging
from impasto.catalogue.measured import PictureStyle
from impasto.errors import InputError, OptionError, PictureError
from impasto.imaging.inputs import MaskLike, from_array, kind_of, name_of
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, StyleUse, by_colour, under_masks
from impasto.types import Picture, Plane


def list_masks(masks: MaskLike | Sequence[MaskLike] | None) -> list[MaskLike]:
    """Return ``masks`` as a list, empty for None. Raises InputError for anything but a mask."""
    given = [] if masks is None else list(masks) if isinstance(masks, (list, tuple)) else [masks]
    for mask in given:
        _check_mask(mask)
    return cast(list[MaskLike], given)


def _check_mask(mask: object) -> None:
    if not isinstance(mask, (str, os.PathLike, np.ndarray)):
        raise InputError(f"expected a mask: a path or an array; got {kind_of(mask)}")


def arrange(
    photo: Picture,
    uses: Sequence[StyleUse],
    masks: Sequence[MaskLike],
    style_masks: Sequence[MaskLike],
    options: OptimizeOptions,
    max_pixels: int = imaging.MAX_PIXELS,
) -> list[Place]:
    """Return the places of the styles under the masks given. Raises InputError and its subclasses."""
    pictures = [u.style.picture if isinstance(u.style, PictureStyle) else None for u in uses]
    if style_masks and len(style_masks) != len(uses):
        raise InputError(f"expected one style mask per style ({len(uses)}); got {len(style_masks)}")
    if len(masks) == 1 and _is_coloured(masks[0], max_pixels):
        rows = zip(style_masks, pictures, strict=False)
        own = [_regions(m, p, "style mask", max_pixels) for m, p in rows]
        regions = _regions(masks[0], photo, "content mask", max_pixels)
        feathered = {name: _feathered(mask, options) for name, mask in regions.items()}
        return by_colour(uses, feathered, own)
    rows = zip(style_masks, pictures, strict=False)
    inner = [load_mask(m, p, "style mask", None, max_pixels) for m, p in rows]
    if not masks:
        within = [replace(u, mask=m) for u, m in zip(uses, inner, strict=True)] if inner else uses
        return [Place(tuple(within))]
    outer = [load_mask(m, photo, "content mask", options, max_pixels) for m in masks]
    places = under_masks(uses, outer, inner)
    for name in ("style_weights", "blend_layers"):
        shares = getattr(options, name)
        if any(share != shares[0] for share in shares):
            raise OptionError(
                f"{name} divide a place among several styles, but with one grey mask per style each place "
                f"has one style: expected no {name}, or a mask of coloured regions"
            )
    return places


def _is_coloured(mask: MaskLike, max_pixels: int) -> bool:
    pixels = mask if isinstance(mask, np.ndarray) else imaging.read(mask, max_pixels=max_pixels).pixels
    return pixels.ndim == 3 and bool((np.ptp(pixels, axis=2) > 0.15).mean() > 0.01)


def _called(name: str, mask: MaskLike) -> str:
    """Return a mask's name for errors: its role and, if it has one, its path."""
    return f"{name} {path}" if (path := name_of(mask)) else name


def _regions(mask: MaskLike, picture: Picture | None, name: str, max_pixels: int) -> dict[str, Plane]:
    name = _called(name, mask)
    if isinstance(mask, np.ndarray):
        found = imaging.split_regions(from_array(mask).pixels, name=name)
    else:
        found = imaging.read_regions(mask, max_pixels=max_pixels)
    if picture is not None:
        imaging.check_proportions(next(iter(found.values())), picture.width, picture.height, name=name)
    return found


def load_mask(
    mask: MaskLike,
    picture: Picture | None,
    name: str,
    options: OptimizeOptions | None,
    max_pixels: int = imaging.MAX_PIXELS,
) -> Plane:
    """Return a grey mask with the proportions of ``picture``, feathered as ``options`` say.

    Raises InputError.
    """
    _check_mask(mask)
    name = _called(name, mask)
    if isinstance(mask, np.ndarray):
        numbers = mask.dtype.kind in "fiub" and mask.ndim == 2 and mask.size > 0
        if not numbers or not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
            raise PictureError(
                f"expected a {name} of shape (H, W) in [0, 1]; got shape {mask.shape} of {mask.dtype}"
            )
        plane = mask.astype(np.float32)
    else:
        plane = imaging.read_mask(mask, max_pixels=max_pixels)
    if picture is None:
        return plane
    imaging.check_proportions(plane, picture.width, picture.height, name=name)
    return plane if options is None else _feathered(plane, options)


def _feathered(mask: Plane, options: OptimizeOptions) -> Plane:
    """Return ``mask`` feathered as ``options`` say, in pixels of the result."""
    if not options.mask_feather:
        return mask
    side = max(options.size) if isinstance(options.size, tuple) else options.size
    return imaging.feather(mask, options.mask_feather * max(mask.shape) / side)
