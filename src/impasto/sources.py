"""What a painting is made from: pictures, styles, masks and networks, out of paths, names and arrays."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from impasto import imaging
from impasto.encoders import (
    Encoder,
    FeatureExtractor,
    load_extractor,
    normalise_activations,
    parse_layers,
)
from impasto.errors import InputError, LayerError, OptionError, PictureError, StyleError
from impasto.optimize.options import Options
from impasto.optimize.places import Place, StyleUse, by_colour, under_masks
from impasto.optimize.style_files import SUFFIX, FileStyle, named_styles, read_style
from impasto.optimize.styles import CollectionStyle, PictureStyle, Style
from impasto.tensors import to_tensor
from impasto.types import Picture, Pixels, Plane
from impasto.weights import REGISTRY

PictureLike = str | os.PathLike[str] | Picture | NDArray[Any]
"""A path, a decoded ``Picture``, or an array (H, W, 3): uint8, or floats in [0, 1], sRGB."""

StyleLike = PictureLike | Style

MaskLike = str | os.PathLike[str] | NDArray[Any]
"""A path, or an array: (H, W) floats in [0, 1] for a grey mask, (H, W, 3) for coloured regions."""


def load_picture(source: PictureLike, max_pixels: int = imaging.MAX_PIXELS) -> Picture:
    """A ``Picture`` from a path, an array or a ``Picture``. Raises PictureError."""
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if not isinstance(source, (str, os.PathLike)):
        raise PictureError(f"expected a picture: a path, an array or a Picture; got {_kind(source)}")
    return imaging.read(source, max_pixels=max_pixels)


def _kind(thing: object) -> str:
    return "None" if thing is None else f"an object of type {type(thing).__name__}"


def opaque(picture: Picture) -> Picture:
    """``picture`` without transparency: what cannot be seen has the colours around it."""
    if picture.alpha is None:
        return picture
    return Picture(imaging.fill_transparent(picture), None, picture.bits)


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
    pictures are measured (``style_sizes``, ``resampling``, ``rounding``; those of ``Options()`` where
    none are given). What is a style already, with methods ``statistics`` and ``samples``, is returned as
    it is, and keeps the sizes it was made with, whatever ``stylize`` is asked for later. Transparent
    parts of pictures take the colours around them. Raises StyleError or PictureError.
    """
    if callable(getattr(source, "statistics", None)) and callable(getattr(source, "samples", None)):
        return cast(Style, source)
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
    if not isinstance(source, (str, os.PathLike, np.ndarray, Picture)):
        raise StyleError(f"expected a style: a name, a path, a picture or a Style; got {_kind(source)}")
    picture = opaque(load_picture(source, max_pixels))
    return PictureStyle(picture, chosen.style_sizes, chosen.resampling, chosen.rounding)


def pictures_in(source: PictureLike) -> list[PictureLike]:
    """``source`` alone, or, if it is a folder, the paths of its pictures in the order of their names.
    Raises StyleError for a folder without any."""
    if not isinstance(source, (str, os.PathLike)) or not Path(source).is_dir():
        return [source]
    paths = [p for p in sorted(Path(source).iterdir()) if p.suffix.lower() in imaging.READABLE_SUFFIXES]
    if not paths:
        raise StyleError(f"the folder {source} has no pictures in it; expected an artist's works")
    return list(paths)


def _load_folder(folder: Path, options: Options, max_pixels: int) -> CollectionStyle:
    """All pictures of ``folder`` as one style."""
    pictures = [opaque(load_picture(path, max_pixels)) for path in pictures_in(folder)]
    members = [PictureStyle(p, options.style_sizes, options.resampling, options.rounding) for p in pictures]
    return CollectionStyle(tuple(members))


def several(masks: MaskLike | Sequence[MaskLike] | None) -> list[MaskLike]:
    """``masks`` as a list; none for None. Raises InputError for what is no mask."""
    given = [] if masks is None else list(masks) if isinstance(masks, (list, tuple)) else [masks]
    for mask in given:
        _check_mask(mask)
    return cast(list[MaskLike], given)


def _check_mask(mask: object) -> None:
    if not isinstance(mask, (str, os.PathLike, np.ndarray)):
        raise InputError(f"expected a mask: a path or an array; got {_kind(mask)}")


