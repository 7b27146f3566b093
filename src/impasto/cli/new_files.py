"""Existing files, which a command only overwrites when told to."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from impasto.cli.standard_streams import one_line
from impasto.errors import OutputError

_allowed = False


def allow(force: bool) -> None:
    """Allow the command to overwrite files, or forbid it."""
    global _allowed
    _allowed = force


def check_new(paths: Iterable[Path]) -> None:
    """Ask on a terminal whether files may be overwritten; elsewhere raise OutputError if one exists."""
    there = [path for path in paths if path.is_file()]
    if _allowed or not there:
        return
    more = f" and {len(there) - 1} more exist" if len(there) > 1 else " exists"
    if sys.stdin.isatty() and sys.stderr.isatty():
        question = one_line(f"impasto: {there[0]}{more}; overwrite? [y/N] ")
        print(question, end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
        raise OutputError(f"{there[0]} was not overwritten")
    raise OutputError(f"{there[0]}{more}; --force overwrites")
