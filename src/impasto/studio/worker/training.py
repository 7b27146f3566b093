"""Refinement of the network on a painting, in a child process: it can be killed at any time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from impasto.errors import ImpastoError, InputError
from impasto.jobs import Job
from impasto.progress import Cancel, Progress, throttled
from impasto.studio.state.storage import CHECKPOINT, PREVIEW
from impasto.studio.worker.executor import ProgressListener, failure, write_preview

LOOK_EVERY = 0.3
STOP_SECONDS = 60.0
"""The seconds in which a training that is to stop has to write its checkpoint."""
SHOW_EVERY = 5.0
"""The seconds between two previews, each of which paints several photographs."""
EVERY = 20
"""The steps between two checkpoints."""
STOP = "stop"
SHOWN = "shown"


def learn(job: Job, minutes: float, listener: ProgressListener, cancel: Cancel) -> None:
    """Refine the network on the style of ``job``, and write the style file to its output.

    When ``cancel`` returns True, write the checkpoint beside it and stop; a later call goes on from there.
    Raises InputError.
    """
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(job.to_dict(), minutes, theirs), daemon=True)
    process.start()
    theirs.close()
    asked = False
    try:
        while True:
            if cancel() and not asked:
                asked = True
                ours.send(STOP)
            if not ours.poll(STOP_SECONDS if asked else LOOK_EVERY):
                if asked:
                    return
                continue
            message = ours.recv()
            if message is None:
                return
            if message == SHOWN:
                listener.preview_written()
            elif isinstance(message, str):
                raise failure(message)
            elif not asked:
                listener.progress(message)
    except (EOFError, BrokenPipeError) as error:
        process.join()
        raise InputError(f"the training's process ended with exit code {process.exitcode}") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def _run(job: dict[str, object], minutes: float, line: Connection) -> None:
    """Train in this process; send progress, news of previews, an error message or None at the end."""
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(line, stopping), daemon=True).start()
    with contextlib.suppress(OSError):  # paintings go first
        os.nice(5)
    from impasto.pipelines.train.training import train

    try:
        found = Job.from_dict(job)
        output = Path(found.output)
        train(
            found.styles[0].place,
            output,
            minutes=minutes,
            checkpoint=output.with_name(CHECKPOINT),
            checkpoint_every=EVERY,
            on_progress=_teller(line, output.with_name(PREVIEW)),
            cancel=stopping.is_set,
        )
        line.send(None)
    except ImpastoError as error:
        line.send(str(error))


def _teller(line: Connection, preview: Path) -> Callable[[Progress], None]:
    """Return a callback that sends progress, and writes a sheet of photographs and their paintings."""

    def show(event: Progress) -> None:
        with contextlib.suppress(OSError):  # the job and its folder were deleted
            if event.preview is not None:
                write_preview(event.preview(), preview)
                line.send(SHOWN)

    shown = throttled(show, SHOW_EVERY)

    def tell(event: Progress) -> None:
        shown(event)
        line.send(replace(event, parts=(), preview=None))

    return tell


def _listen(line: Connection, stopping: threading.Event) -> None:
    """Set ``stopping`` when told to stop; exit when the parent process has ended."""
    with contextlib.suppress(EOFError, OSError):
        while line.recv() == STOP:
            stopping.set()
    os._exit(1)
