"""Jobs performed: one, or all pairs of photographs and styles."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from impasto import api, imaging
from impasto.encoders import FeatureExtractor
from impasto.errors import OutputError
from impasto.jobs import Job, machine, places
from impasto.jobs.batch import Batch, BatchCallback, run, run_with
from impasto.jobs.inputs import fetched
from impasto.jobs.ledger import ledger
from impasto.jobs.pairs import known_styles, pairs, photographs, whereabouts
from impasto.jobs.pool import Crew
from impasto.jobs.processes import Processes
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Cancel, Painter, Perform
from impasto.optimize import memory
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import Options
from impasto.optimize.presets import preset as find_preset
from impasto.progress import ProgressCallback
from impasto.sources import Loaded, load_network

PathLike = str | os.PathLike[str]


def perform(
    job: Job,
    *,
    checkpoint: PathLike | None = None,
    checkpoint_every: float = INTERVAL,
    encoder: FeatureExtractor | None = None,
    max_pixels: int = imaging.MAX_PIXELS,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> api.Result:
    """Paint ``job`` and write its output, unless cut short; goes on from ``checkpoint`` where it exists.

    ``encoder``: the network that ``job.options`` name, if it is loaded already. The other arguments and
    the errors are those of ``stylize``.
    """
    return api.stylize(
        job.content,
        list(job.styles),
        options=job.options,
        content_masks=job.content_masks,
        style_masks=job.style_masks,
        protect=job.protect,
        strokes=job.strokes,
        encoder=None if encoder is None else Loaded(encoder),
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=True,
        output=job.output or None,
        quality=job.quality,
        max_pixels=max_pixels,
        on_progress=on_progress,
        cancel=cancel,
    )


def batch(
    contents: PathLike | Sequence[PathLike],
    styles: PathLike | Sequence[PathLike],
    output: PathLike,
    *,
    preset: str = "default",
    options: Options | None = None,
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

    ``workers``: 1 paints in this process; more, in as many processes, which share its cores and graphics
    processors; "auto", in as many as these and the memory make sensible. A worker that dies is replaced.
    ``ray``: paint with workers on a Ray cluster, at this address, or "local" for one of its own; "auto" is
    as many as it has room for now. ``on_cluster`` is told a line about the cluster.

    Raises InputError (and its kin) for arguments that cannot be used, before any work, OutputError when
    the folder cannot be written to, WeightsMissingError when the encoder's weights are not here, and
    ImpastoError when no worker can be started.
    """
    chosen = (options or find_preset(preset).options).replace(**changes)
    folder = places.plain(os.fspath(output))
    _make_folder(folder)
    results = {whereabouts(places.join(folder, name)) for name in ledger(folder).read()}
    photos, left_out = photographs(_several(contents), results)
    jobs = pairs(photos, known_styles(_several(styles)), folder, chosen, suffix=suffix, quality=quality)
    network = load_network(chosen)
    plan = _Plan(chosen, network, len(jobs), workers, checkpoint_every, max_pixels, ray, folder)
    hire = plan.hire(on_cluster or (lambda _: None))
    digest = str(network.describe()["sha256"])
    if hire is None:
        perform_pair = _pair_painter(chosen, network, checkpoint_every, max_pixels)
        found = run(
            jobs,
            folder,
            perform_pair,
            network=digest,
            policy=policy,
            on_progress=on_progress,
            cancel=cancel,
        )
    else:
        found = run_with(
            hire,
            jobs,
            folder,
            network=digest,
            policy=policy,
            on_progress=on_progress,
            cancel=cancel,
        )
    return replace(found, left_out=tuple(left_out))


@dataclass(frozen=True)
class _Plan:
    """How a batch is shared out."""

    options: Options
    network: FeatureExtractor
    items: int
    workers: int | str
    checkpoint_every: float
    max_pixels: int
    ray: str | None
    folder: str

    def hire(self, tell: Callable[[str], None]) -> Callable[[], tuple[Crew, int]] | None:
        """How to come by workers, and how many; None for this process alone. Raises OptionError.

        ``tell`` gets a line about the cluster.
        """
        if self.ray is not None:
            from impasto.jobs import cluster  # says what to install where there is no Ray

            machine.check_workers(self.workers)
            return lambda: self._on_ray(cluster, tell)
        gpus = machine.gpus(self.options.device)
        cores = machine.cores()
        count = machine.count_workers(
            self.workers,
            self.items,
            cores=cores,
            gpus=len(gpus),
            memory=memory.budget(self.options.replace(max_memory=None)),
            each=self._needed(),
        )
        if count == 1:
            return None
        painter, seats = self.painter(1 if gpus else count), machine.seats(count, cores, gpus)
        return lambda: (Processes(painter, seats), count)

    def _on_ray(self, cluster: Any, tell: Callable[[str], None]) -> tuple[Crew, int]:
        gpus = self.options.device in ("auto", "cuda")
        found = cluster.join(self.ray, self.workers, self.items, gpus=gpus, memory=self._needed())
        tell(found.about)
        return cluster.RayCrew(self.painter(1), found, self.folder), found.workers

    def painter(self, among: int) -> Painter:
        """What a worker does that shares a machine's memory with others, ``among`` so many."""
        settings = {
            "options": self.options.to_dict(),
            "checkpoint_every": self.checkpoint_every,
            "max_pixels": self.max_pixels,
            "among": among,
        }
        return Painter("impasto.works:make_painter", settings)

    def _needed(self) -> float:
        """Bytes of a painting, or what it is allowed; a little more than it takes, since few are square."""
        options = self.options
        if options.max_memory is not None:
            return options.max_memory * 1e9
        width, height = options.size if isinstance(options.size, tuple) else (options.size, options.size)
        layers = [*options.content_layers, *options.style_layers]
        at_work = memory.activations(self.network, layers) * memory.OVERHEAD * height * width
        return memory.kept(self.network, options, height, width) + at_work


def make_painter(options: Mapping[str, Any], checkpoint_every: float, max_pixels: int, among: int) -> Perform:
    """What paints the jobs of a batch with these ``options``, in a worker process of its own; its network
    is loaded once.

    ``among``: how many workers share the free memory, where the options do not say what one may take.
    """
    memory.SHARE /= among
    chosen = Options.from_dict(options)
    return _pair_painter(chosen, load_network(chosen), checkpoint_every, max_pixels)


def _pair_painter(
    options: Options,
    network: FeatureExtractor,
    checkpoint_every: float,
    max_pixels: int,
) -> Perform:
    # Normalising changes the network for each pair.
    encoder = None if options.normalise_activations else network

    def perform_pair(job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Cancel) -> api.Result:
        near = fetched(job)
        elsewhere = places.is_address(job.output)
        result = perform(
            replace(near, output="" if elsewhere else job.output),
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            encoder=encoder,
            max_pixels=max_pixels,
            on_progress=on_progress,
            cancel=cancel,
        )
        if elsewhere and not result.cancelled:
            named = replace(result, content=job.content, styles=job.styles)
            with places.drafted(job.output) as draft:
                named.save(draft, quality=job.quality)
        return result

    return perform_pair


def _make_folder(folder: str) -> None:
    if places.is_address(folder):
        places.make_folder(folder)
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected a folder for the results; cannot make {folder}: {error}") from error


def _several(given: PathLike | Sequence[PathLike]) -> list[str]:
    names = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    return [places.plain(os.fspath(name)) for name in names]
