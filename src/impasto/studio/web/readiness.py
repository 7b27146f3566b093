"""Readiness checks of state and data folder, at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from impasto.studio.state.storage import Storage

KEPT_SECONDS = 1.0
PROBE = 2**16
"""The number of bytes written to check that the data folder is writable: a full disk still accepts empty
files."""


class Readiness:
    """The ``checks``, which raise if something is wrong, with their results cached for a second."""

    def __init__(
        self, checks: Mapping[str, Callable[[], object]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks, self._clock = checks, clock
        self._lock = threading.Lock()
        self._found: dict[str, str] = {}
        self._until = float("-inf")

    def look(self) -> dict[str, str]:
        """Return the result of each check: "ok", or the type of its error."""
        with self._lock:
            if self._clock() >= self._until:
                self._found = {name: _tried(check) for name, check in self._checks.items()}
                self._until = self._clock() + KEPT_SECONDS
            return dict(self._found)


def _tried(check: Callable[[], object]) -> str:
    try:
        check()
    except Exception as error:
        return type(error).__name__
    return "ok"


def writable(storage: Storage) -> None:
    """Raise OSError if the data folder is not writable, or full."""
    storage.check_room(PROBE)
