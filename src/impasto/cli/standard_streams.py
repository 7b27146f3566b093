"""The standard streams of the process, usable even if they are closed or their reader has exited."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from typing import Any, TextIO

from impasto.errors import OutputError

STANDARD_INPUT, STANDARD_OUTPUT = "standard input", "standard output"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Lasting(io.FileIO):
    """An open file that remembers why it cannot be written and then discards everything, so that a command
    finishes its work although nobody reads its output."""

    problem: OSError | None = None

    def write(self, data: Any) -> int:
        if self.problem is None:
            try:
                return super().write(data)
            except OSError as problem:
                self.problem = problem
        return memoryview(data).nbytes


closed: set[int] = set()


def open_all() -> None:
    """Make the standard streams usable: closed ones are empty and discard what is written, and work continues
    if the reader of standard output or error exits."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            closed.add(number)
            with contextlib.suppress(OSError):
                os.fstat(number)
                continue
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number
    if 0 in closed:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for number, name in ((1, "stdout"), (2, "stderr")):
        given = getattr(sys, name)
        if sys.platform == "win32" and given is not None and given.isatty():
            continue  # a console is not a file there
        raw = _Lasting(number, "w", closefd=False)
        unbuffered = given is not None and given.write_through
        lasting = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding="utf-8" if given is None else given.encoding,
            line_buffering=number == 2 or raw.isatty() or unbuffered,
            write_through=unbuffered,
        )
        setattr(sys, name, lasting)


def check_printed() -> None:
    """Raise OutputError if standard output could not be written although it has a reader, for example because
    the disk is full."""
    sys.stdout.flush()
    problem = problem_of(sys.stdout)
    if problem is not None and not isinstance(problem, BrokenPipeError):
        raise cannot_write_stream(STANDARD_OUTPUT, problem)


def problem_of(stream: TextIO) -> OSError | None:
    found = getattr(getattr(stream, "buffer", None), "raw", None)
    return found.problem if isinstance(found, _Lasting) else None


def cannot_write_stream(name: str, problem: OSError | str) -> OutputError:
    from impasto.files import cannot_write

    if isinstance(problem, BrokenPipeError):
        return cannot_write(name, "its reader has closed it")
    return cannot_write(name, problem)


def print_lines(*lines: str, file: TextIO | None = None) -> None:
    """Print each line, with its control characters escaped."""
    for line in lines:
        print(one_line(line), file=file)


def one_line(text: str) -> str:
    """Return ``text`` with control characters, which names may contain, escaped."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
