"""Tasks of workers: how a task is performed, its outcome, and which failures are retried."""

from __future__ import annotations

import errno
import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, cast

import psutil

from impasto.errors import (
    DivergedError,
    ImpastoError,
    InputError,
    MissingExtraError,
    OutputError,
    WeightsError,
)
from impasto.files.places import is_address, name_of, scratch
from impasto.jobs.identity import with_digests
from impasto.jobs.job import Job
from impasto.jobs.manifest import Record
from impasto.jobs.unfinished import discard_other
from impasto.optimize.checkpoints import remove_checkpoint
from impasto.progress import Cancel, ProgressCallback


class Size(Protocol):
    """Anything with a width and a height in pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Painted(Protocol):
    """The result of performing a job; ``cancelled``: stopped, and its output not written."""

    @property
    def picture(self) -> Size: ...
    @property
    def losses(self) -> Mapping[str, float]: ...
    @property
    def iterations(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def cancelled(self) -> bool: ...


Perform = Callable[[Job, Path, ProgressCallback, Cancel], Painted]
"""A function that paints a job and writes its output: from the job, its checkpoint, and callbacks for
progress and cancellation."""


@dataclass(frozen=True)
class WorkerPainter:
    """A ``Perform`` for another process, which calls ``make``, "module:function", with ``settings``.

    ``settings`` are plain values, ready for JSON.
    """

    make: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def load(self) -> Perform:
        module, _, name = self.make.partition(":")
        return cast(Perform, getattr(importlib.import_module(module), name)(**self.settings))


@dataclass(frozen=True)
class Task:
    """One painting for a worker.

    ``item``: its number in the batch, from 0. ``note``: why it is painted again. ``network``: the digest
    of the encoder's weights. ``checkpoint``: the path of its checkpoint.
    """

    item: int
    job: Job
    checkpoint: str
    note: str = ""
    network: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**vars(self), "job": self.job.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        return cls(**{**values, "job": Job.from_dict(values["job"])})


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: its ``record`` if done, the ``error`` if failed, neither if stopped.

    ``is_retryable``: another attempt may succeed.
    """

    status: Literal["done", "failed", "stopped"]
    record: Record | None = None
    error: str = ""
    is_retryable: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {**vars(self), "record": None if self.record is None else self.record.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        record = values["record"]
        return cls(**{**values, "record": None if record is None else Record.from_dict(record)})


def perform_task(
    task: Task,
    perform: Perform,
    *,
    begun: Callable[[str], None],
    on_progress: ProgressCallback,
    stop: Cancel,
) -> Outcome:
    """Perform ``task`` and return the outcome, also for errors. ``begun`` is called with the task's note."""
    checkpoint = scratch() / task.checkpoint if is_address(task.job.output) else Path(task.checkpoint)
    try:
        job = with_digests(task.job, network=task.network)
        anew = discard_other(checkpoint, job)
        begun(task.note or anew)
        painted = perform(job, checkpoint, on_progress, stop)
    except Exception as error:  # one failure must not stop the others
        if isinstance(error, DivergedError):
            remove_checkpoint(checkpoint)
        return Outcome("failed", error=" ".join(_words(error).split()), is_retryable=is_retryable(error))
    if painted.cancelled:
        return Outcome("stopped")
    size = (painted.picture.width, painted.picture.height)
    losses = dict(painted.losses)
    name = name_of(job.output)
    return Outcome("done", Record(name, "done", job, size, painted.iterations, painted.seconds, losses))


def _words(error: Exception) -> str:
    """Return the reason for a failure."""
    if isinstance(error, ImpastoError):
        return str(error)
    if (lack := lack_of_memory(error)) is not None:
        return lack
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"


def failure(task: Task, error: str, attempts: int) -> Record:
    """Return the record of a task that was given up."""
    job = task.job
    try:
        job = with_digests(job, network=task.network)
    except ImpastoError:
        job = replace(job, network=task.network)
    return Record(name_of(job.output), "failed", job, error=error, attempts=attempts)


def is_retryable(error: BaseException) -> bool:
    """Return whether another attempt may succeed: not for a damaged file or a wrong option, but for a full
    disk, a network failure, or memory used by others."""
    if isinstance(error, (DivergedError, MissingExtraError, WeightsError)):
        return False
    if isinstance(error, ValueError) and lack_of_memory(error) is not None:
        return False
    if isinstance(error, MemoryError):
        return _asked_for(error) < psutil.virtual_memory().total
    if isinstance(error, OutputError):
        return True
    if isinstance(error, (InputError, OSError)):
        cause = error if isinstance(error, OSError) else error.__cause__
        return isinstance(cause, OSError) and cause.errno not in _FINAL
    return True


def lack_of_memory(error: BaseException) -> str | None:
    """Return the message for an error of Python, NumPy, torch or ONNX Runtime that means lack of memory; None
    for any other error."""
    if isinstance(error, MemoryError):
        asked = _asked_for(error)
        found = f"{asked / 1e9:.1f} GB asked for, " if asked > 1e8 else ""
    elif isinstance(error, (RuntimeError, ValueError)) and _NO_MEMORY.search(str(error)):
        found = ""
    else:
        return None
    free = psutil.virtual_memory().available
    return f"not enough memory ({found}{free / 1e9:.1f} GB free); expected a smaller size or smaller pictures"


_NO_MEMORY = re.compile(
    "not enough memory|can't allocate memory|Failed to allocate memory|out of memory|array is too big"
)


def _asked_for(error: MemoryError) -> int:
    """Return the bytes of the array in NumPy's error, 0 if unknown."""
    shape, kind = getattr(error, "shape", None), getattr(error, "dtype", None)
    return 0 if shape is None or kind is None else math.prod(shape) * int(kind.itemsize)


# Permanent errors. One without a number comes from a damaged picture.
_FINAL = {
    None,
    errno.ENOENT,
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
}
