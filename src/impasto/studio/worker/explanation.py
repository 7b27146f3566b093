"""The explanation page, made in a child process, which can be killed at any time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Connection

from impasto.errors import ImpastoError, InputError
from impasto.jobs import Job
from impasto.optimize.options import OptimizeOptions
from impasto.progress import Cancel, ProgressCallback
from impasto.studio.worker.executor import failure

LOOK_EVERY = 0.3
LEAST_PATIENCE = 900.0
"""The seconds without progress after which the process is given up, on any machine."""
PATIENCE = 30.0
"""Or this multiple of the longest pause so far, where that is more: machines differ."""


def explain(job: Job, on_progress: ProgressCallback, cancel: Cancel) -> None:
    """Write the page to the output of ``job``; stop when ``cancel`` returns True. Raises InputError."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(job.to_dict(), theirs), daemon=True)
    process.start()
    theirs.close()
    heard, longest = time.monotonic(), 0.0
    try:
        while not cancel():
            silence = time.monotonic() - heard
            if silence > patience(longest):
                raise InputError(f"the explanation's process has made no progress for {silence:.0f} seconds")
            if not ours.poll(LOOK_EVERY):
                continue
            message = ours.recv()
            heard, longest = time.monotonic(), max(longest, silence)
            if message is None:
                return
            if isinstance(message, str):
                raise failure(message)
            on_progress(message)
    except EOFError as error:
        process.join()
        raise InputError(f"the explanation's process ended with exit code {process.exitcode}") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def patience(longest: float) -> float:
    """Return the seconds to wait for progress where the ``longest`` wait so far took that many."""
    return max(LEAST_PATIENCE, PATIENCE * longest)


def _run(job: dict[str, object], line: Connection) -> None:
    """Explain ``job`` in this process; send progress, an error message or None at the end to ``line``."""
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()
    from impasto.pipelines.explain import explain as write_page

    try:
        found = Job.from_dict(job)
        assert isinstance(found.options, OptimizeOptions)
        write_page(
            found.content.place,
            found.styles[0].place,
            found.output,
            options=found.options,
            reading=found.reading,
            names=(found.content.label, found.styles[0].label),
            on_progress=lambda event: line.send(replace(event, parts=())),
        )
        line.send(None)
    except ImpastoError as error:
        line.send(str(error))


def _end_with(line: Connection) -> None:
    """Exit when the parent process has ended."""
    with contextlib.suppress(EOFError, OSError):
        line.recv()  # the parent sends nothing
    os._exit(1)
