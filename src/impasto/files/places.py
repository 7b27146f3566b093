"""Files on this machine or in stores: paths, and addresses for fsspec (s3://, gs://, ...).

Functions take either, as text. ``file://`` means a path on this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from impasto import extras
from impasto.errors import ImpastoError, InputError, MissingExtraError
from impasto.files import local

if TYPE_CHECKING:
    from collections import OrderedDict

KEPT = 64
"""The number of most recently used fetched files that a process keeps."""

# Stores in which writing an object is atomic. In others, it is written under another name and moved.
_ATOMIC = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "memory"}

P = ParamSpec("P")
R = TypeVar("R")


def is_address(name: str) -> bool:
    """Return whether ``name`` is an fsspec address, such as s3://bucket/photo.jpg."""
    return "://" in name and not name.startswith("file://")


def readable(name: str) -> str:
    """Return ``name`` for UTF-8 text: bytes that are not UTF-8 become U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in name)


def is_path(name: str) -> bool:
    """Return whether the system allows a file called ``name``: no NUL, and nothing that it cannot encode."""
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeEncodeError:
        return False


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists; False for names that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def plain(name: str) -> str:
    """Return ``name`` without a leading file://."""
    return name.removeprefix("file://") if name.startswith("file://") else name


def name_of(name: str) -> str:
    """Return the last part of a path or an address."""
    return name.rstrip("/").rpartition("/")[2] if is_address(name) else Path(name).name


def join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if is_address(folder) else str(Path(folder) / name)


def exists(name: str) -> bool:
    """Return whether the file exists. Raises InputError if the store cannot be asked."""
    return _is_there(name) if is_address(name) else Path(name).is_file()


def _reading(work: Callable[P, R]) -> Callable[P, R]:
    """Wrap ``work``, so that its errors are InputErrors with the address, its first argument."""

    @wraps(work)
    def run(*args: P.args, **more: P.kwargs) -> R:
        try:
            return work(*args, **more)
        except ImpastoError:
            raise
        except FileNotFoundError as error:
            raise InputError(f"there is no file {args[0]}") from error
        except Exception as error:  # each store has its own exceptions
            raise InputError(f"cannot read {args[0]}: {local.reason_of(error)}") from _as_os_error(error)

    return run


def _as_os_error(error: Exception) -> Exception:
    """Return a store's own error, such as a network error, as an OSError, which may be retried."""
    if isinstance(error, OSError):
        return error if error.errno is not None else OSError(5, local.reason_of(error))
    return error if isinstance(error, (ValueError, TypeError)) else OSError(5, local.reason_of(error))


def system(address: str) -> tuple[Any, str]:
    """Return the fsspec file system of ``address`` and the path in it.

    Raises MissingExtraError if its package is not installed, InputError for an unknown scheme.
    """
    try:
        import fsspec
    except ImportError as error:
        raise extras.missing("addresses need fsspec", "ray") from error
    kind = address.partition("://")[0]
    try:
        found, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise MissingExtraError(
            f"{kind}:// needs a package that is not installed: {local.reason_of(error)} (pip install it)"
        ) from error
    except ValueError as error:
        raise InputError(
            f"expected a path, or an address fsspec knows, such as s3://; got {kind}://"
        ) from error
    return found, path


@_reading
def _is_there(address: str) -> bool:
    files, path = system(address)
    return bool(files.isfile(path))


@_reading
def is_folder(address: str) -> bool:
    files, path = system(address)
    return bool(files.isdir(path))


@_reading
def read(name: str) -> bytes:
    """Return the contents of a file. Raises InputError."""
    if not is_address(name):
        return Path(name).read_bytes()
    files, path = system(name)
    return bytes(files.cat_file(path))


@_reading
def versions(folder: str) -> dict[str, str]:
    """Return the addresses of the files in a folder, sorted by name, each with its version: a checksum or
    time of the store's, "" where it has none. Raises InputError."""
    files, path = system(folder)
    files.invalidate_cache(path)
    entries = [entry for entry in files.ls(path, detail=True) if entry["type"] == "file"]
    found = {join(folder, entry["name"].rpartition("/")[2]): _version(entry) for entry in entries}
    return dict(sorted(found.items()))


def listing(folder: str) -> list[str]:
    """Return the addresses of the files in a folder, sorted by name. Raises InputError."""
    return list(versions(folder))


