"""What workers are given in tests: painters that do not paint."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from impasto import files
from impasto.errors import InputError, OptionError
from impasto.files import places
from impasto.jobs import Job
from impasto.progress import Cancel, Progress, ProgressCallback
from tests.waiting import until


@dataclass(frozen=True)
class Picture:
    width: int = 4
    height: int = 3


@dataclass(frozen=True)
class Painted:
    picture: Picture = Picture()
    losses: dict[str, float] = field(default_factory=lambda: {"total": 0.5})
    iterations: int = 7
    seconds: float = 1.5
    cancelled: bool = False


Made = Callable[[Job, Path, ProgressCallback, Cancel], Painted]


def make(diary: str, steps: int = 1, **what: str) -> Made:
    """Paints by writing who painted. ``diary``: a folder where every beginning is a file, NAME.PID.

    ``what`` happens to a result by its name, before it is written: "die" kills the worker the first time,
    "murder" every time, "fail" raises what may pass the first time, "damaged" what does not pass, "hang"
    waits for ever the first time, "freeze" stops the process the first time, "zombie" writes, then dies, the
    first time, "torn" dies while writing, the first time, and "wait" goes on until it is stopped. With
    several ``steps`` a result takes 20 ms for each.
    """

    def perform(job: Job, _: Path, tell: ProgressCallback, stop: Cancel) -> Painted:
        name = places.name_of(job.output)
        first = not list(Path(diary).glob(f"{name}.*"))
        (Path(diary) / f"{name}.{os.getpid()}.{time.monotonic_ns()}").touch()
        for step in range(steps):
            if stop():
                return Painted(cancelled=True)
            tell(Progress(step=step + 1, steps=steps, done=(step + 1) / steps, losses={"total": 0.5}))
            if steps > 1:
                time.sleep(0.02)
        kind = what.get(name.partition(".")[0].replace("-", "_"), "")
        if kind == "wait" and until(stop):
            return Painted(cancelled=True)
        act(kind, job, first=first)
        write(job)
        return Painted()

    return perform


def act(what: str, job: Job, *, first: bool) -> None:
    if what == "murder" or (what == "die" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "torn" and first:
        files.Draft(job.output).stream.write(b"half")
        files.Draft(Path(job.output).parent / ".impasto" / "state").stream.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "zombie" and first:
        write(job)
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "freeze" and first:
        os.kill(os.getpid(), signal.SIGSTOP)
    if what == "hang" and first:
        signal.pause()
    if what == "fail" and first:
        raise RuntimeError("not today")
    if what == "damaged":
        raise InputError("it is no picture")


def write(job: Job) -> None:
    data = b"painted from " + (
        places.read(job.content.place)
        if places.is_address(job.content.place)
        else Path(job.content.place).read_bytes()
    )
    if places.is_address(job.output):
        places.write(job.output, data)
    else:
        files.replace(Path(job.output), data)


def refuse() -> Made:
    raise OptionError("there is no such network")


def crash() -> Made:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def chatty() -> Made:
    """Prints where events go, warns, and says how many threads it has."""
    import warnings

    def perform(job: Job, _: Path, tell: ProgressCallback, stop: Cancel) -> Painted:  # noqa: ARG001
        import cv2
        import torch

        print("this is no event")
        sys.stdout.flush()
        os.system("echo neither is this")
        warnings.warn("look out", stacklevel=1)
        Path(job.output).write_text(f"{torch.get_num_threads()} {cv2.getNumThreads()}")
        return Painted()

    return perform