def arrange(
    photo: Picture,
    uses: Sequence[StyleUse],
    masks: Sequence[MaskLike],
    style_masks: Sequence[MaskLike],
    options: Options,
    max_pixels: int = imaging.MAX_PIXELS,
) -> list[Place]:
    """Which styles go where, out of masks as the user gave them. Raises InputError and its kin."""
    pictures = [u.style.picture if isinstance(u.style, PictureStyle) else None for u in uses]
    if style_masks and len(style_masks) != len(uses):
        raise InputError(f"expected one style mask per style ({len(uses)}); got {len(style_masks)}")
    if len(masks) == 1 and _is_coloured(masks[0], max_pixels):
        rows = zip(style_masks, pictures, strict=False)
        own = [_regions(m, p, "style mask", max_pixels) for m, p in rows]
        regions = _regions(masks[0], photo, "content mask", max_pixels)
        feathered = {name: _feathered(mask, options) for name, mask in regions.items()}
        return by_colour(uses, feathered, own)
    rows = zip(style_masks, pictures, strict=False)
    inner = [load_mask(m, p, "style mask", None, max_pixels) for m, p in rows]
    if not masks:
        within = [replace(u, mask=m) for u, m in zip(uses, inner, strict=True)] if inner else uses
        return [Place(tuple(within))]
    outer = [load_mask(m, photo, "content mask", options, max_pixels) for m in masks]
    places = under_masks(uses, outer, inner)
    for name in ("style_weights", "blend_layers"):
        shares = getattr(options, name)
        if any(share != shares[0] for share in shares):
            raise OptionError(
                f"{name} share a place out among its styles, but with a grey mask for each style every place "
                f"has one style only: expected no {name}, or a mask of coloured regions"
            )
    return places


def _is_coloured(mask: MaskLike, max_pixels: int) -> bool:
    pixels = mask if isinstance(mask, np.ndarray) else imaging.read(mask, max_pixels=max_pixels).pixels
    return pixels.ndim == 3 and bool((np.ptp(pixels, axis=2) > 0.15).mean() > 0.01)


def _called(name: str, mask: MaskLike) -> str:
    """What errors call a mask: its role and, where it has one, its path."""
    return f"{name} {path}" if (path := name_of(mask)) else name


def _regions(mask: MaskLike, picture: Picture | None, name: str, max_pixels: int) -> dict[str, Plane]:
    name = _called(name, mask)
    if isinstance(mask, np.ndarray):
        found = imaging.split_regions(_from_array(mask).pixels, name=name)
    else:
        found = imaging.read_regions(mask, max_pixels=max_pixels)
    if picture is not None:
        imaging.check_proportions(next(iter(found.values())), picture.width, picture.height, name=name)
    return found


def load_mask(
    mask: MaskLike,
    picture: Picture | None,
    name: str,
    options: Options | None,
    max_pixels: int = imaging.MAX_PIXELS,
) -> Plane:
    """A grey mask in the proportions of ``picture``, feathered as ``options`` say. Raises InputError."""
    _check_mask(mask)
    name = _called(name, mask)
    if isinstance(mask, np.ndarray):
        numbers = mask.dtype.kind in "fiub" and mask.ndim == 2 and mask.size > 0
        if not numbers or not np.isfinite(mask).all() or mask.min() < 0 or mask.max() > 1:
            raise PictureError(
                f"expected a {name} of shape (H, W) in [0, 1]; got shape {mask.shape} of {mask.dtype}"
            )
        plane = mask.astype(np.float32)
    else:
        plane = imaging.read_mask(mask, max_pixels=max_pixels)
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


def load_network(options: Options) -> FeatureExtractor:
    """The network ``options`` name, as it comes. Raises LayerError for layers it does not have."""
    if options.encoder.startswith(CUSTOM):
        raise OptionError(
            f"encoder {options.encoder!r} is a network of someone's own, in no file: expected it again, from "
            "Python, in impasto.stylize(..., encoder=...), or the name of another"
        )
    layers = [*options.content_layers, *options.style_layers]
    return load_extractor(
        options.encoder,
        pooling=options.pooling,
        rescale_pooling=options.rescale_pooling,
        padding=options.padding,
        layers=layers,
    )


CUSTOM = "custom: "
"""What ``Options.encoder`` begins with where a painting had a network of one's own."""


@dataclass(frozen=True)
class Loaded:
    """The network that options name, loaded already and set up as they say."""

    network: FeatureExtractor


