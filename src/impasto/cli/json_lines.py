"""The lines of ``--json``: one object each, with its kind in ``event``."""

from __future__ import annotations

import json
import sys
from typing import Any

_running, _asked, _to_error = "", False, False
"""The running command, such as "models list", and whether it prints JSON, and errors on standard error."""


def begin(command: str, *, asked: bool, to_error: bool = False) -> None:
    """Set the ``command`` of the next results and, if ``asked``, errors.

    ``to_error``: print errors on standard error, since standard output is used for a file.
    """
    global _running, _asked, _to_error
    _running, _asked, _to_error = command, asked, to_error


def print_event(event: str, **record: Any) -> None:
    """Print a line of JSON on standard output."""
    print(json.dumps({"event": event} | record, ensure_ascii=False, default=str), flush=True)


def print_result(**record: Any) -> None:
    """Print the last line of a command, with its name."""
    print_event("result", command=_running, **record)


def print_error(words: str, code: int) -> None:
    """Print the last line of a failed command, if it prints JSON."""
    if _asked:
        line = json.dumps({"event": "error", "command": _running, "error": words, "code": code})
        print(line, file=sys.stderr if _to_error else sys.stdout, flush=True)
