"""The public face: one function paints, one measures styles, one lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import __version__, imaging
from impasto.encoders import load_encoder, normalise_activations
from impasto.encoders.network import Encoder
from impasto.errors import InputError, PictureError, StyleError
from impasto.optimize.engine import Cancel, paint
from impasto.optimize.options import Options
from impasto.optimize.presets import preset as find_preset
from impasto.optimize.style_files import (
    SUFFIX,
    FileStyle,
    PictureStyle,
    Style,
    StyleCard,
    measure_style_file,
    named_styles,
    read_style,
    write_style,
)
from impasto.progress import ProgressCallback
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels

PictureLike = str | os.PathLike[str] | Picture | NDArray[Any]
"""A path, a decoded ``Picture``, or an array (H, W, 3): uint8, or floats in [0, 1], sRGB."""

StyleLike = PictureLike | Style


@dataclass(frozen=True)
class Result:
    """A painting and how it came to be.

    ``picture``: the result at full size, with the photograph's alpha and precision. ``options``:
    every parameter. ``losses``: the last total and its weighted parts. ``seconds``: time spent
    painting. ``cancelled``: whether it was cut short.
    """

    picture: Picture
    options: Options
    losses: Mapping[str, float]
    iterations: int
    seconds: float
    cancelled: bool = False
    content: str | None = None
    styles: tuple[str, ...] = field(default=())

    def parameters(self) -> dict[str, Any]:
        """What it takes to make this picture again, ready for JSON."""
        return {
            "impasto": __version__,
            "content": self.content,
            "styles": list(self.styles),
            "options": self.options.to_dict(),
        }

    def save(self, path: str | os.PathLike[str], *, quality: int = 95, parameters: bool = True) -> None:
        """Write the picture; the format follows the suffix. Raises OutputError.

        ``quality`` is for lossy formats, 1 to 100. ``parameters`` stores what made the picture
        inside the file, for ``impasto stylize --from``.
        """
        stored = self.parameters() if parameters else None
        imaging.write(self.picture, path, quality=quality, parameters=stored)


def stylize(
    content: PictureLike,
    style: StyleLike | list[StyleLike] | tuple[StyleLike, ...],
    *,
    preset: str = "default",
    options: Options | None = None,
    max_pixels: int = imaging.MAX_PIXELS,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    **changes: Any,
) -> Result:
    """Paint ``content`` in the manner of ``style`` (Gatys, Ecker and Bethge, CVPR 2016).

    ``style``: a named style (``impasto.styles()``), a style file, a picture, or several of these.
    Parameters start from ``preset``, or from ``options`` if given, and ``changes`` override single
    fields of ``Options``: ``stylize(photo, "starry-night", size=1024, style_weight=3)``.
    ``on_progress`` is called after every iteration. ``cancel`` is asked as often; once it returns
    True, the picture so far is the result.

    Raises InputError (and its kin) for anything that cannot be used, before any work, and
    WeightsMissingError when the encoder's weights are not on this machine.
    """
    chosen = (options or find_preset(preset).options).replace(**changes)
    given = list(style) if isinstance(style, (list, tuple)) else [style]
    if not given:
        raise InputError("expected at least one style; got none")
    photo = load_picture(content, max_pixels)
    styles = [load_style(s, max_pixels=max_pixels) for s in given]
    start = None
    if chosen.init not in ("content", "noise", "statistics"):
        start = load_picture(chosen.init, max_pixels)
    encoder = make_encoder(chosen, photo, styles)
    beneath = Picture(imaging.fill_transparent(photo), None, photo.bits)
    painting = paint(beneath, styles, encoder, chosen, start=start, on_progress=on_progress, cancel=cancel)
    height, width = painting.pixels.shape[:2]
    alpha = None if photo.alpha is None else imaging.resize(photo.alpha, width, height)
    return Result(
        picture=Picture(painting.pixels, alpha, photo.bits),
        options=chosen,
        losses=painting.losses,
        iterations=painting.iterations,
        seconds=painting.seconds,
        cancelled=painting.cancelled,
        content=_origin(content),
        styles=tuple(_origin(s) or "picture" for s in given),
    )


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


def load_style(source: StyleLike, *, max_pixels: int = imaging.MAX_PIXELS) -> Style:
    """A style from a name, a style file, or anything ``load_picture`` takes.

    A name is looked for on disk first, then among the named styles. Raises StyleError or
    PictureError.
    """
    if isinstance(source, (FileStyle, PictureStyle)):
        return source
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
    return PictureStyle(load_picture(source, max_pixels))  # type: ignore[arg-type]


def make_encoder(options: Options, photo: Picture, styles: Sequence[Style]) -> Encoder:
    """The encoder ``options`` name, set up as they say."""
    layers = [*options.content_layers, *options.style_layers]
    encoder = load_encoder(
        options.encoder,
        pooling=options.pooling,
        rescale_pooling=options.rescale_pooling,
        padding=options.padding,
        layers=layers,
    )
    if options.normalise_activations:
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


def make_style(
    paintings: PictureLike | list[PictureLike] | tuple[PictureLike, ...],
    path: str | os.PathLike[str],
    *,
    title: str = "",
    artist: str = "",
    year: str = "",
    licence: str = "",
    encoder: str = "tiny",
    layers: Sequence[str] | None = None,
    half: bool = False,
) -> StyleCard:
    """Measure the style of one or more ``paintings`` and write a style file to ``path``.

    ``layers``: the layers to measure (default: those of ``Options``). ``half`` stores float16.
    The file serves wherever a style picture does, with the same encoder, and gives the same result.
    """
    given = list(paintings) if isinstance(paintings, (list, tuple)) else [paintings]
    place = Path(path)
    if place.suffix.lower() != SUFFIX:
        raise InputError(f"a style file's name ends in {SUFFIX}; got {place.name!r}")
    pictures = [load_picture(p) for p in given]
    names = [Path(o).name if (o := _origin(p)) else "picture" for p in given]
    options = Options(encoder=encoder)
    network = make_encoder(options, pictures[0], [])
    card = StyleCard(title or Path(names[0]).stem, artist, year, licence, tuple(names))
    card, tensors = measure_style_file(
        pictures, network, layers or list(options.style_layers), card, half=half
    )
    write_style(place, card, tensors)
    return card


def styles() -> dict[str, StyleCard]:
    """The named styles that come with the package."""
    return {name: read_style(path).card for name, path in named_styles().items()}


def _origin(source: object) -> str | None:
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
