"""A film in parts, from beginning to end: looked through, shared out, painted, put together."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import psutil

from impasto.clips import Clip
from impasto.clips.codecs import Target
from impasto.clips.joining import Segment, join
from impasto.clips.segments import Store, folder_of, parts_of
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.files import local as files
from impasto.inference import load_gallery
from impasto.inference.sessions import check_device
from impasto.jobs import Job, Reference
from impasto.jobs.batch import Batch, run, run_with
from impasto.jobs.executors.choice import Wish, find_workers
from impasto.jobs.schedule import Policy
from impasto.jobs.work import WorkerPainter
from impasto.optimize.options import OptimizeOptions
from impasto.pipelines.video import Engine, Film, FilmOptions, FilmProgress, choose_engine
from impasto.pipelines.video.parts.division import Part, split
from impasto.pipelines.video.parts.painting import (
    PartPainter,
    find_painter,
    last_ticks,
    name_of,
    segment_writer,
    shared,
    write_picture,
)
from impasto.pipelines.video.parts.plans import FADE, LEAD, LONGEST, Plan, look_through
from impasto.pipelines.video.parts.seams import faded
from impasto.pipelines.video.parts.watching import Watch
from impasto.pipelines.video.places import (
    PathLike,
    asked,
    check_encoders,
    check_place,
    describe,
    left_over,
    sound_of,
)

EACH = 1.5e9
"""Bytes that a worker is taken to need."""


def film_in_parts(
    source: PathLike,
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    engine: Engine | None = None,
    preset: str = "default",
    options: OptimizeOptions | None = None,
    film_options: FilmOptions | None = None,
    model: PathLike | None = None,
    workers: int | Literal["auto"] = "auto",
    ray: str | None = None,
    longest: int | None = None,
    policy: Policy | None = None,
    on_progress: Callable[[FilmProgress], None] | None = None,
    tell: Callable[[str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    **changes: Any,
) -> Film:
    """As ``films.film``, by several ``workers`` at once, on this machine or on a Ray cluster.

    The clip is looked through for cuts, and its shots are painted each by itself: what a shot's frames
    look like does not depend on another's. One of more than ``longest`` frames is divided (240 fast, 96
    optimised, unless another number is given); the parts overlap, and fade into each other. ``model``: the
    file of another fast network than the shipped one. ``workers``,
    ``ray``, ``policy``: as for ``works.batch``; all machines must see the clip and the output's folder
    under the same names. ``tell`` gets lines about the cluster, and about what is tried again.

    Finished segments of every part are kept in ``.impasto/`` beside the output; called again with the same
    arguments, with any number of workers, it makes what is missing. Raises what ``films.film`` and
    ``works.batch`` raise, and InputError for the first part that could not be painted.
    """
    began = time.monotonic()
    wanted, stop = film_options or FilmOptions(), cancel or (lambda: False)
    given, chosen = asked(styles, preset, options, changes)
    near = chosen.device if ray is None else "cpu"  # on Ray it is the workers that have it, or not
    own = None if model is None else load_gallery(model, device=near)
    by, gallery = choose_engine(engine, given, own, near)
    if gallery is not None:
        check_device(chosen.device)
        chosen = chosen.replace(
            device=gallery.device if ray is None or chosen.device == "auto" else chosen.device
        )
    most = longest or LONGEST[by]
    split(1, [], longest=most, lead=0, fade=FADE)  # refuses what is too short
    network = None if model is None else str(Path(model).absolute())
    begun = Plan(Path(source), Path(output), given, by, chosen, wanted, network)
    clip, target = begun.opened()
    check_place(begun.source, target)
    check_encoders(clip, target, wanted)
    here = begun if ray is None or by != "fast" else replace(begun, options=chosen.replace(device="cpu"))
    painter = find_painter(here, clip)[0]
    described = describe(begun.source, given, chosen, wanted, by, painter.describe(), target)
    folder = parts_of(target.path)
    store = Store(folder_of(target.path), "")
    with store.alone():  # before anything of an earlier run is swept away
        plan, note = _planned(begun, folder, described, most, stop)
        watch = Watch(plan, target, folder, on_progress, tell or (lambda _: None))
        batch: Batch | None = None
        if plan.parts:
            batch = _painted(plan, folder, workers, ray, policy, watch, stop)
        whole = batch is not None and not batch.cancelled
        notes = [note] if note else []
        if batch is not None and whole:
            notes += _finished(batch, plan, clip, target, folder)
    if whole:
        store.clear()
    return Film(
        path=target.path,
        engine=by,
        width=clip.info.width,
        height=clip.info.height,
        frames=watch.painted,
        resumed=watch.resumed,
        seconds=time.monotonic() - began,
        cuts=plan.cuts,
        notes=tuple(dict.fromkeys(notes)),
        cancelled=not whole,
    )


def _planned(
    begun: Plan, folder: Path, described: dict[str, Any], longest: int, stop: Callable[[], bool]
) -> tuple[Plan, str]:
    """The plan of an earlier run of the same film in ``folder``, or a new one, and why it is new where there
    was another; ``begun`` as it is when told to stop."""
    described = json.loads(json.dumps(described | {"longest": longest, "fade": FADE}))
    about, place, note = folder / "film.json", folder / "plan.json", ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder}: {error.strerror or error}") from error
    if about.exists():
        earlier = json.loads(about.read_bytes())
        if earlier == described and place.exists():
            return Plan.read(place), ""
        other = next((name for name in described if earlier.get(name) != described[name]), "")
        note = f"begun anew: its {other} was another" if other else ""
    shutil.rmtree(folder)
    folder.mkdir(parents=True)
    found = look_through(begun.source, begun.wanted, stop)
    if found is None:
        return begun, note
    ticks, cuts = found
    parts = split(len(ticks), cuts, longest=longest, lead=LEAD[begun.engine], fade=FADE)
    plan = replace(begun, ticks=tuple(ticks), cuts=tuple(cuts), parts=tuple(parts))
    plan.write(place)
    files.replace(about, json.dumps(described).encode())
    return plan, note


def _painted(
    plan: Plan,
    folder: Path,
    workers: int | str,
    ray: str | None,
    policy: Policy | None,
    watch: Watch,
    stop: Callable[[], bool],
) -> Batch:
    """Perform the parts, as a batch of jobs in ``folder``."""
    # A pattern of names is no file; its folder stands for it.
    content = plan.source if plan.source.exists() else plan.source.parent
    jobs = [
        Job(
            Reference(str(content.absolute())),
            tuple(map(Reference, plan.styles)),
            str(folder / name_of(part)),
            plan.options,
        )
        for part in plan.parts
    ]
    free = float(psutil.virtual_memory().available)
    wish = Wish(workers, ray, len(jobs), plan.options.device, each=EACH, memory=free, folder=str(folder))
    at = str(folder / "plan.json")
    hire = find_workers(
        wish,
        lambda among: WorkerPainter(
            "impasto.pipelines.video.parts.painting:make_part_painter", {"plan": at, "among": among}
        ),
        watch.say,
    )
    if hire is None:
        paint = PartPainter(plan)
        return run(jobs, folder, paint, policy=policy, on_progress=watch, cancel=stop)
    return run_with(hire, jobs, folder, policy=policy, on_progress=watch, cancel=stop)


def _finished(batch: Batch, plan: Plan, clip: Clip, target: Target, folder: Path) -> list[str]:
    """The film put together. Raises InputError where some could not be painted."""
    if batch.failed:
        first = batch.failed[0]
        raise InputError(
            f"{len(batch.failed)} of {len(batch.records)} parts of the film could not be painted; "
            f"{Path(first.output).stem}: {first.error}"
        )
    return _put_together(plan, clip, target, folder)


def _put_together(plan: Plan, clip: Clip, target: Target, folder: Path) -> list[str]:
    """The parts as one film, with its sound; what there is to say of it."""
    info, notes = clip.info, []
    segments: list[Segment] = []
    for part in plan.parts:
        path = folder / name_of(part)
        said, rows = _left(path)
        notes += said
        segments += _seam(plan, clip, target, part, path)
        place = part.first + part.head
        for name, count in rows:
            segments.append(Segment(folder / name, plan.ticks[place : place + count]))
            place += count
    if target.kind == "frames":
        if info.audio and plan.wanted.sound:
            notes.append("frames have no sound; it was left out")
        return notes + left_over(target, len(plan.ticks))
    return notes + join(segments, target, info.time_base, last_ticks(info), sound_of(clip, plan.wanted))


def _seam(plan: Plan, clip: Clip, target: Target, part: Part, path: Path) -> Iterator[Segment]:
    """The frames that ``part`` shares with the one before, if any."""
    if not part.head:
        return
    before = path.with_name(f"{part.number - 1:05d}.json")
    numbers = range(part.first, part.first + part.head)
    tail = [shared(before, "tail", number) for number in numbers]
    head = [shared(path, "head", number) for number in numbers]
    paintings = zip(numbers, faded(tail, head), strict=True)
    if target.kind == "frames":
        for number, pixels in paintings:
            write_picture(target, number, pixels)
        return
    place = path.with_suffix(f".seam{target.segment_suffix}")
    writer = segment_writer(place, target, clip.info)
    for number, pixels in paintings:
        writer.write(pixels, plan.ticks[number])
    writer.close(last_ticks(clip.info))
    yield Segment(place, tuple(plan.ticks[number] for number in numbers))


def _left(path: Path) -> tuple[list[str], list[tuple[str, int]]]:
    """What a worker has left to be said of its part, and the part's segments: files, and how many frames."""
    try:
        found = json.loads(path.read_bytes())
        return list(found["notes"]), [(str(name), int(count)) for name, count in found["segments"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImpastoError(f"cannot read {path}, which a worker should have left: {error}") from error
