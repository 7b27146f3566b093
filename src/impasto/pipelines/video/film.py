"""Painting of a film: opened, planned, painted part by part, and assembled with its sound."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impasto import files
from impasto.catalogue.blends import read_blend
from impasto.errors import InputError, OptionError
from impasto.imaging.inputs import PictureLike
from impasto.inference.options import FastOptions
from impasto.inference.sessions import check_device
from impasto.jobs import Job, PaintOptions, Reference
from impasto.jobs.machine import check_workers
from impasto.jobs.schedule import Policy
from impasto.optimize.presets import preset as find_preset
from impasto.parameters import checked, taken
from impasto.pipelines.video.assembly import AssembledFilm, assemble
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.given_frames import Rate, check_frames, check_rate, stored_frames
from impasto.pipelines.video.keyframes import Moment, divide_at_keyframes, read_keyframes
from impasto.pipelines.video.keyframes import described as describe_keyframes
from impasto.pipelines.video.meter import FilmMeter
from impasto.pipelines.video.options import FilmOptions
from impasto.pipelines.video.output import FilmOutput
from impasto.pipelines.video.parts import PartPainter
from impasto.pipelines.video.plan import LONGEST, FilmPlan, check_longest, describe, divide, engine_of
from impasto.pipelines.video.workers import find_part_workers, paint_by_workers
from impasto.progress import Cancel, ProgressCallback

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter

PathLike = str | os.PathLike[str]
Keyframes = Mapping[Moment, PictureLike] | Sequence[tuple[Moment, PictureLike]]


@dataclass(frozen=True)
class Film:
    """A painted film. ``engine``: "fast", "optimize" or "keyframes". ``frames``: their number, ``resumed`` of
    them from an earlier run; ``cuts``: the frames at which scenes begin, as far as known; ``notes``: damage,
    lost sound and other differences to the clip. ``device``: the fast network's, "" for the others.
    ``cancelled``: only finished segments were written."""

    path: Path
    engine: str
    device: str
    width: int
    height: int
    frames: int
    resumed: int
    seconds: float
    cuts: tuple[int, ...]
    notes: tuple[str, ...]
    cancelled: bool = False


@checked
def video(
    source: PathLike | Iterable[PictureLike],
    styles: PathLike | Sequence[PathLike] | None,
    output: PathLike,
    *,
    fps: Rate | None = None,
    keyframes: Keyframes | None = None,
    options: PaintOptions | None = None,
    preset: str | None = None,
    film: FilmOptions | None = None,
    painter: FastPainter | None = None,
    workers: int | Literal["auto"] = 1,
    ray: str | None = None,
    longest: int | None = None,
    policy: Policy | None = None,
    on_progress: ProgressCallback | None = None,
    tell: Callable[[str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    dry_run: bool = False,
    **changes: Any,
) -> Film:
    """Paint the clip ``source`` in ``styles`` and write it to ``output``.

    ``source``: a video, a folder of pictures, or a pattern of their names; or frames in memory: pictures of
    one size, as ``stylize`` takes them, such as arrays (H, W, 3) of uint8, or one array (N, H, W, 3), with
    ``fps``, how many there are a second: 24, 29.97 or "30000/1001". ``styles``: as for ``stylize``.
    ``keyframes``, with None for ``styles``: paintings of some frames, by the number of the frame, from 0, or
    its time, such as "00:04.2"; they are carried to the other frames (see docs/keyframes.md).
    ``output``: a video or a .gif (see ``clips.codecs.VIDEO_SUFFIXES``), a folder or a pattern of frames.
    ``options``: ``OptimizeOptions`` paint each frame by optimisation, with a temporal loss (Ruder et al.
    2016), ``FastOptions`` by a feed-forward network whose paintings are blended; None: those of the
    ``preset``, or else of the fast network. ``film``: the options of films. ``changes`` override fields of
    both: ``video(clip, "starry-night", "out.mp4", strength=0.8, keep=0.5)``. ``painter``: a fast network
    with these styles, loaded already, for painting in this process.

    ``workers``, ``ray``, ``policy``: as for ``batch``. One worker paints the film from beginning to end. For
    several, or with ``longest``, cuts are detected first and each shot is painted independently of the
    others; with ``keyframes`` always, in parts that end at these. A shot of more than ``longest`` frames
    (default: 240 fast, 96 optimised) is divided into parts that overlap and fade into each other. All
    machines must see the clip and the output's folder under the same paths. ``tell`` is called at once with
    lines about workers, retries and a film that starts over, ``on_progress`` with a ``Progress`` after each
    frame.

    Finished segments are stored in ``.impasto/`` beside the output. After an interruption, the same call,
    with any number of workers, continues after them, with the same parts and the same frames as an
    uninterrupted run. With other options it starts over; what was painted, unless as pictures, is kept
    until the new film is finished, and the earlier options continue it. Frames in memory are read to
    their end first and stored there too, without loss, for as long as the call lasts; if the same
    frames are given again, the film continues. Once ``cancel`` returns True, painting stops; finished
    segments stay. ``dry_run``: check everything, paint and write nothing, and return the film that
    would be made, as cancelled; its frames are 0 where they are not known before.

    Raises InputError (and its subclasses) for unusable arguments, before any work, for damaged frames if
    these are refused, and for parts that workers failed to paint; OutputError if the output cannot be
    written; MissingExtraError without PyAV.
    """
    began, stop = time.monotonic(), cancel or (lambda: False)
    check_workers(workers)
    alone = workers == 1 and ray is None
    if painter is not None and not alone:
        raise OptionError("a painter paints in this process; expected options for workers")
    names = style_names(styles)
    if not names and keyframes is None:
        raise InputError("expected at least one style, or keyframes; got none")
    film = taken(film or FilmOptions(), changes)
    if keyframes is not None:
        _check_keyframes_alone(names, options or preset or painter or longest, changes)
    chosen = paint_options(options, preset, changes)
    if names:
        names, weights = read_blend(names, chosen.style_weights)
        chosen = chosen.replace(style_weights=weights)
    references = tuple(map(Reference, names))
    job = Job(Reference(), references, os.fsdecode(output), chosen, folder=str(Path.cwd()))
    check_longest(longest or LONGEST[job.engine])
    if isinstance(source, (str, os.PathLike)):
        if fps is not None:
            raise OptionError("fps is for frames in memory; a video has its own, a folder of pictures rate")
        opened: contextlib.AbstractContextManager[PathLike | None] = contextlib.nullcontext(source)
    else:
        check_frames(source)
        if film.rate != FilmOptions().rate:
            raise OptionError("rate is for folders of pictures; expected fps for frames in memory")
        opened = stored_frames(source, check_rate(fps), Path(output), film, stop)
    if keyframes is None:
        job, painter = on_device(job, painter, away=ray is not None)
    with opened as clip:
        if clip is None:
            own = Path(output), engine_of(job)
            return Film(*own, "", 0, 0, 0, 0, time.monotonic() - began, (), (), cancelled=True)
        return _paint(
            replace(job, content=Reference(os.fsdecode(clip))),
            painter,
            film=film,
            keyframes=keyframes,
            workers=workers,
            ray=ray,
            longest=longest,
            policy=policy,
            on_progress=on_progress,
            say=tell or (lambda _: None),
            stop=stop,
            dry_run=dry_run,
            began=began,
        )


def _paint(
    job: Job,
    painter: FastPainter | None,
    *,
    film: FilmOptions,
    keyframes: Keyframes | None,
    workers: int | Literal["auto"],
    ray: str | None,
    longest: int | None,
    policy: Policy | None,
    on_progress: ProgressCallback | None,
    say: Callable[[str], None],
    stop: Cancel,
    dry_run: bool,
    began: float,
) -> Film:
    """Paint the clip in ``job``; see ``video``."""
    alone = workers == 1 and ray is None
    meter = FilmMeter(on_progress, say)
    painting = PartPainter(job, film, painter=painter, on_iteration=meter.iteration, cancel=stop)
    target = painting.output
    target.check(Path(job.content.place), make_folder=not dry_run)
    told: list[str] = []
    paintings = [] if keyframes is None else read_keyframes(keyframes, target, told)
    folder = FilmFolder.of(target.path)
    described = describe(job, film, painting.describe()) | {"longest": longest}
    if paintings:
        described["keyframes"] = describe_keyframes(paintings)
    if dry_run:
        _, plan, note = folder.find(described)
        begun = (
            ["an unfinished painting of it would be continued"]
            if plan is not None
            else [note]
            if note
            else []
        )
        return _film(job, target, frames=target.info.frames or 0, began=began, notes=(*told, *begun))
    with folder.alone(), folder.without_beginnings():
        plan, note = folder.begin(described, keep=not target.is_frames)
        if note:
            say(note)
        if plan is not None and plan.job != job:  # the film's folder was moved; workers need the new paths
            plan = replace(plan, job=job)
            files.replace(folder.plan, plan.to_json())
        if plan is None:
            plan = FilmPlan(job, film, described)
            if paintings:
                plan = divide_at_keyframes(plan, paintings, folder.path, stop)
            elif not alone or longest is not None:
                plan = divide(plan, longest or LONGEST[job.engine], stop)
            if plan.parts:
                files.replace(folder.plan, plan.to_json())
        elif not alone and not plan.ticks:
            say("this film was started with one worker; continue it with --workers 1")
        parts = folder.parts(plan, target)
        meter.begin(len(plan.ticks) or target.info.frames, parts)
        start_workers = (
            None if alone or not parts else find_part_workers(plan, folder.plan, workers, ray, say)
        )
        if start_workers is None:
            whole = all(painting.paint(plan, kept, partial(meter.frame, kept.part), stop) for kept in parts)
        else:
            whole = paint_by_workers(start_workers, plan, parts, policy, meter.take, stop)
        whole = whole and bool(parts)
        done = assemble(plan, target, parts) if whole else AssembledFilm(meter.painted, plan.cuts, [])
    if whole:
        folder.remove()
    notes = (*([note] if note else []), *told, *done.notes)
    return _film(job, target, done.frames, began, notes, meter.resumed, done.cuts, cancelled=not whole)


def style_names(styles: PathLike | Sequence[PathLike] | None) -> tuple[str, ...]:
    """Return the names or paths of styles given one by one or several at once."""
    given = [styles] if isinstance(styles, (str, os.PathLike)) else styles or ()
    return tuple(os.fsdecode(name) for name in given)


def paint_options(
    options: PaintOptions | None, preset: str | None, changes: Mapping[str, Any]
) -> PaintOptions:
    """Return ``options``, or else those of the ``preset`` or of the fast network, with ``changes``."""
    if options is not None and preset is not None:
        raise OptionError(f"options and preset {preset!r} both say how to paint; expected only one of them")
    chosen = options or (FastOptions() if preset is None else find_preset(preset).options)
    return chosen.replace(**changes)


def _film(
    job: Job,
    target: FilmOutput,
    frames: int,
    began: float,
    notes: Sequence[str],
    resumed: int = 0,
    cuts: tuple[int, ...] = (),
    *,
    cancelled: bool = True,
) -> Film:
    """Return the description of a film."""
    return Film(
        path=target.path,
        engine=engine_of(job),
        device=job.options.device if engine_of(job) == "fast" else "",
        width=target.info.width,
        height=target.info.height,
        frames=frames,
        resumed=resumed,
        seconds=time.monotonic() - began,
        cuts=cuts,
        notes=tuple(dict.fromkeys([*target.info.remarks, *notes])),
        cancelled=cancelled,
    )


def _check_keyframes_alone(styles: Sequence[str], paints: object, changes: Mapping[str, Any]) -> None:
    """Raise OptionError for arguments that have no effect when keyframes are carried."""
    if styles:
        raise OptionError(f"style {styles[0]} and keyframes both say how to paint; expected only one of them")
    if paints is not None:
        raise OptionError("painting options do not work with keyframes, which are already painted")
    if changes:
        raise OptionError(f"{sorted(changes)[0]} does not work with keyframes, which are already painted")


def on_device(job: Job, painter: FastPainter | None, *, away: bool) -> tuple[Job, FastPainter | None]:
    """Return ``job`` with its device chosen, and the fast network, if that paints.

    ``away``: other machines paint, with devices of their own.
    """
    options = job.options
    if not isinstance(options, FastOptions):
        return job, None
    check_device(options.device)
    from impasto.painters.fast import FastPainter

    near = options.replace(device="cpu") if away else options
    painter = painter or FastPainter(replace(job, options=near))
    if not away or options.device == "auto":
        options = options.replace(device=painter.device)
    return replace(job, options=options), painter
