"""One process at a time: locks on this machine, or on machines that share a folder, and in stores."""

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

LEASE = 60.0
"""Seconds after which a lock in a store that was not renewed does not count."""


@contextlib.contextmanager
def locked(path: Path, taken: str = "", *, expected: str = "") -> Iterator[None]:
    """Hold the lock at ``path``, a file in a folder that is there; where another process holds it, raise
    InputError, which says ``taken``, or wait for it if that is empty. Raises OutputError, which says what was
    ``expected``."""
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
        if taken:  # where nobody waits for it, it can go
            path.unlink(missing_ok=True)
        lock.release()


class Lease:
    """A lock in a store: an object with a time in it, which has to be renewed.

    Stores have no other: it keeps apart those who come one after the other, not within the same second.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.time) -> None:
        self.address = address
        self._clock = clock
        self._owner = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(8)}"
        self._renewed = 0.0

    def take(self, taken: str) -> None:
        """Raises InputError, which says ``taken`` and by whom, where another process holds it."""
        if places.exists(self.address):
            held = json.loads(places.read(self.address))
            if self._clock() - held["time"] < LEASE:
                raise InputError(f"{taken} ({held['owner']}, or it was cut off less than {LEASE:.0f} s ago)")
        self.renew(due=False)

    def renew(self, *, due: bool = True) -> None:
        """Write the time anew; with ``due`` only if a quarter of the lease is over. Raises OutputError."""
        now = self._clock()
        if not due or now - self._renewed >= LEASE / 4:
            self._renewed = now
            places.write(self.address, json.dumps({"owner": self._owner, "time": now}).encode())

    def release(self) -> None:
        places.remove(self.address)
