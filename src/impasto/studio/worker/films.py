"""Painting of films segment by segment, so that another worker can continue after the finished ones."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from impasto import imaging
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.pipelines.video.options import FilmOptions
from impasto.progress import Cancel, Progress
from impasto.studio.state.storage import FILM, PREVIEW
from impasto.studio.worker.executor import MEASURED_STYLE, ProgressListener, with_previews
from impasto.types import Picture

log = logging.getLogger("impasto.studio.worker")
MEASURED_SIZE = (384, 216)
MEASURED_FRAMES = 12


def paint_film(job: Job, options: FilmOptions, listener: ProgressListener, cancel: Cancel) -> None:
    """Paint the film of ``job`` into its output; once ``cancel`` returns True, stop after a frame.

    Finished segments are stored beside the output, and a later call continues after them. Raises
    ImpastoError.
    """
    from impasto.pipelines.video.film import video

    output = Path(job.output)
    done = video(
        job.content.place,
        [style.place for style in job.styles],
        output,
        options=job.options,
        film=options,
        on_progress=with_previews(output.with_name(PREVIEW), listener),
        cancel=cancel,
    )
    if done.resumed:
        log.info("resumed", extra={"job": output.parent.name, "frames": done.resumed})
    for note in done.notes:
        log.warning(note, extra={"job": output.parent.name})


def measure_films(stopped: Callable[[], bool]) -> float | None:
    """Return this machine's speed of painting films, in pixels times frames a second; None if stopped."""
    from impasto.pipelines.video.film import video

    width, height = MEASURED_SIZE
    rows, columns = np.mgrid[0:height, 0:width]
    began: list[tuple[float, int]] = []

    def note(event: Progress) -> None:
        if event.step:
            began.append((time.monotonic(), event.step))

    with tempfile.TemporaryDirectory(prefix="impasto-films-") as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        for number in range(MEASURED_FRAMES):
            waves = np.sin(rows * (columns + 2 * number) / 300)[..., None] * np.array([0.2, 0.3, 0.4]) + 0.5
            imaging.write(Picture(waves.astype(np.float32)), frames / f"{number:03d}.png")
        job = Job(Reference(str(frames)), (Reference(MEASURED_STYLE),), options=FastOptions())
        video(
            job.content.place,
            [MEASURED_STYLE],
            Path(folder) / FILM,
            options=job.options,
            on_progress=note,
            cancel=stopped,
        )
    if not began:
        return None
    (first, before), (last, after) = began[0], began[-1]
    return None if after == before else width * height * (after - before) / max(last - first, 1e-3)
