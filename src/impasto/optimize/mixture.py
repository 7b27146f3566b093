"""One painting's composition with another's strokes, as a style of its own.

Gatys et al., "Controlling Perceptual Factors in Neural Style Transfer" (CVPR 2017), section 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError, StyleError
from impasto.optimize.engine import paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import everywhere
from impasto.progress import Cancel, Progress, ProgressCallback
from impasto.types import Picture

FINE_BLOCKS = 2
"""Strokes are what the layers of the first two blocks see (the paper: conv1_1 and conv2_1)."""

_BLOCK = re.compile(r"(?:conv|relu)[1-9]_[1-9]\d*|pool[1-9]")
_FINE = re.compile(rf"(?:conv|relu)[1-{FINE_BLOCKS}]_[1-9]\d*|pool[1-{FINE_BLOCKS}]")


def mix_scales(
    layout: Style,
    strokes: Style,
    encoder: FeatureExtractor,
    options: OptimizeOptions,
    *,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> PictureStyle:
    """Return the style that has the large forms and colours of ``layout`` and the fine ones of ``strokes``.

    ``layout``'s picture is painted in the manner of ``strokes``, which may be any style, by the shallow
    style layers of ``options`` alone, at the size the style will be measured at. Events have the stage
    "strokes". Raises StyleError when
    ``layout`` is not a picture, OptionError when no style layer is shallow.
    """
    if not isinstance(layout, PictureStyle):
        raise StyleError(
            "expected a picture as the style that gives the layout, not a style file or folder; the strokes "
            "may be of any style"
        )
    side = max(options.sides)
    own = layout.picture
    fine = options.replace(
        size=min(max(own.width, own.height), max(round(options.style_side(side)), 64)),
        style_layers=shallow(options.style_layers, encoder.layer_names),
        style_weights=(),
        style_scales=(),
        style_scale=1.0,  # of the result's size, which the layout is painted at already
        style_size=None,
        blend_layers=(),
        init="content",
    )

    def report(event: Progress) -> None:
        if on_progress is not None:
            on_progress(replace(event, stage="strokes"))

    painted = paint(own, everywhere([strokes], fine), encoder, fine, on_progress=report, cancel=cancel)
    return PictureStyle(Picture(painted.pixels), layout.sizing, layout.resampling, layout.rounding)


def shallow(layers: Mapping[str, float], order: Sequence[str] = ()) -> dict[str, float]:
    """Return those of ``layers`` in the first two blocks, by the papers' names; of a network with other
    names, the first half of them. ``order``: the network's layers, from the first on.
    """
    used = {name: weight for name, weight in layers.items() if weight}
    if used and not all(map(_BLOCK.fullmatch, used)):
        by_depth = sorted(used, key=lambda name: order.index(name) if name in order else len(order))
        return {name: used[name] for name in by_depth[: max(1, len(by_depth) // 2)]}
    found = {name: weight for name, weight in used.items() if _FINE.fullmatch(name)}
    if not found:
        raise OptionError(
            f"strokes are taken from style layers of the first {FINE_BLOCKS} blocks, such as relu1_1; the "
            f"style layers are {', '.join(layers) or 'none'}"
        )
    return found
