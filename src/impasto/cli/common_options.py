"""The options that every command has, and help that shows common options first."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from impasto import __version__, threads
from impasto.cli import json_lines, new_files
from impasto.cli.streams import chosen_output, is_standard_output

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print events as JSON, one per line.")]
COMMON = "Every command"
LEADING = frozenset(["quiet", "json", "verbose", "force", "threads", "offline"])
"""Options that may also be given before the command, in any order."""
ALWAYS = LEADING | {"quality", "format"}
"""Options whose defaults apply even if all others are taken from an earlier result."""
EVERYDAY: Mapping[str, tuple[str, ...]] = {
    "stylize": (
        *("output", "preset", "size", "style_weight", "style_scale", "color", "iterations"),
        *("seed", "protect", "content_masks", "strokes", "checkpoint", "repeat", "quality", "device"),
        *("quiet", "json", "force", "help_all"),
    ),
    "texture": (
        *("output", "preset", "size", "style_size", "style_layers", "iterations", "seed", "quality"),
        *("quiet", "force", "help_all"),
    ),
    "batch": (
        *("style", "output", "preset", "size", "style_weight", "style_scale", "color", "fast", "format"),
        *("workers", "recursive", "quality", "quiet", "json", "dry_run", "help_all"),
    ),
    "watch": (
        *("style", "fast", "move", "once", "size", "format", "style_weight", "preset", "every", "settled"),
        *("quality", "quiet", "json", "help_all"),
    ),
    "video": (
        *("style", "output", "fast", "size", "start", "end", "rate", "codec", "quality", "workers"),
        *("quiet", "json", "force", "dry_run", "help_all"),
    ),
    "explain": ("output", "preset", "size", "style_weight", "iterations", "quiet", "force", "help_all"),
}
"""The options that --help shows for commands with many options; --help-all shows all."""

_LED = "impasto.cli.led"
_verbose = False


def shown(quiet: bool, json: bool) -> str:
    """Return how progress is shown: "json", "nothing" or "bar"."""
    return "json" if json else "nothing" if quiet else "bar"


def is_verbose() -> bool:
    """Return whether the command was asked for verbose output."""
    return _verbose


def be_verbose(value: bool) -> bool:
    """Switch verbose output on or off."""
    global _verbose
    _verbose = value
    return value


def _forced(value: bool) -> bool:
    new_files.allow(value)
    return value


def show_version(value: bool) -> None:
    """Print the version and exit, if asked."""
    if value:
        print(f"impasto {__version__}")
        raise typer.Exit()


def _stay_offline(value: bool) -> bool:
    """Keep this process, and the processes it starts, off the network, if asked."""
    if value:
        os.environ["IMPASTO_OFFLINE"] = "1"
    return value


def _limit_threads(count: int | None) -> int | None:
    if count is not None:
        threads.limit(count)
    return count


def _show_all(ctx: typer.Context, value: bool) -> None:
    if value:
        ctx.command.everyday = None  # type: ignore[attr-defined]
        print(ctx.get_help())
        raise typer.Exit()


def _common(
    *,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=threads.MOST,
            callback=_limit_threads,
            help="Number of processor threads to compute with. \\[default: one per core]",
            rich_help_panel="Resources",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            callback=_forced,
            is_eager=True,
            help="Overwrite OUT if it exists.",
            rich_help_panel=COMMON,
        ),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=COMMON),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            callback=be_verbose,
            is_eager=True,
            help="Also print the time and memory used, and where an error comes from.",
            rich_help_panel=COMMON,
        ),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            callback=_stay_offline,
            is_eager=True,
            help="Never download networks; same as IMPASTO_OFFLINE=1.",
            rich_help_panel=COMMON,
        ),
    ] = False,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print events as JSON, one per line.", rich_help_panel=COMMON),
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=show_version,
            is_eager=True,
            help="Print the version and exit.",
            rich_help_panel=COMMON,
        ),
    ] = False,
    help_all: Annotated[
        bool,
        typer.Option(
            "--help-all",
            callback=_show_all,
            is_eager=True,
            help="Show all options and exit.",
            rich_help_panel=COMMON,
        ),
    ] = False,
) -> None:
    """Declare the options that all commands have."""


def common_options(command: Any, *, computes: bool) -> list[Any]:
    """Return the common options that ``command`` lacks."""
    has = {option.name for option in command.params}
    found = []
    for option in _options():
        unused = option.name == "threads" and not computes
        unused = unused or (option.name == "force" and "output" not in has)
        unused = unused or (option.name == "help_all" and command.name not in EVERYDAY)
        if option.name not in has and not unused:
            option.expose_value = option.name == "quiet"
            found.append(option)
    command.own_quiet = "quiet" in has
    return found


def _options() -> list[Any]:
    alone = typer.Typer(add_completion=False)
    alone.command()(_common)
    return [option for option in typer.main.get_command(alone).params if option.name != "help"]


def add_leading(group: Any, *, computes: bool = True) -> None:
    """Make ``group``, a group of commands, accept the common options before a command as well."""
    for option in _options():
        if option.name in LEADING and (computes or option.name != "threads"):
            option.expose_value, option.is_eager, option.callback = False, False, _lead
            option.rich_help_panel = COMMON
            group.params.append(option)


def _lead(context: Any, option: Any, value: Any) -> Any:
    if value:
        words = [option.opts[0]] if value is True else [option.opts[0], str(value)]
        context.meta.setdefault(_LED, {})[option.name] = words
    return value


def led(context: Any) -> list[str]:
    """Return the options given before the command; ``context``: the click context of its group."""
    return [word for words in context.meta.get(_LED, {}).values() for word in words]


def shorten_help(command: Any, name: str) -> None:
    """Make the help of a command with many options show only the common ones."""
    command.everyday = EVERYDAY.get(name)
    show = command.format_help

    def format_help(ctx: Any, formatter: Any) -> None:
        hidden = [] if command.everyday is None else _rare(command)
        for option in hidden:
            option.hidden = True
        try:
            show(ctx, formatter)
        finally:
            for option in hidden:
                option.hidden = False
        if hidden:
            print(f" {len(hidden)} more options: impasto {name} --help-all\n")

    command.format_help = format_help


def _rare(command: Any) -> list[Any]:
    options = (p for p in command.params if p.param_type_name == "option" and not p.hidden)
    return [option for option in options if option.name not in command.everyday]


@contextlib.contextmanager
def told(command: str, given: dict[str, Any], suffix: str, *, own_quiet: bool) -> Iterator[None]:
    """Run a command with its ``--quiet``, ``--verbose`` and ``--json``.

    ``suffix``: as for ``streams.opened``. ``own_quiet``: whether the command does the first itself.
    """
    to_error = is_standard_output(chosen_output(command.partition(" ")[0], given, suffix))
    json_lines.begin(command, asked=bool(given.get("json")), to_error=to_error)
    quiet = False if own_quiet else given.pop("quiet", False) and not given.get("json")
    began = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()) if quiet else contextlib.nullcontext():
            yield
    finally:
        if _verbose:
            print(f"impasto: {time.perf_counter() - began:.1f} s{_memory()}", file=sys.stderr)


def _memory() -> str:
    try:
        import resource
    except ImportError:  # on Windows
        return ""
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return f", {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit:.0f} MB of memory at most"
