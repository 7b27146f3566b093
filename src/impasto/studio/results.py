"""The files of a finished job: the result, its description and a thumbnail."""

from __future__ import annotations

import json
from typing import Any

from impasto import files, imaging
from impasto.studio.state.storage import MARK, PAGE, PARTIAL, RESULT, SMALL, Storage
from impasto.studio.thumbnails import thumbnail

THUMBNAIL_SIDE = 384


def store_result(storage: Storage, id: str, seconds: float, *, partial: bool = False) -> dict[str, Any]:
    """Store the result of the job ``id`` and return its description.

    ``seconds``: the time it took. ``partial``: the job was cancelled; its picture so far is the result.
    """
    folder = storage.job(id)
    made = folder / (PARTIAL if partial else PAGE if (folder / PAGE).exists() else RESULT)
    width = height = 0
    if made.name != PAGE:
        picture = imaging.read(made)
        width, height = picture.width, picture.height
        files.replace(folder / SMALL, thumbnail(picture, THUMBNAIL_SIDE))
    found = {
        "width": width,
        "height": height,
        "bytes": made.stat().st_size,
        "seconds": round(seconds, 2),
        "partial": partial,
    }
    # A worker that finds this mark does not paint the job again.
    files.replace(folder / MARK, json.dumps(found).encode())
    if partial:
        made.replace(folder / RESULT)
    return found