def of_own(encoder: FeatureExtractor, options: Options) -> Options:
    """``options`` that say that the painting has the caller's own ``encoder``.

    Raises OptionError for what is no encoder, and where ``options`` ask for another set-up than it has:
    only networks given by name are set up here.
    """
    if not hasattr(encoder, "describe") or not hasattr(encoder, "layer_names"):
        raise OptionError(
            "encoder must be a network's name, or a network such as impasto.encoders.ModuleEncoder(module, "
            f"convention); it is {_kind(encoder)}"
        )
    about = encoder.describe()
    has = {
        "pooling": ("max", about.get("pooling")),
        "rescale_pooling": (False, about.get("pool_scale", 1.0) != 1.0),
        "padding": (None, about.get("padding")),
        "normalise_activations": (False, False),
    }
    for name, fitting in has.items():
        value = getattr(options, name)
        if value not in fitting:
            raise OptionError(
                f"{name} {value!r} sets up networks that are given by name, not one of your own: expected it "
                f"set up when it is made, and {name} {fitting[0]!r}"
            )
    return options.replace(encoder=f"{CUSTOM}{encoder.name}")


def with_names(options: Options, network: FeatureExtractor) -> Options:
    """``options`` with the names ``network`` has for its layers: Keras's for a VGG's are understood.

    Raises LayerError for layers it does not have, or named twice.
    """

    def known(layers: Mapping[str, float]) -> dict[str, float]:
        if not layers:
            return {}
        if isinstance(network, Encoder):
            return parse_layers(layers, network.architecture)
        found = parse_layers(layers, modules=True)
        unknown = sorted(set(found) - set(network.layer_names))
        if unknown:
            network.minimum_side(unknown)  # whose error is nearer to the point
            names = ", ".join(network.layer_names)
            raise LayerError(f"{network.name} has no layer {unknown[0]!r}; it has {names}")
        return found

    return options.replace(
        content_layers=known(options.content_layers),
        style_layers=known(options.style_layers),
        blend_layers=tuple(map(known, options.blend_layers)),
    )


def check_style_encoders(styles: Sequence[Style], options: Options) -> None:
    """Raise StyleError for a style file of another network than ``options.encoder``; nothing is loaded."""
    for style in styles:
        if not isinstance(style, FileStyle):
            continue
        measured = style.card.encoder.get("name")
        if options.encoder in REGISTRY and measured in REGISTRY and measured != options.encoder:
            raise StyleError(
                f"{style.path.name} was measured with the network {measured}, and this preset (or --encoder) "
                f"wants {options.encoder}: expected the painting itself, a picture, as STYLE"
            )


def check_style_files(styles: Sequence[Style], network: FeatureExtractor, options: Options) -> None:
    """Raise StyleError for a style file where ``options`` change the network it was measured with."""
    changed = [
        *([f"pooling {options.pooling}"] if options.pooling != "max" else []),
        *(["rescale_pooling"] if options.rescale_pooling else []),
        *([f"padding {options.padding}"] if options.padding is not None else []),
        *(["normalise_activations"] if options.normalise_activations else []),
    ]
    for style in styles:
        if isinstance(style, FileStyle) and changed and dict(style.card.encoder) != network.describe():
            raise StyleError(
                f"{style.path.name} was measured with a network as it comes, and this preset (or options) "
                f"changes it ({', '.join(changed)}): expected the painting itself, a picture, as STYLE"
            )


def normalised(
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


def name_of(source: object) -> str:
    """The path or name it came by; nothing for what is in memory only."""
    return os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""


def fingerprint(things: Iterable[object]) -> str:
    """The SHA-256 of pictures, masks and styles in memory, in their order.

    Raises InputError for a style whose contents are unknown.
    """
    digest = hashlib.sha256()

    def add(thing: object) -> None:
        if isinstance(thing, np.ndarray):
            digest.update(f"array {thing.dtype} {thing.shape}".encode())
            digest.update(np.ascontiguousarray(thing).tobytes())
        elif isinstance(thing, Picture):
            digest.update(f"picture {thing.bits} {thing.alpha is not None}".encode())
            add(thing.pixels)
            if thing.alpha is not None:
                add(thing.alpha)
        elif isinstance(thing, PictureStyle):
            digest.update(f"style {thing.sizing} {thing.resampling} {thing.rounding}".encode())
            add(thing.picture)
        elif isinstance(thing, CollectionStyle):
            digest.update(f"styles {len(thing.members)}".encode())
            for member in thing.members:
                add(member)
        elif isinstance(thing, FileStyle):
            for name in sorted(thing.tensors):
                digest.update(name.encode())
                add(thing.tensors[name])
        else:
            raise InputError(
                "a checkpoint needs inputs that can be compared when it is gone on with: expected "
                f"styles that are files, pictures or style files; got {_kind(thing)}"
            )

    for thing in things:
        add(thing)
    return digest.hexdigest()
