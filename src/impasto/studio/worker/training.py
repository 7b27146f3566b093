"""Refinement of the network on a painting, in a child process."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from pathlib import Path

from impasto.jobs import Job
from impasto.progress import Cancel
from impasto.studio.state.storage import CHECKPOINT, PREVIEW
from impasto.studio.worker.child_process import run_apart
from impasto.studio.worker.executor import ProgressListener, with_previews

STOP_SECONDS = 60.0
"""The seconds that a training has to write its checkpoint when it is told to stop."""
SHOW_EVERY = 5.0
"""The seconds between two previews, each of which paints several photographs."""
EVERY = 20
"""The steps between two checkpoints."""


def learn(job: Job, minutes: float, listener: ProgressListener, cancel: Cancel) -> None:
    """Refine the network on the style of ``job``, and write the style file to its output.

    When ``cancel`` returns True, write the checkpoint beside it and stop; a later call continues from it.
    Raises InputError.
    """
    work = partial(_train, minutes)
    run_apart(work, job, "the training", listener, cancel, stop_seconds=STOP_SECONDS)


def _train(minutes: float, job: Job, listener: ProgressListener, cancel: Cancel) -> None:
    with contextlib.suppress(OSError):  # paintings have priority
        os.nice(5)
    from impasto.pipelines.train.training import train

    output = Path(job.output)
    train(
        job.styles[0].place,
        output,
        minutes=minutes,
        checkpoint=output.with_name(CHECKPOINT),
        checkpoint_every=EVERY,
        on_progress=with_previews(output.with_name(PREVIEW), listener, every=SHOW_EVERY),
        cancel=cancel,
    )
