"""Runs: resumable work, with a description, finished parts and state.

A painting with a checkpoint, a batch, a film, a sweep and a training are runs. Only this module decides
whether a run is the same as an earlier one, by comparing their descriptions.
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
from impasto.files.json_text import parse_json
from impasto.files.locks import Lease, locked
from impasto.parameters import shortened

HIDDEN = ".impasto"
"""The folder beside results that holds the state of unfinished work."""
LOCK = "lock"
EVERY = 1.0
"""Seconds between two objects of new lines, as stores write slowly."""

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """Resumable work.

    ``kind``: "painting", "film" and so on, for messages. ``description``: everything that determines its
    result, by name, as plain values.
    """

    kind: str
    description: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "description", json.loads(json.dumps(self.description)))

    def differences(self, earlier: Mapping[str, Any]) -> list[str]:
        """Return the differences to the run described ``earlier``, as "NAME was A, is B"."""
        return list(_differences(json.loads(json.dumps(earlier)), self.description, ""))

    def check_same(self, earlier: Mapping[str, Any], where: str) -> None:
        """Raise InputError if ``where`` holds another run, described ``earlier``."""
        if different := self.differences(earlier):
            raise another(where, self.kind, different)


def another(where: str, kind: str, different: Sequence[str]) -> InputError:
    """Return the error for a file ``where`` that belongs to another run, with its differences."""
    return InputError(f"{where} belongs to another {kind}: its {different[0]}")


def restart_note(different: Sequence[str]) -> str:
    """Return the note that earlier work is not used, since it is of another run; "" without differences."""
    return f"started over: its {different[0]}" if different else ""


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any], within: str) -> Iterator[str]:
    for name in dict.fromkeys([*now, *earlier]):
        was, is_ = earlier.get(name), now.get(name)
        if isinstance(was, dict) and isinstance(is_, dict):
            yield from _differences(was, is_, f"{within}{name} ")
        elif was != is_:
            yield f"{within}{name} was {shortened(was)}, is {shortened(is_)}"


class RunStore:
    """The folder of a run, on this machine or a shared one: its finished parts, and a lock.

    ``name``: the file with a line of JSON for each finished part, in order; a line truncated by a crash is
    ignored. ``kind``: as in ``Run``. ``hidden``: the folder for the lock and the state, by default
    ``.impasto`` in ``folder``.
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
        """Lock the run for this process. Raises InputError if another process has it, and OutputError."""
        places.make_folder(self.hidden, f"the {self.kind}")
        self._sweep()
        lock = Path(self.hidden) / LOCK
        try:
            with locked(lock, self._taken):
                yield
        finally:
            self._sweep()  # what workers that died meanwhile have left
            with contextlib.suppress(OSError):  # unfinished work keeps the folder
                lock.parent.rmdir()
                if lock.parent.parent.name == HIDDEN:  # a film's, beside those of others
                    lock.parent.parent.rmdir()

    def _sweep(self) -> None:
        """Remove the temporary files of processes that have died, of results and of state."""
        places.sweep(self.folder)
        places.sweep(self.hidden)

    @property
    def _taken(self) -> str:
        return f"another process is working on the {self.kind} in {self.folder}"

    def parts(self, read: Callable[[dict[str, Any]], T]) -> list[T]:
        """Return the lines, each converted by ``read``. Raises InputError for a malformed one."""
        there = places.exists(self.lines)
        return _parse(places.read(self.lines), self.lines, self.kind, read) if there else []

    def write(self, parts: Iterable[Mapping[str, Any]]) -> None:
        """Replace all lines. Raises OutputError."""
        places.write(self.lines, _lines(parts))

    def add(self, *parts: Mapping[str, Any]) -> None:
        """Append a line for each part, flushed to the disk. Raises OutputError."""
        local.append(self.lines, _lines(parts))

    def keep(self) -> None:
        """Do regular maintenance; called often during the run. Raises OutputError."""


class RemoteRunStore(RunStore):
    """A ``RunStore`` for a folder in a store. New lines are written within a second; a crash may lose them.

    Objects cannot be appended to: new lines are separate objects under ``hidden``, merged at the end. The
    lock is a ``Lease``.
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
        self._sweep()
        self._lease.take(self._taken)
        try:
            yield
            self._flush()
            if self._added:
                self.write(self.parts(dict))
        finally:
            with contextlib.suppress(Exception):  # the error being raised is more important
                self._flush()
            self._lease.release()
            with contextlib.suppress(Exception):
                self._sweep()

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
            values = parse_json(line.decode("utf-8", "surrogateescape"))
            if not isinstance(values, dict):
                raise InputError(f"expected an object; got {type(values).__name__}")
            found.append(read(values))
        except ValueError as error:  # InputError, and JSON's own
            raise InputError(f"{where}, line {number}, is not a {kind}'s: {error}") from error
    return found


def _lines(parts: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a line of JSON for each part."""
    texts = (json.dumps(part, ensure_ascii=False) for part in parts)
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\n" for text in texts)
