"""Whose colours a painting has: the style's, the photograph's, or something between.

Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017), section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from impasto.errors import StyleError
from impasto.imaging import (
    blend_colours,
    keep_colours,
    luminance,
    match_colours,
    match_luminance,
)
from impasto.optimize.options import Options
from impasto.optimize.style_files import FileStyle
from impasto.optimize.styles import PictureStyle, Style
from impasto.types import Picture, Pixels


def prepare(content: Picture, styles: Sequence[Style], options: Options) -> tuple[Picture, list[Style]]:
    """Photograph and styles as they are painted with: recoloured where ``options.color`` says before.

    Raises StyleError for a style file that would have to be recoloured: it holds no picture.
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


def finish(pixels: Pixels, content: Pixels, options: Options) -> Pixels:
    """The result with the colours ``options`` ask for; both (H, W, 3) in [0, 1] and of one size."""
    if options.color in ("luminance", "luminance-first"):
        recoloured = keep_colours(pixels, content, options.color_space)
    elif options.color == "match-result":
        recoloured = match_colours(pixels, content, options.color_method)
    else:
        return pixels
    return blend_colours(pixels, recoloured, options.color_strength)


def _pixels(style: Style, options: Options) -> Pixels:
    if isinstance(style, PictureStyle):
        return style.picture.pixels
    name = style.path.name if isinstance(style, FileStyle) else "this style"
    raise StyleError(
        f"{name} is a style file, which cannot be recoloured (color {options.color}); give the painting "
        "itself, or recolour the result: --color luminance or --color match-result"
    )


def _with_pixels(style: Style, pixels: Pixels) -> Style:
    assert isinstance(style, PictureStyle)
    return replace(style, picture=Picture(pixels))
