"""Painting of one photograph, from files or objects in memory."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from impasto import files, imaging
from impasto.catalogue.blends import read_blend
from impasto.errors import OptionError
from impasto.files import places
from impasto.files.locks import locked
from impasto.imaging.inputs import PictureLike, in_memory, load_picture, name_of
from impasto.imaging.mask_inputs import list_masks
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs import Job, PaintOptions, Reference, unfinished
from impasto.jobs.identity import fetch_inputs, local_inputs, with_digests
from impasto.jobs.inputs import LISTS, converted, inputs_for
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.painters import Materials, Painter, make_painter
from impasto.parameters import checked, shown, taken
from impasto.pipelines.result import PictureKind, Result
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Painting, Picture

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.catalogue.loader import StyleLike
    from impasto.encoders import FeatureExtractor
    from impasto.painters.sources import LoadedEncoder
    from impasto.pipelines.keywords import FastKeywords, OptimizeKeywords


def paint_job(
    job: Job,
    *,
    photo: Picture | None = None,
    materials: Materials | None = None,
    painter: Painter | None = None,
    make: Callable[[Job, Materials | None], Painter] = make_painter,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = INTERVAL,
    resume: bool = True,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Result:
    """Paint ``job`` and write its output, unless cancelled.

    ``photo``, ``materials``: inputs in memory, in place of the files that ``job`` names. ``painter``: from
    ``make_painter`` for this job; ``make``: what is called in its place for one. ``checkpoint``: save the
    state to this file every ``checkpoint_every`` seconds, until the picture is written; with ``resume``,
    continue from it if it exists. Raises InputError and its subclasses before any work, and OutputError.
    """
    _check_outputs(job, checkpoint)
    with contextlib.ExitStack() as stack:
        if checkpoint is not None:
            taken = f"another run is painting with the checkpoint {checkpoint}"
            stack.enter_context(locked(Path(f"{os.fsdecode(checkpoint)}.lock"), taken))
        near = fetch_inputs(job)
        painter = painter or make(near, materials)
        picture = load_picture(near.content.place, job.reading, job.options.size) if photo is None else photo
        job = replace(job, options=_with_given_init(painter.options, job.options))
        checkpointer = None
        if checkpoint is not None:
            job = with_digests(job, network=painter.network)
            checkpointer = unfinished.checkpointer(
                Path(checkpoint), job, every=checkpoint_every, resume=resume
            )
        painting = painter.paint(picture, checkpointer=checkpointer, on_progress=on_progress, cancel=cancel)
        notes = painting.notes
        if checkpointer is not None and checkpointer.problem:
            notes = (*notes, f"there is no checkpoint of the latest state: {checkpointer.problem}")
        result = Result(
            job,
            replace(painting.picture, metadata=picture.metadata),
            painting.losses,
            painting.iterations,
            painting.seconds,
            painting.cancelled,
            notes,
        )
        if job.output and not result.cancelled:
            with places.drafted(job.output) as draft:
                result.save(draft, quality=job.quality)
        if checkpointer is not None and not result.cancelled:
            checkpointer.finish()
        return result


@checked
def stylize(
    content: PictureLike,
    style: StyleLike | list[StyleLike] | tuple[StyleLike, ...],
    *,
    preset: str = "default",
    options: OptimizeOptions | None = None,
    encoder: FeatureExtractor | LoadedEncoder | str | None = None,
    extra_losses: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: float = INTERVAL,
    resume: bool = False,
    output: str | os.PathLike[str] | None = None,
    quality: int = 95,
    reading: ReadOptions = READING,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
    session: Session | None = None,
    **changes: Unpack[OptimizeKeywords],
) -> Result:
    """Paint ``content`` in the style of ``style`` (Gatys, Ecker and Bethge, CVPR 2016).

    ``style``: a named style (``impasto.styles()``), a style file, a picture, a folder of pictures as
    one style, or several of these, with the share of each behind its name or path, ``"great-wave:2"``, or
    in ``style_weights``; or an object with the methods of ``catalogue.measured.Style``, which
    keeps its own sizes. Options start from ``preset``, or from ``options`` if given, and ``changes``
    override single fields of ``OptimizeOptions``, or of ``reading``, how pictures are read:
    ``stylize(photo, "starry-night", size=1024, style_weight=3)``.

    ``changes`` also takes the inputs of ``jobs.inputs.Inputs``: ``content_masks``, one grey mask per style,
    white where it applies, or one picture of flat coloured regions, with ``style_masks`` of the same colours,
    one per style; grey ``style_masks`` select the part of each style picture to use; ``protect``, a grey
    mask, white where the photograph stays as it is; ``strokes``, another style for the fine strokes, where
    ``style`` gives layout and colours (Gatys et al., CVPR 2017, section 6).
    ``encoder``: a network of your own in place of a name (``impasto.encoders``), with its own settings:
    ``pooling``, ``rescale_pooling``, ``padding`` and ``normalise_activations`` are refused. In the result's
    options it is "custom: NAME". ``extra_losses``: further losses by name, functions of the image
    (1, 3, H, W) in [0, 1] that return a scalar.
    ``checkpoint``: save the state to this file every ``checkpoint_every`` seconds, until the picture is
    finished and, with an ``output``, written. ``resume``: continue from it if it exists, provided that all
    inputs and the network's weights are the same; not with ``extra_losses``, which cannot be compared.
    ``output``: write the finished picture to this file, which must not be an input, with ``quality`` as
    in ``Result.save``.
    ``session``: keeps networks loaded between calls (``impasto.Session``).
    ``on_progress`` and ``cancel`` are called after every iteration, ``cancel`` also within one; once it
    returns True, the picture so far is returned.

    Raises InputError (and its subclasses) for unusable arguments, before any work, and WeightsMissingError
    if the encoder's weights are not on this machine.
    """
    given, found = PictureKind.of(content), cast("dict[str, Any]", changes)
    if isinstance(encoder, str):
        found["encoder"], encoder = encoder, None
    _check_losses(extra_losses, checkpoint)
    reading = taken(reading, found)
    inputs = _take_inputs(found, "optimize")
    chosen = (options or find_preset(preset).options).replace(**found)
    content = in_memory(content, reading, chosen.size)
    styles, chosen = _blended(style, chosen)
    materials = Materials(styles, encoder=encoder, extra_losses=extra_losses or {}, **inputs)
    result = _paint_given(
        content,
        materials,
        chosen,
        output,
        quality,
        reading,
        session,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        on_progress=on_progress,
        cancel=cancel,
    )
    return replace(result, given=given)


@checked
def fast(
    content: PictureLike,
    style: StyleLike | Sequence[StyleLike],
    *,
    options: FastOptions | None = None,
    output: str | os.PathLike[str] | None = None,
    quality: int = 95,
    reading: ReadOptions = READING,
    session: Session | None = None,
    **changes: Unpack[FastKeywords],
) -> Result:
    """Paint ``content`` in one pass of a feed-forward network, without torch.

    ``style``: as for ``stylize``, or a style that the network in ``options.model`` knows. ``changes``
    override fields of ``options``, a ``FastOptions``, or of ``reading``:
    ``fast("photo.jpg", "starry-night", strength=0.8)``.
    It also takes ``content_masks``, one grey mask per style, white where it applies, and ``protect``, a grey
    mask, white where the photograph stays as it is. ``session``: a ``Session`` that keeps the network and
    styles loaded. Other arguments and errors are as for ``stylize``.
    """
    given, found = PictureKind.of(content), cast("dict[str, Any]", changes)
    reading = taken(reading, found)
    inputs = _take_inputs(found, "fast")
    chosen = (options or FastOptions()).replace(**found)
    content = in_memory(content, reading, chosen.size)
    styles, chosen = _blended(style, chosen)
    materials = Materials(styles, **inputs)
    result = _paint_given(content, materials, chosen, output, quality, reading, session)
    return replace(result, given=given)


def _blended(given: Any, options: Any) -> tuple[list[Any], Any]:
    """Return the styles as a list, and ``options`` with their weights. Raises InputError and OptionError."""
    several = list(given) if isinstance(given, (list, tuple)) else [given]
    styles, weights = read_blend(several, options.style_weights)
    return [in_memory(one) for one in styles], options.replace(style_weights=weights)


def _take_inputs(changes: dict[str, Any], engine: str) -> dict[str, Any]:
    """Remove the inputs of ``engine`` from ``changes``, and return them. Raises InputError."""
    found = {name: changes.pop(name) for name in inputs_for(engine) if name in changes}
    if found.get("protect") is not None:
        (found["protect"],) = list_masks([found["protect"]])
    return found | {name: tuple(list_masks(found[name])) for name in found if name in LISTS}


def _paint_given(
    content: PictureLike,
    materials: Materials,
    options: PaintOptions,
    output: str | os.PathLike[str] | None,
    quality: int,
    reading: ReadOptions,
    session: Session | None,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    **run: Any,
) -> Result:
    """Paint inputs that may be in memory; ``run``: as for ``paint_job``. With a ``checkpoint``, they get
    digests to compare with those in it."""

    def reference(thing: object, name: str = "") -> Reference:
        if place := name_of(thing):
            return Reference(place)
        if checkpoint is None:
            return Reference(name=name)
        from impasto.painters.sources import fingerprint

        return Reference(name=name, digest=fingerprint([thing]))

    names = {"mask": "array", "masks": "array", "style": "picture"}
    job = Job(
        content=reference(content),
        styles=tuple(reference(style, "picture") for style in materials.styles),
        output=places.plain(name_of(output)),
        options=options,
        quality=quality,
        reading=reading,
        **converted(materials, lambda thing, described: reference(thing, names[described.kind])),
    )
    return paint_job(
        job,
        make=make_painter if session is None else session.painter,
        photo=None if job.content.place else load_picture(content, reading, options.size),
        materials=materials,
        checkpoint=checkpoint,
        **run,
    )


def _with_given_init(used: PaintOptions, given: PaintOptions) -> PaintOptions:
    """Return ``used`` with the initial picture named as in the job, not as its local copy."""
    if isinstance(used, OptimizeOptions) and isinstance(given, OptimizeOptions):
        return used.replace(init=given.init)
    return used


def _check_losses(
    extra: Mapping[str, Callable[[Tensor], Tensor]] | None, checkpoint: str | os.PathLike[str] | None
) -> None:
    """Raise OptionError for unusable ``extra_losses``."""
    if extra is not None and not isinstance(extra, Mapping):
        raise OptionError(f"expected extra_losses to map names to functions; got {shown(extra)}")
    for name, loss in (extra or {}).items():
        words = name.split() if isinstance(name, str) else []
        if not words or words[0] in ("total", "content", "style", "tv"):
            raise OptionError(
                f"expected extra_losses to have names other than total, content, style and tv; got {name!r}"
            )
        if not callable(loss):
            raise OptionError(f"expected extra_losses to be functions of the image; {name} is {loss!r}")
    if extra and checkpoint is not None:
        raise OptionError(
            "expected checkpoint or extra_losses, not both: functions cannot be compared with those of a "
            "checkpoint"
        )


def _check_outputs(job: Job, checkpoint: str | os.PathLike[str] | None) -> None:
    """Raise OutputError for files that cannot be written, InputError for those that are inputs."""
    if job.output and not places.is_address(job.output):
        imaging.check_writable(job.output)
        if job.keep_recipe:
            imaging.check_parameters(job.output, job.recipe())
    if checkpoint is not None:
        imaging.check_writable(checkpoint, suffixes=(Path(checkpoint).suffix.lower(),))
    outputs = [p for p in (job.output, checkpoint) if p and not places.is_address(os.fsdecode(p))]
    with files.protecting(map(Path, local_inputs(job)), imaging.READABLE_SUFFIXES):
        for path in outputs:
            files.check_unprotected(path)


class Session:
    """Keeps networks and measured styles loaded between paintings; several threads may use it.

        with impasto.Session() as session:
            for path in paths:
                session.fast(path, "starry-night").save(path.with_suffix(".painted.png"))

    ``fast`` and ``stylize`` take the arguments of ``impasto.fast`` and ``impasto.stylize``. Each engine
    paints one picture at a time, with all processors; calls from other threads wait.
    """

    def __init__(self) -> None:
        self._painters: dict[str, Painter] = {}
        self._locks = {"fast": threading.Lock(), "optimize": threading.Lock()}

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unload all networks. The session can still be used, and loads them again."""
        for engine, lock in self._locks.items():
            with lock:
                self._painters.pop(engine, None)

    @functools.wraps(stylize)
    def stylize(self, *arguments: Any, **options: Any) -> Result:
        """Paint as ``impasto.stylize``, with the session's networks."""
        return stylize(*arguments, session=self, **options)

    @functools.wraps(fast)
    def fast(self, *arguments: Any, **options: Any) -> Result:
        """Paint as ``impasto.fast``, with the session's networks."""
        return fast(*arguments, session=self, **options)

    def painter(self, job: Job, materials: Materials | None = None) -> Painter:
        """Return a painter for ``job``, as ``make_painter``, with the networks of earlier ones."""
        lock = self._locks[job.engine]
        with lock:
            made = make_painter(job, materials, like=self._painters.get(job.engine))
            self._painters[job.engine] = made
        return _LockedPainter(made, lock)


class _LockedPainter:
    """A painter that does not run at the same time as another of its session."""

    def __init__(self, painter: Painter, lock: threading.Lock) -> None:
        self._painter, self._lock = painter, lock
        self.options, self.network, self.device = painter.options, painter.network, painter.device
        self.check_style: Callable[[str], None] = painter.check_style
        self.memory: Callable[[], float] = painter.memory

    def paint(
        self,
        photo: Picture,
        *,
        checkpointer: Any = None,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
    ) -> Painting:
        """See ``Painter``."""
        with self._lock:
            return self._painter.paint(
                photo, checkpointer=checkpointer, on_progress=on_progress, cancel=cancel
            )
