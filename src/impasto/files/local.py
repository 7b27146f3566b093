"""Files on this machine, written whole or not at all.

What is being written has a name of its own, ``.impasto-MACHINE-PID-RANDOM.tmp``, in the folder where it
belongs, reaches the disk, and then takes its name. The name tells who writes: what a process left that
died over it is removed by the next one that writes into the folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import platform
import secrets
import time
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from impasto.errors import ImpastoError, OutputError

STALE = 24 * 3600.0
"""Seconds after which a temporary file that nobody wrote to belongs to no process, on whichever machine."""

_PREFIX, _SUFFIX = ".impasto-", ".tmp"


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Put ``data`` into the file at ``path``: all of it, or, when that fails, none.

    Raises:
        OutputError: the file cannot be written; what was at ``path`` before is still there.
    """
    with Draft(path) as stream:
        stream.write(data)


class Draft:
    """A file on its way: within ``with Draft(path) as stream``, what is written to ``stream`` is at ``path``
    once the block ends, and nowhere when it raises.

    ``stream`` can be read and sought too; ``stream.name`` is where it lies meanwhile. A symbolic link keeps
    pointing where it did: its target is replaced. Permissions are those of any new file under the
    process's umask. Instead of the block, ``commit`` or ``discard`` may be called.

    Raises:
        OutputError: the file cannot be written; what was at ``path`` before is still there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self._place = Path(os.path.realpath(path))
            _sweep_once(self._place.parent)
            self._raw = _Remembering(self._place.with_name(temporary_name()), "x+b")
        except (OSError, ValueError) as problem:  # ValueError: a zero byte in the name
            raise cannot_write(path, problem) from problem
        self._temporary = Path(self._raw.name)
        self.stream: BinaryIO = io.BufferedRandom(self._raw)

    def __enter__(self) -> BinaryIO:
        return self.stream

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            self.commit()
            return
        self.discard()
        problem = self._raw.error or error  # libraries that write may make another error of it
        if isinstance(problem, OSError) and not isinstance(error, ImpastoError):
            raise cannot_write(self.path, problem) from error

    def commit(self) -> None:
        """Give the file its name. Raises OutputError."""
        try:
            self.stream.flush()
            if self._raw.error is not None:
                raise self._raw.error
            os.fsync(self.stream.fileno())
            self.stream.close()
            self._temporary.replace(self._place)
            _settle(self._place.parent)
        except OSError as problem:
            self.discard()
            raise cannot_write(self.path, problem) from problem
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):
            self._raw.close()  # without what is still to be written
        with contextlib.suppress(OSError):
            self.stream.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


class _Remembering(io.FileIO):
    """A file that remembers the first error in writing, which libraries may pass over."""

    error: OSError | None = None

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as problem:
            self.error = self.error or problem
            raise


def append(path: str | os.PathLike[str], data: bytes, *, durable: bool = True) -> None:
    """Add ``data`` to the end of the file at ``path``; ``durable``: so that a loss of power does not undo it.

    A crash may leave a part of ``data`` there. Raises OutputError.
    """
    try:
        with Path(path).open("ab") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
    except (OSError, ValueError) as problem:
        raise cannot_write(path, problem) from problem


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
        reason = problem if file is None else f"{file} is a file"
        raise cannot_write(folder, reason, f"a folder for {what}") from problem


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
    except (OSError, ValueError) as problem:
        raise problem if isinstance(problem, OutputError) else cannot_write(path, problem) from problem
    Draft(target).discard()


def _check_place(target: Path, suffixes: tuple[str, ...]) -> None:
    """The part of ``check_writable`` that only looks."""
    if target.is_dir():
        raise cannot_write(target, "it is a folder", "the name of a file")
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        actual = f"it ends in {target.suffix!r}" if suffix else "it has no suffix"
        raise cannot_write(target, actual, f"a name ending in {', '.join(suffixes)}")
    if target.parent.exists() and not target.parent.is_dir():
        raise cannot_write(target, f"{target.parent} is a file", "a name inside a folder")
    if not target.parent.exists():
        raise cannot_write(target, f"there is no {target.parent}", "a name inside an existing folder")
    if target.exists() and not target.is_file():
        raise cannot_write(target, "it is not a regular file", "the name of a file")
    if target.exists() and not os.access(target, os.W_OK):
        raise cannot_write(target, "it is write-protected", "a file that may be replaced")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise cannot_write(target, f"{target.parent} is write-protected", "a folder that takes files")


def cannot_write(
    path: str | os.PathLike[str], reason: BaseException | str, expected: str = ""
) -> OutputError:
    """Return the error for a file, or folder, that cannot be written: why, and what was ``expected``."""
    if isinstance(reason, OSError) and reason.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "the disk is full"
    why = reason if isinstance(reason, str) else reason_of(reason)
    more = f"; expected {expected}" if expected else ""
    return OutputError(f"cannot write {path}: {why}{more}", expected=expected or None, actual=why)


def reason_of(problem: BaseException) -> str:
    """Return what the system, or a library, says of a ``problem``: its first line."""
    words = problem.strerror if isinstance(problem, OSError) else None
    return words or next(iter(str(problem).strip().splitlines()), "") or type(problem).__name__


def temporary_name() -> str:
    """Return a name for a file that this process is writing, under which ``sweep`` finds it."""
    return f"{_PREFIX}{_machine()}-{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"


def is_stale(name: str, changed: float | None = None) -> bool:
    """Whether ``name`` is that of a file whose writer has died, or that was last ``changed`` a day ago."""
    words = name.removeprefix(_PREFIX).removesuffix(_SUFFIX).split("-")
    if not name.startswith(_PREFIX) or not name.endswith(_SUFFIX) or len(words) != 3:
        return False
    if words[0] == _machine() and words[1].isdecimal():
        import psutil  # not for a command's help

        if not psutil.pid_exists(int(words[1])):
            return True
    return changed is not None and changed < time.time() - STALE


def sweep(folder: Path) -> None:
    """Remove what processes that died over it left half written in ``folder``."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(_PREFIX):
                with contextlib.suppress(OSError):
                    if is_stale(path.name, path.stat().st_mtime):
                        path.unlink()


@lru_cache(maxsize=256)
def _sweep_once(folder: Path) -> None:
    sweep(folder)


@lru_cache(maxsize=1)
def _machine() -> str:
    """What tells machines, and containers that count processes from one, apart."""
    words = platform.node()
    with contextlib.suppress(OSError):
        words += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def _settle(folder: Path) -> None:
    """Have the names in ``folder`` on the disk, not only the files, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
