"""Standard input and output and pipes as files: ``-`` or the name of a pipe instead of a file name."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from impasto.cli.standard_streams import (
    STANDARD_INPUT,
    STANDARD_OUTPUT,
    cannot_write_stream,
    closed,
    problem_of,
)
from impasto.errors import ImpastoError, InputError, OptionError

STREAM = "-"
READING = frozenset(
    ["content", "photo", "style", "styles", "painting", "paintings", "result", "contents", "init", "repeat"]
)
"""The parameters that may be ``-``, for standard input, in addition to ``jobs.inputs.INPUTS``."""
WRITTEN = frozenset(
    [
        "output",
        "preview",
        "log",
        "parameters",
        "checkpoint",
        "folder",
        "keep",
        "strip",
        "gif",
        "video",
        "plot",
        "data_dir",
        "backup",
        "move",
    ]
)
"""The parameters that name files and folders to write; all others that name files are inputs."""
_FILES = READING | WRITTEN | {"source", "start", "file"}
_FILES_ONLY = (
    ("watch", "contents"),
    ("video", "style"),
    ("train", "painting"),
    ("batch", "contents"),
    ("batch", "style"),
)
_INPUTS_ONLY = frozenset(name for _, name in _FILES_ONLY)
_HEAD = 1 << 20
"""Bytes read at a time."""
_INPUT = "/dev/stdin"
_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})|/dev/(stdin|stdout|stderr)")
_HIDDEN = "\0"
_WEIGHTED_INPUT = re.compile(r"-:.*", re.DOTALL)
_names: dict[str, str] = {}
"""The streams' names by their temporary files."""
_outputs: set[str] = set()


def shown_name(text: str) -> str:
    """Return ``text`` with the names of the standard streams in place of their temporary files."""
    for path, name in _names.items():
        text = text.replace(path, name)
    return text


def is_output(path: Path) -> bool:
    """Return whether a file holds what will be written to standard output or a pipe."""
    return str(path) in _outputs


def label(place: str) -> str:
    """Return ``-`` for a file that holds the contents of standard input or a pipe, and "" for any other."""
    return STREAM if place in _names else ""


