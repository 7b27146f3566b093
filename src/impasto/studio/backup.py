"""Backups: a studio's database, pictures, secret and audit log in one file, and their restoration.

The file is a tar archive, uncompressed because pictures are already compressed:

pictures/ID.png, ID.small.jpg   uploads              jobs/ID/...     files of jobs
pictures/ID.film, ID.style      films, and networks refined on a painting
jobs/ID/.impasto/...            the finished segments of an unfinished film
secret, audit-YYYY-MM.jsonl     as in the data folder, if they exist
studio.sqlite                   the database, also for a studio with PostgreSQL
manifest.json                   comes last: format, version, schema, and the SHA-256 of every file
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Connection, column, delete, func, insert, select, table
from sqlalchemy.exc import DatabaseError

from impasto import __version__, files
from impasto.errors import InputError, OutputError
from impasto.jobs.run import HIDDEN, LOCK
from impasto.studio.settings import Settings
from impasto.studio.state import State, database_url
from impasto.studio.state.database import Database
from impasto.studio.state.schema import REVISIONS, check_schema, prepare_schema
from impasto.studio.state.storage import SMALL, is_id
from impasto.studio.state.tables import deliveries, jobs, keys, links, metadata, pictures, sessions, uses

FORMAT = 1
MANIFEST, SNAPSHOT = "manifest.json", "studio.sqlite"
ROWS = 1000
"""The number of rows copied at a time."""
_LOOSE = re.compile(r"secret|audit-\d{4}-\d{2}\.jsonl")
_CLASHES = (FileExistsError, NotADirectoryError, IsADirectoryError)
"""The errors raised for two files of one name, or for a file in place of a folder."""
_WORD = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class BackupSummary:
    """The contents of a backup: numbers of jobs, uploads and files, and the bytes of the files, without the
    database."""

    jobs: int
    pictures: int
    files: int
    bytes: int


def write_backup(settings: Settings, path: Path) -> BackupSummary:
    """Write a backup of the studio described by ``settings`` to a new file that only its owner may read.

    The studio may be running. The database is copied as of one moment; anything deleted while its files are
    copied is not restored. Raises OutputError if ``path`` exists or cannot be written, InputError if there is
    no studio, or its database has another schema than this version's.
    """
    if path.exists():
        raise OutputError(f"{path} exists; a backup does not overwrite files")
    if files.real_path(path).is_relative_to(files.real_path(settings.data_dir)):
        raise OutputError(f"expected a file outside the data folder {settings.data_dir}; got {path}")
    with closing(_existing(settings)) as source, files.Draft(path) as stream:
        Path(stream.name).chmod(0o600)
        with (
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".impasto-") as folder,
            tarfile.open(fileobj=stream, mode="w") as archive,
        ):
            snapshot = Path(folder) / SNAPSHOT
            with closing(Database(str(snapshot))) as copy:
                prepare_schema(copy)
                _copy_rows(source, copy)
                listed = _add_files(archive, settings, copy)
                _forget_deleted(source, copy, listed)
                summary = _counted(copy, listed)
            _add(archive, SNAPSHOT, snapshot.read_bytes(), listed)
            about = {
                "format": FORMAT,
                "impasto": __version__,
                "schema": REVISIONS[-1],
                "created": time.time(),
            }
            digests = {name: digest for name, (digest, _) in listed.items()}
            _add(archive, MANIFEST, json.dumps({**about, "files": digests}).encode(), {})
    return summary


def restore_backup(settings: Settings, path: Path) -> BackupSummary:
    """Restore a backup into the data folder and the database of ``settings``, which have to be empty.

    A backup of an earlier schema is upgraded, and all users have to sign in again. Raises InputError for a
    file that is not a complete backup of this version or an earlier one, and for a folder or database that is
    not empty; then nothing is changed.
    """
    root = settings.data_dir
    if root.exists() and any(root.iterdir()):
        raise InputError(
            f"{root} is not empty; a backup is restored into a new folder, given by --data-dir, "
            "which can replace the old one afterwards"
        )
    was_there = root.exists()
    files.make_folder(root, "the restored studio")
    root.chmod(0o700)
    staging = Path(tempfile.mkdtemp(dir=root, prefix=".restore-"))
    try:
        digests = _extract(path, staging)
        with closing(Database(str(staging / SNAPSHOT))) as copy:
            listed = {
                name: (digest, (staging / name).stat().st_size)
                for name, digest in digests.items()
                if name != SNAPSHOT
            }
            try:
                prepare_schema(copy)
                with copy.transaction() as db:
                    db.execute(delete(sessions))  # some have ended since the backup
                summary = _counted(copy, listed)
            except DatabaseError as error:
                raise InputError(f"{path} is damaged: its database cannot be read: {error.orig}") from error
            if settings.database_url.get_secret_value():
                _fill(settings, copy)
        # The database comes last.
        for each in sorted(staging.iterdir(), key=lambda one: one.name == SNAPSHOT):
            is_copy = each.name.startswith(SNAPSHOT) and each.name != SNAPSHOT  # from before an upgrade
            if not is_copy and not (each.name == SNAPSHOT and settings.database_url.get_secret_value()):
                each.rename(root / each.name)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        if not was_there and not any(root.iterdir()):
            root.rmdir()
        raise
    shutil.rmtree(staging, ignore_errors=True)
    return summary


def _existing(settings: Settings) -> Database:
    """Return the studio's database, which must exist and have the schema of this version."""
    url = database_url(settings)
    if not settings.database_url.get_secret_value() and not Path(url).is_file():
        raise InputError(f"there is no studio in {settings.data_dir}; expected its folder: --data-dir DIR")
    database = Database(url)
    try:
        check_schema(database)
    except BaseException:
        database.close()
        raise
    return database


