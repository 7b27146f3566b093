"""Styles by region: the whole picture, or parts of it, each with styles of its own.

Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017), section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from impasto.catalogue.measured import Plan, Style
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError, PictureError, StyleError
from impasto.imaging import match_regions, resize_mask
from impasto.imaging.mask_inputs import check_one_each
from impasto.objectives import (
    HYPERCOLUMN,
    IMAGE,
    STYLE_LOSSES,
    LayerStatistics,
    Region,
    Samples,
    StyleStatistics,
    blend_styles,
    guide_at,
    join_samples,
    layer_weights,
)
from impasto.optimize.options import OptimizeOptions
from impasto.tensors import plane_to_tensor
from impasto.types import Plane


@dataclass(frozen=True)
class StyleUse:
    """A style as one painting uses it.

    ``weight``: its share among the styles of its place. ``scale``: its size, multiplied with that of
    ``OptimizeOptions``. ``layers``: factors of its share by layer; all 1 if empty, else 0 for missing layers.
    ``mask``: the part of the style picture that counts, (H, W) in [0, 1].
    """

    style: Style
    weight: float = 1.0
    scale: float = 1.0
    layers: Mapping[str, float] | None = None
    mask: Plane | None = None


@dataclass(frozen=True)
class Place:
    """A part of the picture and the styles that go there; ``mask`` (H, W) in [0, 1], or None for all."""

    styles: tuple[StyleUse, ...]
    mask: Plane | None = None


def style_uses(styles: Sequence[Style], options: OptimizeOptions) -> list[StyleUse]:
    """Return each style with its weight, scale and layers out of ``options``."""

    def per_style(name: str, otherwise: float) -> list[float]:
        values: tuple[float, ...] = getattr(options, name)
        if values and len(values) != len(styles):
            word = "weight" if name == "style_weights" else "scale"
            raise OptionError(f"expected one style {word} per style ({len(styles)}); got {len(values)}")
        return list(values) or [otherwise] * len(styles)

    layers = options.blend_layers or ({},) * len(styles)
    if len(layers) != len(styles):
        raise OptionError(f"expected one set of layers per style ({len(styles)}); got {len(layers)}")
    rows = zip(styles, per_style("style_weights", 1.0), per_style("style_scales", 1.0), layers, strict=True)
    return [StyleUse(style, weight, scale, own or None) for style, weight, scale, own in rows]


def everywhere(styles: Sequence[Style], options: OptimizeOptions) -> list[Place]:
    """Return all ``styles``, blended, over the whole picture."""
    return [Place(tuple(style_uses(styles, options)))]


def under_masks(
    uses: Sequence[StyleUse], masks: Sequence[Plane], style_masks: Sequence[Plane | None]
) -> list[Place]:
    """Return one place per style: where its grey mask is white. Where no mask is, the photograph stays.

    ``style_masks``: the part of each style picture that counts, or empty for all of them.
    """
    check_one_each(len(masks), len(uses), more=", or a mask of coloured regions")
    own = style_masks or [None] * len(uses)
    check_one_each(len(own), len(uses), "style mask")
    rows = zip(uses, masks, own, strict=True)
    return [Place((replace(use, mask=inner),), mask) for use, mask, inner in rows]


def by_colour(
    uses: Sequence[StyleUse], regions: Mapping[str, Plane], style_regions: Sequence[Mapping[str, Plane]]
) -> list[Place]:
    """Return one place per colour of the photograph's mask, with the styles whose masks have that colour.

    Raises PictureError for a colour that no style's mask has, OptionError unless each style has a mask.
    """
    more = ", in the colours of the photograph's mask"
    check_one_each(len(style_regions), len(uses), "style mask", more)
    places = []
    for colour, mask in regions.items():
        there = [_partner(colour, own, alone=len(uses) == 1) for own in style_regions]
        rows = zip(uses, style_regions, there, strict=True)
        chosen = [replace(use, mask=own[name]) for use, own, name in rows if name is not None]
        if not chosen:
            raise PictureError(f"the content mask has the colour {colour}, which no style mask has")
        places.append(Place(tuple(chosen), mask))
    return places


def _partner(colour: str, offered: Mapping[str, Plane], *, alone: bool) -> str | None:
    try:
        return match_regions([colour], offered)[colour]
    except PictureError:
        if alone:
            raise
        return None


def blended(
    encoder: FeatureExtractor, place: Place, layers: Sequence[str], long_side: float, plan: Plan
) -> StyleStatistics:
    """Return the blended statistics of a place's styles for a picture with this ``long_side``."""
    rows = [
        use.style.statistics(encoder, layers, long_side * use.scale, mask=use.mask, plan=plan)
        for use in place.styles
    ]

    def shares(layer: str) -> list[float]:
        return [
            use.weight * (1.0 if use.layers is None or layer == IMAGE else use.layers.get(layer, 0.0))
            for use in place.styles
        ]

    for layer in layers:
        if sum(shares(layer)) <= 0:
            raise StyleError(
                f"no style uses the style layer {layer}: expected each in the layers of some style"
            )
    return blend_styles(rows, shares)


