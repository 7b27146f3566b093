"""What makes long work resumable: a description of it, the parts that are done, and its state.

A painting that is kept in a checkpoint, a batch, a film, a sweep and a training are runs. Whether one is
the run that was begun before is told by comparing descriptions, and only here.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from impasto.errors import InputError
from impasto.files import local, places
from impasto.files.locks import Lease, locked

HIDDEN = ".impasto"
"""The folder beside results that holds what unfinished work needs to go on."""
LOCK = "lock"
EVERY = 1.0
"""Seconds between two objects of new lines: a store takes long to write one."""

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """Long work that can be gone on with.

    ``kind``: "painting", "film" and so on, as messages name it. ``description``: all that decides what
    comes out of it, by name, in plain values.
    """

    kind: str
    description: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", json.loads(json.dumps(self.description)))

    def differences(self, earlier: Mapping[str, Any]) -> list[str]:
        """Return in what it is another run than the one described ``earlier``: "NAME was A, is B"."""
        return list(_differences(json.loads(json.dumps(earlier)), self.description, ""))

    def check_same(self, earlier: Mapping[str, Any], where: str) -> None:
        """Raise InputError where what lies at ``where`` is another run, described ``earlier``."""
        if different := self.differences(earlier):
            raise another(where, self.kind, different)


def another(where: str, kind: str, different: Sequence[str]) -> InputError:
    """Return the error for what lies at ``where`` and is of another run, ``different`` in so much."""
    return InputError(f"{where} belongs to another {kind}: its {different[0]}")


def restart_note(different: Sequence[str]) -> str:
    """Return what is said where earlier work is of another run, ``different`` in so much, and not used."""
    return f"started over: its {different[0]}" if different else ""


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any], within: str) -> Iterator[str]:
    for name in dict.fromkeys([*now, *earlier]):
        was, is_ = earlier.get(name), now.get(name)
        if isinstance(was, dict) and isinstance(is_, dict):
            yield from _differences(was, is_, f"{within}{name} ")
        elif was != is_:
            yield f"{within}{name} was {shortened(was)}, is {shortened(is_)}"


def shortened(value: object) -> str:
    """Return what a message says of a value: the beginning of one that is long."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."


class RunStore:
    """The folder of a run, on this machine or one that machines share: the parts that are done, and that one
    process at a time is at it.

    ``name``: the file that has a line of JSON for each part, in the order in which they were done. A part
    is there once its line is: one that a crash cut short does not count. ``kind``: as in ``Run``.
    ``hidden``: the folder for the lock, and for all else that is not for people; by default ``.impasto``
    in ``folder``.
    """

    def __init__(
        self, folder: str | Path, kind: str, name: str = "run.jsonl", *, hidden: str | Path | None = None
    ) -> None:
        self.folder = str(folder)
        self.kind = kind
        self.lines = places.join(self.folder, name)
        self.hidden = places.join(self.folder, HIDDEN) if hidden is None else str(hidden)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While this process is at the run, no other is. Raises InputError where one is, and OutputError."""
        places.make_folder(self.hidden, f"the {self.kind}")
        places.sweep(self.folder)
        lock = Path(self.hidden) / LOCK
        try:
            with locked(lock, self._taken):
                yield
        finally:
            with contextlib.suppress(OSError):  # what is unfinished stays, and the folder with it
                lock.parent.rmdir()

    @property
    def _taken(self) -> str:
        return f"another impasto is at work on the {self.kind} in {self.folder}"

    def parts(self, read: Callable[[dict[str, Any]], T]) -> list[T]:
        """Return the lines, each as ``read`` makes it of an object. Raises InputError for what is none."""
        there = places.exists(self.lines)
        return _parse(places.read(self.lines), self.lines, self.kind, read) if there else []

    def write(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """Replace all lines. Raises OutputError."""
        places.write(self.lines, _lines(parts))

    def add(self, *parts: Mapping[str, Any]) -> None:
        """Add a line for each; on the disk when this returns. Raises OutputError."""
        local.append(self.lines, _lines(parts))

    def keep(self) -> None:
        """Called again and again while the run goes on. Raises OutputError."""


class RemoteRunStore(RunStore):
    """As ``RunStore``, of a folder in a store. New lines are there a second later at most; a crash in between
    repeats them.

    Nothing can be added to an object there: new lines are objects of their own under ``hidden``, each there
    at once or not at all, and in the end all are one. The lock is an object that has to be renewed.
    """

    def __init__(
        self, folder: str, kind: str, name: str = "run.jsonl", *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(folder, kind, name)
        self._clock = clock
        self._lease = Lease(places.join(self.hidden, LOCK), clock)
        self._pending: list[Mapping[str, Any]] = []
        self._added = False
        self._written = clock()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        places.make_folder(self.hidden)
        places.sweep(self.folder)
        self._lease.take(self._taken)
        try:
            yield
            self._flush()
            if self._added:
                self.write(self.parts(dict))
        finally:
            with contextlib.suppress(Exception):  # what can be kept, is; the error on its way says more
                self._flush()
            self._lease.release()

    def parts(self, read: Callable[[dict[str, Any]], T]) -> list[T]:
        found = super().parts(read)
        for address in self._pieces():
            found += _parse(places.read(address), address, self.kind, read)
        return found

    def write(self, parts: Iterable[Mapping[str, Any]]) -> None:
        pieces = self._pieces()
        super().write(parts)
        for address in pieces:
            places.remove(address)

    def add(self, *parts: Mapping[str, Any]) -> None:
        self._pending += parts

    def keep(self) -> None:
        now = self._clock()
        if self._pending and now - self._written >= EVERY:
            self._flush()
            self._written = now
        self._lease.renew()

    def _flush(self) -> None:
        if self._pending:
            name = f"lines-{len(self._pieces()) + 1:08d}-{secrets.token_hex(4)}.jsonl"
            places.write(places.join(self.hidden, name), _lines(self._pending))
            self._added, self._pending = True, []

    def _pieces(self) -> list[str]:
        if not places.is_folder(self.hidden):
            return []
        return [a for a in places.listing(self.hidden) if places.name_of(a).startswith("lines-")]


def run_store(folder: str, kind: str, name: str = "run.jsonl") -> RunStore:
    """Return the store of a run in ``folder``, a path or an address."""
    return (RemoteRunStore if places.is_address(folder) else RunStore)(folder, kind, name)


def _parse(data: bytes, where: str, kind: str, read: Callable[[dict[str, Any]], T]) -> list[T]:
    found = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            values = json.loads(line.decode("utf-8", "surrogateescape"))
            if not isinstance(values, dict):
                raise InputError(f"expected an object; got {type(values).__name__}")
            found.append(read(values))
        except ValueError as error:  # InputError, and JSON's own
            raise InputError(f"{where}, line {number}, is not a {kind}'s: {error}") from error
    return found


def _lines(parts: Iterable[Mapping[str, Any]]) -> bytes:
    """A line of JSON for each."""
    texts = (json.dumps(part, ensure_ascii=False) for part in parts)
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\n" for text in texts)
