"""Standard input and output as files: ``-`` in place of a name."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from impasto.errors import ImpastoError, InputError, OptionError, OutputError

STREAM = "-"
STANDARD_INPUT, STANDARD_OUTPUT = "standard input", "standard output"

READING = frozenset(
    ["content", "photo", "style", "styles", "paintings", "result", "contents", "init", "repeat"]
)
"""The parameters of all commands that may be ``-``, for standard input, besides ``jobs.inputs.INPUTS``."""
WRITING = {
    "stylize": ".png",
    "resume": ".png",
    "fast": ".png",
    "texture": ".png",
    "style": ".style",
    "export": ".onnx",
    "explain": ".html",
    "inspect": ".png",
    "video": ".mkv",
}
"""The suffix of a command's output on standard output, without ``--format``."""

PIPES = ("stylize", "fast", "texture", "video")
"""Commands whose output on standard output has the format of ``--format``; with standard input, they write
there by default."""
_FILES = (
    *READING,
    "output",
    "preview",
    "log",
    "parameters",
    "checkpoint",
    "source",
    "repeat",
    "start",
    "file",
    "move",
    "folder",
    "keep",
    "strip",
    "gif",
    "video",
    "plot",
    "data_dir",
)
_FILES_ONLY = (
    ("watch", "contents"),
    ("video", "style"),
    ("train", "paintings"),
    ("batch", "contents"),
    ("batch", "style"),
)

_HEAD = 1 << 20
"""Bytes read at a time."""
_names: dict[str, str] = {}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def shown_name(text: str) -> str:
    """Return ``text`` with the names of the standard streams in place of their temporary files."""
    for path, name in _names.items():
        text = text.replace(path, name)
    return text


class _Lasting(io.FileIO):
    """An open file that remembers why it cannot be written, and then takes and drops everything, so that a
    command ends its work though nobody reads its words."""

    problem: OSError | None = None

    def write(self, data: Any) -> int:
        if self.problem is None:
            try:
                return super().write(data)
            except OSError as problem:
                self.problem = problem
        return memoryview(data).nbytes


_closed: set[int] = set()


def open_all() -> None:
    """Make the standard streams usable: those that are closed hold nothing and keep nothing, and a reader of
    standard output or error that has gone stops no work."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _closed.add(number)
            with contextlib.suppress(OSError):
                os.fstat(number)
                continue
            os.open(os.devnull, os.O_RDWR)  # its number is the lowest that is free
    if 0 in _closed:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    for number, name in ((1, "stdout"), (2, "stderr")):
        given = getattr(sys, name)
        if sys.platform == "win32" and given is not None and given.isatty():
            continue  # a console there is no file
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
    """Raise OutputError if standard output could not be written, though somebody reads it: the disk is full,
    say."""
    sys.stdout.flush()
    problem = _problem(sys.stdout)
    if problem is not None and not isinstance(problem, BrokenPipeError):
        raise _cannot_print(problem)


def _problem(stream: TextIO) -> OSError | None:
    found = getattr(getattr(stream, "buffer", None), "raw", None)
    return found.problem if isinstance(found, _Lasting) else None


def _cannot_print(problem: OSError) -> OutputError:
    from impasto.files import cannot_write

    if isinstance(problem, BrokenPipeError):
        return cannot_write(STANDARD_OUTPUT, "nobody reads it any more")
    return cannot_write(STANDARD_OUTPUT, problem)


def one_line(text: str) -> str:
    """Return ``text`` with control characters, which names may have, as escapes."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def is_output(path: Path) -> bool:
    """Return whether a file holds what will go to standard output."""
    return _names.get(str(path)) == STANDARD_OUTPUT


def label(place: str) -> str:
    """Return ``-`` for the file that holds standard input, and "" for any other."""
    return STREAM if _names.get(place) == STANDARD_INPUT else ""


