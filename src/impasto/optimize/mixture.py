"""A style that combines one painting's composition with another's strokes.

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
"""The number of blocks whose layers represent strokes (in the paper: conv1_1 and conv2_1)."""

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
    """Return a style with the large shapes and colours of ``layout`` and the fine ones of ``strokes``.

    The picture of ``layout`` is painted in the style ``strokes``, of any kind, using only the shallow style
    layers of ``options``, at the size at which the style will be measured. Events have the stage "strokes".
    Raises StyleError if ``layout`` is not a picture, OptionError if no style layer is shallow.
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
        style_scale=1.0,  # the layout already has the result's size
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
    """Return those of ``layers`` in the first two blocks, by the papers' names; for a network with other
    names, the first half of ``layers``. ``order``: the network's layers, the first one first.
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
