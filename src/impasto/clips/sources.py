"""Opening of clips: video files, folders of pictures, and patterns of their names."""

from __future__ import annotations

import os
from pathlib import Path

from impasto import imaging
from impasto.clips import pictures
from impasto.clips import reader as reading
from impasto.clips.animations import MovingPicture
from impasto.clips.clip import Clip, Request
from impasto.errors import InputError


def open_clip(source: str | os.PathLike[str], request: Request | None = None) -> Clip:
    """Return the clip at ``source``: a video file, a folder of pictures, or a pattern of their names.

    Patterns are those of ``printf`` (``frames/%05d.png``) or of a shell (``'frames/*.png'``). Raises
    InputError for a source that does not exist or cannot be read, MissingExtraError without PyAV.
    """
    request = request or Request()
    path = Path(source)
    if path.is_dir() or (not path.exists() and pictures.is_pattern(path.name)):
        return pictures.PictureSequence(pictures.find(path), request)
    if str(source) == "-" or (path.exists() and not path.is_file()):
        what = "standard input" if str(source) == "-" else f"{path}, which is a pipe or a device"
        raise InputError(
            f"expected a file: a film is read several times, and again after an interruption; got {what}. "
            "Write it into a file first"
        )
    if not path.exists():
        raise InputError(f"expected a video, a folder of pictures or a pattern; there is no {path}")
    if imaging.is_moving(path):
        return MovingPicture(path, request)
    return reading.VideoFile(path, request)
