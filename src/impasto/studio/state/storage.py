"""The data folder: uploads and the files of jobs.

pictures/ID.png        an upload, upright, sRGB, without metadata     pictures/ID.small.jpg   a copy
pictures/ID.style      the network refined on it
pictures/ID.film       an uploaded film, as it came              pictures/ID.small.jpg   a frame of it
jobs/ID/               a job's files: checkpoint, previews, losses, result and copies of it
incoming/              uploads not yet checked
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path

from impasto import files
from impasto.jobs.run import HIDDEN

_ID = re.compile(r"[pj]_[A-Za-z0-9_-]{22}")
RESULT, SMALL, PREVIEW = "result.png", "small.jpg", "preview.jpg"
LOSSES, MARK, PAGE, CHECKPOINT = "losses.jsonl", "result.json", "page.html", "checkpoint.state"
PARTIAL, DISPLAY, LEARNT, FILM = "partial.png", "display.jpg", "learnt.style", "film.mp4"
SHOWN = "shown.mp4"
"""The film without its tags, for the recipients of a link."""
_SEGMENTS = HIDDEN
"""The subfolder of a job with the segments of an unfinished film."""


def picture_place(id: str) -> str:
    """Return the upload's path below the data folder."""
    return f"pictures/{_checked(id)}.png"


def film_place(id: str) -> str:
    """Return the path of the uploaded film below the data folder."""
    return f"pictures/{_checked(id)}.film"


def learnt_place(id: str) -> str:
    """Return the path of the style file of a painting below the data folder."""
    return f"pictures/{_checked(id)}.style"


def job_place(id: str) -> str:
    """Return the path of the job's folder below the data folder."""
    return f"jobs/{_checked(id)}"


def new_id(letter: str) -> str:
    """Return an unguessable id: ``letter``, an underscore and 132 random bits as 22 letters."""
    return f"{letter}_{secrets.token_urlsafe(17)[:22]}"


class Storage:
    """The files below ``root``, by the ids of their pictures and jobs."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        for name in ("pictures", "jobs", "incoming"):
            (self.root / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def picture(self, id: str) -> Path:
        """Return the path of the upload."""
        return self.root / picture_place(id)

    def small(self, id: str) -> Path:
        """Return the path of the upload's small copy."""
        return self.root / "pictures" / f"{_checked(id)}.{SMALL}"

    def learnt(self, id: str) -> Path:
        """Return the path of the style file of a painting on which the network was refined."""
        return self.root / learnt_place(id)

    def film(self, id: str) -> Path:
        """Return the path of the uploaded film."""
        return self.root / film_place(id)

    def job(self, id: str) -> Path:
        """Return the path of the job's folder, which may not exist."""
        return self.root / job_place(id)

    def incoming(self) -> Path:
        """Return a new path for an upload that is being received."""
        return self.root / "incoming" / secrets.token_hex(16)

    def check_room(self, size: int) -> None:
        """Raise OutputError if a file of ``size`` bytes cannot be written."""
        path = self.incoming()
        try:
            files.replace(path, b"\0" * size)
        finally:
            path.unlink(missing_ok=True)

    def remove_picture(self, id: str) -> None:
        for path in (self.picture(id), self.small(id), self.learnt(id), self.film(id)):
            path.unlink(missing_ok=True)

    def remove_job(self, id: str) -> None:
        shutil.rmtree(self.job(id), ignore_errors=True)

    def clear_job(self, id: str) -> None:
        """Remove the working files of a job that has ended."""
        for name in (PARTIAL, CHECKPOINT):
            (self.job(id) / name).unlink(missing_ok=True)
        shutil.rmtree(self.job(id) / _SEGMENTS, ignore_errors=True)

    def size(self, id: str) -> int:
        """Return the bytes of the job's files, without its working files."""
        kept = (path for path in self.job(id).rglob("*") if path.name not in (PARTIAL, CHECKPOINT))
        return sum(path.stat().st_size for path in kept if path.is_file())

    def remove_strays(self, pictures: set[str], jobs: set[str], *, older: float) -> int:
        """Remove files of unknown pictures or jobs that are ``older`` in seconds; return their number."""
        before, count = time.time() - older, 0
        for path in (self.root / "pictures").iterdir():
            if path.name.split(".")[0] not in pictures and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                count += 1
        for path in (self.root / "jobs").iterdir():
            if path.name not in jobs and path.stat().st_mtime < before:
                shutil.rmtree(path, ignore_errors=True)
                count += 1
        for path in (self.root / "incoming").iterdir():
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                count += 1
        return count


def is_id(text: str) -> bool:
    """Return whether ``text`` has the form of an id of a picture or a job."""
    return _ID.fullmatch(text) is not None


def _checked(id: str) -> str:
    """Return ``id`` if it is well formed, so that paths cannot lead out of the folder."""
    if not is_id(id):
        raise ValueError(f"malformed id: {id!r}")
    return id
