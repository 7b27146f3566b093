"""The folder of a batch: its manifest, and that one batch at a time is at work in it; here or elsewhere.

A folder on this machine has ``manifest.jsonl``, to which lines are added, and a lock. In an object store
nothing can be added to an object: new lines are objects of their own under ``.impasto/``, each there at
once or not at all, and in the end all are one ``manifest.jsonl``. The lock there is an object with a
time in it that has to be renewed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from impasto.errors import InputError
from impasto.files import places
from impasto.jobs.manifest import NAME, Manifest, Record, lines, parse

HIDDEN = ".impasto"
"""The folder beside the results that holds the checkpoint of a painting that was cut short."""
LEASE = 60.0
"""Seconds after which a lock in a store that was not renewed does not count."""
EVERY = 1.0
"""Seconds between two objects of new lines: a store takes long to write one."""


class Ledger(Protocol):
    """What a batch knows of its folder."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """While this batch is at work here, no other is. Raises InputError where one is."""

    def read(self) -> dict[str, Record]:
        """The records by their outputs' names. Raises InputError."""

    def write(self, records: Iterable[Record]) -> None:
        """Replace everything. Raises OutputError."""

    def add(self, *records: Record) -> None:
        """Take more records. Raises OutputError."""

    def keep(self) -> None:
        """Called again and again while the batch runs. Raises OutputError."""

    def checkpoint(self, output: str) -> str:
        """The file that a painting is kept in meanwhile, on the worker's machine."""


def ledger(folder: str) -> Ledger:
    return StoreLedger(folder) if places.is_address(folder) else FolderLedger(Path(folder))


class FolderLedger(Manifest):
    """Of a folder on this machine, or one that machines share."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        hidden = self.folder / HIDDEN
        hidden.mkdir(exist_ok=True)
        lock = FileLock(hidden / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise _taken(str(self.folder)) from error
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # checkpoints stay, and the folder with them
                (hidden / "lock").unlink()
                hidden.rmdir()
            lock.release()

    def keep(self) -> None:
        pass

    def checkpoint(self, output: str) -> str:
        return str(Path(output).parent / HIDDEN / f"{Path(output).name}.checkpoint")


class StoreLedger:
    """Of a folder in a store. New lines are there a second later at most; a crash in between repeats them."""

    def __init__(self, folder: str, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock
        self._hidden = places.join(folder, HIDDEN)
        self._whole = places.join(folder, NAME)
        self._lock = places.join(self._hidden, "lock")
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
        self._pending: list[Record] = []
        self._added = 0
        self._written = self._renewed = clock()

    def read(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for address in [self._whole, *self._pieces()]:
            if address != self._whole or places.exists(address):
                for name, record in parse(places.read(address), address).items():
                    found.pop(name, None)
                    found[name] = record
        return found

    def write(self, records: Iterable[Record]) -> None:
        pieces = self._pieces()
        places.write(self._whole, lines(records))
        for address in pieces:
            places.remove(address)

    def add(self, *records: Record) -> None:
        self._pending += records

    def keep(self) -> None:
        now = self._clock()
        if self._pending and now - self._written >= EVERY:
            self._flush()
            self._written = now
        if now - self._renewed >= LEASE / 4:
            self._renew()

    def checkpoint(self, output: str) -> str:
        # A worker's own; a worker elsewhere begins anew.
        return f"{places.name_of(output)}.checkpoint"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        places.make_folder(self._hidden)
        if places.exists(self._lock):
            held = json.loads(places.read(self._lock))
            if self._clock() - held["time"] < LEASE:
                raise _taken(self.folder, f" ({held['owner']}), or was cut off less than {LEASE:.0f} s ago")
        self._renew()
        try:
            yield
            self._flush()
            if self._added:
                self.write(self.read().values())
        finally:
            with contextlib.suppress(Exception):  # what can be kept, is; the error on its way says more
                self._flush()
            places.remove(self._lock)

    def _flush(self) -> None:
        if self._pending:
            name = f"manifest-{len(self._pieces()) + 1:08d}-{secrets.token_hex(4)}.jsonl"
            places.write(places.join(self._hidden, name), lines(self._pending))
            self._added += len(self._pending)
            self._pending = []

    def _pieces(self) -> list[str]:
        if not places.is_folder(self._hidden):
            return []
        return [a for a in places.listing(self._hidden) if places.name_of(a).startswith("manifest-")]

    def _renew(self) -> None:
        self._renewed = self._clock()
        places.write(self._lock, json.dumps({"owner": self._owner, "time": self._renewed}).encode())


def _taken(folder: str, more: str = "") -> InputError:
    return InputError(f"another batch is at work in {folder}{more}; expected to be alone there")
