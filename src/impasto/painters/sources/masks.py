"""Places of styles, from masks and coloured regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from impasto import imaging
from impasto.catalogue.measured import PictureStyle
from impasto.imaging.inputs import MaskLike
from impasto.imaging.mask_inputs import (
    check_one_each,
    check_undivided,
    is_coloured,
    load_mask,
    load_regions,
)
from impasto.imaging.read_options import READING, ReadOptions
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, StyleUse, by_colour, under_masks
from impasto.types import Picture, Plane


def arrange(
    photo: Picture,
    uses: Sequence[StyleUse],
    masks: Sequence[MaskLike],
    style_masks: Sequence[MaskLike],
    options: OptimizeOptions,
    reading: ReadOptions = READING,
) -> list[Place]:
    """Return the places of the styles under the masks given. Raises InputError and its subclasses."""
    pictures = [u.style.picture if isinstance(u.style, PictureStyle) else None for u in uses]
    if style_masks:
        check_one_each(len(style_masks), len(uses), "style mask")
    if len(masks) == 1 and is_coloured(masks[0], reading):
        rows = zip(style_masks, pictures, strict=False)
        own = [load_regions(m, p, "style mask", reading) for m, p in rows]
        regions = load_regions(masks[0], photo, "content mask", reading)
        soft = {name: feathered(mask, options) for name, mask in regions.items()}
        return by_colour(uses, soft, own)
    rows = zip(style_masks, pictures, strict=False)
    inner = [load_mask(m, p, "style mask", reading) for m, p in rows]
    if not masks:
        within = [replace(u, mask=m) for u, m in zip(uses, inner, strict=True)] if inner else uses
        return [Place(tuple(within))]
    outer = [feathered(load_mask(m, photo, "content mask", reading), options) for m in masks]
    places = under_masks(uses, outer, inner)
    shares = {"style_weights": options.style_weights, "blend_layers": options.blend_layers}
    check_undivided(shares, ", or a mask of coloured regions")
    return places


def feathered(mask: Plane, options: OptimizeOptions) -> Plane:
    """Return ``mask`` feathered as ``options`` say, in pixels of the result."""
    if not options.mask_feather:
        return mask
    return imaging.feather(mask, options.mask_feather * max(mask.shape) / max(options.sides))
