"""The command line. Each command is a module, imported only when the command runs."""

from __future__ import annotations

import atexit
import codecs
import gc
import io
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from impasto.cli import json_lines
from impasto.cli.commands import COMMANDS, UNDERSTAND, UsageError, load, with_leading
from impasto.cli.common_options import add_leading, be_verbose, is_verbose, show_version
from impasto.cli.exit_codes import BAD_INPUT, INTERRUPTED
from impasto.cli.standard_streams import check_printed, one_line, open_all
from impasto.cli.streams import shown_name
from impasto.errors import ImpastoError
from impasto.extras import naming_missing
from impasto.threads import let_threads_sleep


class _Group(TyperGroup):
    """The group of all commands, which loads only the one that runs, and prints errors as one line with an
    exit code."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        add_leading(self)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        # Used by running, help and completion of a command, but not by the list of commands.
        if args[0] == "help" and len(args) > 1:
            args = [*args[1:], "--help"]
        try:
            name, listed, rest = super().resolve_command(ctx, args)
        except UsageError as error:
            from impasto.cli.usage import without_command

            error.message = error.message.rstrip(".") + without_command(args)
            raise
        if name not in COMMANDS:
            return name, listed, rest
        return name, load(name), with_leading(ctx, name, rest)

    def make_context(self, *args: Any, **more: Any) -> Any:
        typed: list[str] = args[1]
        be_verbose(False)  # whatever an earlier command in this process was told
        json_lines.begin(next((word for word in typed if word in COMMANDS), ""), asked="--json" in typed)
        try:
            return super().make_context(*args, **more)
        except UsageError as error:
            _refuse_usage(error, typed)
        except KeyboardInterrupt as error:
            _interrupt(error)

    def invoke(self, ctx: Any) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _Warnings().show  # type: ignore[assignment]
            try:
                with naming_missing():
                    return super().invoke(ctx)
            except ImpastoError as error:
                _refuse(error, str(error))
            except UsageError as error:
                _refuse_usage(error)
            except OSError as error:
                if error.filename is None and _current_folder_is_there():
                    raise
                if error.filename is None:
                    _refuse(error, "the current folder no longer exists: change to one that does")
                name = str(error.filename)
                shown = name if len(name) < 300 else f"{name[:40]}..."
                _refuse(error, f"cannot use {shown}: {error.strerror}")
            except KeyboardInterrupt as error:
                _interrupt(error)
            except ImportError as error:
                if _is_interrupt(error):
                    _interrupt(error)
                raise
            except (MemoryError, RuntimeError, ValueError) as error:
                from impasto.jobs.work import lack_of_memory

                words = lack_of_memory(error)
                if words is None:
                    raise
                _refuse(error, words)


def _current_folder_is_there() -> bool:
    try:
        return bool(Path.cwd())
    except OSError:
        return False


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether ``error`` is a library's own form of an interrupt."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _interrupt(error: BaseException) -> NoReturn:
    print("impasto: interrupted", file=sys.stderr)
    json_lines.print_error("interrupted", INTERRUPTED)
    raise typer.Exit(INTERRUPTED) from error


def _refuse(error: Exception, words: str) -> NoReturn:
    if is_verbose():
        import traceback

        traceback.print_exception(error)
    print(f"impasto: {one_line(words)}", file=sys.stderr)
    json_lines.print_error(words, BAD_INPUT)
    raise typer.Exit(BAD_INPUT) from error


def _refuse_usage(error: Any, typed: Sequence[str] = ()) -> NoReturn:
    """Report a usage error in one line; a command without arguments prints its help. ``typed``: all words,
    where the error is before the command."""
    if type(error).__name__ == "NoArgsIsHelpError":
        raise error
    from impasto.cli.usage import words_of

    command = error.ctx.command_path if error.ctx is not None else "impasto"
    _refuse(error, f"{words_of(error, typed)}; see {command} --help")


class _Warnings:
    """Prints warnings, a line each; one that several parts of a command give is printed once."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, message: Warning | str, *_: Any) -> None:
        line = f"impasto: warning: {one_line(shown_name(str(message)))}"
        if line != self._last:
            print(line, file=sys.stderr)
        self._last = line


def _stand_in() -> None:
    """Stand in for a command in the list; ``_Group`` replaces it when the command runs."""
    raise AssertionError("a command must be resolved before it runs")


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Paint a photograph in the style of a painting. Start with: impasto stylize PHOTO starry-night",
)
for _name, _listed in COMMANDS.items():
    app.command(_name, help=_listed.line, rich_help_panel=_listed.group)(_stand_in)


@app.command("help", rich_help_panel=UNDERSTAND)
def _help(ctx: typer.Context) -> None:
    """Show the help of a command: impasto help stylize."""
    assert ctx.parent is not None
    print(ctx.parent.get_help())


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", "-V", callback=show_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


def print_any_name() -> None:
    """Make standard output and error print every name.

    Bytes that are not UTF-8 are printed as they are where the stream is UTF-8, and otherwise, like letters
    that the stream does not have, as escapes.
    """
    codecs.register_error("names", _encode_name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="names")


def _encode_name(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    if error.encoding == "utf-8" and all(0xDC80 <= ord(letter) <= 0xDCFF for letter in text):
        return text.encode("utf-8", "surrogateescape"), error.end
    return text.encode("ascii", "backslashreplace").decode(), error.end


def main() -> None:
    """Run the ``impasto`` command. SIGTERM ends it as Ctrl-C does: in order, with what is finished kept."""
    atexit.register(gc.freeze)  # no garbage collection at exit: with torch, it takes a second
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_all()
    print_any_name()
    let_threads_sleep()
    try:
        app()
    finally:
        try:
            check_printed()
        except ImpastoError as error:
            print(f"impasto: {error}", file=sys.stderr)
            sys.exit(BAD_INPUT)