def _copy_rows(source: Database, target: Database) -> None:
    """Replace all rows of ``target`` with those of ``source``, as of one moment."""
    with source.transaction(reading=True) as reading, target.transaction() as writing:
        if source.is_shared:
            reading.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for each in metadata.sorted_tables:
            plain = table(each.name, *(column(one.name) for one in each.columns))  # unconverted values
            writing.execute(delete(plain))
            found = reading.execution_options(yield_per=ROWS).execute(select(plain)).mappings()
            for rows in found.partitions():
                writing.execute(insert(plain), [dict(row) for row in rows])


def _ids(db: Connection) -> tuple[set[str], set[str]]:
    """Return the ids of all uploads and of all jobs."""
    return set(db.execute(select(pictures.c.id)).scalars()), set(db.execute(select(jobs.c.id)).scalars())


def _add_files(archive: tarfile.TarFile, settings: Settings, copy: Database) -> dict[str, tuple[str, int]]:
    """Add the files of all uploads and jobs in ``copy``, and others; return digest and size by name."""
    listed: dict[str, tuple[str, int]] = {}
    with copy.transaction(reading=True) as db:
        uploads, painted = _ids(db)
    for path in _files(settings, uploads, painted):
        try:
            stream = path.open("rb")
        except FileNotFoundError:  # deleted meanwhile, or a temporary file
            continue
        with stream:
            _add_stream(archive, path.relative_to(settings.data_dir).as_posix(), stream, listed)
    return listed


def _files(settings: Settings, uploads: set[str], painted: set[str]) -> Iterator[Path]:
    root = settings.data_dir
    for id in sorted(uploads):
        yield from (root / "pictures" / f"{id}.{suffix}" for suffix in ("png", SMALL, "film", "style"))
    for id in sorted(painted):
        for path in _job_files(root / "jobs" / id):
            if _is_expected(path.relative_to(root).as_posix()) and path.is_file():
                yield path
    for path in sorted(root.iterdir()):
        if _LOOSE.fullmatch(path.name) and not (path.name == "secret" and settings.secret is not None):
            yield path


def _job_files(folder: Path) -> list[Path]:
    """Return the files of a job, in an order that keeps those of a film in progress consistent: the list of
    its finished segments, the state after the last one, and then the segments, which no longer change."""
    found = [Path(place) / name for place, _, names in os.walk(folder) for name in names if name != LOCK]
    return sorted(found, key=lambda path: (path.suffix != ".jsonl", path.suffix != ".npz", path))


def _add(archive: tarfile.TarFile, name: str, data: bytes, listed: dict[str, tuple[str, int]]) -> None:
    _add_stream(archive, name, io.BytesIO(data), listed)


def _add_stream(
    archive: tarfile.TarFile, name: str, stream: IO[bytes], listed: dict[str, tuple[str, int]]
) -> None:
    """Add the current contents of a file, which may be larger than memory."""
    entry = tarfile.TarInfo(name)
    entry.size = stream.seek(0, io.SEEK_END)
    entry.mtime, entry.mode = int(time.time()), 0o600
    stream.seek(0)
    read = _Digested(stream)
    archive.addfile(entry, read)
    listed[name] = read.digest.hexdigest(), entry.size


