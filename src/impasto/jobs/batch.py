"""Many jobs, one after the other: what is done stays done, what fails is told and does not stop the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from filelock import FileLock, Timeout

from impasto.errors import DivergedError, ImpastoError, InputError
from impasto.jobs.inputs import differences, measure
from impasto.jobs.job import Job
from impasto.jobs.manifest import Manifest, Record
from impasto.jobs.unfinished import why_anew
from impasto.optimize.checkpoints import remove_checkpoint
from impasto.progress import Progress, ProgressCallback

HIDDEN = ".impasto"
"""The folder beside the results that holds the checkpoint of a painting that was cut short."""

Cancel = Callable[[], bool]
State = Literal["skipped", "started", "painting", "done", "failed"]


class Size(Protocol):
    """What has a width and a height in pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Painted(Protocol):
    """What performing a job gives back; ``cancelled``: cut short, and its output not written."""

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
"""Paints a job and writes its output: the job, its checkpoint to keep and to go on from, whom to tell
about progress, and whom to ask whether to stop."""


@dataclass(frozen=True)
class BatchProgress:
    """What a batch tells whoever watches, before, while and after it paints a job.

    ``number`` counts from 1 to ``total``. ``note``: why a painting is made that was made or begun
    before. ``painting``: the event of the painting itself, in the state of that name. ``record``: how
    it went.
    """

    state: State
    job: Job
    number: int
    total: int
    note: str = ""
    painting: Progress | None = None
    record: Record | None = None


BatchCallback = Callable[[BatchProgress], None]


@dataclass(frozen=True)
class Batch:
    """How a batch went: a record for every job it came to, in order, ``skipped`` of them done before.

    ``left_out``: pictures given as photographs that are results of an earlier batch in the folder.
    """

    records: tuple[Record, ...]
    skipped: int = 0
    cancelled: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Record, ...]:
        return tuple(record for record in self.records if not record.done)


def run(
    jobs: Sequence[Job],
    folder: Path,
    perform: Perform,
    *,
    network: str = "",
    on_progress: BatchCallback | None = None,
    cancel: Cancel | None = None,
) -> Batch:
    """Perform ``jobs``, whose outputs lie in ``folder``, and keep the manifest there.

    A job is skipped when its output is there and the manifest knows it as done with the same options
    and the same inputs, byte for byte. ``network``: the digest of the encoder's weights, which count as
    an input. A job that was cut short goes on from its checkpoint. ``cancel`` is asked between jobs, and
    handed on to ``perform``.

    Raises InputError when the manifest is none, or another batch is at work in ``folder``, and
    OutputError when the manifest cannot be written; any other error is a record's.
    """
    tell = on_progress or (lambda _: None)
    stop = cancel or (lambda: False)
    with _alone(folder):
        manifest = Manifest(folder)
        known = manifest.read()
        notes = {_name(job): _why_again(job, known.get(_name(job)), network) for job in jobs}
        manifest.write([r for name, r in known.items() if notes.get(name) is None])
        records: list[Record] = []
        skipped = 0
        for number, job in enumerate(jobs, 1):
            name = _name(job)
            note = notes[name]
            if note is None:
                records.append(known[name])
                skipped += 1
                tell(BatchProgress("skipped", job, number, len(jobs), record=known[name]))
                continue
            record = None
            if not stop():
                record = _perform_one(_Turn(job, number, len(jobs), note, network), perform, tell, stop)
            if record is None:
                return Batch(tuple(records), skipped, cancelled=True)
            manifest.add(record)
            records.append(record)
            tell(BatchProgress(record.status, job, number, len(jobs), record=record))
    return Batch(tuple(records), skipped)


@dataclass(frozen=True)
class _Turn:
    job: Job
    number: int
    total: int
    note: str
    network: str


def _perform_one(turn: _Turn, perform: Perform, tell: BatchCallback, stop: Cancel) -> Record | None:
    """One job's record; None when it was cut short."""
    job, name = turn.job, _name(turn.job)
    checkpoint = Path(job.output).parent / HIDDEN / f"{name}.checkpoint"

    def on_progress(event: Progress) -> None:
        tell(BatchProgress("painting", job, turn.number, turn.total, painting=event))

    try:
        job = measure(job, network=turn.network)
        note = turn.note
        if anew := why_anew(checkpoint, job):
            remove_checkpoint(checkpoint)
            note = note or f"begun anew: {anew}"
        tell(BatchProgress("started", job, turn.number, turn.total, note=note))
        painted = perform(job, checkpoint, on_progress, stop)
    except Exception as error:  # whatever one picture does, the others get their turn
        if isinstance(error, DivergedError):
            remove_checkpoint(checkpoint)
        words = str(error) if isinstance(error, ImpastoError) else f"{type(error).__name__}: {error}"
        return Record(name, "failed", job, error=" ".join(words.split()))
    if painted.cancelled:
        return None
    size = (painted.picture.width, painted.picture.height)
    return Record(name, "done", job, size, painted.iterations, painted.seconds, dict(painted.losses))


def _name(job: Job) -> str:
    return Path(job.output).name


def _why_again(job: Job, record: Record | None, network: str) -> str | None:
    """Why ``job`` is to be painted, "" when it never was; None when it is done."""
    if record is None:
        return ""
    if not record.done:
        return "failed before"
    if not Path(job.output).is_file():
        return "its result is gone"
    if record.job.quality != job.quality:
        return f"quality was {record.job.quality}, is {job.quality}"
    try:
        different = differences(record.job, measure(job, network=network))
    except InputError as error:
        return str(error)
    return different[0] if different else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While this batch is at work in ``folder``, no other is. Raises InputError where one is."""
    hidden = folder / HIDDEN
    hidden.mkdir(exist_ok=True)
    lock = FileLock(hidden / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(f"another batch is at work in {folder}; expected to be alone there") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # checkpoints stay, and the folder with them
            (hidden / "lock").unlink()
            hidden.rmdir()
        lock.release()
