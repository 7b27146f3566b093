"""A film from beginning to end: opened, planned, painted part by part, put together, with its sound."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from impasto import files
from impasto.errors import InputError, OptionError
from impasto.inference.sessions import check_device
from impasto.jobs.machine import check_workers
from impasto.jobs.schedule import Policy
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.pipelines.video.assembly import Assembled, assemble
from impasto.pipelines.video.engine import choose_engine
from impasto.pipelines.video.folder import FilmFolder
from impasto.pipelines.video.options import Engine, Film, FilmOptions, FilmProgress
from impasto.pipelines.video.parts import PartPainter
from impasto.pipelines.video.plan import LONGEST, FilmJob, FilmPlan, check_longest, divide
from impasto.pipelines.video.progress import FilmMeter
from impasto.pipelines.video.workers import find_part_workers, paint_by_workers

if TYPE_CHECKING:
    from impasto.inference import Gallery

PathLike = str | os.PathLike[str]


def video(
    source: PathLike,
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    engine: Engine | None = None,
    preset: str = "default",
    options: OptimizeOptions | None = None,
    film_options: FilmOptions | None = None,
    model: PathLike | None = None,
    gallery: Gallery | None = None,
    workers: int | Literal["auto"] = 1,
    ray: str | None = None,
    longest: int | None = None,
    policy: Policy | None = None,
    on_progress: Callable[[FilmProgress], None] | None = None,
    tell: Callable[[str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    **changes: Any,
) -> Film:
    """Paint the clip ``source`` in the manner of ``styles`` and write it to ``output``.

    ``source``: a video, a folder of pictures, or a pattern of their names. ``styles``: as for ``stylize``.
    ``output``: a video (.mp4, .m4v, .mov, .mkv, .webm), a .gif, a folder or a pattern of frames.
    ``engine``: "optimize" paints each frame by optimisation, held to those before it (Ruder et al.
    2016); "fast" by a feed-forward network whose paintings are laid over each other; None: fast where the
    fast networks are installed and know all styles. ``preset``, ``options`` and ``changes`` say how to
    optimise, as for ``stylize``; the ``device`` among them is the fast networks' too. ``model``: the file
    of another fast network than the shipped one; ``gallery``: one that is loaded already, for painting in
    this process.

    ``workers``, ``ray``, ``policy``: as for ``batch``. One worker paints the film from its beginning to its
    end. For several, and where ``longest`` is given, the clip is looked through for cuts, and its shots are
    painted each by itself: what a shot's frames look like does not depend on another's. One of more than
    ``longest`` frames is divided (240 fast, 96 optimised, unless another number is given); the parts
    overlap, and fade into each other. All machines must see the clip and the output's folder under the same
    names. ``tell`` gets lines about the workers, and about what is tried again.

    Finished segments are kept in ``.impasto/`` beside the output. Called again after it was killed, with the
    same arguments and any number of workers, it goes on after them, in the parts it was begun in, and its
    frames are those of an uninterrupted run. ``cancel``, once it returns True, stops it; finished segments
    stay.

    Raises InputError (and its kin) for what cannot be used, before any work, for damage that is to be
    refused, and for parts that workers could not paint; OutputError where the output cannot be written;
    MissingExtraError without PyAV.
    """
    began, stop, say = time.monotonic(), cancel or (lambda: False), tell or (lambda _: None)
    check_workers(workers)
    alone = workers == 1 and ray is None
    if gallery is not None and not alone:
        raise OptionError(
            "a gallery paints in this process; expected model, the file of a network, for workers"
        )
    chosen = (options or find_preset(preset).options).replace(**changes)
    near = chosen.device if ray is None else "cpu"  # on Ray it is the workers that have it, or not
    names = tuple(
        os.fspath(name) for name in ([styles] if isinstance(styles, (str, os.PathLike)) else styles)
    )
    if not names:
        raise InputError("expected at least one style; got none")
    by, found = choose_engine(engine, names, near, model=model, gallery=gallery)
    if found is not None and (ray is None or chosen.device == "auto"):
        chosen = chosen.replace(device=found.device)
    elif found is not None:
        check_device(chosen.device)
    file = None if model is None else str(Path(model).absolute())
    job = FilmJob(Path(source), Path(output), names, by, chosen, film_options or FilmOptions(), file)
    most = longest or LONGEST[by]
    check_longest(most)
    meter = FilmMeter(on_progress, say)
    here = replace(job, options=chosen.replace(device=near)) if found is not None else job
    painter = PartPainter(here, gallery=found, on_iteration=meter.iteration, cancel=stop)
    target = painter.output
    target.check(job.source)
    folder = FilmFolder.of(target.path)
    with folder.alone():
        described = job.describe(painter.coherence.painter.describe()) | {"longest": longest}
        plan, note = folder.begin(described)
        if plan is None:
            plan = FilmPlan(job, described)
            if not alone or longest is not None:
                plan = divide(plan, most, stop)
            if plan.parts:
                files.replace(folder.plan, plan.to_json())
        elif not alone and not plan.ticks:
            say("this film was begun in one part, by one worker; it goes on so")
        parts = folder.parts(plan, target)
        meter.begin(len(plan.ticks) or target.info.frames, parts)
        hire = None if alone or not parts else find_part_workers(plan, folder.plan, workers, ray, say)
        if hire is None:
            whole = all(painter.paint(plan, kept, partial(meter.frame, kept.part), stop) for kept in parts)
        else:
            whole = paint_by_workers(hire, plan, parts, policy, meter.news, stop)
        whole = whole and bool(parts)
        done = assemble(plan, target, parts) if whole else Assembled(meter.painted, plan.cuts, [])
    if whole:
        folder.remove()
    return Film(
        path=target.path,
        engine=by,
        device=chosen.device if by == "fast" else "",
        width=target.info.width,
        height=target.info.height,
        frames=done.frames,
        resumed=meter.resumed,
        seconds=time.monotonic() - began,
        cuts=done.cuts,
        notes=tuple(dict.fromkeys([*([note] if note else []), *done.notes])),
        cancelled=not whole,
    )
