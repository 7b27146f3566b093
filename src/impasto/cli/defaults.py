"""The user's own defaults: of a configuration file, and of environment variables.

``config.toml`` has options at its top, for every command that has them, and in tables, for one command;
the variables are ``IMPASTO_OPTION`` and ``IMPASTO_COMMAND_OPTION``. What is typed comes first, then the
variable of the command, that of all commands, the command's table, and the top of the file.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from impasto.errors import InputError

FILE_VARIABLE, PREFIX = "IMPASTO_CONFIG", "IMPASTO_"
APART = frozenset(["help", "help_all", "version", "from", "discard", "dry_run"])
"""Options that have no defaults of the user's own."""
OWN_SETTINGS = ("studio", "neural-style", "style-transfer")
"""Commands with settings of their own: docs/studio.md, and the command lines of other programs."""


class Default(NamedTuple):
    """The user's default of an option, and its ``source``: a variable, or a file and a table in it."""

    value: Any
    source: str


def config_file() -> Path:
    """Return the place of the configuration file, which need not be there."""
    chosen = os.environ.get(FILE_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_config_path("impasto") / "config.toml"


def read_config(commands: Collection[str]) -> Mapping[str, Any]:
    """Return the contents of the configuration file. Raises InputError for one that cannot be used.

    ``commands``: the names of tables that it may have.
    """
    try:
        path = config_file()
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if os.environ.get(FILE_VARIABLE):
            raise InputError(f"{FILE_VARIABLE} names {path}, which does not exist") from None
        return {}
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    except (OSError, RuntimeError, KeyError) as error:  # also without a home
        if os.environ.get(FILE_VARIABLE):
            raise InputError(f"cannot read {path}: {error}") from error
        return {}
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: expected the values of options; some are nested too deeply") from None
    for name, value in found.items():
        if isinstance(value, dict) and (name not in commands or name in OWN_SETTINGS):
            raise InputError(
                f"{path}: unknown table [{name}]; expected the name of a command{_like(name, commands)}"
            )
    return found


def defaults(name: str, options: Mapping[str, Any], commands: Collection[str]) -> dict[str, Default]:
    """Return the user's defaults for the command ``name``, by the names of its parameters.

    ``options``: its parameters by their keys, as of ``keys``. Raises InputError.
    """
    if name in OWN_SETTINGS:
        return {}
    config = read_config(commands)
    place = config_file() if config else None
    table = config.get(name, {})
    tables: dict[str, Any] = {key.replace("-", "_"): value for key, value in table.items()}
    for key in tables:
        if key not in options or key in APART:
            raise InputError(f"{place}: unknown option {key!r} in [{name}]{_like(key, options)}")
    top = {k.replace("-", "_"): v for k, v in config.items() if not isinstance(v, dict)}
    found: dict[str, Default] = {}
    for key, option in options.items():
        if key in APART:
            continue
        for variable in (f"{PREFIX}{name}_{key}".upper(), f"{PREFIX}{key}".upper()):
            if variable in os.environ and option.name not in found:
                found[option.name] = Default(_of_text(os.environ[variable], option), variable)
        for where, values in ((f"{place} [{name}]", tables), (str(place), top)):
            if key in values and option.name not in found:
                found[option.name] = Default(values[key], where)
    return found


def keys(options: Collection[Any]) -> dict[str, Any]:
    """Return parameters of a command by the keys that name them: their long flags, or their names."""
    found = {}
    for option in options:
        long = [flag for flag in option.opts if flag.startswith("--")]
        for flag in long or [option.name]:
            found[flag.removeprefix("--").replace("-", "_")] = option
    return found


def _of_text(text: str, option: Any) -> Any:
    return shlex.split(text) if option.multiple or option.nargs == -1 else text


def _like(name: str, known: Collection[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""