def hide_weights(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with standard input as a style, ``-:2``, changed so that it is not
    taken for an option; ``with_weights`` changes it back."""
    return [f"{_HIDDEN}{word}" if _WEIGHTED_INPUT.fullmatch(word) else word for word in words]


def with_weights(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of parameters as they were typed, before ``hide_weights``."""
    return {name: _mapped(value, lambda text: text.removeprefix(_HIDDEN)) for name, value in given.items()}


def is_standard_output(value: object) -> bool:
    """Return whether an output is standard output: ``-``, or its name."""
    return str(value) == STREAM or _number(value) == 1


def is_stream(value: object) -> bool:
    """Return whether an output is standard output, another open file by its number, or a pipe or device."""
    if str(value) == STREAM or _number(value) is not None:
        return True
    try:
        return isinstance(value, (str, Path)) and Path(value).exists() and not _is_plain(Path(value))
    except (OSError, ValueError):  # a name that no file can have
        return False


def chosen_output(command: str, given: Mapping[str, Any], suffix: str) -> Any:
    """Return the output among the values ``given`` to a command's parameters, or its default: standard output
    if it has a ``--format`` and reads standard input. ``suffix``: as for ``opened``."""
    output = given.get("output")
    if output is None and suffix and "format" in given:
        values = [(name, one) for name, value in given.items() for one in _several(value)]
        names = {name for name, one in values if _source(name, one) in (STREAM, _INPUT)}
        return STREAM if names and names & _readable(command) else None
    return output


def is_typed_output(words: Sequence[str]) -> bool:
    """Return whether the ``words`` of a command line that cannot be parsed ask for standard output."""
    text = "\0".join(("", *words, ""))
    if outputs := re.findall(r"\0(?:-o\0?|--output[=\0])([^\0]*)", text):
        return is_standard_output(outputs[-1])
    return re.search(r"\0-[\0:]", text) is not None


@contextlib.contextmanager
def opened(command: str, given: dict[str, Any], suffix: str) -> Iterator[dict[str, Any]]:
    """Yield the values ``given`` to a command's parameters, with files in place of standard input and output
    and of pipes.

    ``suffix``: that of the output on standard output without ``--format``; "" for a command that writes none
    there. A command with ``--format`` writes there by default if it reads standard input. If the output goes
    to standard output, it is written once it is complete, and messages are printed on standard error.

    Raises InputError and OptionError for a stream that the command does not use, or that is a terminal or
    empty.
    """
    what = "a film" if command == "video" else "a picture"
    streams = {
        name: [source for one in _several(value) if (source := _source(name, one)) is not None]
        for name, value in given.items()
        if name != "output"
    }
    streams = {name: sources for name, sources in streams.items() if sources}
    readable = _readable(command) if streams else frozenset()
    for name, sources in streams.items():
        if name not in readable and (name in _INPUTS_ONLY or sources[0] == STREAM) and name in _FILES:
            raise OptionError(f"expected a file for {name.upper()} of impasto {command}; got {sources[0]}")
    inputs = {name: sources for name, sources in streams.items() if name in readable}
    from_input = [name for name, sources in inputs.items() for one in sources if one in (STREAM, _INPUT)]
    if len(from_input) > 1:
        raise InputError(f"expected - for one input only; got it for {', '.join(from_input)}")
    output = chosen_output(command, given, suffix)
    if is_stream(output) and not suffix:
        raise OptionError(f"expected a file for OUTPUT of impasto {command}; got {output}")
    has_format = bool(suffix) and "format" in given
    is_written = is_stream(output)
    if has_format and not is_written and given["format"] is not None:
        raise OptionError("--format is for standard output, -o -; else the suffix of -o OUT is the format")
    if is_written and given.get("save_every") is not None:
        raise OptionError(f"--save-every numbers files after the result: expected -o FILE; got {output}")
    try:
        held = _hold(inputs, what)
        changed = {
            name: _mapped(value, partial(_replaced, name, held)) if name in inputs else value
            for name, value in given.items()
        }
        if not is_written:
            yield changed
            return
        with _written(given.get("format") or suffix, str(output)) as place:
            yield changed | {"output": Path(place)}
    except ImpastoError as error:
        error.args = (shown_name(str(error)),)
        raise
    finally:
        _names.clear()
        _outputs.clear()


def _readable(command: str) -> frozenset[str]:
    """Return the parameters of ``command`` that may be streams."""
    from impasto.jobs.inputs import INPUTS

    every = READING | set(INPUTS) | ({"source"} if command == "video" else set())
    return frozenset(name for name in every if (command, name) not in _FILES_ONLY)


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return ``value``, a text, a path or several of them, with each text changed."""
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(one, change) for one in value)
    if not isinstance(value, (str, Path)):
        return value
    text = str(value)
    changed = change(text)
    return value if changed == text else type(value)(changed)


def _number(value: object) -> int | None:
    """Return the number of the open file that ``value`` names, such as /dev/stdin or /dev/fd/63."""
    match = _NUMBERED.fullmatch(str(value)) if os.name == "posix" and isinstance(value, (str, Path)) else None
    if match is None:
        return None
    return ("stdin", "stdout", "stderr").index(match[2]) if match[2] else int(match[1])


def _is_plain(path: Path) -> bool:
    return path.is_file() or path.is_dir()


def _without_share(name: str, text: str) -> str:
    """Return the style in ``STYLE:WEIGHT``, and any other text as it is."""
    if name not in ("style", "styles") or ":" not in text:
        return text
    from impasto.catalogue.lookup import split_weight

    return split_weight(text)[0]


def _source(name: str, value: Any) -> str | None:
    """Return the stream named by a parameter's value, without a share; None for anything else."""
    if not isinstance(value, (str, Path)):
        return None
    text = _without_share(name, str(value))
    if text == STREAM:
        return text
    number = _number(text)
    if number is not None:
        return _INPUT if number == 0 else text
    try:
        return text if Path(text).is_fifo() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def _hold(inputs: Mapping[str, Sequence[str]], what: str) -> dict[str, Path]:
    """Return temporary files with the complete contents of the streams, by the streams' names."""
    held: dict[str, Path] = {}
    for source in dict.fromkeys(one for several in inputs.values() for one in several):
        if source in (STREAM, _INPUT):
            held[STREAM] = held[_INPUT] = _held_input(what)
            continue
        try:
            stream = io.BufferedReader(_opened(source, "r"))
        except OSError as problem:
            raise InputError(f"cannot read {source}: {problem.strerror}") from problem
        with stream:
            held[source] = _held(stream, source, what, len(held) + 2)
    return held


def _replaced(name: str, held: Mapping[str, Path], text: str) -> str:
    """Return the text of a parameter with the temporary file of its stream, if it has one."""
    source = _source(name, text)
    return text if source is None else f"{held[source]}{text[len(_without_share(name, text)) :]}"


def _held_input(what: str) -> Path:
    """Return a temporary file with the complete standard input."""
    if sys.stdin.isatty():
        raise InputError(f"expected {what} on standard input, as from a pipe; it is a terminal")
    return _held(sys.stdin.buffer, STANDARD_INPUT, what)


def _held(stream: BinaryIO, name: str, what: str, number: int = 1) -> Path:
    """Return a temporary file, the ``number``-th, with the complete contents of a stream."""
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
    """Return the suffix of ``data`` if readers depend on it: that of a style file or of JSON."""
    if data[8:9] == b"{":  # safetensors: the length of a JSON header, and the header
        return ".style"
    return ".json" if data[:1] == b"{" else ""


@contextlib.contextmanager
def _written(suffix: str, output: str | Path) -> Iterator[str]:
    """Yield a temporary file, whose contents are written to the stream ``output`` at the end."""
    from impasto.files.places import scratch

    stdout, is_standard = sys.stdout, is_standard_output(output)
    name = STANDARD_OUTPUT if is_standard else str(output)
    if is_standard and 1 in closed:
        raise OptionError("expected standard output to be a file or a pipe; it is closed: use -o FILE")
    if is_standard and stdout.isatty():
        raise OptionError("expected standard output to be a file or a pipe; it is a terminal: use -o FILE")
    if not is_standard:
        _check_sink(output)
    path = scratch() / f"standard-output.{suffix.lower().removeprefix('.')}"
    _names[str(path)] = name
    _outputs.add(str(path))
    path.unlink(missing_ok=True)
    try:
        with contextlib.redirect_stdout(_Forwarded(sys.stderr if is_standard else stdout)):
            yield str(path)
    finally:
        if path.exists():
            with path.open("rb") as done:
                if is_standard:
                    _print(done, stdout)
                else:
                    _pour(done, output)
            path.unlink()
            if is_standard and (problem := problem_of(stdout)) is not None:
                raise cannot_write_stream(name, problem)


def _print(done: BinaryIO, stdout: TextIO) -> None:
    stdout.flush()
    shutil.copyfileobj(done, stdout.buffer, _HEAD)
    stdout.buffer.flush()


def _check_sink(output: str | Path) -> None:
    """Raise OutputError for an open file that does not exist, cannot be written or is a terminal."""
    number = _number(output)
    if number is None:
        return
    import fcntl

    try:
        mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError as problem:
        raise cannot_write_stream(str(output), problem) from problem
    if mode == os.O_RDONLY:
        raise cannot_write_stream(str(output), "it is open for reading only")
    if os.isatty(number):
        raise OptionError(f"expected {output} to be a file or a pipe; it is a terminal: use -o FILE")


def _opened(name: str | Path, mode: str) -> io.FileIO:
    number = _number(name)
    return io.FileIO(name if number is None else os.dup(number), mode)


def _pour(done: BinaryIO, output: str | Path) -> None:
    """Write a file to a pipe, a device or an open file. Raises OutputError."""
    try:
        with io.BufferedWriter(_opened(output, "w")) as sink:
            shutil.copyfileobj(done, sink, _HEAD)
    except OSError as problem:
        raise cannot_write_stream(str(output), problem) from problem


class _Forwarded:
    """A text stream that prints to another one, with the names of the standard streams restored."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(shown_name(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
