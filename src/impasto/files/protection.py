"""Protection of the inputs of running work against being overwritten."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from impasto.errors import InputError

_Identity = tuple[int, int]

_files: list[frozenset[_Identity]] = []
_folders: list[tuple[frozenset[_Identity], Collection[str]]] = []


@contextlib.contextmanager
def protecting(inputs: Iterable[str | os.PathLike[str]], suffixes: Collection[str] = ()) -> Iterator[None]:
    """Refuse, inside this block, all writing to the ``inputs`` in this process.

    ``inputs``: files, under any of their names; folders, whose files that end in ``suffixes`` (in lower
    case) are inputs; what does not exist is no input. Checks of outputs refuse them too, before work starts.
    """
    held = [(path, found) for path in map(Path, inputs) if (found := _identity(path)) is not None]
    files = frozenset(found for path, found in held if not path.is_dir())
    folders = frozenset(found for path, found in held if path.is_dir())
    _files.append(files)
    _folders.append((folders, suffixes))
    try:
        yield
    finally:
        _files.remove(files)
        _folders.remove((folders, suffixes))


def check_unprotected(path: str | os.PathLike[str]) -> None:
    """Raise InputError if ``path`` is an input of running work."""
    if not _files:
        return
    place = Path(path)
    found = _identity(place)
    if found is None:
        return
    folder = _identity(place.parent)
    inside = any(folder in ids and place.suffix.lower() in suffixes for ids, suffixes in _folders)
    if inside or any(found in ids for ids in _files):
        raise InputError(
            f"the output {path} is also an input; it would be overwritten: expected another name (-o OUT)"
        )


def _identity(path: Path) -> _Identity | None:
    """Return a file's device and inode numbers; None if there is no file."""
    try:
        about = path.stat()
    except (OSError, ValueError):
        return None
    return about.st_dev, about.st_ino
