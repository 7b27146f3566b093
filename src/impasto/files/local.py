"""Atomic writing of files on this machine.

Data is written to a temporary file, ``.impasto-MACHINE-PID-RANDOM.tmp``, in the target's folder, flushed to
disk, and the file is then renamed. Temporary files of dead processes are removed by the next process that
writes into the folder.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import platform
import re
import secrets
import struct
import time
from collections.abc import Callable, Collection
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from impasto.errors import ImpastoError, OutputError
from impasto.files.protection import check_unprotected

STALE = 3600.0
"""Seconds without a write after which a temporary file of any machine counts as abandoned."""

LONGEST = 256 << 20
"""The maximum size in bytes of a file of settings, parameters or numbers."""
LONGEST_REASON = 300
"""The number of characters shown of another library's message."""
FULL = "the disk is full"
INVALID = "its contents are invalid"
_OF_CODE = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError),
    *(RecursionError, TypeError, struct.error),
)
_CALL = re.compile(r"\w\(\)")
_FULL = (errno.ENOSPC, errno.EDQUOT)

_PREFIX, _SUFFIX = ".impasto-", ".tmp"


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to the file at ``path``, atomically.

    Raises:
        OutputError: the file cannot be written; what was at ``path`` before is unchanged.
    """
    with Draft(path) as stream:
        stream.write(data)


class Draft:
    """A file written atomically: ``with Draft(path) as stream`` puts it at ``path`` when the block ends, and
    removes it when the block raises.

    ``stream`` is readable and seekable; ``stream.name`` is its temporary path. Where ``path`` is a symbolic
    link, its target is replaced. Permissions follow the process's umask. ``commit`` and ``discard`` may be
    called instead of using the block.

    Raises:
        OutputError: the file cannot be written; what was at ``path`` before is unchanged.
        InputError: it is an input of running work (``files.protecting``).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        check_unprotected(path)
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
        problem = self._raw.error or error  # the library may have wrapped the error
        if isinstance(problem, OSError) and not isinstance(error, ImpastoError):
            raise cannot_write(self.path, problem) from error

    def commit(self) -> None:
        """Move the file to its final name. Raises OutputError."""
        try:
            self.stream.flush()
            if self._raw.error is not None:
                raise self._raw.error
            os.fsync(self.stream.fileno())
            self.stream.close()
            self._temporary.replace(self._place)
            _sync_folder(self._place.parent)
        except OSError as problem:
            self.discard()
            raise cannot_write(self.path, problem) from problem
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove the temporary file."""
        with contextlib.suppress(OSError):
            self._raw.close()  # without flushing
        with contextlib.suppress(OSError):
            self.stream.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)


class _Remembering(io.FileIO):
    """A file that remembers its first write error, which libraries may swallow."""

    error: OSError | None = None

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as problem:
            self.error = self.error or problem
            raise


def append(path: str | os.PathLike[str], data: bytes, *, durable: bool = True) -> None:
    """Append ``data`` to the file at ``path``; ``durable``: flush it to the disk.

    A crash may leave only a part of ``data``. Raises OutputError, and InputError as ``Draft`` does.
    """
    check_unprotected(path)
    try:
        with Path(path).open("ab") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
    except (OSError, ValueError) as problem:
        raise cannot_write(path, problem) from problem


def read_bounded(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file of at most ``LONGEST`` bytes.

    Raises OSError, also for a longer one, such as a device without an end.
    """
    with Path(path).open("rb") as stream:
        data = stream.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise OSError(errno.EFBIG, f"it has more than {LONGEST >> 20} MB")
    return data


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` without symbolic links; those that lead nowhere, or round in a circle, stay."""
    return Path(os.path.realpath(path))


def make_folder(folder: Path, what: str) -> None:
    """Create ``folder`` and its parents where missing; ``what``: its contents, for the error message.

    Raises:
        OutputError: the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        above = [folder, *folder.parents]
        file = next((place for place in above if os.path.lexists(place) and not place.is_dir()), None)
        reason = problem if file is None else f"{file} is a file"
        raise cannot_write(folder, reason, f"a folder for {what}") from problem


def user_folder(find: Callable[..., Path], variable: str) -> Path:
    """Return the folder of Impasto that ``find``, a function of platformdirs, names.

    Raises OutputError for a user without a home folder, with the environment ``variable`` that sets it.
    """
    try:
        found = find("impasto", appauthor=False)
    except (RuntimeError, KeyError, OSError) as problem:
        raise _homeless(variable) from problem
    if str(found).startswith("~") or not found.is_absolute():
        raise _homeless(variable)
    return found


def _homeless(variable: str) -> OutputError:
    return OutputError(
        f"this user has no home folder: expected HOME, or {variable}=FOLDER, in the environment"
    )


def check_writable(path: str | os.PathLike[str], suffixes: Collection[str]) -> None:
    """Raise OutputError if a result could not be written to ``path``; call it before any work is done.

    ``suffixes``: the accepted suffixes, in lower case with their dots. ``path`` itself is not touched:
    the folder is tried with a temporary file, which is removed at once.

    Raises:
        OutputError: the suffix is none of ``suffixes``, the folder does not exist, is not a folder
            or is write-protected, or ``path`` is a folder or write-protected.
        InputError: ``path`` is an input of running work.
    """
    target = Path(path)
    check_unprotected(target)
    try:
        _check_place(target, tuple(suffixes))
    except (OSError, ValueError) as problem:
        raise problem if isinstance(problem, OutputError) else cannot_write(path, problem) from problem
    Draft(target).discard()


def _check_place(target: Path, suffixes: tuple[str, ...]) -> None:
    """Do the checks of ``check_writable`` that need no temporary file."""
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
        raise cannot_write(target, f"{target.parent} is write-protected", "a writable folder")


def cannot_write(
    path: str | os.PathLike[str], reason: BaseException | str, expected: str = ""
) -> OutputError:
    """Return the error for a file or folder that cannot be written: the reason, and what was ``expected``."""
    if isinstance(reason, OSError) and reason.errno in _FULL:
        reason = FULL
    why = reason if isinstance(reason, str) else reason_of(reason)
    more = f"; expected {expected}" if expected else ""
    return OutputError(f"cannot write {path}: {why}{more}")


def is_full(problem: BaseException | None) -> bool:
    """Return whether ``problem``, or what caused it, is a full disk."""
    while problem is not None:
        is_it = isinstance(problem, OSError) and problem.errno in _FULL
        if is_it or (isinstance(problem, OutputError) and FULL in str(problem)):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def reason_of(problem: BaseException) -> str:
    """Return the first line of an exception's message, truncated if long; ``INVALID`` where it is empty or
    about the code of a reader, which contents that nobody expected have led astray."""
    words = getattr(problem, "strerror", None)  # of OSError, and of what FFmpeg raises
    found = words or next(iter(str(problem).strip().splitlines()), "")
    is_of_code = isinstance(problem, _OF_CODE) and not isinstance(problem, ImpastoError)
    if not found or is_of_code or _CALL.search(found):
        return INVALID
    return found if len(found) <= LONGEST_REASON else f"{found[: LONGEST_REASON - 3]}..."


def temporary_name() -> str:
    """Return the name of a temporary file of this process, as ``sweep`` knows it."""
    return f"{_PREFIX}{_machine()}-{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}"


def is_stale(name: str, changed: float | None = None) -> bool:
    """Return whether ``name`` is a temporary file of a dead process, or was last ``changed`` an hour ago."""
    words = name.removeprefix(_PREFIX).removesuffix(_SUFFIX).split("-")
    if not name.startswith(_PREFIX) or not name.endswith(_SUFFIX) or len(words) != 3:
        return False
    if words[0] == _machine() and words[1].isdecimal() and not _is_running(int(words[1])):
        return True
    return changed is not None and changed < time.time() - STALE


def _is_running(process: int) -> bool:
    """Return whether a process of this machine runs; one that has ended but was not waited for does not."""
    import psutil  # slow to import

    try:
        return bool(psutil.Process(process).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD))
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def sweep(folder: Path) -> None:
    """Remove the temporary files of processes that have died from ``folder``."""
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
    """Return an identifier of this machine, or of this container, whose process numbers are its own."""
    words = platform.node()
    with contextlib.suppress(OSError):
        words += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def _sync_folder(folder: Path) -> None:
    """Flush the names in ``folder`` to the disk, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
