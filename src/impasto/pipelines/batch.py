"""All pairs of photographs and styles painted, by one process or many workers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from impasto import imaging
from impasto.errors import OptionError
from impasto.files import places
from impasto.jobs import Job, PaintOptions, Reference
from impasto.jobs.batch import Batch, BatchCallback, run, run_with
from impasto.jobs.executors.choice import WorkerRequest, choose_executor
from impasto.jobs.identity import fetched
from impasto.jobs.manifest import manifest, records
from impasto.jobs.pairs import known_styles, pairs, photographs, whereabouts
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Perform, WorkerPainter
from impasto.optimize import memory
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.painters import Painter, make_painter
from impasto.pipelines.photo import Result, paint_job
from impasto.progress import Cancel, ProgressCallback

PathLike = str | os.PathLike[str]


def batch(
    contents: PathLike | Sequence[PathLike],
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    preset: str = "default",
    options: PaintOptions | None = None,
    suffix: str = ".png",
    quality: int = 95,
    checkpoint_every: float = INTERVAL,
    max_pixels: int = imaging.MAX_PIXELS,
    workers: int | Literal["auto"] = 1,
    ray: str | None = None,
    policy: Policy | None = None,
    on_progress: BatchCallback | None = None,
    on_cluster: Callable[[str], None] | None = None,
    cancel: Cancel | None = None,
    **changes: Any,
) -> Batch:
    """Paint every photograph of ``contents`` in every style of ``styles``, into the folder ``output``.

    ``contents``: files, and folders of them. ``styles``: as for ``stylize``, by name or path; a folder is
    one style. Results are called CONTENT-STYLE with ``suffix``, and longer where two would be called
    alike. Parameters are as for ``stylize``: ``preset``, or ``options``, and ``changes``. Files and
    folders may be addresses that fsspec knows, such as s3://bucket/photos.

    The folder's ``manifest.jsonl`` has a line for each painting. Called again, ``batch`` makes what is
    missing, failed, or was made with other parameters or other files, and goes on with the paintings that
    were cut short, from their state ``checkpoint_every`` seconds before at most. A painting that fails
    for a reason that may pass is tried again as ``policy`` says; it does not stop the others: see
    ``Batch.failed``. ``cancel``, once it returns True, stops between two iterations; nothing half painted
    is written.

    ``options``: ``FastOptions`` paint with a fast network, in one pass each; styles are then the names that
    it knows, and on Ray the device auto is the processor.

    ``workers``: 1 paints in this process; more, in as many processes, which share its cores and graphics
    processors; "auto", in as many as these and the memory make sensible. A worker that dies is replaced.
    ``ray``: paint with workers on a Ray cluster, at this address, or "local" for one of its own; "auto" is
    as many as it has room for now. ``on_cluster`` is told a line about the cluster.

    Raises InputError (and its kin) for arguments that cannot be used, before any work, OutputError when
    the folder cannot be written to, WeightsMissingError when the encoder's weights are not here, and
    ImpastoError when no worker can be started.
    """
    if options is not None and preset != "default":
        raise OptionError(f"options and preset {preset!r} both say how to paint; expected one of them")
    chosen = (options or find_preset(preset).options).replace(**changes)
    wanted = known_styles(_several(styles))
    # Away from here it is other machines that have graphics processors, or not.
    here = chosen if ray is None else chosen.replace(device="cpu")
    near = Job(Reference(), (), options=here)
    painter = make_painter(near, threads=_threads(), max_pixels=max_pixels)
    for style in wanted:
        painter.check_style(style)
    if chosen.device == "auto":
        chosen = chosen.replace(device=painter.device)
    folder = places.plain(os.fspath(output))
    places.make_folder(folder)
    results = {whereabouts(places.join(folder, name)) for name in records(manifest(folder))}
    photos, left_out = photographs(_several(contents), results)
    jobs = pairs(photos, wanted, folder, chosen, suffix=suffix, quality=quality)
    needed, free = painter.memory(), memory.budget(OptimizeOptions())
    request = WorkerRequest(workers, ray, len(jobs), chosen.device, needed, free, folder)

    def on_worker(among: int) -> WorkerPainter:
        settings = {"checkpoint_every": checkpoint_every, "max_pixels": max_pixels, "among": among}
        return WorkerPainter("impasto.pipelines.batch:make_performer", settings)

    start_workers = choose_executor(request, on_worker, on_cluster or (lambda _: None))
    more: dict[str, Any] = {"network": painter.network, "policy": policy, "on_progress": on_progress}
    if start_workers is None:
        perform = Performer(checkpoint_every, max_pixels, painter)
        found = run(jobs, folder, perform, cancel=cancel, **more)
    else:
        found = run_with(start_workers, jobs, folder, cancel=cancel, **more)
    return replace(found, left_out=tuple(left_out))


class Performer:
    """Paints the jobs of a batch one after the other; a network is loaded once for all that have the same."""

    def __init__(self, checkpoint_every: float, max_pixels: int, painter: Painter | None = None) -> None:
        self._every, self._max_pixels = checkpoint_every, max_pixels
        self._painter = painter

    def __call__(self, job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Cancel) -> Result:
        """Perform ``job``; see ``jobs.work.Perform``."""
        self._painter = make_painter(
            fetched(job), like=self._painter, threads=_threads(), max_pixels=self._max_pixels
        )
        return paint_job(
            job,
            painter=self._painter,
            checkpoint=checkpoint,
            checkpoint_every=self._every,
            max_pixels=self._max_pixels,
            on_progress=on_progress,
            cancel=cancel,
        )


def make_performer(checkpoint_every: float, max_pixels: int, among: int) -> Perform:
    """Return what paints the jobs of a batch in a worker process of its own.

    ``among``: how many workers share the free memory, where the options do not say what one may take.
    """
    memory.SHARE /= among
    return Performer(checkpoint_every, max_pixels)


def _threads() -> int | None:
    """How many threads this worker may use; None for as many as there are."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _several(given: PathLike | Sequence[PathLike]) -> list[str]:
    names = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    return [places.plain(os.fspath(name)) for name in names]
