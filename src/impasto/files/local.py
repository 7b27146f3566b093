"""Files on this machine: whether they can be written, and replacing them whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Collection
from pathlib import Path

from impasto.errors import OutputError


def check_writable(path: str | os.PathLike[str], suffixes: Collection[str]) -> None:
    """Raise, before any work is done, when a result could not be written to ``path`` after it.

    ``suffixes``: the suffixes that are welcome, in lower case with their dots. Neither creates nor touches
    ``path``: whether its folder takes files is found out with a temporary file that is removed at once.

    Raises:
        OutputError: the suffix is none of ``suffixes``, the folder does not exist, is not a folder
            or takes no files, or ``path`` is a folder or a protected file.
    """
    target = Path(path)
    try:
        _check_place(target, tuple(suffixes))
        place = Path(os.path.realpath(target))
        handle, temporary = _open_temporary(place.parent)
    except OutputError:
        raise
    except (OSError, ValueError) as problem:
        raise _cannot_write(target, problem) from problem
    os.close(handle)
    temporary.unlink(missing_ok=True)


def make_folder(folder: Path, what: str) -> None:
    """Make ``folder``, and those above it, unless it is there; ``what``: what is to go into it.

    Raises:
        OutputError: there can be no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        above = [folder, *folder.parents]
        file = next((place for place in above if os.path.lexists(place) and not place.is_dir()), None)
        actual = reason_of(problem) if file is None else f"{file} is a file"
        raise OutputError(f"expected a folder for {what}; cannot make {folder}: {actual}") from problem


def _check_place(target: Path, suffixes: tuple[str, ...]) -> None:
    """The part of ``check_writable`` that only looks."""
    if target.is_dir():
        raise _output_error(target, "the name of a file", "it is a folder")
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        actual = f"it ends in {target.suffix!r}" if suffix else "it has no suffix"
        raise _output_error(target, f"a name ending in {', '.join(suffixes)}", actual)
    if target.parent.exists() and not target.parent.is_dir():
        raise _output_error(target, "a name inside a folder", f"{target.parent} is a file")
    if not target.parent.exists():
        raise _output_error(target, "a name inside an existing folder", f"there is no {target.parent}")
    if target.exists() and not target.is_file():
        raise _output_error(target, "the name of a file", "it is not a regular file")
    if target.exists() and not os.access(target, os.W_OK):
        raise _output_error(target, "a file that may be replaced", "it is write-protected")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise _output_error(target, "a folder that takes files", f"{target.parent} is write-protected")


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` into the file at ``path``: all of it, or, when that fails, none.

    The bytes go to a temporary file in the same folder first, reach the disk, and then take the
    name. A symbolic link keeps pointing where it did: its target is replaced. Permissions are those
    of any new file under the process's umask.

    Raises:
        OutputError: the file cannot be written; what was at ``path`` before is still there.
    """
    temporary: Path | None = None
    try:
        place = Path(os.path.realpath(path))
        handle, temporary = _open_temporary(place.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(place)
    except BaseException as problem:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        if isinstance(problem, (OSError, ValueError)):
            raise _cannot_write(path, problem) from problem
        raise


def _open_temporary(folder: Path) -> tuple[int, Path]:
    """A new, empty file in ``folder``, open for writing, with the permissions the umask leaves."""
    temporary = folder / f".impasto-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(temporary, flags, 0o666), temporary


def _cannot_write(path: Path, problem: OSError | ValueError) -> OutputError:
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        return _output_error(path, "room for the file", "the disk is full")
    return _output_error(path, "a place that takes files", f"writing failed ({reason_of(problem)})")


def _output_error(path: Path, expected: str, actual: str) -> OutputError:
    message = f"{path}: cannot be written: expected {expected}, but {actual}."
    return OutputError(message, expected=expected, actual=actual)


def reason_of(problem: OSError | ValueError) -> str:
    words = problem.strerror if isinstance(problem, OSError) else None
    return words or str(problem) or type(problem).__name__
