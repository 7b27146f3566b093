"""A backup has everything, is taken while the studio runs, and is restored to the byte or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from PIL import Image
from sqlalchemy import text
from typer.testing import CliRunner

from impasto.cli import app
from impasto.errors import ImpastoError, InputError, OutputError
from impasto.studio.backup import restore_backup, write_backup
from impasto.studio.client import StudioClient
from impasto.studio.settings import Settings
from impasto.studio.state import State, schema
from impasto.studio.state.database import Database
from impasto.studio.state.storage import Storage
from impasto.studio.state.tables import metadata
from tests.studio.conftest import NO_WORKERS, House, encoded, no_network, submit, until, upload
from tests.studio.servers import postgres_server


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in a database, as it is stored."""
    database = Database(url)
    with database.transaction(reading=True) as db:
        found = {
            each.name: sorted(
                map(tuple, db.execute(text(f"SELECT {columns(each)} FROM {each.name}"))), key=repr
            )
            for each in metadata.sorted_tables
        }
    database.close()
    return found


def columns(table: Any) -> str:
    return ", ".join(column.name for column in table.columns)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a data folder but the database."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("studio.sqlite")
    }


@pytest.fixture
def full(house: House) -> House:
    """A studio with something of everything."""
    with house.client() as client:
        photo = upload(client, name="写真.png")
        done, binned = submit(client, photo), submit(client, photo)
        house.paint(binned["id"])
        client.post(f"/jobs/{done['id']}/links", json={})
        client.delete(f"/jobs/{binned['id']}")
        submit(client, photo)
        painting, learnt = upload(client, encoded(20, 20), "painting"), b"what was learnt"
    house.services.storage.learnt(painting).write_bytes(learnt)
    house.services.state.pictures.note_learnt("local", painting, 1e9, len(learnt))
    return house


def backup_of(house: House, tmp_path: Path) -> Path:
    path = tmp_path / "backup.tar"
    write_backup(house.settings, path)
    return path


def test_a_backup_is_restored_to_the_byte(full: House, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    made = write_backup(full.settings, path)
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob(".impasto-*")) == []
    new = Settings(data_dir=tmp_path / "new")
    assert restore_backup(new, path) == made
    assert (made.jobs, made.pictures) == (3, 2)
    here = full.settings.data_dir
    assert contents(new.data_dir) == contents(here)
    assert rows(str(new.data_dir / "studio.sqlite")) == rows(str(here / "studio.sqlite"))
    assert new.data_dir.stat().st_mode & 0o077 == 0
    assert (new.data_dir / "secret").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in new.data_dir.iterdir() if path.name.startswith(".")) == []


def test_a_backup_under_load_has_all_of_what_it_has(make: Callable[..., House], tmp_path: Path) -> None:
    house = make(keep_bin_days=0)  # so that deletion removes files at once
    stop = threading.Event()

    def paint() -> None:
        while not stop.is_set():
            house.painter.run_next("paintings")

    def come_and_go(number: int) -> None:
        with house.client() as client:
            while not stop.is_set():
                photo = upload(client, encoded(40 + number, 40))
                job = submit(client, photo)
                place = f"/jobs/{job['id']}"
                until(lambda place=place: stop.is_set() or client.get(place).json()["status"] == "done")
                if number:  # the others stay
                    client.delete(place)
                    client.delete(f"/pictures/{photo}")

    with house.client() as client:
        kept = submit(client)
        house.paint(kept["id"])
        before = client.get(f"/jobs/{kept['id']}/result").content
    threads = [
        threading.Thread(target=paint),
        *(threading.Thread(target=come_and_go, args=(n,)) for n in (0, 1)),
    ]
    for thread in threads:
        thread.start()
    try:
        for number in range(2):
            count = len(house.services.state.overview.ids())
            write_backup(house.settings, tmp_path / f"{number}.tar")
            until(lambda count=count: len(house.services.state.overview.ids()) != count)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for number in range(2):
        settings = Settings(data_dir=tmp_path / f"restored-{number}")
        restore_backup(settings, tmp_path / f"{number}.tar")
        state, storage = State(str(settings.data_dir / "studio.sqlite")), Storage(settings.data_dir)
        jobs, _, _ = state.overview.changes(-1)
        assert kept["id"] in [job.id for job in jobs]
        assert (storage.job(kept["id"]) / "result.png").read_bytes() == before
        for job in jobs:
            if job.status == "done":
                Image.open(storage.job(job.id) / "result.png").load()
                assert (storage.job(job.id) / "small.jpg").is_file()
                assert (storage.job(job.id) / "display.jpg").is_file()
        for id in state.pictures.ids():
            Image.open(storage.picture(id)).load()
        assert {path.name for path in (settings.data_dir / "jobs").iterdir()} <= {job.id for job in jobs}
        state.close()


