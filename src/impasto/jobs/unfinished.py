"""Unfinished paintings: their checkpoints, and whether they can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.errors import InputError
from impasto.files import real_path
from impasto.jobs.identity import check_unchanged, differences, resolve_places
from impasto.jobs.job import Job
from impasto.jobs.run import another, restart_note
from impasto.optimize.checkpoints import FileCheckpointer, read_checkpoint, remove_checkpoint


def checkpointer(path: Path, job: Job, *, every: float, resume: bool) -> FileCheckpointer:
    """Return the checkpointer of the measured ``job`` at ``path``; with ``resume``, it loads the state there.

    Raises InputError for a file that is not a checkpoint or is one of another painting, or if ``path`` is the
    job's output.
    """
    if job.output and real_path(job.output) == real_path(path):
        raise InputError(f"expected two files for the checkpoint and the result; both are {path}")
    kept: Mapping[str, Any] | None = None
    if resume and path.exists():
        earlier, kept = _read(path)
        if different := differences(earlier, job):
            raise another(str(path), "painting", different)
    return FileCheckpointer(path, job.to_dict(), every=every, kept=kept)


def read_job(path: Path) -> Job:
    """Return the job of the checkpoint at ``path``, with paths relative to the current folder.

    Raises InputError if there is no checkpoint, it is damaged or malformed, it was begun with pictures in
    memory, or an input is missing or has changed.
    """
    job = resolve_places(_read(path)[0])
    if not all(one.place for one in job.inputs()):
        raise InputError(
            f"{path} was started from Python with pictures in memory: resume it there, with "
            "impasto.stylize(..., checkpoint=..., resume=True)"
        )
    check_unchanged(job, str(path))
    return job


def discard_other(path: Path, job: Job) -> str:
    """Remove a checkpoint at ``path`` from which the measured ``job`` cannot resume; return why, or ""."""
    if not path.exists():
        return ""
    try:
        note = restart_note(differences(_read(path)[0], job))
    except InputError as error:
        note = f"started over: {error}"
    if note:
        remove_checkpoint(path)
    return note


def _read(path: Path) -> tuple[Job, dict[str, Any]]:
    values, state = read_checkpoint(path)
    try:
        return Job.from_dict(values), state
    except InputError as error:
        raise InputError(f"{path} has a job that this version of Impasto cannot read: {error}") from error
