"""Jobs performed: one, or all pairs of photographs and styles."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from impasto import imaging
from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.files import places
from impasto.files.local import make_folder
from impasto.inference import Gallery, load_gallery
from impasto.inference.gallery import SHIPPED
from impasto.inference.sessions import check_device
from impasto.jobs import Job
from impasto.jobs.batch import Batch, BatchCallback, run, run_with
from impasto.jobs.executors.choice import Wish, find_workers
from impasto.jobs.inputs import digest, fetched
from impasto.jobs.ledger import ledger
from impasto.jobs.pairs import known_styles, pairs, photographs, whereabouts
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Cancel, Painter, Perform
from impasto.optimize import memory
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.engine import least_side
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.painters.fast import Manner, paint_picture, parameters
from impasto.painters.sources import Loaded, load_network
from impasto.pipelines import photo as api
from impasto.progress import ProgressCallback
from impasto.types import Picture

PathLike = str | os.PathLike[str]
FAST_MEMORY = 2e9
"""Bytes that a fast painting takes at most, where no size is asked for."""


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
    options: OptimizeOptions | None = None,
    suffix: str = ".png",
    quality: int = 95,
    checkpoint_every: float = INTERVAL,
    max_pixels: int = imaging.MAX_PIXELS,
    fast: Mapping[str, Any] | None = None,
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

    ``fast``: paint with the shipped fast network, in one pass each; its ``strength``, ``stroke_size``,
    ``keep_color`` and ``size`` (see ``runtime.photographs.Manner``) where they are not the usual, and its
    ``device``, as for ``runtime.load_gallery``; on Ray, auto is the processor. Styles are the names that it
    knows, and ``preset``, ``options`` and ``changes`` are not for it.

    ``workers``: 1 paints in this process; more, in as many processes, which share its cores and graphics
    processors; "auto", in as many as these and the memory make sensible. A worker that dies is replaced.
    ``ray``: paint with workers on a Ray cluster, at this address, or "local" for one of its own; "auto" is
    as many as it has room for now. ``on_cluster`` is told a line about the cluster.

    Raises InputError (and its kin) for arguments that cannot be used, before any work, OutputError when
    the folder cannot be written to, WeightsMissingError when the encoder's weights are not here, and
    ImpastoError when no worker can be started.
    """
    if fast is not None and (options is not None or preset != "default" or changes):
        raise OptionError("a fast network has no preset and no options of optimising; expected fast alone")
    chosen = (options or find_preset(preset).options).replace(**changes)
    manners = known_styles(_several(styles))
    device = "auto" if fast is None else str(fast.get("device", "auto"))
    quick = None if fast is None else {name: value for name, value in fast.items() if name != "device"}
    crew = (
        _Optimised(chosen, checkpoint_every, max_pixels)
        if quick is None
        else _Fast(quick, manners, max_pixels, device, away=ray is not None)
    )
    folder = places.plain(os.fspath(output))
    _make_folder(folder)
    results = {whereabouts(places.join(folder, name)) for name in ledger(folder).read()}
    photos, left_out = photographs(_several(contents), results)
    jobs = pairs(photos, manners, folder, chosen, suffix=suffix, quality=quality)
    jobs = [replace(job, fast=quick) for job in jobs]
    wish = Wish(workers, ray, len(jobs), crew.device, crew.needed(), crew.memory(), folder)
    hire = find_workers(wish, crew.painter, on_cluster or (lambda _: None))
    work = partial(run, perform=crew.here()) if hire is None else partial(run_with, hire)
    telling: dict[str, Any] = {"on_progress": on_progress, "cancel": cancel}
    found = work(jobs=jobs, folder=folder, network=crew.digest, policy=policy, **telling)
    return replace(found, left_out=tuple(left_out))


