"""PostgreSQL as it comes from Debian, on loopback, for as long as a test takes."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None, "the server ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
        except OSError:
            return False
        return True

    until(listens)


class Postgres:
    """A PostgreSQL that can be stopped, whatever is connected, and started again."""

    def __init__(self, command: list[str], port: int, user: str | None) -> None:
        self._command, self._port, self._user = command, port, user
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"postgresql://studio@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet, user=self._user)
        _wait_for(self._port, self._process)
        _ready(self.address)

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)  # its "fast" shutdown
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _postgres_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).parent if program else None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL with an empty database."""
    with postgres() as server:
        yield server.address


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL with an empty database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: the extra studio-servers")
    programs = _postgres_folder()
    if programs is None:
        pytest.skip("there is no PostgreSQL: apt-get install postgresql")
    user = None
    # Not in pytest's folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="impasto-postgres-") as name:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            try:
                account = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("this is root, and there is no user postgres to run PostgreSQL as")
            user = "postgres"
            os.chown(name, account.pw_uid, account.pw_gid)
        made = [str(programs / "initdb"), "-D", name, "-U", "studio", "-A", "trust", "--no-sync"]
        done = subprocess.run(made, capture_output=True, text=True, user=user, check=False)
        assert done.returncode == 0, done.stderr
        port = free_port()
        command = [str(programs / "postgres"), "-D", name, "-p", str(port), "-k", name]
        server = Postgres([*command, "-h", "127.0.0.1", "-c", "fsync=off"], port, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _ready(address: str) -> None:
    import psycopg

    def answers() -> bool:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    until(answers)
