"""What stands in for the pipeline in an explanation's process; by name, for a process that is spawned."""

from __future__ import annotations

import json
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from impasto.progress import Progress
from impasto.studio.worker.explanation import _end_with
from tests.waiting import until


def tell_job(job: dict[str, Any], line: Connection) -> None:
    """Write the job itself as the page."""
    Path(job["output"]).write_text(json.dumps(job))
    line.send(None)


def tell_progress(job: dict[str, Any], line: Connection) -> None:
    """Be at a quarter until a file says "go"."""
    line.send(Progress(stage="looking", done=0.25, elapsed=1.0, left=3.5))
    until(Path(job["output"]).with_name("go").exists)
    tell_job(job, line)


def fail(job: dict[str, Any], line: Connection) -> None:
    line.send(f"no ink for {job['content']['place']}")


def die(job: dict[str, Any], line: Connection) -> None:  # noqa: ARG001
    os._exit(7)


def wait(job: dict[str, Any], line: Connection) -> None:
    """Say who waits, and wait for the end of the other end."""
    Path(job["output"]).write_text(str(os.getpid()))
    _end_with(line)
