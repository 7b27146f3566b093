"""Locks held by one process at a time: files on this machine or in a shared folder, and leases in stores."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from impasto.errors import InputError
from impasto.files import local, places
from impasto.files.json_text import parse_json

LEASE = 60.0
"""Seconds without renewal after which a lease has expired."""


@contextlib.contextmanager
def locked(path: Path, taken: str = "", *, expected: str = "") -> Iterator[None]:
    """Hold the lock file at ``path``. If another process holds it, raise InputError with the message
    ``taken``, or wait if that is empty. Raises OutputError, with ``expected``, if it cannot be written."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0 if taken else -1)
    except Timeout as error:
        raise InputError(taken) from error
    except OSError as error:
        raise local.cannot_write(path, error, expected) from error
    try:
        yield
    finally:
        if taken:  # nobody is waiting for it
            path.unlink(missing_ok=True)
        lock.release()


class Lease:
    """A lock in a store: an object that contains its owner and the time, and must be renewed.

    Stores offer nothing better: two processes that take it in the same second both get it.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.time) -> None:
        self.address = address
        self._clock = clock
        self._owner = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(8)}"
        self._renewed = 0.0

    def take(self, taken: str) -> None:
        """Take the lease; raise InputError, with ``taken`` and the owner, if another process holds it."""
        if places.exists(self.address):
            held = parse_json(places.read(self.address))
            if self._clock() - held["time"] < LEASE:
                raise InputError(f"{taken} ({held['owner']}; if it has stopped, try again in {LEASE:.0f} s)")
        self.renew(due=False)

    def renew(self, *, due: bool = True) -> None:
        """Renew the lease; with ``due``, only if a quarter of it is over. Raises OutputError."""
        now = self._clock()
        if not due or now - self._renewed >= LEASE / 4:
            self._renewed = now
            places.write(self.address, json.dumps({"owner": self._owner, "time": now}).encode())

    def release(self) -> None:
        places.remove(self.address)
