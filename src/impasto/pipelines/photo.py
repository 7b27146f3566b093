"""The public face: one function paints, one measures styles, one lists them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from torch import Tensor

from impasto import __version__, imaging
from impasto.catalogue.files import (
    SUFFIX,
    StyleCard,
    measure_style_file,
    named_styles,
    read_style,
    write_style,
)
from impasto.encoders import FeatureExtractor
from impasto.errors import InputError, OptionError
from impasto.jobs import Job, unfinished
from impasto.jobs.inputs import measure, names
from impasto.optimize import colours
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.engine import Cancel, paint
from impasto.optimize.mixing import mix_scales
from impasto.optimize.options import Initialisation, OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.optimize.regions import style_uses
from impasto.painters.sources import (
    Loaded,
    MaskLike,
    PictureLike,
    StyleLike,
    arrange,
    check_style_encoders,
    check_style_files,
    fingerprint,
    load_mask,
    load_network,
    load_picture,
    load_style,
    name_of,
    normalised,
    of_own,
    opaque,
    pictures_in,
    several,
    with_names,
)
from impasto.progress import Progress, ProgressCallback
from impasto.types import Picture, Pixels, Plane


@dataclass(frozen=True)
class Result:
    """A painting and how it came to be.

    ``picture``: the result at full size, with the photograph's alpha and precision. ``options``:
    every parameter. ``losses``: the last total and its weighted parts. ``seconds``: time spent
    painting. ``cancelled``: whether it was cut short.
    """

    picture: Picture
    options: OptimizeOptions
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
    options: OptimizeOptions | None = None,
    content_masks: MaskLike | Sequence[MaskLike] | None = (),
    style_masks: MaskLike | Sequence[MaskLike] | None = (),
    protect: MaskLike | None = None,
    strokes: StyleLike | None = None,
    encoder: FeatureExtractor | Loaded | str | None = None,
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
    one style, or several of these; or an object with the methods of ``optimize.styles.Style``, which keeps
    the sizes it was made with. Parameters start from ``preset``, or from ``options`` if given, and
    ``changes`` override single fields of ``OptimizeOptions``:
    ``stylize(photo, "starry-night", size=1024, style_weight=3)``.

    ``content_masks``: one grey mask per style, white where it goes; or one picture of flat coloured
    regions, with ``style_masks`` of the same colours, one per style. Grey ``style_masks`` say which
    part of each style picture counts. ``protect``: a grey mask, white where the photograph stays as it
    is. Masks have the proportions of their pictures, any size. With a grey mask for each style there is
    nothing to share out: ``style_weights`` and ``blend_layers`` are refused.
    ``strokes``: another style for the fine strokes; ``style`` gives layout and colours (Gatys et al.,
    CVPR 2017, section 6).
    ``encoder``: a network of your own in place of a name (``impasto.encoders``), set up when it was made:
    ``pooling``, ``rescale_pooling``, ``padding`` and ``normalise_activations`` are refused. The result's
    options call it "custom: NAME". ``extra_losses``: name to a function of the image (1, 3, H, W) in
    [0, 1] that returns a scalar, to be added to the loss.
    ``checkpoint``: keep the state in this file, every ``checkpoint_every`` seconds, until the picture is
    finished and, with an ``output``, written. ``resume`` goes on from it where it exists, if all inputs,
    those in memory too, and the network's weights are the same; there is none with ``extra_losses``,
    which cannot be compared.
    ``output``: write the finished picture to this file, which must not be an input, with ``quality`` as
    in ``Result.save``; one cut short is not written.
    ``on_progress`` is called after every iteration. ``cancel`` is asked as often; once it returns
    True, the picture so far is the result.

    Raises InputError (and its kin) for anything that cannot be used, before any work, and
    WeightsMissingError when the encoder's weights are not on this machine.
    """
    if isinstance(encoder, str):
        changes["encoder"] = encoder
    if options is not None and not isinstance(options, OptimizeOptions):
        raise OptionError(f"options must be an impasto.OptimizeOptions; got {type(options).__name__}")
    chosen = (options or find_preset(preset).options).replace(**changes)
    if not (encoder is None or isinstance(encoder, (str, Loaded))):
        chosen = of_own(encoder, chosen)
    _check_losses(extra_losses, checkpoint)
    given = list(style) if isinstance(style, (list, tuple)) else [style]
    if not given:
        raise InputError("expected at least one style; got none")
    masks, inner = several(content_masks), several(style_masks)
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
    _check_outputs(job, output, checkpoint)
    photo = load_picture(content, max_pixels)
    loaded = [load_style(s, **chosen.style_sampling(), max_pixels=max_pixels) for s in given]
    fine = None if strokes is None else load_style(strokes, **chosen.style_sampling(), max_pixels=max_pixels)
    start = None
    if chosen.init not in get_args(Initialisation):
        start = opaque(load_picture(chosen.init, max_pixels))
    beneath = opaque(photo)
    network: FeatureExtractor
    if encoder is None or isinstance(encoder, (str, Loaded)):
        check_style_encoders([*loaded, *([] if fine is None else [fine])], chosen)
        original = encoder.network if isinstance(encoder, Loaded) else load_network(chosen)
        digest = str(original.describe()["sha256"])
        network = normalised(original, chosen, beneath, loaded)
    else:
        network = encoder
        about = sorted((name, str(value)) for name, value in encoder.describe().items())
        digest = hashlib.sha256(str(about).encode()).hexdigest()
    chosen = with_names(chosen, network)
    job = replace(job, options=chosen)
    check_style_files([*loaded, *([] if fine is None else [fine])], network, chosen)
    guard = None if protect is None else load_mask(protect, photo, "protect", chosen, max_pixels)
    keeper = None
    if checkpoint is not None:
        job = measure(job, network=digest)
        things = [content, *given, *masks, *inner, protect, strokes]
        in_memory = [thing for thing in things if thing is not None and not name_of(thing)]
        if in_memory:
            job = replace(job, inputs={**job.inputs, "": fingerprint(in_memory)})
        keeper = unfinished.keeper(Path(checkpoint), job, every=checkpoint_every, resume=resume)
    if fine is not None:
        arrange(photo, style_uses(loaded, chosen), masks, inner, chosen, max_pixels)  # refuses what it will
        loaded = [
            mix_scales(layout, fine, network, chosen, on_progress=on_progress, cancel=cancel)
            for layout in loaded
        ]
    painted, styles = colours.prepare(beneath, loaded, chosen)
    places = arrange(photo, style_uses(styles, chosen), masks, inner, chosen, max_pixels)
    if on_progress is not None:
        on_progress = _recoloured(on_progress, beneath, painted, chosen, guard)
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
    kept = None if guard is None else imaging.resize_mask(guard, width, height)
    pixels = colours.finish(painting.pixels, imaging.resize(beneath.pixels, width, height), chosen, kept)
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