def test_the_restored_studio_goes_on(full: House, make: Callable[..., House], tmp_path: Path) -> None:
    path = backup_of(full, tmp_path)
    with full.client() as client:
        (link,) = client.get(f"/jobs/{client.get('/jobs').json()['jobs'][1]['id']}/links").json()["links"]
    restore_backup(Settings(data_dir=tmp_path / "new"), path)
    house = make(data_dir=tmp_path / "new")
    with StudioClient(house.url) as studio:
        waiting = next(studio.jobs(status="queued"))
        house.paint(waiting["id"])
        assert studio.job(waiting["id"])["status"] == "done"
        (binned,) = studio.bin()
        studio.restore(binned["id"])
        assert studio.result(binned["id"])
    import httpx

    assert httpx.get(house.url + link["url"], trust_env=False, verify=False, timeout=30).status_code == 200


def test_a_session_does_not_come_back_with_a_backup(make: Callable[..., House], tmp_path: Path) -> None:
    house = make(accounts=True)
    house.services.state.sessions.add("key", "anna", 4e9)
    new = Settings(data_dir=tmp_path / "new")
    restore_backup(new, backup_of(house, tmp_path))
    with closing(State(str(new.data_dir / "studio.sqlite"))) as state:
        assert state.sessions.find("key", 1.0) is None
    assert house.services.state.sessions.find("key", 1.0) == ("anna", 4e9)