# The names of a file's checksum and time in different stores.
_CHECKSUMS = ("ETag", "etag", "md5Hash", "content_md5", "md5")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")


def _version(entry: Mapping[str, Any]) -> str:
    for name in _CHECKSUMS:
        if entry.get(name):
            return f"{name} {entry[name]}"
    for name in _TIMES:
        if entry.get(name):
            return f"{name} {entry[name]}, {entry.get('size')} bytes"
    return ""


def write(name: str, data: bytes) -> None:
    """Write ``data`` to ``name``, atomically. Raises OutputError."""
    if not is_address(name):
        local.replace(name, data)
        return
    try:
        files, path = system(name)
        if name.partition("://")[0] in _ATOMIC:
            files.pipe_file(path, data)
            return
        beside = f"{path.rpartition('/')[0]}/{local.temporary_name()}"
        try:
            files.pipe_file(beside, data)
            files.mv(beside, path)
        except BaseException:
            with contextlib.suppress(Exception):
                files.rm_file(beside)
            raise
    except ImpastoError:
        raise
    except Exception as error:  # each store has its own exceptions
        raise local.cannot_write(name, error) from error


def make_folder(name: str, what: str = "the results") -> None:
    """Create a folder where missing; ``what``: its contents, for the error message. Raises OutputError."""
    if not is_address(name):
        local.make_folder(Path(name), what)
        return
    try:
        files, path = system(name)
        files.makedirs(path, exist_ok=True)
    except ImpastoError:
        raise
    except Exception as error:  # each store has its own exceptions
        raise local.cannot_write(name, error, f"a folder for {what}") from error


def remove(name: str) -> None:
    """Remove a file, if it exists and can be removed."""
    with contextlib.suppress(Exception):
        if is_address(name):
            files, path = system(name)
            files.rm_file(path)
        else:
            Path(name).unlink()


def sweep(folder: str) -> None:
    """Remove the temporary files of processes that have died from ``folder``."""
    if not is_address(folder):
        local.sweep(Path(folder))
    elif folder.partition("://")[0] not in _ATOMIC:
        for name in listing(folder):
            if local.is_stale(name_of(name)):
                remove(name)


def fetch(address: str) -> Path:
    """Return the path of a local copy of the file at ``address``, with the same name.

    The copy is kept, and fetched again when the store's version differs. Raises InputError.
    """
    version = _version(_about(address))
    kept = _kept()
    if version and address in kept and kept[address][0] == version and kept[address][1].is_file():
        kept.move_to_end(address)
        return kept[address][1]
    folder = scratch() / hashlib.sha256(f"{address} {version}".encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    place = folder / name_of(address)
    local.replace(place, read(address))
    kept.pop(address, None)
    kept[address] = version, place
    while len(kept) > KEPT:
        kept.popitem(last=False)[1][1].unlink(missing_ok=True)
    return place


def fetched_version(address: str) -> str:
    """Return the version, as in ``versions``, of the copy that ``fetch`` last returned, or ""."""
    return _kept().get(address, ("", None))[0]


@_reading
def _about(address: str) -> Mapping[str, Any]:
    files, path = system(address)
    with contextlib.suppress(Exception):  # a cached listing may be out of date
        files.invalidate_cache(files._parent(path))
    found: Mapping[str, Any] = files.info(path)
    return found


@lru_cache(maxsize=1)
def _kept() -> OrderedDict[str, tuple[str, Path]]:
    from collections import OrderedDict

    return OrderedDict()


@lru_cache(maxsize=1)
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True)


def scratch() -> Path:
    """Return a temporary folder, which is removed when the process ends."""
    return Path(_scratch().name)


@contextlib.contextmanager
def drafted(output: str) -> Iterator[Path]:
    """Yield the path to write: ``output`` or, for an address, a temporary file that is sent afterwards.

    Raises OutputError if it cannot be sent.
    """
    if not is_address(output):
        yield Path(output)
        return
    draft = scratch() / f"{secrets.token_hex(8)}-{name_of(output)}"
    try:
        yield draft
        write(output, draft.read_bytes())
    finally:
        draft.unlink(missing_ok=True)


def check_seen(folder: str, token: str) -> None:
    """Raise InputError if the file ``token``, written to ``folder``, is not visible on this machine."""
    if not exists(token):
        raise InputError(
            f"{os.uname().nodename} does not see the folder {folder}: expected one that all machines share, "
            "or an address, such as s3://bucket/folder"
        )
