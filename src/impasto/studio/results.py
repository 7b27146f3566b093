"""What is kept of a job that has ended: what it made, a description of it, and a small copy of a picture."""

from __future__ import annotations

import json
from typing import Any

from impasto import files, imaging
from impasto.studio.state.storage import MARK, PAGE, PARTIAL, RESULT, SMALL, Storage
from impasto.studio.thumbnails import thumbnail

THUMBNAIL_SIDE = 384


def keep_result(storage: Storage, id: str, seconds: float, *, partial: bool = False) -> dict[str, Any]:
    """Return the description of what came of the job ``id``, once all that is kept of it is in place.

    ``seconds``: what it took. ``partial``: it was cut short, and its picture so far is what is kept.
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
    # With the mark there, whoever takes the job finds it made.
    files.replace(folder / MARK, json.dumps(found).encode())
    if partial:
        made.replace(folder / RESULT)
    return found
