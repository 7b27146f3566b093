"""The engine of a film: the fast network or the optimiser, and its method of coherence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.clips import Blended, Coherence, Guided
from impasto.jobs import Job
from impasto.painters.frames import make_frame_painter
from impasto.pipelines.video.options import SEGMENTS, FilmOptions
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter


def find_coherence(
    job: Job,
    film: FilmOptions,
    first: Pixels,
    *,
    painter: FastPainter | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Coherence:
    """Return the painter of coherent frames.

    ``first``: the film's first frame, (H, W, 3). ``painter``: the fast network, if loaded. With the
    optimiser, ``on_progress`` and ``cancel`` are called at each step of a frame. Raises OptionError and its
    subclasses.
    """
    frames = make_frame_painter(
        job,
        first,
        temporal_weight=film.temporal_weight,
        next_iterations=film.next_iterations,
        painter=painter,
        on_progress=on_progress,
        cancel=cancel,
    )
    if frames.is_guided is False:
        return Blended(frames, keep=film.keep)
    run = film.segment or SEGMENTS[job.engine]
    return Guided(frames, long_term=film.long_term, passes=film.passes, run=run)
