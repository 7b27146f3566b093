"""Painting of all pairs of photographs and styles, by one process or many workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from impasto.errors import InputError, OptionError
from impasto.files import places
from impasto.imaging.inputs import kind_of
from impasto.imaging.read_options import READING, ReadOptions
from impasto.jobs import Job, PaintOptions, Reference
from impasto.jobs.batch import Batch, plan_batch, run, run_with
from impasto.jobs.events import BatchCallback
from impasto.jobs.executors.choice import WorkerRequest, choose_executor
from impasto.jobs.identity import fetch_inputs
from impasto.jobs.inputs import INPUTS
from impasto.jobs.manifest import manifest, records
from impasto.jobs.output_names import PAIRED
from impasto.jobs.outputs import SAVED
from impasto.jobs.pairs import known_styles, location, pairs, photographs
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Perform, WorkerPainter
from impasto.optimize.budget import budget, share_among
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.painters import Painter, make_painter
from impasto.parameters import checked, taken
from impasto.pipelines.photo import paint_job
from impasto.pipelines.result import Result
from impasto.progress import Cancel, ProgressCallback

PathLike = str | os.PathLike[str]


@checked
def batch(
    contents: PathLike | Sequence[PathLike],
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    preset: str = "default",
    options: PaintOptions | None = None,
    suffix: str = ".png",
    recursive: bool = False,
    checkpoint_every: float = INTERVAL,
    reading: ReadOptions = READING,
    workers: int | Literal["auto"] = 1,
    ray: str | None = None,
    policy: Policy | None = None,
    on_progress: ProgressCallback | None = None,
    on_event: BatchCallback | None = None,
    on_cluster: Callable[[str], None] | None = None,
    cancel: Cancel | None = None,
    output_template: str = PAIRED,
    dry_run: bool = False,
    **changes: Any,
) -> Batch:
    """Paint every photograph of ``contents`` in every style of ``styles``, into the folder ``output``.

    ``contents``: files, and folders of them (``recursive``: with their subfolders). ``styles``: as for
    ``stylize``, by name or path; a folder is one style, and styles with a weight, such as ``"great-wave:2"``,
    are blended into one. Results are named CONTENT-STYLE with ``suffix``, with more of the path if two names
    would be equal; ``output_template``: another template, with the fields {name}, {style} and {size}.
    ``dry_run``: paint and write nothing, and return what would be painted as ``Batch.planned``. Options are
    as for ``stylize``: ``preset`` or ``options``, and ``changes``, which also takes ``Inputs``, as paths that
    apply to every painting, and ``SaveOptions``, such as ``quality``; ``reading``: how pictures are read.
    Files and folders may be addresses for fsspec, such as s3://bucket/photos.

    The folder's ``manifest.jsonl`` has a line for each painting. When run again, ``batch`` paints what is
    missing, failed, or was painted with other options or files, and resumes unfinished paintings, which are
    saved every ``checkpoint_every`` seconds. A painting that fails for a temporary reason is retried
    according to ``policy``; failures do not stop the others: see ``Batch.failed``. Once ``cancel`` returns
    True, the batch stops after the current iteration; no unfinished picture is written.

    ``options``: ``FastOptions`` paint with a fast network, in one pass each; on Ray, its device "auto" is
    the processor.

    ``workers``: 1 paints in this process; a larger number in that many processes, which share cores and
    graphics processors; "auto" in as many as cores, devices and memory allow. A worker that dies is replaced.
    ``ray``: paint on the Ray cluster at this address, or "local" for a new one; "auto" then uses as many
    workers as it has room for. ``on_progress`` is called with the progress of the batch, whose parts are the
    paintings in progress; ``on_event`` with each change of a job; ``on_cluster`` with a line about the
    cluster.

    Raises InputError (and its subclasses) for unusable arguments, before any work, OutputError if the
    folder is not writable, WeightsMissingError without the encoder's weights, and ImpastoError if no worker
    can be started.
    """
    if options is not None and preset != "default":
        raise OptionError(f"expected options or a preset, not both; got options and preset {preset!r}")
    reading = taken(reading, changes)
    given = {name: changes.pop(name) for name in (*INPUTS, *SAVED) if name in changes}
    chosen = (options or find_preset(preset).options).replace(**changes)
    wanted = known_styles(_several(styles))
    # On a cluster, other machines have the devices.
    here = chosen if ray is None else chosen.replace(device="cpu")
    painter = make_painter(Job(Reference(), (), options=here, reading=reading))
    for style in (name for blend in wanted for name in blend.styles):
        painter.check_style(style)
    if chosen.device == "auto":
        chosen = chosen.replace(device=painter.device)
    folder = places.plain(os.fsdecode(output))
    if not dry_run:
        places.make_folder(folder)
    results = {location(places.join(folder, name)) for name in records(manifest(folder))}
    photos, left_out = photographs(_several(contents), results, recursive=recursive)
    given |= {"template": output_template, "is_new": dry_run and not _is_there(folder)}
    jobs = pairs(photos, wanted, folder, chosen, suffix=suffix, reading=reading, **given)
    if dry_run:
        planned = tuple(plan_batch(jobs, folder, network=painter.network))
        return Batch((), sum(why is None for _, why in planned), left_out=tuple(left_out), planned=planned)
    needed, free = painter.memory(), budget(OptimizeOptions())
    request = WorkerRequest(workers, ray, len(jobs), chosen.device, needed, free, folder)

    def on_worker(among: int) -> WorkerPainter:
        settings = {"checkpoint_every": checkpoint_every, "among": among}
        return WorkerPainter("impasto.pipelines.batch:make_performer", settings)

    start_workers = choose_executor(request, on_worker, on_cluster or (lambda _: None))
    more: dict[str, Any] = {"network": painter.network, "policy": policy, "on_progress": on_progress}
    more["on_event"] = on_event
    if start_workers is None:
        perform = Performer(checkpoint_every, painter)
        found = run(jobs, folder, perform, cancel=cancel, **more)
    else:
        found = run_with(start_workers, jobs, folder, cancel=cancel, **more)
    return replace(found, left_out=tuple(left_out))


def _is_there(folder: str) -> bool:
    return places.is_address(folder) or Path(folder).exists()


class Performer:
    """A performer of a batch's jobs, which reuses the network of the previous one where possible."""

    def __init__(self, checkpoint_every: float, painter: Painter | None = None) -> None:
        self._every, self._painter = checkpoint_every, painter

    def warm_up(self) -> None:
        """Load the network of a painting without options."""
        self._painter = make_painter(Job(Reference(), ()))

    def __call__(self, job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Cancel) -> Result:
        """Perform ``job``; see ``jobs.work.Perform``."""
        self._painter = make_painter(fetch_inputs(job), like=self._painter)
        return paint_job(
            job,
            painter=self._painter,
            checkpoint=checkpoint,
            checkpoint_every=self._every,
            on_progress=on_progress,
            cancel=cancel,
        )


def make_performer(checkpoint_every: float, among: int) -> Perform:
    """Return the performer of a batch's jobs in a worker process.

    ``among``: the number of workers that share the free memory, unless the options limit it.
    """
    share_among(among)
    return Performer(checkpoint_every)


def _several(given: PathLike | Sequence[PathLike]) -> list[str]:
    names = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    for name in names:
        if not isinstance(name, (str, os.PathLike)):
            raise InputError(f"expected a path or a name; got {kind_of(name)}")
    return [places.plain(os.fsdecode(name)) for name in names]