@contextlib.contextmanager
def opened(command: str, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the values ``given`` to a command's parameters, with files for standard input and output.

    What a command prints is printed on standard error while its output goes to standard output, once it is
    complete. Raises InputError and OptionError for a stream that the command does not use, or that is a
    terminal or empty.
    """
    names = [n for n, value in given.items() for one in _several(value) if str(one) == STREAM]
    what = "a film" if command == "video" else "a picture"
    reading = READING | {"source"} if command == "video" else READING
    pipes = [(n, str(one)) for n, value in given.items() for one in _several(value) if _is_pipe(one)]
    if names or pipes:
        from impasto.jobs.inputs import INPUTS

        reading |= set(INPUTS)
    inputs = [name for name in names if name in reading and (command, name) not in _FILES_ONLY]
    for name in names:
        if name not in inputs and name in _FILES and (name != "output" or command not in WRITING):
            raise OptionError(f"expected a file for {name.upper()} of impasto {command}; got -")
    if len(inputs) > 1:
        raise InputError(f"expected - for one input only; got it for {', '.join(inputs)}")
    is_written = "output" in names or (command in PIPES and bool(inputs) and given.get("output") is None)
    if command in PIPES and not is_written and given.get("format") is not None:
        raise OptionError("--format is for standard output, -o -; else the suffix of -o OUT is the format")
    if is_written and given.get("save_every") is not None:
        raise OptionError("--save-every numbers files after the result: expected -o FILE; got -")
    changed = dict(given)
    try:
        for name in inputs:
            changed[name] = _replaced(given[name], str(_held_input(what)))
        for number, (name, pipe) in enumerate(pipes, 2):
            if name in reading and (command, name) not in _FILES_ONLY:
                with Path(pipe).open("rb") as stream:
                    held = _held(stream, pipe, what, number)
                changed[name] = _replaced(changed[name], str(held), pipe)
        if not is_written:
            yield changed
            return
        with _written(command, given.get("format")) as output:
            yield changed | {"output": Path(output)}
    except ImpastoError as error:
        error.args = (shown_name(str(error)),)
        raise
    finally:
        _names.clear()


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _is_pipe(value: Any) -> bool:
    """Return whether a value names a pipe, such as the output of a command that the shell gives a name."""
    try:
        return isinstance(value, (str, Path)) and Path(value).is_fifo()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _replaced(value: Any, held: str, name: str = STREAM) -> Any:
    if isinstance(value, (list, tuple)):
        return [_replaced(one, held, name) for one in value]
    if str(value) != name:
        return value
    return Path(held) if isinstance(value, Path) else held


def _held_input(what: str) -> Path:
    """Return a temporary file with all of standard input."""
    if sys.stdin.isatty():
        raise InputError(f"expected {what} on standard input, as from a pipe; it is a terminal")
    return _held(sys.stdin.buffer, STANDARD_INPUT, what)


def _held(stream: BinaryIO, name: str, what: str, number: int = 1) -> Path:
    """Return a temporary file, the ``number``-th, with all of a stream."""
    from impasto import files
    from impasto.files.places import scratch

    head = stream.read(_HEAD)
    if not head:
        raise InputError(f"expected {what} on {name}; it is empty")
    path = scratch() / f"input{number}{_suffix(head)}"
    with files.Draft(path) as file:
        file.write(head)
        shutil.copyfileobj(stream, file, _HEAD)
    _names[str(path)] = name
    return path


def _suffix(data: bytes) -> str:
    """Return the suffix of ``data`` where readers go by it: that of a style file or of JSON."""
    if data[8:9] == b"{":  # safetensors: the length of a JSON header, and the header
        return ".style"
    return ".json" if data[:1] == b"{" else ""


@contextlib.contextmanager
def _written(command: str, suffix: str | None) -> Iterator[str]:
    """Yield a temporary file, whose contents go to standard output in the end."""
    from impasto.files.places import scratch

    stdout = sys.stdout
    if 1 in _closed:
        raise OptionError("expected standard output to be a file or a pipe; it is closed: use -o FILE")
    if stdout.isatty():
        raise OptionError("expected standard output to be a file or a pipe; it is a terminal: use -o FILE")
    ending = WRITING[command] if suffix is None else f".{suffix.lower().removeprefix('.')}"
    path = scratch() / f"standard-output{ending}"
    _names[str(path)] = STANDARD_OUTPUT
    path.unlink(missing_ok=True)
    try:
        with contextlib.redirect_stdout(_Forwarded(sys.stderr)):
            yield str(path)
    finally:
        if path.exists():
            stdout.flush()
            with path.open("rb") as done:
                shutil.copyfileobj(done, stdout.buffer, _HEAD)
            stdout.buffer.flush()
            path.unlink()
            if (problem := _problem(stdout)) is not None:
                raise _cannot_print(problem)


class _Forwarded:
    """A text stream that prints on another one, with the names of the standard streams."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(shown_name(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
