"""Standard input and output as files: ``-`` in place of a name."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from impasto.errors import ImpastoError, InputError, OptionError

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
)
_FILES_ONLY = (("video", "style"), ("train", "paintings"), ("batch", "contents"), ("batch", "style"))

_HEAD = 1 << 20
"""Bytes read at a time."""
_names: dict[str, str] = {}


def shown_name(text: str) -> str:
    """Return ``text`` with the names of the standard streams in place of their temporary files."""
    for path, name in _names.items():
        text = text.replace(path, name)
    return text


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
    film, what = given.get("source"), "a film" if command == "video" else "a picture"
    reading = READING | {"source"} if command == "video" else READING
    if names:
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
        if isinstance(film, Path) and film.is_fifo():
            with film.open("rb") as stream:
                changed["source"] = _held(stream, str(film), what)
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


def _replaced(value: Any, held: str) -> Any:
    if isinstance(value, (list, tuple)):
        return [_replaced(one, held) for one in value]
    if str(value) != STREAM:
        return value
    return Path(held) if isinstance(value, Path) else held


def _held_input(what: str) -> Path:
    """Return a temporary file with all of standard input."""
    if sys.stdin.isatty():
        raise InputError(f"expected {what} on standard input, as from a pipe; it is a terminal")
    return _held(sys.stdin.buffer, STANDARD_INPUT, what)


def _held(stream: BinaryIO, name: str, what: str) -> Path:
    """Return a temporary file with all of a stream."""
    from impasto import files
    from impasto.files.places import scratch

    head = stream.read(_HEAD)
    if not head:
        raise InputError(f"expected {what} on {name}; it is empty")
    path = scratch() / f"input{_suffix(head)}"
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


class _Forwarded:
    """A text stream that prints on another one, with the names of the standard streams."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(shown_name(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