def _recoloured(
    on_progress: ProgressCallback,
    photo: Picture,
    painted: Picture,
    options: OptimizeOptions,
    guard: Plane | None,
) -> ProgressCallback:
    """``on_progress`` with previews as the result will be: in its colours, and the photograph where it is
    protected. ``painted``: the photograph as it is painted with."""

    def report(event: Progress) -> None:
        look = event.preview

        def preview() -> Pixels:
            assert look is not None
            pixels: Pixels = look()
            height, width = pixels.shape[:2]
            kept = None if guard is None else imaging.resize_mask(guard, width, height)
            if kept is not None:
                pixels = colours.put_back(pixels, imaging.resize(painted.pixels, width, height), kept)
            return colours.finish(pixels, imaging.resize(photo.pixels, width, height), options, kept)

        on_progress(replace(event, preview=preview))

    return report


def _check_losses(
    extra: Mapping[str, Callable[[Tensor], Tensor]] | None, checkpoint: str | os.PathLike[str] | None
) -> None:
    """Raise OptionError for losses of one's own that cannot be added."""
    for name, loss in (extra or {}).items():
        words = name.split() if isinstance(name, str) else []
        if not words or words[0] in ("total", "content", "style", "tv"):
            raise OptionError(
                "extra_losses need names that are not those of the loss's other parts (total, content, "
                f"style, tv); one is {name!r}"
            )
        if not callable(loss):
            raise OptionError(f"extra_losses must be functions of the image; {name} is {loss!r}")
    if extra and checkpoint is not None:
        raise OptionError(
            "checkpoint and extra_losses do not go together: whether functions are the same cannot be told; "
            "expected one of them"
        )


def _check_outputs(
    job: Job, output: str | os.PathLike[str] | None, checkpoint: str | os.PathLike[str] | None
) -> None:
    """Raise OutputError, InputError or OptionError where what is written could not be, or should not."""
    if isinstance(job.quality, bool) or not isinstance(job.quality, int) or not 1 <= job.quality <= 100:
        raise OptionError(f"quality must be a whole number from 1 to 100; it is {job.quality!r}")
    if output is not None:
        imaging.check_writable(output)
    if checkpoint is not None:
        imaging.check_writable(checkpoint, suffixes=(Path(checkpoint).suffix.lower(),))
    inputs = [Path(name) for name in names(job)]
    for path in (Path(p) for p in (output, checkpoint) if p is not None):
        if path.exists() and any(p.exists() and path.samefile(p) for p in inputs):
            raise InputError(f"the output {path} is also an input; it would be overwritten")


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

    A folder among them stands for the pictures in it.
    ``layers``: the layers to measure (default: those of ``OptimizeOptions``). ``half`` stores float16.
    The file serves wherever a style picture does, with the same encoder, and gives the same result.
    """
    several_given = list(paintings) if isinstance(paintings, (list, tuple)) else [paintings]
    given = [picture for painting in several_given for picture in pictures_in(painting)]
    place = Path(path)
    if place.suffix.lower() != SUFFIX:
        raise InputError(f"a style file's name ends in {SUFFIX}; got {place.name!r}")
    imaging.check_writable(place, suffixes=(SUFFIX,))
    pictures = [opaque(load_picture(p)) for p in given]
    titles = [Path(o).name if (o := name_of(p)) else "picture" for p in given]
    options = OptimizeOptions(encoder=encoder)
    if layers:
        wanted = dict.fromkeys([layers] if isinstance(layers, str) else layers, 1.0)
        options = options.replace(style_layers=wanted, content_layers={})
    network = load_network(options)
    found = list(with_names(options, network).style_layers)
    card = StyleCard(title or Path(titles[0]).stem, artist, year, licence, tuple(titles))
    card, tensors = measure_style_file(pictures, network, found, card, half=half)
    write_style(place, card, tensors)
    return card


def styles() -> dict[str, StyleCard]:
    """The named styles that come with the package."""
    return {name: read_style(path).card for name, path in named_styles().items()}
