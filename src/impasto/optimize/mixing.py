"""One painting's composition with another's strokes, as a style of its own.

Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017), section 6.
"""

from __future__ import annotations

from collections.abc import Mapping

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError, StyleError
from impasto.optimize.engine import Cancel, paint
from impasto.optimize.options import Options
from impasto.optimize.places import everywhere
from impasto.optimize.styles import PictureStyle, Style
from impasto.types import Picture

FINE_BLOCKS = 2
"""Strokes are what the layers of the first two blocks see (the paper: conv1_1 and conv2_1)."""


def mix_scales(
    layout: Style,
    strokes: Style,
    encoder: FeatureExtractor,
    options: Options,
    *,
    cancel: Cancel | None = None,
) -> PictureStyle:
    """The style that has the large forms and colours of ``layout`` and the fine ones of ``strokes``.

    ``layout``'s picture is painted in the manner of ``strokes``, by the shallow style layers of
    ``options`` alone, at the size the style will be measured at. Raises StyleError when ``layout`` is
    not a picture, OptionError when no style layer is shallow.
    """
    if not isinstance(layout, PictureStyle):
        raise StyleError(
            "a style that gets another's strokes must be one picture, not a style file or folder"
        )
    side = max(options.size) if isinstance(options.size, tuple) else options.size
    own = layout.picture
    fine = options.replace(
        size=min(max(own.width, own.height), max(round(options.style_side(side)), 64)),
        style_layers=shallow(options.style_layers),
        style_weights=(),
        style_scales=(),
        blend_layers=(),
        init="content",
    )
    painted = paint(own, everywhere([strokes], fine), encoder, fine, cancel=cancel)
    return PictureStyle(Picture(painted.pixels), layout.sizing, layout.resampling)


def shallow(layers: Mapping[str, float]) -> dict[str, float]:
    """Those of ``layers`` in the first two blocks."""
    found = {name: weight for name, weight in layers.items() if name[4:5] in "12"}
    if not found:
        raise OptionError(
            f"strokes are taken from style layers of the first {FINE_BLOCKS} blocks, such as relu1_1; the "
            f"style layers are {', '.join(layers) or 'none'}"
        )
    return found
