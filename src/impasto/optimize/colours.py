"""The colours of a painting: the style's, the photograph's, or a mixture.

Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017), section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from impasto.catalogue.files import FileStyle
from impasto.catalogue.measured import CollectionStyle, PictureStyle, Style
from impasto.errors import StyleError
from impasto.imaging import (
    blend_colours,
    keep_colours,
    luminance,
    match_colours,
    match_luminance,
    put_back,
)
from impasto.optimize.options import OptimizeOptions
from impasto.types import Picture, Pixels, Plane


def prepare(
    content: Picture, styles: Sequence[Style], options: OptimizeOptions
) -> tuple[Picture, list[Style]]:
    """Return the photograph and styles to paint with, recoloured if ``options.color`` asks for it beforehand.

    Raises StyleError for a style that must be recoloured but is not a single picture.
    """
    if options.color == "luminance-first":
        grey = luminance(content.pixels, options.color_space)
        recoloured = [
            _with_pixels(s, match_luminance(luminance(_pixels(s, options), options.color_space), grey))
            for s in styles
        ]
        return replace(content, pixels=grey), recoloured
    if options.color == "match-style":
        matched = []
        for style in styles:
            own = _pixels(style, options)
            there = match_colours(own, content.pixels, options.color_method)
            matched.append(_with_pixels(style, blend_colours(own, there, options.color_strength)))
        return content, matched
    return content, list(styles)


def finish(pixels: Pixels, content: Pixels, options: OptimizeOptions, protect: Plane | None = None) -> Pixels:
    """Return the result in the colours that ``options`` ask for; both (H, W, 3) in [0, 1], of one size.

    Where ``protect`` (H, W) in [0, 1] is 1, recoloured pixels are exactly ``content``'s.
    """
    if options.color in ("luminance", "luminance-first"):
        recoloured = keep_colours(pixels, content, options.color_space)
    elif options.color == "match-result":
        recoloured = match_colours(pixels, content, options.color_method)
    else:
        return pixels
    blended = blend_colours(pixels, recoloured, options.color_strength)
    return blended if protect is None else put_back(blended, content, protect)


def _pixels(style: Style, options: OptimizeOptions) -> Pixels:
    if isinstance(style, PictureStyle):
        return style.picture.pixels
    if isinstance(style, FileStyle):
        what = f"{style.path.name} is a style file, which"
    elif isinstance(style, CollectionStyle):
        what = f"a style of {len(style.members)} pictures"
    else:
        what = f"a style that is not a picture ({type(style).__name__})"
    raise StyleError(
        f"{what} cannot be recoloured (color {options.color}); give a single painting's picture, or "
        "recolour the result: --color luminance or --color match-result"
    )


def _with_pixels(style: Style, pixels: Pixels) -> Style:
    assert isinstance(style, PictureStyle)
    return replace(style, picture=Picture(pixels))