class _Optimised:
    """What workers do that optimise, and what they need."""

    def __init__(self, options: OptimizeOptions, checkpoint_every: float, max_pixels: int) -> None:
        self.options = options
        self.device = options.device
        self.network = load_network(options)
        self.digest = str(self.network.describe()["sha256"])
        # Too small for a square picture is too small for every one.
        least_side(self.network, options, *_square(options))
        self._every, self._max_pixels = checkpoint_every, max_pixels

    def here(self) -> Perform:
        return _pair_painter(self.options, self.network, self._every, self._max_pixels)

    def painter(self, among: int) -> Painter:
        settings = {
            "options": self.options.to_dict(),
            "checkpoint_every": self._every,
            "max_pixels": self._max_pixels,
            "among": among,
        }
        return Painter("impasto.pipelines.batch:make_painter", settings)

    def memory(self) -> float:
        return memory.budget(self.options.replace(max_memory=None))

    def needed(self) -> float:
        """Bytes of a painting, or what it is allowed; a little more than it takes, since few are square."""
        options = self.options
        if options.max_memory is not None:
            return options.max_memory * 1e9
        width, height = _square(options)
        layers = [*options.content_layers, *options.style_layers]
        at_work = memory.activations(self.network, layers) * memory.OVERHEAD * height * width
        return memory.kept(self.network, options, height, width) + at_work


def _square(options: OptimizeOptions) -> tuple[int, int]:
    """The size of the largest picture that ``options`` ask for."""
    return options.size if isinstance(options.size, tuple) else (options.size, options.size)


class _Fast:
    """What workers do with the shipped fast network, and what they need."""

    def __init__(
        self, fast: Mapping[str, Any], styles: Sequence[str], max_pixels: int, device: str, *, away: bool
    ) -> None:
        check_device(device)
        # Away from here it is other machines that have graphics processors, or not.
        gallery = load_gallery(threads=_threads(), device="cpu" if away else device)
        self.device = device if away and device != "auto" else gallery.device
        try:
            for style in styles:
                manner = Manner({style: 1.0}, **fast)
                gallery.row(manner.styles, strength=manner.strength, stroke_size=manner.stroke_size)
        except TypeError as error:
            raise OptionError(
                f"fast is made of strength, stroke_size, keep_color and size; {error}"
            ) from error
        self._gallery = gallery
        self._max_pixels = max_pixels
        self.digest = digest(str(SHIPPED))

    def here(self) -> Perform:
        return _fast_painter(self._gallery, self._max_pixels)

    def painter(self, among: int) -> Painter:  # noqa: ARG002 - it takes what it takes
        settings = {"max_pixels": self._max_pixels, "device": self.device}
        return Painter("impasto.pipelines.batch:make_fast_painter", settings)

    def memory(self) -> float:
        return memory.budget(OptimizeOptions())

    def needed(self) -> float:
        return FAST_MEMORY


def make_fast_painter(max_pixels: int, device: str) -> Perform:
    """What paints the jobs of a fast batch, in a worker process of its own."""
    return _fast_painter(load_gallery(threads=_threads(), device=device), max_pixels)


def _threads() -> int | None:
    """How many this worker may use; None for as many as there are."""
    text = os.environ.get("OMP_NUM_THREADS", "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


@dataclass(frozen=True)
class _FastPainted:
    """A ``jobs.work.Painted``."""

    picture: Picture
    seconds: float
    losses: Mapping[str, float] = field(default_factory=dict)
    iterations: int = 1
    cancelled: bool = False


def _fast_painter(gallery: Gallery, max_pixels: int) -> Perform:
    def paint(job: Job, _: Path, __: ProgressCallback, ___: Cancel) -> _FastPainted:
        manner = Manner({job.styles[0]: 1.0}, **(job.fast or {}))
        photo = imaging.read(fetched(job).content, max_pixels=max_pixels)
        began = time.perf_counter()
        painted = paint_picture(gallery, photo, manner)
        seconds = time.perf_counter() - began
        about = parameters(job.content, manner, device=gallery.device)
        with places.drafted(job.output) as draft:
            imaging.write(painted, draft, quality=job.quality, parameters=about)
        return _FastPainted(painted, seconds)

    return paint


def make_painter(options: Mapping[str, Any], checkpoint_every: float, max_pixels: int, among: int) -> Perform:
    """What paints the jobs of a batch with these ``options``, in a worker process of its own; its network
    is loaded once.

    ``among``: how many workers share the free memory, where the options do not say what one may take.
    """
    memory.SHARE /= among
    chosen = OptimizeOptions.from_dict(options)
    return _pair_painter(chosen, load_network(chosen), checkpoint_every, max_pixels)


def _pair_painter(
    options: OptimizeOptions,
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
    make_folder(Path(folder), "the results")


def _several(given: PathLike | Sequence[PathLike]) -> list[str]:
    names = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    return [places.plain(os.fspath(name)) for name in names]
