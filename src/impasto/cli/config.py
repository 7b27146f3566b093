"""``impasto config``: the user's own defaults, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from impasto.cli import defaults
from impasto.cli.commands import COMMANDS, load, option_keys
from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines
from impasto.errors import InputError


def config(
    command: Annotated[
        str | None,
        typer.Argument(
            help="A command, to show all its options. Default: the options that are set, of all commands."
        ),
    ] = None,
    path: Annotated[
        bool, typer.Option("--path", help="Print the path of the configuration file and exit.")
    ] = False,
    json: Json = False,
) -> None:
    """Show your own defaults, from the configuration file and IMPASTO_ variables.

    \b
    impasto config
    impasto config stylize
    impasto config --path

    Options in the file have the same names as on the command line. They apply to all commands (quality = 90)
    or, in a table, to one ([stylize], then size = 1024). The variables IMPASTO_QUALITY=90 and
    IMPASTO_STYLIZE_SIZE=1024 do the same, and override the file; the command line overrides both.
    """
    if path and json:
        print_result(path=str(defaults.config_file()))
        return
    if path:
        print(defaults.config_file())
        return
    if command is not None and command not in COMMANDS:
        raise InputError(f"unknown command {command!r}; expected one of {', '.join(COMMANDS)}")
    rows = list(_rows(command))
    if json:
        keys = ("command", "option", "value", "source")
        print_result(options=[dict(zip(keys, row, strict=True)) for row in rows])
        return
    for name, option, value, source in rows:
        print_lines(f"impasto {name} --{option} {value}  ({source})")
    if not rows:
        print_lines(f"nothing is set; the configuration file would be {defaults.config_file()}")


def _rows(command: str | None) -> Iterator[tuple[str, str, Any, str]]:
    """Yield command, option, value and source; for a single ``command`` also options that are not set."""
    for name in COMMANDS if command is None else [command]:
        if name in defaults.OWN_SETTINGS:
            continue
        defaults.check(name, option_keys(name), COMMANDS, option_keys)
        loaded = load(name)
        for one in getattr(loaded, "commands", {name: loaded}).values():
            options = defaults.keys(one.params)
            found = defaults.defaults(name, options, COMMANDS)
            for key, option in options.items():
                if option.name in found:
                    value, source = found[option.name]
                    yield name, key.replace("_", "-"), value, source
                elif command is not None and option.param_type_name == "option" and key not in defaults.APART:
                    yield name, key.replace("_", "-"), option.default, "default"
