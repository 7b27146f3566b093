"""Work on a job in a child process, which can be killed at any time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from impasto.errors import ImpastoError, InputError
from impasto.jobs import Job
from impasto.progress import Cancel, Progress
from impasto.studio.worker.executor import ProgressListener, failure

Work = Callable[[Job, ProgressListener, Cancel], None]
"""The function that a child process calls: a function of a module, or a ``partial`` of one."""
LOOK_EVERY = 0.3
LEAST_PATIENCE = 900.0
"""The seconds without progress after which the process is killed, at least."""
PATIENCE = 30.0
"""The multiple of the longest pause so far that is used if it is longer, because machines differ."""
STOP = "stop"
SHOWN = "shown"


def run_apart(
    work: Work, job: Job, what: str, listener: ProgressListener, cancel: Cancel, *, stop_seconds: float = 0.0
) -> None:
    """Do ``work`` on ``job`` in a child process, and report to ``listener``.

    When ``cancel`` returns True, the work is told to stop; if it then reports nothing for ``stop_seconds``,
    the process is killed. ``what``: the work, for messages. Raises the ImpastoError of the work, and
    InputError for a process that died or makes no progress.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(work, job.to_dict(), theirs), daemon=True)
    process.start()
    theirs.close()
    heard, longest, is_stopping = time.monotonic(), 0.0, False
    try:
        while True:
            if cancel() and not is_stopping:
                is_stopping = True
                ours.send(STOP)
            if not ours.poll(stop_seconds if is_stopping else LOOK_EVERY):
                if is_stopping:
                    return
                if (silence := time.monotonic() - heard) > patience(longest):
                    raise InputError(f"the process of {what} has made no progress for {silence:.0f} seconds")
                continue
            message = ours.recv()
            heard, longest = time.monotonic(), max(longest, time.monotonic() - heard)
            if message is None:
                return
            if message == SHOWN:
                listener.preview_written()
            elif isinstance(message, str):
                raise failure(message)
            elif not is_stopping:
                listener.progress(message)
    except (EOFError, BrokenPipeError) as error:
        process.join()
        raise InputError(f"the process of {what} ended with exit code {process.exitcode}") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def patience(longest: float) -> float:
    """Return the seconds to wait for progress if the ``longest`` wait so far took that many."""
    return max(LEAST_PATIENCE, PATIENCE * longest)


class _ParentListener:
    """A listener that forwards everything to the parent process."""

    def __init__(self, line: Connection) -> None:
        self._line = line

    def progress(self, event: Progress) -> None:
        self._line.send(replace(event, parts=(), preview=None))

    def preview_written(self) -> None:
        self._line.send(SHOWN)


def _run(work: Work, job: dict[str, Any], line: Connection) -> None:
    """Do ``work`` in this process; send an error message, or None, at the end."""
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(line, stopping), daemon=True).start()
    try:
        work(Job.from_dict(job), _ParentListener(line), stopping.is_set)
        line.send(None)
    except ImpastoError as error:
        line.send(str(error))


def _listen(line: Connection, stopping: threading.Event) -> None:
    """Set ``stopping`` when told to stop; exit when the parent process has ended."""
    with contextlib.suppress(EOFError, OSError):
        while line.recv() == STOP:
            stopping.set()
    os._exit(1)
