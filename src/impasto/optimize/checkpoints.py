"""Checkpoints: the state of a painting on disk, from which it continues after a crash.

The file is always complete, and at most ``every`` seconds old.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from impasto import files
from impasto.errors import InputError, OutputError

FORMAT = 1
INTERVAL = 60.0


class FileCheckpointer:
    """Saves a painting's state and its ``job`` (plain values) to ``path``, every ``every`` seconds.

    ``kept``: the state to continue from, as returned by ``read_checkpoint``. Painting continues if a state
    cannot be written; ``problem`` is then the reason, else "".
    """

    def __init__(
        self,
        path: Path,
        job: Mapping[str, Any],
        *,
        every: float = INTERVAL,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self.job = dict(job)
        self.every = every
        self.problem = ""
        self._kept = kept
        self._written = time.monotonic()

    def restore(self) -> Mapping[str, Any] | None:
        return self._kept

    def save_if_due(self, state: Callable[[], Mapping[str, Any]], *, last: bool = False) -> None:
        if last or time.monotonic() - self._written >= self.every:
            try:
                write_checkpoint(self.path, self.job, state())
                self.problem = ""
            except OutputError as error:
                self.problem = str(error)
            self._written = time.monotonic()

    def finish(self) -> None:
        """Remove the checkpoint, once the result is written."""
        remove_checkpoint(self.path)


def write_checkpoint(path: Path, job: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write ``state`` and its ``job`` atomically. Raises OutputError."""
    import torch

    with files.Draft(path) as stream:
        torch.save({"format": FORMAT, "job": dict(job), "state": dict(state)}, stream)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the job and the state in a checkpoint. Raises InputError for any other file.

    Only tensors and plain values are read; a file that contains code is refused.
    """
    import torch

    if not path.is_file():
        raise InputError(f"there is no checkpoint {path}; it is removed once the picture is written")
    try:
        with zipfile.ZipFile(path) as archive:  # torch does not verify checksums
            damaged = archive.testzip()
        if damaged is not None:
            raise InputError(f"the checkpoint {path} is damaged: the checksum of {damaged} is wrong")
        found = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # zipfile and torch raise errors of many types for invalid files
        raise InputError(f"{path} is not a checkpoint, or is damaged: {files.reason_of(error)}") from error
    if not isinstance(found, dict) or not {"format", "job", "state"} <= set(found):
        raise InputError(f"{path} is not a checkpoint made by impasto --checkpoint")
    if found["format"] != FORMAT:
        raise InputError(
            f"{path} has checkpoint format {found['format']}; this version of impasto reads format {FORMAT}"
        )
    return found["job"], found["state"]


def remove_checkpoint(path: Path) -> None:
    """Remove the checkpoint, if it is there."""
    path.unlink(missing_ok=True)
