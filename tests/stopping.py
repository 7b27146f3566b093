"""Work that stops at a step, so that no clock decides where an interruption falls.

``python -m tests.stopping HOW STEP NAMES ARGUMENT...`` runs a command of impasto. Jobs whose results are
called NAMES (separated by commas) do HOW at their step number STEP: "wait" until they are stopped, or "die",
with the process they are in, the first time.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto.files import places
from impasto.jobs import Job
from impasto.jobs.executors.inline import InlineExecutor
from impasto.jobs.executors.process import ProcessExecutor
from impasto.jobs.work import Painted, Perform, WorkerPainter
from impasto.progress import Cancel, ProgressCallback
from tests.waiting import until

ROOT = Path(__file__).parents[1]


def stopping(how: str, step: int, names: str, *arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "tests.stopping", how, str(step), names, *arguments]


def environment(**more: str) -> dict[str, str]:
    """That of the command: tests can be imported in any folder."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | more


def make(worker: list[Any], how: str, step: int, names: str, folder: str) -> Perform:
    """What ``worker`` makes, a ``WorkerPainter``'s fields, and stops. ``folder``: remembers who has died."""
    return stopped(WorkerPainter(*worker).load(), how, step, names, folder)


def stopped(perform: Perform, how: str, step: int, names: str, folder: str) -> Perform:
    def run(job: Job, checkpoint: Path, on_progress: ProgressCallback, cancel: Cancel) -> Painted:
        name, seen = places.name_of(job.output), 0
        died = Path(folder) / f"{name}.died"

        def tell(event: Any) -> None:
            nonlocal seen
            on_progress(event)
            seen += 1
            if seen != step or name not in names.split(","):
                return
            if how == "wait":
                until(cancel)
            elif not died.exists():
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        return perform(job, checkpoint, tell, cancel)

    return run


def install(patch: pytest.MonkeyPatch, how: str, step: int, names: str, *executors: Any) -> None:
    """From now on jobs stop that ``executors`` have, by default this process and workers on this machine."""
    rest = (how, step, names, str(Path.cwd()))

    def wrapped(work: Any) -> Any:
        if not isinstance(work, WorkerPainter):
            return stopped(work, *rest)
        named = dict(zip(("how", "step", "names", "folder"), rest, strict=True))
        return WorkerPainter("tests.stopping:make", {"worker": [work.make, dict(work.settings)], **named})

    for executor in executors or (InlineExecutor, ProcessExecutor):
        begin = executor.__init__
        patch.setattr(
            executor, "__init__", lambda it, work, *more, begin=begin: begin(it, wrapped(work), *more)
        )


def main() -> None:
    how, step, names = sys.argv[1:4]
    del sys.argv[1:4]
    from impasto.cli import main as impasto

    install(pytest.MonkeyPatch(), how, int(step), names)
    impasto()


if __name__ == "__main__":
    main()
