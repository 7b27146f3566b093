"""A database of an earlier version is upgraded when it is opened; one of a later version is refused."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra studio is not installed")

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from typer.testing import CliRunner

from impasto.cli import app
from impasto.errors import InputError
from impasto.studio import server
from impasto.studio.state import State, schema
from impasto.studio.state.database import Database
from impasto.studio.state.tables import metadata
from tests.studio.servers import postgres_server

# As the studio made them before it counted revisions.
TABLES = (
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    """CREATE TABLE pictures (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, bytes BIGINT NOT NULL,
        created DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE jobs (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL,
        title TEXT NOT NULL, request TEXT NOT NULL, explains TEXT, webhook TEXT,
        created DOUBLE PRECISION NOT NULL, waiting DOUBLE PRECISION NOT NULL,
        started DOUBLE PRECISION, finished DOUBLE PRECISION,
        attempts INTEGER NOT NULL, worker TEXT, lease DOUBLE PRECISION,
        progress TEXT, preview INTEGER NOT NULL, result TEXT, error TEXT, explanation INTEGER NOT NULL,
        bytes BIGINT NOT NULL, version BIGINT NOT NULL)""",
    "CREATE TABLE uses (job TEXT NOT NULL, picture TEXT NOT NULL)",
    """CREATE TABLE keys (
        owner TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, job TEXT NOT NULL,
        PRIMARY KEY (owner, key))""",
    """CREATE TABLE sessions (
        digest TEXT PRIMARY KEY, owner TEXT NOT NULL, expires DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE deliveries (
        id TEXT PRIMARY KEY, job TEXT NOT NULL, owner TEXT NOT NULL, address TEXT NOT NULL,
        event TEXT NOT NULL, body TEXT NOT NULL, attempts INTEGER NOT NULL, due DOUBLE PRECISION NOT NULL)""",
    """CREATE TABLE gone (
        job TEXT PRIMARY KEY, owner TEXT NOT NULL, version BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL)""",
    "CREATE INDEX jobs_by_version ON jobs (version)",
    "CREATE INDEX jobs_by_owner ON jobs (owner, created)",
    "CREATE INDEX jobs_by_status ON jobs (status, waiting)",
    "CREATE INDEX pictures_by_owner ON pictures (owner, created)",
    "CREATE INDEX uses_by_picture ON uses (picture)",
    "CREATE INDEX uses_by_job ON uses (job)",
    "CREATE INDEX keys_by_job ON keys (job)",
    "CREATE INDEX deliveries_by_due ON deliveries (due)",
)
ROWS = (
    "INSERT INTO counters VALUES ('version', 41)",
    "INSERT INTO pictures VALUES ('p_1', 'anna', 'photo', 'cat.jpg', 64, 48, 1000, 5.0)",
    """INSERT INTO jobs VALUES ('j_1', 'anna', 'painting', 'done', 'cat', '{"photo": "p_1"}', NULL, NULL,
        10, 10, 11, 12, 1, NULL, NULL, '{"done": 1}', 3, '{"width": 64}', NULL, 0, 2000, 40)""",
    """INSERT INTO jobs VALUES ('j_2', 'anna', 'painting', 'queued', 'cat', '{"photo": "p_1"}', NULL, NULL,
        20, 20, NULL, NULL, 0, NULL, NULL, NULL, 0, NULL, NULL, 0, 0, 41)""",
    "INSERT INTO uses VALUES ('j_2', 'p_1')",
    "INSERT INTO sessions VALUES ('digest', 'anna', 9e9)",
    "INSERT INTO deliveries VALUES ('d_1', 'j_1', 'anna', 'https://x/', 'job.done', '', 2, 100)",
)
DONE = """INSERT INTO jobs (id, owner, kind, status, title, request, created, waiting, finished, attempts,
    preview, result, explanation, bytes, version) VALUES ('j_1', 'anna', 'painting', 'done', 'cat', '{}', 10,
    10, 12, 1, 3, '{"width": 64}', 0, 2000, 40)"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield str(tmp_path / "studio.sqlite")
    else:
        with postgres_server() as address:
            yield address


def test_a_database_from_before_revisions_is_upgraded_and_keeps_what_it_holds(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = Database(url)
    with old.transaction() as db:
        for statement in (*TABLES, *ROWS):
            db.execute(text(statement))
    old.close()
    with caplog.at_level(logging.INFO, logger="impasto.studio.state"):
        state = State(url)
    (line,) = (record for record in caplog.records if record.name == "impasto.studio.state")
    assert (line.message, line.__dict__["from"], line.__dict__["to"]) == (
        "the database was upgraded",
        "0001",
        schema.REVISIONS[-1],
    )
    finished, unfinished = (state.jobs.find("anna", id) for id in ("j_1", "j_2"))
    assert finished is not None
    assert (finished.status, finished.result, finished.job) == ("done", {"width": 64}, None)
    assert unfinished is not None
    assert unfinished.error is not None
    assert (unfinished.status, "submit it again" in unfinished.error["detail"]) == ("failed", True)
    assert state.sessions.find("missing", 0) is None
    assert state.pictures.used("anna") == (3000, 1)
    due = state.deliveries.take(200, hold=1)
    assert due is not None
    assert (due.address, due.attempts) == ("https://x/", 3)
    state.close()
    if state.database.path is not None:
        with closing(sqlite3.connect(line.__dict__["copy"])) as copy:
            assert copy.execute("SELECT status FROM jobs WHERE id = 'j_2'").fetchone() == ("queued",)
    caplog.clear()
    State(url).close()
    assert not caplog.records


def test_a_database_of_every_earlier_revision_is_upgraded_and_keeps_its_jobs(
    url: str, tmp_path: Path
) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    for revision in schema.REVISIONS[:-1]:
        here = url if url.startswith("postgresql") else str(tmp_path / f"{revision}.sqlite")
        old = Database(here)
        with old.transaction() as db:
            if old.is_shared:
                db.execute(text("DROP SCHEMA public CASCADE"))
                db.execute(text("CREATE SCHEMA public"))
            config.attributes["connection"] = db
            command.upgrade(config, revision)
            db.execute(text(ROWS[2]) if revision == "0001" else text(DONE))
        old.close()
        state = State(here)
        job = state.jobs.find("anna", "j_1")
        assert job is not None, revision
        assert (job.status, job.result, job.deleted) == ("done", {"width": 64}, None)
        assert [each.id for each in state.jobs.newest("anna")] == ["j_1"]
        assert state.jobs.discard("anna", "j_1") is not None
        assert [each.id for each in state.jobs.newest("anna", in_bin=True)] == ["j_1"]
        state.close()


def test_the_migrations_make_the_tables_that_queries_expect(url: str) -> None:
    state = State(url)
    with state.database.transaction(reading=True) as db:
        context = MigrationContext.configure(db, opts={"compare_type": state.database.is_shared})
        found = compare_metadata(context, metadata)
    if state.database.path is not None:  # in SQLite only, a primary key may be NULL
        keys = {(table.name, column.name) for table in metadata.sorted_tables for column in table.primary_key}
        found = [each for each in found if (each[0][0], each[0][2:4] in keys) != ("modify_nullable", True)]
    assert found == []
    state.close()


def test_the_revisions_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    found = ScriptDirectory.from_config(config).walk_revisions()
    assert tuple(script.revision for script in found)[::-1] == schema.REVISIONS


def test_a_database_of_a_later_version_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "configure_logging", lambda _: None)
    state = State(str(tmp_path / "studio.sqlite"))
    with state.database.transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    state.close()
    with pytest.raises(InputError, match="schema 9999"):
        State(str(tmp_path / "studio.sqlite"))
    done = CliRunner().invoke(app, ["studio", "--port", "0", "--no-browser", "--data-dir", str(tmp_path)])
    assert done.exit_code == 2
    assert re.search(r"has schema 9999; this version of Impasto supports up to \d{4}", done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1
