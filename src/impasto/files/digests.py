"""SHA-256 digests of files and folders, 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from impasto.errors import InputError
from impasto.files.local import real_path, reason_of


def of_bytes(data: bytes | str) -> str:
    """Return the digest of bytes, or of a text encoded as UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def of_file(path: Path, *, known: bool = False) -> str:
    """Return the digest of a file; with ``known``, read it again only if its time or size has changed.

    Raises InputError if it does not exist or cannot be read.
    """
    try:
        about = path.stat()
        read = _of_file if known else _of_file.__wrapped__
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"cannot read {path}: expected a file, not a folder or a device")
        return read(real_path(path), about.st_mtime_ns, about.st_size)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason_of(error)}") from error


@lru_cache(maxsize=4096)
def _of_file(path: Path, changed: int, size: int) -> str:  # noqa: ARG001  (cache keys)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_files(paths: Iterable[Path]) -> str:
    """Return the digest of the files' contents, in the given order. Raises InputError."""
    return of_bytes("".join(of_file(path, known=True) for path in paths).encode())


def of_listing(paths: Iterable[Path], *, times: bool = False) -> str:
    """Return the digest of the files' names, sizes and, with ``times``, times, without reading them."""
    rows = []
    for path in paths:
        about = path.stat()
        rows.append(f"{path.name} {about.st_size}{f' {about.st_mtime_ns}' if times else ''}\n")
    return of_bytes("".join(rows).encode())
