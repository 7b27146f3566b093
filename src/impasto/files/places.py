"""Files that may lie elsewhere: paths of this machine, and addresses that fsspec knows (s3://, gs://, ...).

Everything here takes either, as text. ``file://`` is a path of this machine by another name.
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

from impasto.errors import ImpastoError, InputError, MissingExtraError
from impasto.files import local

if TYPE_CHECKING:
    from collections import OrderedDict

KEPT = 64
"""Fetched files that a worker keeps, the last used ones: its styles, and the picture it is at."""

# Where an object appears at once, when all of it is there. Elsewhere it is moved to its name.
_AT_ONCE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "memory"}

P = ParamSpec("P")
R = TypeVar("R")


def is_address(name: str) -> bool:
    """Whether ``name`` is an address that fsspec has to open, such as s3://bucket/photo.jpg."""
    return "://" in name and not name.startswith("file://")


def plain(name: str) -> str:
    """``name`` with file:// taken off."""
    return name.removeprefix("file://") if name.startswith("file://") else name


def name_of(name: str) -> str:
    """The last part of a path or an address."""
    return name.rstrip("/").rpartition("/")[2] if is_address(name) else Path(name).name


def join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}" if is_address(folder) else str(Path(folder) / name)


def exists(name: str) -> bool:
    """Whether there is a file. Raises InputError when that cannot be found out."""
    return _is_there(name) if is_address(name) else Path(name).is_file()


def _reading(work: Callable[P, R]) -> Callable[P, R]:
    """``work`` on the address that is its first argument, with errors that say which it was."""

    @wraps(work)
    def run(*args: P.args, **more: P.kwargs) -> R:
        try:
            return work(*args, **more)
        except ImpastoError:
            raise
        except FileNotFoundError as error:
            raise InputError(f"there is no file {args[0]}") from error
        except Exception as error:  # each store has errors of its own
            raise InputError(f"cannot read {args[0]}: {local.reason_of(error)}") from _as_os_error(error)

    return run


def _as_os_error(error: Exception) -> Exception:
    """Stores' own errors, such as one of a network that is away, count as what may pass."""
    if isinstance(error, OSError):
        return error if error.errno is not None else OSError(5, local.reason_of(error))
    return error if isinstance(error, (ValueError, TypeError)) else OSError(5, local.reason_of(error))


def system(address: str) -> tuple[Any, str]:
    """The fsspec file system of ``address`` and the path there.

    Raises MissingExtraError when the package for it is not installed, InputError for an unknown kind.
    """
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError("addresses need fsspec: pip install 'impasto[ray]'") from error
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
    """All of a file. Raises InputError."""
    if not is_address(name):
        return Path(name).read_bytes()
    files, path = system(name)
    return bytes(files.cat_file(path))


@_reading
def versions(folder: str) -> dict[str, str]:
    """The addresses of the files in a folder, in the order of their names, and what tells their versions
    apart, as far as the store says so without reading them ("" where it does not). Raises InputError."""
    files, path = system(folder)
    files.invalidate_cache(path)
    entries = [entry for entry in files.ls(path, detail=True) if entry["type"] == "file"]
    found = {join(folder, entry["name"].rpartition("/")[2]): _version(entry) for entry in entries}
    return dict(sorted(found.items()))


def listing(folder: str) -> list[str]:
    """The addresses of the files in a folder, in the order of their names. Raises InputError."""
    return list(versions(folder))


# What stores call a file's checksum, and when it was written.
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
    """Put ``data`` at ``name``: all of it or none. Raises OutputError."""
    if not is_address(name):
        local.replace(name, data)
        return
    try:
        files, path = system(name)
        if name.partition("://")[0] in _AT_ONCE:
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
    except Exception as error:  # each store has errors of its own
        raise local.cannot_write(name, error) from error


def make_folder(name: str, what: str = "the results") -> None:
    """Make a folder unless it is there; ``what``: what is to go into it. Raises OutputError."""
    if not is_address(name):
        local.make_folder(Path(name), what)
        return
    try:
        files, path = system(name)
        files.makedirs(path, exist_ok=True)
    except ImpastoError:
        raise
    except Exception as error:  # each store has errors of its own
        raise local.cannot_write(name, error, f"a folder for {what}") from error


def remove(name: str) -> None:
    """Remove a file, if it is there and can be removed."""
    with contextlib.suppress(Exception):
        if is_address(name):
            files, path = system(name)
            files.rm_file(path)
        else:
            Path(name).unlink()


def sweep(folder: str) -> None:
    """Remove what processes that died over it left half written in ``folder``."""
    if not is_address(folder):
        local.sweep(Path(folder))
    elif folder.partition("://")[0] not in _AT_ONCE:
        for name in listing(folder):
            if local.is_stale(name_of(name)):
                remove(name)


def fetch(address: str) -> Path:
    """A copy of the file at ``address`` on this machine, named alike; kept for the next time.

    Fetched again when the store says that it is another now. Raises InputError.
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
    """The version, as ``versions`` has it, of the copy that ``fetch`` gave last; "" where it is not known."""
    return _kept().get(address, ("", None))[0]


@_reading
def _about(address: str) -> Mapping[str, Any]:
    files, path = system(address)
    with contextlib.suppress(Exception):  # what was listed before may have changed
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
    """A folder of this process's own, gone with it."""
    return Path(_scratch().name)


@contextlib.contextmanager
def drafted(output: str) -> Iterator[Path]:
    """Where to write what belongs to ``output``: there, or, for an address, beside, and sent afterwards.

    Raises OutputError when it cannot be sent.
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
    """Raise InputError where this machine does not see the ``token`` that was put into ``folder``."""
    if not exists(token):
        raise InputError(
            f"{os.uname().nodename} does not see the folder {folder}: expected one that all machines share, "
            "or an address, such as s3://bucket/folder"
        )
