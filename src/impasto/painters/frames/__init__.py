"""Painters of a film's frames: optimisation with a temporal loss, and the fast networks.

Only ``optimised`` imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto.clips import FramePainter, UnguidedPainter
from impasto.inference.options import FastOptions
from impasto.jobs import Job
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.painters.fast import FastPainter


def make_frame_painter(
    job: Job,
    first: Pixels,
    *,
    temporal_weight: float,
    next_iterations: int,
    painter: FastPainter | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> FramePainter | UnguidedPainter:
    """Return the painter of the frames of the film described by ``job``.

    ``first``: the first frame, (H, W, 3). ``painter``: the fast network, if already loaded. The other
    arguments are for optimisation: see ``OptimisedFramePainter``. Raises InputError and its subclasses for
    unusable input, WeightsMissingError without weights.
    """
    if isinstance(job.options, FastOptions):
        from impasto.inference.pictures import check_pixels
        from impasto.painters.fast import FastPainter
        from impasto.painters.frames.fast import FastFramePainter

        check_pixels(first)
        return FastFramePainter(painter or FastPainter(job))
    from impasto.painters.frames.optimised import OptimisedFramePainter  # imports torch

    return OptimisedFramePainter(
        [style.place for style in job.styles],
        job.options,
        first,
        reading=job.reading,
        temporal_weight=temporal_weight,
        next_iterations=next_iterations,
        on_progress=on_progress,
        cancel=cancel,
    )
