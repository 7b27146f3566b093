"""One photograph painted: from files, or what is in memory, to a picture that says how it was made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto import imaging
from impasto.errors import InputError, OptionError
from impasto.files import places
from impasto.imaging.inputs import MaskLike, PictureLike, load_picture, name_of
from impasto.inference.options import FastOptions
from impasto.jobs import Job, PaintOptions, Reference, unfinished
from impasto.jobs.identity import fetched, measure
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.painters import Materials, Painter, make_painter
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.catalogue.loader import StyleLike
    from impasto.encoders import FeatureExtractor
    from impasto.painters.sources import LoadedNetwork


@dataclass(frozen=True)
class Result:
    """A painting and how it came to be.

    ``job``: what was asked for, with every parameter. ``picture``: the result at full size, with the
    photograph's alpha and precision. ``losses``: the last total and its weighted parts. ``seconds``: time
    spent painting. ``cancelled``: whether it was cut short. ``notes``: what else is to be said of it.
    """

    job: Job
    picture: Picture
    losses: Mapping[str, float]
    iterations: int
    seconds: float
    cancelled: bool = False
    notes: tuple[str, ...] = ()

    @property
    def options(self) -> PaintOptions:
        """Every parameter."""
        return self.job.options

    def parameters(self) -> dict[str, Any]:
        """Return what it takes to make this picture again, ready for JSON."""
        return self.job.recipe()

    def save(self, path: str | os.PathLike[str], *, quality: int = 95, parameters: bool = True) -> None:
        """Write the picture; the format follows the suffix. Raises OutputError.

        ``quality`` is for lossy formats, 1 to 100. ``parameters`` stores what made the picture
        inside the file, for ``impasto stylize --from``.
        """
        stored = self.parameters() if parameters else None
        imaging.write(self.picture, path, quality=quality, parameters=stored)


def paint_job(
    job: Job,
    *,
    photo: Picture | None = None,
    materials: Materials | None = None,
    painter: Painter | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = INTERVAL,
    resume: bool = True,
    max_pixels: int = imaging.MAX_PIXELS,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Result:
    """Paint ``job`` and write its output, unless it is cut short.

    ``photo``, ``materials``: inputs in memory, in place of the files that ``job`` names. ``painter``: one
    that ``make_painter`` has made for it. ``checkpoint``: keep the state in this file, every
    ``checkpoint_every`` seconds, until the picture is written; with ``resume``, go on from it where it
    exists. Raises InputError and its kin before any work, and OutputError.
    """
    _check_outputs(job, checkpoint)
    near = fetched(job)
    painter = painter or make_painter(near, materials, max_pixels=max_pixels)
    picture = load_picture(near.content.place, max_pixels) if photo is None else photo
    job = replace(job, options=_as_named(painter.options, job.options))
    checkpointer = None
    if checkpoint is not None:
        job = measure(job, network=painter.network)
        checkpointer = unfinished.checkpointer(Path(checkpoint), job, every=checkpoint_every, resume=resume)
    painting = painter.paint(picture, checkpointer=checkpointer, on_progress=on_progress, cancel=cancel)
    result = Result(
        job,
        painting.picture,
        painting.losses,
        painting.iterations,
        painting.seconds,
        painting.cancelled,
        painting.notes,
    )
    if job.output and not result.cancelled:
        with places.drafted(job.output) as draft:
            result.save(draft, quality=job.quality)
    if checkpointer is not None and not result.cancelled:
        checkpointer.finish()
    return result


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
    encoder: FeatureExtractor | LoadedNetwork | str | None = None,
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
    one style, or several of these; or an object with the methods of ``catalogue.measured.Style``, which keeps
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
    from impasto.painters.sources import list_masks

    if isinstance(encoder, str):
        changes["encoder"], encoder = encoder, None
    if options is not None and not isinstance(options, OptimizeOptions):
        raise OptionError(f"options must be an impasto.OptimizeOptions; got {type(options).__name__}")
    _check_losses(extra_losses, checkpoint)
    materials = Materials(
        styles=_styles(style),
        content_masks=list_masks(content_masks),
        style_masks=list_masks(style_masks),
        protect=protect,
        strokes=strokes,
        encoder=encoder,
        extra_losses=extra_losses or {},
    )
    chosen = (options or find_preset(preset).options).replace(**changes)
    job = _described(content, materials, chosen, output, quality, compared=checkpoint is not None)
    return paint_job(
        job,
        photo=None if job.content.place else load_picture(content, max_pixels),
        materials=materials,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        max_pixels=max_pixels,
        on_progress=on_progress,
        cancel=cancel,
    )


def fast(
    content: PictureLike,
    style: str | Sequence[str],
    *,
    options: FastOptions | None = None,
    output: str | os.PathLike[str] | None = None,
    quality: int = 95,
    max_pixels: int = imaging.MAX_PIXELS,
    **changes: Any,
) -> Result:
    """Paint ``content`` in one pass of a feed-forward network (Johnson et al., ECCV 2016), without torch.

    ``style``: a style that the network knows, or several. Parameters are ``options`` with ``changes``, the
    fields of ``FastOptions``: ``fast("photo.jpg", "starry-night", strength=0.8)``. The other arguments and
    the errors are those of ``stylize``.
    """
    materials = Materials(styles=_styles(style))
    chosen = (options or FastOptions()).replace(**changes)
    job = _described(content, materials, chosen, output, quality, compared=False)
    photo = None if job.content.place else load_picture(content, max_pixels)
    return paint_job(job, photo=photo, max_pixels=max_pixels)


def _styles(given: Any) -> list[Any]:
    """``given`` as a list. Raises InputError where there is none."""
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    if not found:
        raise InputError("expected at least one style; got none")
    return found


def _described(
    content: PictureLike,
    materials: Materials,
    options: PaintOptions,
    output: str | os.PathLike[str] | None,
    quality: int,
    *,
    compared: bool,
) -> Job:
    """The job; what is in memory gets its digest where it will be ``compared`` with that of a checkpoint."""

    def reference(thing: object, name: str = "") -> Reference:
        if place := name_of(thing):
            return Reference(place)
        if not compared:
            return Reference(name=name)
        from impasto.painters.sources import fingerprint

        return Reference(name=name, digest=fingerprint([thing]))

    protect, strokes = materials.protect, materials.strokes
    return Job(
        content=reference(content),
        styles=tuple(reference(style, "picture") for style in materials.styles),
        output=name_of(output),
        options=options,
        content_masks=tuple(reference(mask, "array") for mask in materials.content_masks),
        style_masks=tuple(reference(mask, "array") for mask in materials.style_masks),
        protect=None if protect is None else reference(protect, "array"),
        strokes=None if strokes is None else reference(strokes, "picture"),
        quality=quality,
    )


def _as_named(used: PaintOptions, given: PaintOptions) -> PaintOptions:
    """``used`` with the picture to start from where the job has it, not where its copy is."""
    if isinstance(used, OptimizeOptions) and isinstance(given, OptimizeOptions):
        return used.replace(init=given.init)
    return used


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


def _check_outputs(job: Job, checkpoint: str | os.PathLike[str] | None) -> None:
    """Raise OutputError or InputError where what is written could not be, or should not."""
    if job.output and not places.is_address(job.output):
        imaging.check_writable(job.output)
    if checkpoint is not None:
        imaging.check_writable(checkpoint, suffixes=(Path(checkpoint).suffix.lower(),))
    outputs = [p for p in (job.output, checkpoint) if p and not places.is_address(os.fspath(p))]
    inputs = [Path(one.place) for one in job.inputs() if one.place and not places.is_address(one.place)]
    for path in map(Path, outputs):
        if path.exists() and any(p.exists() and path.samefile(p) for p in inputs):
            raise InputError(f"the output {path} is also an input; it would be overwritten")
