"""The explanation page, created in a child process."""

from __future__ import annotations

from impasto.jobs import Job
from impasto.optimize.options import OptimizeOptions
from impasto.progress import Cancel
from impasto.studio.worker.child_process import run_apart
from impasto.studio.worker.executor import ProgressListener


def explain(job: Job, listener: ProgressListener, cancel: Cancel) -> None:
    """Write the page to the output of ``job``; stop when ``cancel`` returns True. Raises InputError."""
    run_apart(_write_page, job, "the explanation", listener, cancel)


def _write_page(job: Job, listener: ProgressListener, cancel: Cancel) -> None:  # noqa: ARG001 - it is killed
    from impasto.pipelines.explain import explain as write_page

    assert isinstance(job.options, OptimizeOptions)
    write_page(
        job.content.place,
        job.styles[0].place,
        job.output,
        options=job.options,
        language=None,  # each reader chooses it
        reading=job.reading,
        names=(job.content.label, job.styles[0].label),
        on_progress=listener.progress,
    )
