"""What is kept of a painting: its result with the parameters inside, and a small copy of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import files
from impasto.studio.requests import pictures_of
from impasto.studio.state import JobRecord, State
from impasto.studio.state.storage import CHECKPOINT, PAINTED, PARTIAL, RESULT, SMALL, Storage

THUMBNAIL_SIDE = 384
_PASSING = (PAINTED, PARTIAL, CHECKPOINT)


def keep(
    storage: Storage, state: State, job: JobRecord, made: Path, seconds: float, *, partial: bool
) -> dict[str, Any]:
    """Keep the picture at ``made`` as what came of ``job``; returns the result's description.

    ``seconds``: what it took. ``partial``: it was cut short. What was painted with stays until ``clear``.
    """
    from impasto import imaging
    from impasto.studio.thumbnails import thumbnail

    folder = storage.job(job.id)
    picture = imaging.read(made)
    parameters = _without_paths(storage, state, job, imaging.read_parameters(made) or {})
    imaging.write(picture, folder / RESULT, parameters=parameters)
    files.replace(folder / SMALL, thumbnail(picture, THUMBNAIL_SIDE))
    return {
        "width": picture.width,
        "height": picture.height,
        "bytes": (folder / RESULT).stat().st_size,
        "seconds": round(seconds, 2),
        "partial": partial,
    }


def keep_unfinished(storage: Storage, state: State, job: JobRecord) -> dict[str, Any] | None:
    """Keep what there is of a painting that was put down; None where nothing is."""
    made = storage.job(job.id) / PARTIAL
    if not made.is_file():
        return None
    return keep(storage, state, job, made, (job.progress or {}).get("elapsed", 0.0), partial=True)


def clear(storage: Storage, id: str) -> None:
    """Remove what a painting that has ended was painted with."""
    for name in _PASSING:
        (storage.job(id) / name).unlink(missing_ok=True)


def kept_bytes(storage: Storage, id: str) -> int:
    """Bytes that the job's files take once ``clear`` was there."""
    passing = (storage.job(id) / name for name in _PASSING)
    return storage.size(id) - sum(path.stat().st_size for path in passing if path.is_file())


def names(storage: Storage, state: State, job: JobRecord) -> dict[str, str]:
    """The paths of the uploads ``job`` is painted from, to the names people know them by."""
    found = {}
    for _, id in pictures_of(job.request):
        picture = state.pictures.find(job.owner, id)
        found[str(storage.picture(id))] = picture.name if picture is not None else "picture"
    return found


def _without_paths(
    storage: Storage, state: State, job: JobRecord, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """``parameters`` with the uploads' own names where this server's paths are."""
    text = json.dumps(parameters)
    for path, name in names(storage, state, job).items():
        text = text.replace(json.dumps(path), json.dumps(name))
    if str(storage.root) in text:
        raise RuntimeError("a path of this server is left in the parameters of a picture")
    found: dict[str, Any] = json.loads(text)
    return found
