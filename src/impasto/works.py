"""Jobs performed: one, or all pairs of photographs and styles."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto import api, imaging
from impasto.encoders import FeatureExtractor
from impasto.errors import OutputError
from impasto.jobs import Job
from impasto.jobs.batch import Batch, BatchCallback, Cancel, run
from impasto.jobs.manifest import Manifest
from impasto.jobs.pairs import known_styles, pairs, photographs
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
    on_progress: BatchCallback | None = None,
    cancel: Cancel | None = None,
    **changes: Any,
) -> Batch:
    """Paint every photograph of ``contents`` in every style of ``styles``, into the folder ``output``.

    ``contents``: files, and folders of them. ``styles``: as for ``stylize``, by name or path; a folder is
    one style. Results are called CONTENT-STYLE with ``suffix``, and longer where two would be called
    alike. Parameters are as for ``stylize``: ``preset``, or ``options``, and ``changes``.

    The folder's ``manifest.jsonl`` has a line for each painting. Called again, ``batch`` makes what is
    missing, failed, or was made with other parameters or other files, and goes on with the painting that
    was cut short, from its state ``checkpoint_every`` seconds before at most. A painting that fails does
    not stop the others: see ``Batch.failed``. ``cancel``, once it returns True, stops between two
    iterations; nothing half painted is written.

    Raises InputError (and its kin) for arguments that cannot be used, before any work, OutputError when
    the folder cannot be written to, and WeightsMissingError when the encoder's weights are not here.
    """
    chosen = (options or find_preset(preset).options).replace(**changes)
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"expected a folder for the results; cannot make {folder}: {error}") from error
    results = {(folder / name).resolve() for name in Manifest(folder).read()}
    photos, left_out = photographs(_several(contents), results)
    jobs = pairs(photos, known_styles(_several(styles)), folder, chosen, suffix=suffix, quality=quality)
    network = load_network(chosen)

    def perform_pair(job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Cancel) -> api.Result:
        return perform(
            job,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            # Normalising changes the network for each pair.
            encoder=None if chosen.normalise_activations else network,
            max_pixels=max_pixels,
            on_progress=on_progress,
            cancel=cancel,
        )

    digest = str(network.describe()["sha256"])
    found = run(jobs, folder, perform_pair, network=digest, on_progress=on_progress, cancel=cancel)
    return replace(found, left_out=tuple(left_out))


def _several(given: PathLike | Sequence[PathLike]) -> list[str]:
    names = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    return [os.fspath(name) for name in names]
