"""The engine of a film: the fast network or the optimiser, and its method of coherence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from impasto.clips import Blended, Coherence, Guided
from impasto.errors import MissingExtraError, WeightsMissingError
from impasto.jobs import Job
from impasto.jobs.machine import threads_allowed
from impasto.painters.frames import make_frame_painter
from impasto.pipelines.video.options import SEGMENTS, FilmOptions
from impasto.progress import Cancel, ProgressCallback
from impasto.types import Pixels

if TYPE_CHECKING:
    from impasto.inference import Gallery


def find_gallery(
    styles: Sequence[str], model: str | os.PathLike[str] | None, device: str, *, needed: bool
) -> Gallery | None:
    """Return the fast network in the file ``model``, or the shipped one, on ``device``.

    If not ``needed``, return None where it is not installed or does not know all ``styles``. Raises
    WeightsMissingError, OptionError and their subclasses.
    """
    from impasto.inference import load_gallery
    from impasto.inference.sessions import choose_device

    most = threads_allowed()
    if needed:
        return load_gallery(model, threads=most, device=device)
    try:
        found = load_gallery(model, threads=most, device="cpu")
    except (WeightsMissingError, MissingExtraError):
        return None
    if not {style.name for style in found.styles}.issuperset(styles):
        return None
    # Checked only for the fast network: the device may be one for the optimiser.
    return found if choose_device(device) == "cpu" else load_gallery(model, threads=most, device=device)


def find_coherence(
    job: Job,
    film: FilmOptions,
    first: Pixels,
    *,
    gallery: Gallery | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: Cancel | None = None,
) -> Coherence:
    """Return the painter of coherent frames.

    ``first``: the film's first frame, (H, W, 3). ``gallery``: the fast network, if it paints. With the
    optimiser, ``on_progress`` and ``cancel`` are called at each step of a frame. Raises OptionError and its
    subclasses.
    """
    painter = make_frame_painter(
        job,
        first,
        temporal_weight=film.temporal_weight,
        next_iterations=film.next_iterations,
        gallery=gallery,
        on_progress=on_progress,
        cancel=cancel,
    )
    if not painter.is_guided:
        return Blended(painter, keep=film.keep)
    run = film.segment or SEGMENTS[job.engine]
    return Guided(painter, long_term=film.long_term, passes=film.passes, run=run)
