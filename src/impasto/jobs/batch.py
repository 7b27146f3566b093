"""Many jobs: what is done stays done, what fails is tried again, told, and does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.errors import InputError
from impasto.files import places
from impasto.jobs.events import BatchCallback, BatchEvent, Executor
from impasto.jobs.executors.inline import InlineExecutor
from impasto.jobs.identity import differences, measure
from impasto.jobs.job import Job
from impasto.jobs.manifest import Record, manifest, records
from impasto.jobs.meter import BatchMeter
from impasto.jobs.pool import Pool
from impasto.jobs.run import HIDDEN
from impasto.jobs.schedule import Policy
from impasto.jobs.work import Painted, Perform, Task
from impasto.progress import Cancel, ProgressCallback

__all__ = [
    "HIDDEN",
    "Batch",
    "BatchCallback",
    "BatchEvent",
    "Cancel",
    "Painted",
    "Perform",
    "run",
    "run_with",
]


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
    folder: Path | str,
    perform: Perform,
    *,
    network: str = "",
    policy: Policy | None = None,
    on_progress: ProgressCallback | None = None,
    on_event: BatchCallback | None = None,
    cancel: Cancel | None = None,
) -> Batch:
    """Perform ``jobs``, whose outputs lie in ``folder``, one after the other in this process.

    A job is skipped when its output is there and the manifest knows it as done with the same options
    and the same inputs, byte for byte. ``network``: the digest of the encoder's weights, which count as
    an input. A job that was cut short goes on from its checkpoint. One that fails for a reason that may
    pass is tried again as ``policy`` says. ``cancel`` is asked between jobs, and handed on to ``perform``.

    Raises InputError when the manifest is none, or another batch is at work in ``folder``, and
    OutputError when the manifest cannot be written; any other error is a record's.
    """
    executor = InlineExecutor(perform, cancel or (lambda: False))
    chosen = replace(policy or Policy(), ahead=1)
    return run_with(
        lambda: (executor, 1),
        jobs,
        folder,
        network=network,
        policy=chosen,
        on_progress=on_progress,
        on_event=on_event,
        cancel=cancel,
    )


def run_with(
    start_workers: Callable[[], tuple[Executor, int]],
    jobs: Sequence[Job],
    folder: Path | str,
    *,
    network: str = "",
    policy: Policy | None = None,
    on_progress: ProgressCallback | None = None,
    on_event: BatchCallback | None = None,
    cancel: Cancel | None = None,
) -> Batch:
    """As ``run``, with the executor that ``start_workers`` returns, and at most so many workers of it.

    ``start_workers`` is called only when there is something to paint. Raises ImpastoError besides, when no
    worker can be started.
    """
    tell = on_event or (lambda _: None)
    store = manifest(str(folder))
    with store.alone():
        known = records(store)
        looks = _Looks()
        notes = [_why_again(job, known.get(_name(job)), network, looks) for job in jobs]
        again = {_name(job) for job, note in zip(jobs, notes, strict=True) if note is not None}
        store.write([record.to_dict() for name, record in known.items() if name not in again])
        tasks = [
            Task(item, job, _checkpoint(job.output), note, network)
            for item, (job, note) in enumerate(zip(jobs, notes, strict=True))
            if note is not None
        ]
        found = {name: known[name] for name in map(_name, jobs) if name not in again}
        for number, job in enumerate(jobs, 1):
            if _name(job) in found:
                tell(BatchEvent("skipped", job, number, record=found[_name(job)]))
        cancelled = False
        if tasks:
            executor, workers = start_workers()
            meter = BatchMeter(len(jobs), len(jobs) - len(tasks), executor.now)

            def take(event: BatchEvent) -> None:
                if event.record is not None:
                    found[event.record.output] = event.record
                tell(event)
                progress = meter.take(event)
                if on_progress is not None:
                    on_progress(progress)

            pool = Pool(
                tasks,
                executor,
                min(workers, len(tasks)),
                settle=lambda records: store.add(*(record.to_dict() for record in records)),
                tell=take,
                policy=policy,
                keep=store.keep,
            )
            if isinstance(executor, InlineExecutor):
                executor.say = lambda event: pool.take_in([event])
            cancelled = not pool.run(cancel or (lambda: False))
    in_order = tuple(found[name] for name in map(_name, jobs) if name in found)
    return Batch(in_order, len(jobs) - len(tasks), cancelled)


def _checkpoint(output: str) -> str:
    """The file that a painting is kept in meanwhile: beside its result, or, of one that goes to a store, by
    name, on the worker's machine; a worker elsewhere begins anew."""
    if places.is_address(output):
        return f"{places.name_of(output)}.checkpoint"
    return str(Path(output).parent / HIDDEN / f"{Path(output).name}.checkpoint")


def _name(job: Job) -> str:
    return places.name_of(job.output)


class _Looks:
    """What stores say of the files in their folders: asked once a folder, since a request takes long."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, str]] = {}

    def version(self, address: str) -> str:
        """ "" for one that is not there, or of which the store says nothing."""
        return self._in(address).get(address, "")

    def exists(self, name: str) -> bool:
        return name in self._in(name) if places.is_address(name) else places.exists(name)

    def _in(self, address: str) -> dict[str, str]:
        folder = address.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = places.versions(folder) if places.is_folder(folder) else {}
        return self._folders[folder]


def _why_again(job: Job, record: Record | None, network: str, looks: _Looks) -> str | None:
    """Why ``job`` is to be painted, "" when it never was; None when it is done."""
    if record is None:
        return ""
    if not record.done:
        return "failed before"
    if not looks.exists(job.output):
        return "its result is gone"
    if record.job.quality != job.quality:
        return f"quality was {record.job.quality}, is {job.quality}"
    try:
        now = measure(job, network=network, earlier=record.job, look=looks.version)
    except InputError as error:
        return str(error)
    different = differences(record.job, now)
    return different[0] if different else None