def test_nothing_is_overwritten(house: House, tmp_path: Path) -> None:
    path = backup_of(house, tmp_path)
    before = path.read_bytes()
    with pytest.raises(OutputError, match="a backup does not overwrite files"):
        write_backup(house.settings, path)
    with pytest.raises(OutputError, match="outside the data folder"):
        write_backup(house.settings, house.settings.data_dir / "jobs" / "backup.tar")
    with pytest.raises(InputError, match="is not empty"):
        restore_backup(house.settings, path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        restore_backup(Settings(data_dir=other), path)
    assert path.read_bytes() == before
    assert [each.name for each in other.iterdir()] == ["mine.txt"]


def test_a_set_secret_is_left_out(make: Callable[..., House], tmp_path: Path) -> None:
    house = make(secret="from-the-environment")
    with house.client() as client:
        upload(client)
    path = backup_of(house, tmp_path)
    with tarfile.open(path) as archive:
        assert "secret" not in archive.getnames()
    assert b"from-the-environment" not in path.read_bytes()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup with something of everything but paintings, which were not painted to be refused."""
    folder = tmp_path_factory.mktemp("archive")
    with House(Settings(data_dir=folder / "data", **NO_WORKERS), make_painter=no_network) as house:
        with house.client() as client:
            submit(client, upload(client, name="写真.png"))
            upload(client, encoded(20, 20), "painting")
        return backup_of(house, folder).read_bytes()


def without_end(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def with_a_flip(data: bytes) -> bytes:
    at = data.index(b"IDAT") + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_entry(name: str, kind: bytes = tarfile.REGTYPE) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        stream = io.BytesIO(data)
        with tarfile.open(fileobj=stream, mode="a") as archive:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        return stream.getvalue()

    return change


def with_manifest(**changes: Any) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=made, mode="w") as new:
            for entry in old:
                content = old.extractfile(entry)
                assert content is not None
                body = content.read()
                if entry.name == "manifest.json":
                    body = json.dumps({**json.loads(body), **changes}).encode()
                    entry.size = len(body)
                new.addfile(entry, io.BytesIO(body))
        return made.getvalue()

    return change


def with_files(add: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Callable[[bytes], bytes]:
    """Other files, which the list of files names, as someone would who made a backup by hand."""

    def change(data: bytes) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(data)) as old:
            found = {entry.name: old.extractfile(entry).read() for entry in old}  # type: ignore[union-attr]
        about = json.loads(found.pop("manifest.json"))
        found |= add(found)
        about["files"] = {name: hashlib.sha256(body).hexdigest() for name, body in found.items()}
        with tarfile.open(fileobj=made, mode="w") as new:
            for name, body in {**found, "manifest.json": json.dumps(about).encode()}.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(body)
                new.addfile(entry, io.BytesIO(body))
        return made.getvalue()

    return change


ID = "j_" + "x" * 22


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_end, "not a whole backup"),
        (with_a_flip, "is damaged: "),
        (lambda _: b"", "not a whole backup"),
        (lambda _: b"a picture" * 1000, "not a whole backup"),
        (with_entry("../evil"), "is not a backup"),
        (with_entry("/tmp/evil"), "is not a backup"),
        (with_entry(f"jobs/{ID}/../../../evil"), "is not a backup"),
        (with_entry(f"jobs/{ID}/.hidden"), "is not a backup"),
        (with_entry("jobs/evil/file"), "is not a backup"),
        (with_entry("pictures/evil.png"), "is not a backup"),
        (with_entry("studio.sqlite-wal"), "is not a backup"),
        (with_entry(f"jobs/{ID}/link", tarfile.SYMTYPE), "is not a backup"),
        (with_entry(f"jobs/{ID}/link", tarfile.LNKTYPE), "is not a backup"),
        (with_entry(f"jobs/{ID}/device", tarfile.CHRTYPE), "is not a backup"),
        (with_manifest(schema="9999"), "schema 9999; this version"),
        (with_manifest(format=2), "use that version, or a later one"),
        (with_manifest(files={"../evil": "0"}), "list of files is wrong"),
        (with_manifest(files=[]), "list of files is wrong"),
        (with_entry("secret"), "not a whole backup"),
        (with_entry(f"jobs/{ID}/sparse", tarfile.GNUTYPE_SPARSE), "is not a backup"),
        (with_files(lambda _: {f"jobs/{ID}/a": b"", f"jobs/{ID}/a/b": b""}), "not a whole backup"),
        (with_files(lambda _: {"studio.sqlite": b"no database" * 1000}), "is damaged: its database"),
        (with_entry("manifest.json"), "not a whole backup"),
    ],
)
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(
    archive: bytes, tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    path = tmp_path / "backup.tar"
    path.write_bytes(change(archive))
    new = tmp_path / "new"
    with pytest.raises(ImpastoError, match=words) as refused:
        restore_backup(Settings(data_dir=new), path)
    assert "\n" not in str(refused.value)
    assert not new.exists()
    assert not list(tmp_path.glob("**/evil"))


def test_a_backup_of_an_earlier_version_is_upgraded(tmp_path: Path) -> None:
    old = Database(str(tmp_path / "studio.sqlite"))
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    with old.transaction() as db:
        config.attributes["connection"] = db
        command.upgrade(config, "0004")
        db.execute(text("INSERT INTO pictures VALUES ('p_1', 'anna', 'photo', 'cat', 6, 4, 10, 5.0, NULL)"))
    old.close()
    path = tmp_path / "old.tar"
    data = (tmp_path / "studio.sqlite").read_bytes()
    about = {"format": 1, "impasto": "0.0.1", "schema": "0004", "created": 1.0}
    manifest = {**about, "files": {"studio.sqlite": hashlib.sha256(data).hexdigest()}}
    with tarfile.open(path, "w") as archive:
        for name, body in (("studio.sqlite", data), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    new = tmp_path / "new"
    restore_backup(Settings(data_dir=new), path)
    assert [each.name for each in new.iterdir()] == ["studio.sqlite"]
    with closing(sqlite3.connect(new / "studio.sqlite")) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.REVISIONS[-1],)
        assert db.execute("SELECT id, notes FROM pictures").fetchall() == [("p_1", None)]


def test_a_database_of_another_schema_is_not_backed_up_nor_changed(house: House, tmp_path: Path) -> None:
    shutil.copytree(house.settings.data_dir, tmp_path / "other")
    with closing(sqlite3.connect(tmp_path / "other" / "studio.sqlite")) as db:
        db.execute("UPDATE alembic_version SET version_num = '0004'")
        db.commit()
    with pytest.raises(InputError, match="has schema 0004; this version of Impasto has"):
        write_backup(Settings(data_dir=tmp_path / "other"), tmp_path / "other.tar")
    assert not (tmp_path / "other.tar").exists()
    with pytest.raises(InputError, match="there is no studio in"):
        write_backup(Settings(data_dir=tmp_path / "nothing"), tmp_path / "other.tar")
    assert not (tmp_path / "nothing").exists()


def test_the_command_backs_up_a_running_studio_and_restores_it(full: House, tmp_path: Path) -> None:
    path, new = tmp_path / "it.tar", tmp_path / "new"
    there = ["--data-dir", str(full.settings.data_dir)]
    done = CliRunner().invoke(app, ["studio", *there, "--backup", str(path)])
    assert (done.exit_code, done.stdout.startswith(f"{path}: 3 jobs, 2 uploads, ")) == (0, True), done.output
    done = CliRunner().invoke(app, ["studio", "--data-dir", str(new), "--restore", str(path), "--json"])
    assert json.loads(done.stdout)["jobs"] == 3
    assert contents(new) == contents(full.settings.data_dir)
    for asked, words in (
        (["--backup", str(path)], "does not overwrite files"),
        (["--restore", str(path)], "is not empty"),
        (["--restore", str(path), "--backup", "b.tar"], "expected --backup or --restore; got both"),
        (["--backup", "/no/such/folder/b.tar"], "/no/such/folder"),
    ):
        done = CliRunner().invoke(app, ["studio", *there, *asked])
        assert (done.exit_code, words in done.stderr) == (2, True), done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    done = CliRunner().invoke(app, ["studio", "--data-dir", str(tmp_path / "x"), "--restore", "/no/such.tar"])
    assert (done.exit_code, "/no/such.tar" in done.stderr) == (2, True)


@pytest.mark.slow
def test_a_backup_moves_a_studio_from_sqlite_to_postgresql_and_back(full: House, tmp_path: Path) -> None:
    path = backup_of(full, tmp_path)
    with postgres_server() as address:
        shared = Settings(data_dir=tmp_path / "shared", database_url=address)
        restore_backup(shared, path)
        before = rows(str(full.settings.data_dir / "studio.sqlite"))
        assert rows(address) == before
        assert not (shared.data_dir / "studio.sqlite").exists()
        with pytest.raises(InputError, match="database is not empty"):
            restore_backup(Settings(data_dir=tmp_path / "again", database_url=address), path)
        write_backup(shared, tmp_path / "back.tar")
    restore_backup(Settings(data_dir=tmp_path / "back"), tmp_path / "back.tar")
    assert rows(str(tmp_path / "back" / "studio.sqlite")) == before
    assert contents(tmp_path / "back") == contents(full.settings.data_dir)