class _Digested:
    """A stream with the ``digest`` of the data read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.digest.update(data)
        return data


def _forget_deleted(source: Database, copy: Database, listed: dict[str, tuple[str, int]]) -> None:
    """Remove what is no longer in ``source`` from ``copy`` and from the files to restore."""
    with source.transaction(reading=True) as reading, copy.transaction() as writing:
        (uploads, painted), (known_uploads, known_painted) = _ids(reading), _ids(writing)
        for id in known_uploads - uploads:
            writing.execute(delete(pictures).where(pictures.c.id == id))
        for id in known_painted - painted:
            writing.execute(delete(jobs).where(jobs.c.id == id))
            for each in (uses, keys, deliveries, links):
                writing.execute(delete(each).where(each.c.job == id))
    gone = (known_uploads - uploads) | (known_painted - painted)
    for name in [name for name in listed if gone & {PurePosixPath(name).name.split(".")[0], *_job_of(name)}]:
        del listed[name]


def _job_of(name: str) -> tuple[str, ...]:
    """Return the job's id from the name of one of its files."""
    return PurePosixPath(name).parts[1:2] if name.startswith("jobs/") else ()


def _counted(copy: Database, listed: dict[str, tuple[str, int]]) -> BackupSummary:
    with copy.transaction(reading=True) as db:
        many, uploads = (
            int(db.execute(select(func.count()).select_from(each)).scalar_one()) for each in (jobs, pictures)
        )
    return BackupSummary(many, uploads, len(listed), sum(size for _, size in listed.values()))


def _is_expected(name: str) -> bool:
    """Return whether ``name`` is that of a file in backups; none of these leads out of a folder."""
    parts = name.split("/")
    if name in (MANIFEST, SNAPSHOT) or _LOOSE.fullmatch(name):
        return True
    if parts[0] == "jobs" and len(parts) > 3 and parts[2] == HIDDEN:  # an unfinished film
        del parts[2]
    if not all(_WORD.fullmatch(part) for part in parts) or len(parts) < 2:
        return False
    if parts[0] == "pictures":
        return len(parts) == 2 and is_id(parts[1].split(".")[0])
    return parts[0] == "jobs" and len(parts) > 2 and is_id(parts[1])


def _extract(path: Path, staging: Path) -> dict[str, str]:
    """Extract the files of a backup, checked; return their SHA-256 by name. Raises InputError."""
    found: dict[str, str] = {}
    manifest: Any = None
    try:
        with tarfile.open(path, mode="r:") as archive:
            for entry in archive:
                is_plain = entry.isreg() and not entry.issparse()  # its size is that of its bytes here
                content = archive.extractfile(entry) if is_plain else None
                if content is None or not _is_expected(entry.name):
                    raise InputError(f"{path} is not a backup of the studio: it has {entry.name[:100]!r}")
                if entry.name == MANIFEST:
                    manifest = json.loads(content.read())
                else:
                    found[entry.name] = _write(content, staging / entry.name)
    except InputError:
        raise
    except (tarfile.TarError, EOFError, ValueError, RecursionError, *_CLASHES) as error:
        raise InputError(f"{path} is not a whole backup of the studio: {error}") from error
    if manifest is None:
        raise InputError(f"{path} is not a whole backup of the studio: its end is missing")
    digests = _checked(path, manifest)
    for name in digests.keys() - {name for name, digest in found.items() if digests.get(name) == digest}:
        raise InputError(f"{path} is damaged: {name} is not what was written")
    for name in found.keys() - digests.keys():  # deleted while the backup was written
        (staging / name).unlink()
    return digests


def _checked(path: Path, manifest: Any) -> dict[str, str]:
    """Return the digests in a manifest. Raises InputError for a backup of a later version."""
    if not isinstance(manifest, dict):
        raise InputError(f"{path} is not a whole backup of the studio: its list of files is wrong")
    if manifest.get("format") != FORMAT or manifest.get("schema") not in REVISIONS:
        raise InputError(
            f"{path} was written by Impasto {manifest.get('impasto')}, schema {manifest.get('schema')}; this "
            f"version, {__version__}, supports up to {REVISIONS[-1]}: use that version, or a later one"
        )
    digests = manifest.get("files")
    if not isinstance(digests, dict) or SNAPSHOT not in digests or not all(map(_is_expected, digests)):
        raise InputError(f"{path} is not a whole backup of the studio: its list of files is wrong")
    return {str(name): str(digest) for name, digest in digests.items()}


def _write(content: IO[bytes], target: Path) -> str:
    """Write one file and return its SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with target.open("xb") as stream:
        target.chmod(0o600)
        while data := content.read(2**20):
            digest.update(data)
            stream.write(data)
    return digest.hexdigest()


def _fill(settings: Settings, copy: Database) -> None:
    """Copy all rows into an empty PostgreSQL database."""
    with closing(State(database_url(settings))) as state:
        with state.database.transaction(reading=True) as db:
            if any(_ids(db)):
                raise InputError("the database is not empty; a backup is restored into a new database")
        _copy_rows(copy, state.database)
