"""The files of a finished job: the result, its description and a thumbnail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto import files, imaging
from impasto.studio.films import STILL_SHARE, STILL_SIDE, read_still
from impasto.studio.state.storage import DISPLAY, FILM, LEARNT, MARK, PAGE, PARTIAL, RESULT, SMALL, Storage
from impasto.studio.thumbnails import as_jpeg, thumbnail

THUMBNAIL_SIDE = 384
DISPLAY_QUALITY = 95
"""The quality of the copy shown by the page, which is made once, here."""


def store_result(storage: Storage, id: str, seconds: float, *, partial: bool = False) -> dict[str, Any]:
    """Store the result of the job ``id`` and return its description.

    ``seconds``: the time it took. ``partial``: the job was cancelled; its picture so far is the result.
    """
    folder = storage.job(id)
    other = next((name for name in (PAGE, LEARNT, FILM) if (folder / name).exists()), None)  # no picture
    made = folder / (PARTIAL if partial else other or RESULT)
    width = height = 0
    more: dict[str, Any] = {}
    if other == FILM:
        width, height, more = _store_film(folder)
    elif other is None:
        picture = imaging.read(made)
        width, height = picture.width, picture.height
        files.replace(folder / SMALL, thumbnail(picture, THUMBNAIL_SIDE))
        imaging.write(replace(picture, metadata=None), folder / DISPLAY, quality=DISPLAY_QUALITY)
    found = {
        "width": width,
        "height": height,
        "bytes": made.stat().st_size,
        "seconds": round(seconds, 2),
        "partial": partial,
        **more,
    }
    # A worker that finds this mark does not paint the job again.
    files.replace(folder / MARK, json.dumps(found).encode())
    if partial:
        made.replace(folder / RESULT)
    return found


def _store_film(folder: Path) -> tuple[int, int, dict[str, Any]]:
    """Store a frame of a painted film as its picture; return the film's size, length and number of frames."""
    from impasto.clips import Request, open_clip

    info = open_clip(folder / FILM, Request()).info
    frames = info.frames or 1
    length = float(frames / info.rate)
    still = read_still(folder / FILM, length / STILL_SHARE, STILL_SIDE)
    files.replace(folder / DISPLAY, as_jpeg(still, DISPLAY_QUALITY))
    still.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    files.replace(folder / SMALL, as_jpeg(still))
    return info.width, info.height, {"length": round(length, 3), "frames": frames}
