"""Pictures made from noise that match another one in a single respect.

What such a picture shows, and what it lacks, reveals what a layer keeps of a photograph or of a painting's
style. Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style" (2015), figure 1, and "Image Style
Transfer Using Convolutional Neural Networks" (CVPR 2016), figure 1; the inversion of one layer is from
Mahendran and Vedaldi (2015), textures are from Gatys, Ecker and Bethge (NIPS 2015).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from impasto.catalogue.measured import PictureStyle, Style
from impasto.encoders import FeatureExtractor
from impasto.imaging import fit, resize
from impasto.inspection.layers import check_size, equal_weights, known_layers
from impasto.optimize.engine import paint
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import Place, everywhere
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture, Pixels

SIZE, ITERATIONS = 256, 120

NOISE = OptimizeOptions(
    size=SIZE,
    init="noise",
    noise=0.1,
    min_size=0,
    detail=0.0,
    iterations=ITERATIONS,
    coarse_iterations=None,
)
"""As in the papers: from white noise, at one size. The losses are our own relative ones; that of style is 0
if means and Gram matrices match, and in so few steps gets closer to this than the papers' loss does."""

TEXTURE = OptimizeOptions(
    size=512,
    init="statistics",
    min_size=128,
    detail=0.0,
    iterations=40,
    coarse_iterations=60,
    content_layers={},
)
"""Coarse to fine, from noise in the painting's colours: large shapes form at small sizes, where they are
cheap."""


@dataclass(frozen=True)
class Reconstruction:
    """A picture made from noise to match one aspect of another.

    ``kind``: "content" or "style". ``layers``: those that match. ``pixels``: (H, W, 3) in [0, 1]. ``loss``:
    its value before the last step, 0 for a complete match and about 1 for none. ``seconds``: time spent.
    """

    kind: str
    layers: tuple[str, ...]
    pixels: Pixels
    loss: float
    iterations: int
    seconds: float


def _reconstruction(kind: str, layers: Iterable[str], done: Painting) -> Reconstruction:
    return Reconstruction(
        kind, tuple(layers), done.pixels, done.losses["total"], done.iterations, done.seconds
    )


def reconstruct_content(
    encoder: FeatureExtractor,
    photo: Picture,
    layer: str,
    *,
    options: OptimizeOptions = NOISE,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstruction:
    """Return a picture with the activations of ``photo`` at ``layer``, and no other constraint.

    ``options``: those of the optimisation; their layers and styles are ignored. Raises LayerError and
    PictureError.
    """
    (name,) = known_layers(encoder, layer)
    chosen = options.replace(content_layers={name: 1.0}, style_layers={}, content_weight=1.0)
    _check(encoder, photo, [name], chosen, "the photograph")
    done = paint(photo, [Place(())], encoder, chosen, on_progress=on_progress, cancel=cancel)
    return _reconstruction("content", [name], done)


def reconstruct_style(
    encoder: FeatureExtractor,
    painting: Picture | Style,
    layers: str | Iterable[str],
    *,
    options: OptimizeOptions = NOISE,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstruction:
    """Return a picture with the style of ``painting`` at ``layers``, and no other constraint.

    A ``Picture`` also determines the proportions; for any other style the result is square unless
    ``options.size`` is exact. Raises LayerError, PictureError and StyleError.
    """
    names = known_layers(encoder, layers)
    chosen = options.replace(style_layers=equal_weights(names), content_layers={}, style_weight=1.0)
    square = Picture(np.full((64, 64, 3), 0.5, np.float32))
    canvas = painting if isinstance(painting, Picture) else square
    _check(encoder, canvas, names, chosen, "the painting")
    style = PictureStyle(painting) if isinstance(painting, Picture) else painting
    done = paint(canvas, everywhere([style], chosen), encoder, chosen, on_progress=on_progress, cancel=cancel)
    return _reconstruction("style", names, done)


def synthesise(
    encoder: FeatureExtractor,
    style: Picture | Style,
    size: tuple[int, int],
    *,
    options: OptimizeOptions = TEXTURE,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Reconstruction:
    """Return a texture of ``size`` (width, height) in the manner of ``style``, at the style layers of
    ``options``.

    It may be larger or smaller than the painting: the texture repeats the style, not the picture. Raises
    LayerError, PictureError, StyleError, and OptionError for a size below 16.
    """
    chosen = options.replace(size=size, content_layers={})
    names = known_layers(encoder, chosen.style_layers)
    check_size(encoder, names, *size, "the texture")
    blank = Picture(np.full((16, 16, 3), 0.5, np.float32))
    used = PictureStyle(style) if isinstance(style, Picture) else style
    done = paint(blank, everywhere([used], chosen), encoder, chosen, on_progress=on_progress, cancel=cancel)
    return _reconstruction("style", names, done)


def shrunk(picture: Picture, long_side: int) -> Picture:
    """Return ``picture`` with a long side of at most ``long_side``, without its transparency."""
    if max(picture.width, picture.height) <= long_side:
        return Picture(picture.pixels)
    return Picture(resize(picture.pixels, *fit(picture.width, picture.height, long_side)))


def _check(
    encoder: FeatureExtractor, picture: Picture, layers: list[str], options: OptimizeOptions, what: str
) -> None:
    width, height = fit(picture.width, picture.height, options.size)
    check_size(encoder, layers, width, height, what)
