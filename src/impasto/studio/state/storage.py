"""The data folder: uploads and what is made of them. Files appear whole, and go for good.

pictures/ID.png        an upload, upright, sRGB, without metadata     pictures/ID.small.jpg   a copy
jobs/ID/               a job's files: checkpoint, previews, losses, result
incoming/              uploads that are not checked yet
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path

_ID = re.compile(r"[pj]_[A-Za-z0-9_-]{22}")
RESULT, SMALL, PREVIEW = "result.png", "small.jpg", "preview.jpg"
LOSSES, MARK, PAGE, CHECKPOINT = "losses.jsonl", "result.json", "page.html", "checkpoint.state"
PARTIAL = "partial.png"


def picture_place(id: str) -> str:
    """Return where the upload is below the data folder."""
    return f"pictures/{_checked(id)}.png"


def job_place(id: str) -> str:
    """Return where the job's folder is below the data folder."""
    return f"jobs/{_checked(id)}"


def new_id(letter: str) -> str:
    """An id nobody can guess: ``letter``, an underscore and 132 random bits as 22 letters."""
    return f"{letter}_{secrets.token_urlsafe(17)[:22]}"


class Storage:
    """Files below ``root``, by the ids of what they belong to."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        for name in ("pictures", "jobs", "incoming"):
            (self.root / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def picture(self, id: str) -> Path:
        """The upload's file."""
        return self.root / picture_place(id)

    def small(self, id: str) -> Path:
        """The upload's small copy."""
        return self.root / "pictures" / f"{_checked(id)}.{SMALL}"

    def job(self, id: str) -> Path:
        """The job's folder, which may not be there."""
        return self.root / job_place(id)

    def incoming(self) -> Path:
        """A name for an upload that is being received."""
        return self.root / "incoming" / secrets.token_hex(16)

    def remove_picture(self, id: str) -> None:
        for path in (self.picture(id), self.small(id)):
            path.unlink(missing_ok=True)

    def remove_job(self, id: str) -> None:
        shutil.rmtree(self.job(id), ignore_errors=True)

    def clear_job(self, id: str) -> None:
        """Remove what a job that has ended was painted with."""
        for name in (PARTIAL, CHECKPOINT):
            (self.job(id) / name).unlink(missing_ok=True)

    def size(self, id: str) -> int:
        """Bytes the job's files take, once it has ended."""
        kept = (path for path in self.job(id).rglob("*") if path.name not in (PARTIAL, CHECKPOINT))
        return sum(path.stat().st_size for path in kept if path.is_file())

    def remove_strays(self, pictures: set[str], jobs: set[str], *, older: float) -> int:
        """Remove files of nothing that is remembered, untouched for ``older`` seconds; returns how many."""
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


def _checked(id: str) -> str:
    """``id``, if it cannot be a way out of the folder."""
    if not _ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id")
    return id
