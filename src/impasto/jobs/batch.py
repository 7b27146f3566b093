"""Batches of jobs: finished ones are skipped, failed ones are retried and do not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.errors import InputError
from impasto.files import places
from impasto.jobs.events import BatchCallback, BatchEvent, Executor
from impasto.jobs.executors.inline import InlineExecutor
from impasto.jobs.identity import differences, with_digests
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
    "plan_batch",
    "run",
    "run_with",
]


@dataclass(frozen=True)
class Batch:
    """A batch that has run: the records of its jobs, in order, ``skipped`` of them done before.

    ``left_out``: given photographs that are results of an earlier batch in the folder. ``planned``: of a dry
    run, every job, and why it would be painted ("" for the first time; None if it is done).
    """

    records: tuple[Record, ...]
    skipped: int = 0
    cancelled: bool = False
    left_out: tuple[str, ...] = ()
    planned: tuple[tuple[Job, str | None], ...] = ()

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
    """Perform ``jobs``, whose outputs are in ``folder``, one after the other in this process.

    A job is skipped if its output exists and the manifest lists it as done with the same options and inputs,
    byte for byte. ``network``: the digest of the encoder's weights, which count as an input. An unfinished
    job resumes from its checkpoint. A job that fails for a temporary reason is retried according to
    ``policy``. ``cancel`` is called between jobs, and passed to ``perform``.

    Raises InputError for a malformed manifest, or if another batch is running in ``folder``, and OutputError
    if the manifest cannot be written; any other error is stored in its record.
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
    """Perform ``jobs`` as ``run`` does, with the executor and the number of workers from ``start_workers``.

    ``start_workers`` is called only if there is something to paint. Also raises ImpastoError if no worker
    can be started.
    """
    tell = on_event or (lambda _: None)
    store = manifest(str(folder))
    with store.alone():
        known = records(store)
        versions = _StoreVersions()
        notes = [_reason_to_paint(job, known.get(_name(job)), network, versions) for job in jobs]
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
                store_records=lambda records: store.add(*(record.to_dict() for record in records)),
                tell=take,
                policy=policy,
                keep=store.keep,
            )
            if isinstance(executor, InlineExecutor):
                executor.say = lambda event: pool.handle([event])
            cancelled = not pool.run(cancel or (lambda: False))
    in_order = tuple(found[name] for name in map(_name, jobs) if name in found)
    return Batch(in_order, len(jobs) - len(tasks), cancelled)


def plan_batch(jobs: Sequence[Job], folder: Path | str, *, network: str = "") -> list[tuple[Job, str | None]]:
    """Return what ``run`` would do: each job, and why it would be painted, "" for the first time; None for
    one that is done. Nothing is written.
    """
    store = manifest(str(folder))
    known, versions = records(store), _StoreVersions()
    return [(job, _reason_to_paint(job, known.get(_name(job)), network, versions)) for job in jobs]


def _checkpoint(output: str) -> str:
    """Return the path of a painting's checkpoint: beside its result or, for one in a store, a name on the
    worker's machine; a worker on another machine starts over."""
    if places.is_address(output):
        return f"{places.name_of(output)}.checkpoint"
    return str(Path(output).parent / HIDDEN / f"{Path(output).name}.checkpoint")


def _name(job: Job) -> str:
    return places.name_of(job.output)


class _StoreVersions:
    """The versions of files in stores, requested once for each folder, as requests are slow."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, str]] = {}

    def version(self, address: str) -> str:
        """Return the version of a file, "" if it does not exist or has none."""
        return self._in(address).get(address, "")

    def exists(self, name: str) -> bool:
        return name in self._in(name) if places.is_address(name) else places.exists(name)

    def _in(self, address: str) -> dict[str, str]:
        folder = address.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = places.versions(folder) if places.is_folder(folder) else {}
        return self._folders[folder]


def _reason_to_paint(job: Job, record: Record | None, network: str, versions: _StoreVersions) -> str | None:
    """Return why ``job`` is to be painted, "" for the first time; None if it is done."""
    if record is None:
        return ""
    if not record.done:
        return "failed before"
    if not versions.exists(job.output):
        return "its result does not exist"
    if record.job.quality != job.quality:
        return f"quality was {record.job.quality}, is {job.quality}"
    try:
        now = with_digests(job, network=network, earlier=record.job, look=versions.version)
    except InputError as error:
        return str(error)
    different = differences(record.job, now)
    return different[0] if different else None
