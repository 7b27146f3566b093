"""The public face: one function paints, one measures styles, one lists them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from impasto import __version__, imaging
from impasto.encoders import Encoder, FeatureExtractor, load_extractor, normalise_activations
from impasto.errors import InputError, OptionError, PictureError, StyleError
from impasto.jobs import Job, unfinished
from impasto.jobs.inputs import measure
from impasto.optimize import colours
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.engine import Cancel, paint
from impasto.optimize.options import Initialisation, Options
from impasto.optimize.places import Place, StyleUse, by_colour, style_uses, under_masks
from impasto.optimize.presets import preset as find_preset
from impasto.optimize.style_files import (
    SUFFIX,
    FileStyle,
    StyleCard,
    measure_style_file,
    named_styles,
    read_style,
    write_style,
)
from impasto.optimize.styles import CollectionStyle, PictureStyle, Style
from impasto.progress import ProgressCallback
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels, Plane

PictureLike = str | os.PathLike[str] | Picture | NDArray[Any]
"""A path, a decoded ``Picture``, or an array (H, W, 3): uint8, or floats in [0, 1], sRGB."""

StyleLike = PictureLike | Style

MaskLike = str | os.PathLike[str] | NDArray[Any]
"""A path, or an array: (H, W) floats in [0, 1] for a grey mask, (H, W, 3) for coloured regions."""


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
    styles: tuple[str, ...] = ()
    content_masks: tuple[str, ...] = ()
    style_masks: tuple[str, ...] = ()
    protect: str | None = None

    def parameters(self) -> dict[str, Any]:
        """What it takes to make this picture again, ready for JSON."""
        found: dict[str, Any] = {
            "impasto": __version__,
            "content": self.content,
            "styles": list(self.styles),
            "options": self.options.to_dict(),
        }
        masks = {"content_masks": list(self.content_masks), "style_masks": list(self.style_masks)}
        return found | {k: v for k, v in (masks | {"protect": self.protect}).items() if v}

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
    content_masks: MaskLike | Sequence[MaskLike] = (),
    style_masks: MaskLike | Sequence[MaskLike] = (),
    protect: MaskLike | None = None,
    encoder: FeatureExtractor | str | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = INTERVAL,
    resume: bool = False,
    output: str | os.PathLike[str] | None = None,
    quality: int = 95,
    max_pixels: int = imaging.MAX_PIXELS,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    **changes: Any,
) -> Result:
    """Paint ``content`` in the manner of ``style`` (Gatys, Ecker and Bethge, CVPR 2016).

    ``style``: a named style (``impasto.styles()``), a style file, a picture, a folder of pictures as
    one style, or several of these. Parameters start from ``preset``, or from ``options`` if given, and
    ``changes`` override single fields of ``Options``:
    ``stylize(photo, "starry-night", size=1024, style_weight=3)``.

    ``content_masks``: one grey mask per style, white where it goes; or one picture of flat coloured
    regions, with ``style_masks`` of the same colours, one per style. Grey ``style_masks`` say which
    part of each style picture counts. ``protect``: a grey mask, white where the photograph stays as it
    is. Masks have the proportions of their pictures, any size.
    ``encoder``: a network of your own in place of a name (``impasto.encoders``).
    ``checkpoint``: keep the state in this file, every ``checkpoint_every`` seconds, until the picture is
    finished and, with an ``output``, written. ``resume`` goes on from it where it exists.
    ``output``: write the finished picture to this file, with ``quality`` as in ``Result.save``; one
    cut short is not written.
    ``on_progress`` is called after every iteration. ``cancel`` is asked as often; once it returns
    True, the picture so far is the result.

    Raises InputError (and its kin) for anything that cannot be used, before any work, and
    WeightsMissingError when the encoder's weights are not on this machine.
    """
    if isinstance(encoder, str):
        changes["encoder"] = encoder
    chosen = (options or find_preset(preset).options).replace(**changes)
    given = list(style) if isinstance(style, (list, tuple)) else [style]
    if not given:
        raise InputError("expected at least one style; got none")
    photo = load_picture(content, max_pixels)
    loaded = [load_style(s, options=chosen, max_pixels=max_pixels) for s in given]
    start = None
    if chosen.init not in get_args(Initialisation):
        start = load_picture(chosen.init, max_pixels)
    if encoder is None or isinstance(encoder, str):
        original = load_network(chosen)
        network = _normalised(original, chosen, photo, loaded)
    else:
        original = network = encoder
    beneath = Picture(imaging.fill_transparent(photo), None, photo.bits)
    painted, styles = colours.prepare(beneath, loaded, chosen)
    masks, inner = _several(content_masks), _several(style_masks)
    places = _places(photo, style_uses(styles, chosen), masks, inner, chosen)
    guard = None if protect is None else _grey_mask(protect, photo, "protect", chosen)
    job = Job(
        content=_name(content),
        styles=tuple(map(_name, given)),
        output=_name(output),
        options=chosen,
        content_masks=tuple(map(_name, masks)),
        style_masks=tuple(map(_name, inner)),
        protect=None if protect is None else _name(protect),
        quality=quality,
    )
    keeper = None
    if checkpoint is not None:
        job = measure(job, network=str(original.describe()["sha256"]))
        keeper = unfinished.keeper(Path(checkpoint), job, every=checkpoint_every, resume=resume)
    painting = paint(
        painted,
        places,
        network,
        chosen,
        start=start,
        protect=guard,
        keeper=keeper,
        on_progress=on_progress,
        cancel=cancel,
    )
    height, width = painting.pixels.shape[:2]
    pixels = colours.finish(painting.pixels, imaging.resize(beneath.pixels, width, height), chosen)
    alpha = None if photo.alpha is None else imaging.resize(photo.alpha, width, height)
    result = Result(
        picture=Picture(pixels, alpha, photo.bits),
        options=chosen,
        losses=painting.losses,
        iterations=painting.iterations,
        seconds=painting.seconds,
        cancelled=painting.cancelled,
        content=job.content or None,
        styles=tuple(name or "picture" for name in job.styles),
        content_masks=tuple(name or "array" for name in job.content_masks),
        style_masks=tuple(name or "array" for name in job.style_masks),
        protect="array" if job.protect == "" else job.protect,
    )
    if output is not None and not result.cancelled:
        result.save(output, quality=quality)
    if keeper is not None and not result.cancelled:
        keeper.finish()
    return result


def _several(masks: MaskLike | Sequence[MaskLike]) -> list[MaskLike]:
    return [masks] if isinstance(masks, (str, os.PathLike, np.ndarray)) else list(masks)


def _places(
    photo: Picture,
    uses: Sequence[StyleUse],
    masks: Sequence[MaskLike],
    style_masks: Sequence[MaskLike],
    options: Options,
) -> list[Place]:
    """Which styles go where, out of masks as the user gave them."""
    pictures = [u.style.picture if isinstance(u.style, PictureStyle) else None for u in uses]
    if style_masks and len(style_masks) != len(uses):
        raise InputError(f"expected one style mask per style ({len(uses)}); got {len(style_masks)}")
    if len(masks) == 1 and _is_coloured(masks[0]):
        own = [_regions(m, p, "style mask") for m, p in zip(style_masks, pictures, strict=False)]
        regions = _regions(masks[0], photo, "content mask")
        feathered = {name: _feathered(mask, options) for name, mask in regions.items()}
        return by_colour(uses, feathered, own)
    inner = [_grey_mask(m, p, "style mask", None) for m, p in zip(style_masks, pictures, strict=False)]
    if not masks:
        within = [replace(u, mask=m) for u, m in zip(uses, inner, strict=True)] if inner else uses
        return [Place(tuple(within))]
    return under_masks(uses, [_grey_mask(m, photo, "content mask", options) for m in masks], inner)


def _is_coloured(mask: MaskLike) -> bool:
    pixels = mask if isinstance(mask, np.ndarray) else imaging.read(mask).pixels
    return pixels.ndim == 3 and bool((np.ptp(pixels, axis=2) > 0.15).mean() > 0.01)


def _regions(mask: MaskLike, picture: Picture | None, name: str) -> dict[str, Plane]:
    if isinstance(mask, np.ndarray):
        found = imaging.split_regions(_from_array(mask).pixels, name=name)
    else:
        found = imaging.read_regions(mask)
    if picture is not None:
        imaging.check_proportions(next(iter(found.values())), picture.width, picture.height, name=name)
    return found


def _grey_mask(mask: MaskLike, picture: Picture | None, name: str, options: Options | None) -> Plane:
    if isinstance(mask, np.ndarray):
        if mask.ndim != 2 or not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
            raise PictureError(f"expected a {name} of shape (H, W) in [0, 1]; got shape {mask.shape}")
        plane = mask.astype(np.float32)
    else:
        plane = imaging.read_mask(mask)
    if picture is None:
        return plane
    imaging.check_proportions(plane, picture.width, picture.height, name=name)
    return plane if options is None else _feathered(plane, options)


def _feathered(mask: Plane, options: Options) -> Plane:
    """``mask`` with the soft edge asked for, which is in pixels of the result."""
    if not options.mask_feather:
        return mask
    side = max(options.size) if isinstance(options.size, tuple) else options.size
    return imaging.feather(mask, options.mask_feather * max(mask.shape) / side)


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


def load_style(
    source: StyleLike, *, options: Options | None = None, max_pixels: int = imaging.MAX_PIXELS
) -> Style:
    """A style from a name, a style file, a folder of pictures, or anything ``load_picture`` takes.

    A name is looked for on disk first, then among the named styles. ``options`` say at which sizes
    pictures are measured. Raises StyleError or PictureError.
    """
    if isinstance(source, (FileStyle, PictureStyle, CollectionStyle)):
        return source
    chosen = options or Options()
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
        if path.is_dir():
            return _load_folder(path, chosen, max_pixels)
    picture = load_picture(source, max_pixels)  # type: ignore[arg-type]
    return PictureStyle(picture, chosen.style_sizes, chosen.resampling, chosen.rounding)


def _load_folder(folder: Path, options: Options, max_pixels: int) -> CollectionStyle:
    """All pictures of ``folder``, in the order of their names, as one style."""
    paths = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in imaging.READABLE_SUFFIXES]
    if not paths:
        raise StyleError(f"the folder {folder} has no pictures in it; expected an artist's works")
    pictures = [imaging.read(path, max_pixels=max_pixels) for path in paths]
    members = [PictureStyle(p, options.style_sizes, options.resampling, options.rounding) for p in pictures]
    return CollectionStyle(tuple(members))


def make_encoder(options: Options, photo: Picture, styles: Sequence[Style]) -> FeatureExtractor:
    """The encoder ``options`` name, set up as they say."""
    return _normalised(load_network(options), options, photo, styles)


def load_network(options: Options) -> FeatureExtractor:
    """The network ``options`` name, as it comes. Raises LayerError for layers it does not have."""
    layers = [*options.content_layers, *options.style_layers]
    return load_extractor(
        options.encoder,
        pooling=options.pooling,
        rescale_pooling=options.rescale_pooling,
        padding=options.padding,
        layers=layers,
    )


def _normalised(
    encoder: FeatureExtractor, options: Options, photo: Picture, styles: Sequence[Style]
) -> FeatureExtractor:
    if options.normalise_activations:
        if not isinstance(encoder, Encoder):
            raise OptionError(
                f"normalise_activations rescales the filters of a VGG; {options.encoder} is none"
            )
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
    names = [Path(o).name if (o := _name(p)) else "picture" for p in given]
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


def _name(source: object) -> str:
    """The path or name it came by; nothing for what is in memory only."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""