def check_guidance(places: Sequence[Place], options: OptimizeOptions) -> None:
    """Raise OptionError if the ``places`` ask for guided sums that do not exist."""
    if options.guidance != "sum" or all(place.mask is None for place in places):
        return
    if STYLE_LOSSES[options.style_loss].kind != "moments":
        fitting = ", ".join(name for name, loss in STYLE_LOSSES.items() if loss.kind == "moments")
        raise OptionError(
            f"guidance 'sum' needs a style loss that compares moments ({fitting}); got {options.style_loss!r}"
        )
    if any(place.mask is None for place in places):
        raise OptionError("guided sums need a mask for every style")


def regions(
    encoder: FeatureExtractor,
    places: Sequence[Place],
    size: tuple[int, int],
    options: OptimizeOptions,
    statistics: Sequence[StyleStatistics],
    plan: Plan,
    protect: Plane | None = None,
) -> list[Region]:
    """Return the objective's regions for a level of ``size`` (width, height).

    ``statistics``: those of each place, from ``blended``; none for a loss of samples. ``protect``: the part
    of the picture excluded from all regions. A region's loss is multiplied by its share of the picture, so
    that every pixel counts equally.
    """
    layers = [name for name, weight in options.style_layers.items() if weight]
    if not layers:
        return []
    device = next(iter(encoder.parameters())).device
    masks = [_at(place.mask, protect, size, device) for place in places]
    check_guidance(places, options)
    if options.guidance == "sum" and any(place.mask is not None for place in places):
        there = [mask for mask in masks if mask is not None]
        return [_stacked(encoder, there, layers, options, statistics)]
    found = []
    areas = [1.0 if mask is None else float(mask.mean()) for mask in masks]
    total = sum(areas)
    sampled = STYLE_LOSSES[options.style_loss].kind != "moments"
    for number, (place, mask, area) in enumerate(zip(places, masks, areas, strict=True)):
        weights = None
        if mask is not None:
            weights = layer_weights(mask, layers, encoder, options.guidance_propagation)
            weights[HYPERCOLUMN] = mask / mask.sum()
        target: StyleStatistics | Samples
        target = _samples(encoder, place, layers, size, options, plan) if sampled else statistics[number]
        found.append(Region(target, weights, None, area / total))
    return found


def _samples(
    encoder: FeatureExtractor,
    place: Place,
    layers: Sequence[str],
    size: tuple[int, int],
    options: OptimizeOptions,
    plan: Plan,
) -> dict[str, Tensor]:
    if any(use.layers for use in place.styles):
        raise OptionError(f"style_loss {options.style_loss!r} cannot blend styles layer by layer")
    loss = STYLE_LOSSES[options.style_loss]
    count = loss.count if options.samples is None else options.samples
    generator = torch.Generator().manual_seed(options.seed)
    assert loss.kind != "moments"
    rows = [
        use.style.samples(
            encoder,
            layers,
            options.style_side(max(size)) * use.scale,
            loss.kind,
            count,
            generator,
            mask=use.mask,
            plan=plan,
        )
        for use in place.styles
    ]
    return join_samples(rows, [use.weight for use in place.styles], generator)


def _at(
    mask: Plane | None, protect: Plane | None, size: tuple[int, int], device: torch.device
) -> Tensor | None:
    """Return a mask without the protected part, at ``size``; None for everything."""
    if mask is None and protect is None:
        return None
    kept = None if protect is None else 1 - plane_to_tensor(resize_mask(protect, *size), device)
    if mask is None:
        return kept
    found = plane_to_tensor(resize_mask(mask, *size), device)
    return found if kept is None else found * kept


def _stacked(
    encoder: FeatureExtractor,
    masks: Sequence[Tensor],
    layers: Sequence[str],
    options: OptimizeOptions,
    statistics: Sequence[StyleStatistics],
) -> Region:
    """Return guided sums: one region whose features carry the guides as further channels (section 4.2).

    The target is computed from each place's own statistics: if guide r has a constant value t inside its
    region, which covers the same share p of both pictures, the sums of the stacked features follow from the
    region's means and Gram matrices alone. Positions outside all guides do not count.
    """
    shares = torch.stack([mask.mean() for mask in masks])
    weights = layer_weights(torch.stack(list(masks)).sum(0).clamp(max=1), layers, encoder)
    guides = {}
    target = {}
    for name in layers:
        planes = [guide_at(mask, name, encoder, options.guidance_propagation) for mask in masks]
        rows = [measured[name] for measured in statistics]
        scale = _scale(rows)
        guides[name] = torch.stack(planes) * scale
        target[name] = _with_guides(rows, shares, scale)
    return Region(target, weights, guides, 1.0)


def _scale(rows: Sequence[LayerStatistics]) -> float:
    """Return the factor that makes a guide as strong as a channel of the features: their root mean square."""
    return float(torch.stack([row.gram.diagonal().mean() for row in rows]).mean().sqrt())


def _with_guides(rows: Sequence[LayerStatistics], shares: Tensor, scale: float) -> LayerStatistics:
    mean = torch.stack([row.mean for row in rows])
    gram = torch.stack([row.gram for row in rows])
    own = shares.to(mean) / shares.sum()
    across = (own * scale)[:, None] * mean
    corner = torch.diag(own * scale**2)
    top = torch.cat([(own[:, None, None] * gram).sum(0), across.T], 1)
    whole_gram = torch.cat([top, torch.cat([across, corner], 1)], 0)
    whole_mean = torch.cat([(own[:, None] * mean).sum(0), own * scale])
    return LayerStatistics(whole_mean, whole_gram, sum(row.positions for row in rows))
