"""The lines of ``--json``: one object each, with its kind in ``event``."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from impasto.cli.streams import shown_name

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
    print(_line({"event": event} | record), flush=True)


def print_result(**record: Any) -> None:
    """Print the last line of a command, with its name."""
    print_event("result", command=_running, **record)


def print_error(words: str, code: int) -> None:
    """Print the last line of a failed command, if it prints JSON."""
    if _asked:
        line = _line({"event": "error", "command": _running, "error": words, "code": code})
        print(line, file=sys.stderr if _to_error else sys.stdout, flush=True)


def _line(record: Mapping[str, Any]) -> str:
    """Return ``record`` as JSON of ASCII characters, which is the same in every encoding of a console."""
    return json.dumps(_plain(record), default=_text)


def _plain(value: Any) -> Any:
    """Return ``value`` with the names of streams in place of their temporary files, and null for numbers that
    JSON does not have."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return shown_name(value) if isinstance(value, str) else value


def _text(value: object) -> str:
    return shown_name(str(value))
