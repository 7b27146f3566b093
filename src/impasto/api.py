"""The public face: one function paints, one measures styles, one lists them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from impasto import __version__, imaging
from impasto.encoders import FeatureExtractor
from impasto.errors import InputError
from impasto.jobs import Job, unfinished
from impasto.jobs.inputs import measure
from impasto.optimize import colours
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.engine import Cancel, paint
from impasto.optimize.mixing import mix_scales
from impasto.optimize.options import Initialisation, Options
from impasto.optimize.places import style_uses
from impasto.optimize.presets import preset as find_preset
from impasto.optimize.style_files import (
    SUFFIX,
    StyleCard,
    measure_style_file,
    named_styles,
    read_style,
    write_style,
)
from impasto.progress import Progress, ProgressCallback
from impasto.sources import (
    MaskLike,
    PictureLike,
    StyleLike,
    arrange,
    load_mask,
    load_network,
    load_picture,
    load_style,
    make_encoder,
    name_of,
    normalised,
    several,
)
from impasto.types import Picture, Pixels


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
    strokes: str | None = None

    def parameters(self) -> dict[str, Any]:
        """What it takes to make this picture again, ready for JSON."""
        found: dict[str, Any] = {
            "impasto": __version__,
            "content": self.content,
            "styles": list(self.styles),
            "options": self.options.to_dict(),
        }
        more = {
            "content_masks": list(self.content_masks),
            "style_masks": list(self.style_masks),
            "protect": self.protect,
            "strokes": self.strokes,
        }
        return found | {name: value for name, value in more.items() if value}

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
    strokes: StyleLike | None = None,
    encoder: FeatureExtractor | str | None = None,
    extra_losses: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
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
    ``strokes``: another style for the fine strokes; ``style`` gives layout and colours (Gatys et al.,
    CVPR 2017, section 6).
    ``encoder``: a network of your own in place of a name (``impasto.encoders``). ``extra_losses``: name to
    a function of the image (1, 3, H, W) in [0, 1] that returns a scalar, to be added to the loss.
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
        network = normalised(original, chosen, photo, loaded)
    else:
        original = network = encoder
    beneath = Picture(imaging.fill_transparent(photo), None, photo.bits)
    if strokes is not None:
        fine = load_style(strokes, options=chosen, max_pixels=max_pixels)
        loaded = [mix_scales(layout, fine, network, chosen, cancel=cancel) for layout in loaded]
    painted, styles = colours.prepare(beneath, loaded, chosen)
    masks, inner = several(content_masks), several(style_masks)
    places = arrange(photo, style_uses(styles, chosen), masks, inner, chosen)
    guard = None if protect is None else load_mask(protect, photo, "protect", chosen)
    job = Job(
        content=name_of(content),
        styles=tuple(map(name_of, given)),
        output=name_of(output),
        options=chosen,
        content_masks=tuple(map(name_of, masks)),
        style_masks=tuple(map(name_of, inner)),
        protect=None if protect is None else name_of(protect),
        strokes=None if strokes is None else name_of(strokes),
        quality=quality,
    )
    keeper = None
    if checkpoint is not None:
        job = measure(job, network=str(original.describe()["sha256"]))
        keeper = unfinished.keeper(Path(checkpoint), job, every=checkpoint_every, resume=resume)
    if on_progress is not None:
        on_progress = _recoloured(on_progress, beneath, chosen)
    painting = paint(
        painted,
        places,
        network,
        chosen,
        start=start,
        protect=guard,
        extra_losses=extra_losses,
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
        strokes="picture" if job.strokes == "" else job.strokes,
    )
    if output is not None and not result.cancelled:
        result.save(output, quality=quality)
    if keeper is not None and not result.cancelled:
        keeper.finish()
    return result


def _recoloured(on_progress: ProgressCallback, photo: Picture, options: Options) -> ProgressCallback:
    """``on_progress`` with previews in the colours the result will have."""

    def report(event: Progress) -> None:
        look = event.preview

        def preview() -> Pixels:
            assert look is not None
            pixels: Pixels = look()
            height, width = pixels.shape[:2]
            return colours.finish(pixels, imaging.resize(photo.pixels, width, height), options)

        on_progress(replace(event, preview=preview))

    return report


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
    names = [Path(o).name if (o := name_of(p)) else "picture" for p in given]
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
