"""What stands in for the pipeline in an explanation's process; by name, for a process that is spawned."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from impasto.errors import InputError
from impasto.inspection.languages import t
from impasto.jobs import Job
from impasto.progress import Cancel, Progress
from impasto.studio.worker.executor import ProgressListener
from tests.waiting import until


def tell_job(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001
    """Write the job itself as the page."""
    Path(job.output).write_text(json.dumps(job.to_dict()))


def tell_result(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001
    """Write a page of one text, in all languages."""
    Path(job.output).write_text(t("the result"))


def tell_progress(job: Job, listener: ProgressListener, cancel: Cancel) -> None:
    """Be at a quarter until a file says "go"."""
    listener.progress(Progress(stage="looking", done=0.25, elapsed=1.0, left=3.5))
    until(Path(job.output).with_name("go").exists)
    tell_job(job, listener, cancel)


def show(job: Job, listener: ProgressListener, cancel: Cancel) -> None:
    """Tell of a preview, and of progress until told to stop; then write a checkpoint."""
    listener.preview_written()
    listener.progress(Progress(done=0.5, preview=lambda: None))
    until(cancel)
    Path(job.output).with_name("checkpoint").write_text("kept")


def fail(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001
    raise InputError(f"no ink for {job.content.place}")


def die(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001
    os._exit(7)


def wait(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001
    """Say who waits, and wait for the end of the other end."""
    Path(job.output).write_text(str(os.getpid()))
    threading.Event().wait()
