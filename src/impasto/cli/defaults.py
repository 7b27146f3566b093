"""The user's own defaults, from a configuration file and environment variables.

Options at the top of ``config.toml`` are for every command that has them, those in a table for one command;
the variables are ``IMPASTO_OPTION`` and ``IMPASTO_COMMAND_OPTION``. The order of precedence is: the command
line, the command's variable, the variable for all commands, the command's table, the top of the file.
"""

from __future__ import annotations

import datetime
import os
import shlex
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, get_args

from impasto.errors import InputError, did_you_mean
from impasto.files import read_bounded, reason_of
from impasto.parameters import shown

FILE_VARIABLE, PREFIX = "IMPASTO_CONFIG", "IMPASTO_"
APART = frozenset(["help", "help_all", "version", "from", "discard", "dry_run"])
"""Options for which users cannot set defaults."""
NO_DEFAULTS = frozenset([FILE_VARIABLE, "IMPASTO_OFFLINE", "IMPASTO_WEIGHTS_DIR", "IMPASTO_BUILD_PAGE"])
"""Variables that are other kinds of settings."""
OWN_SETTINGS = ("studio", "neural-style", "style-transfer")
"""Commands with their own settings: the studio (docs/studio.md), and the command lines of other programs."""


class Default(NamedTuple):
    """The user's default for an option, and its ``source``: a variable, or a file and a table in it."""

    value: Any
    source: str


def config_file() -> Path:
    """Return the path of the configuration file, which need not exist."""
    chosen = os.environ.get(FILE_VARIABLE)
    if chosen:
        return Path(chosen)
    import platformdirs

    return platformdirs.user_config_path("impasto") / "config.toml"


def read_config(commands: Collection[str]) -> Mapping[str, Any]:
    """Return the contents of the configuration file. Raises InputError if it cannot be used.

    ``commands``: the names of tables that it may have.
    """
    try:
        path = config_file()
        text = read_bounded(path).decode("utf-8-sig")
    except FileNotFoundError:
        if os.environ.get(FILE_VARIABLE):
            raise InputError(f"{FILE_VARIABLE} names {path}, which does not exist") from None
        return {}
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from None
    except (OSError, RuntimeError, KeyError) as error:  # also without a home folder
        if os.environ.get(FILE_VARIABLE):
            raise InputError(f"cannot read {path}: {reason_of(error)}") from error
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
            near = did_you_mean(name, commands)
            raise InputError(f"{path}: unknown table [{name}]; expected the name of a command{near}")
    return found


def defaults(name: str, options: Mapping[str, Any], commands: Collection[str]) -> dict[str, Default]:
    """Return the user's defaults for the command ``name``, by the names of its parameters.

    ``options``: its parameters by their keys, as of ``keys``. Raises InputError, also for values of a wrong
    type.
    """
    if name in OWN_SETTINGS:
        return {}
    config = read_config(commands)
    place = config_file() if config else None
    tables, top = _table(config, name), _top(config)
    found: dict[str, Default] = {}
    for key, option in options.items():
        variables = (f"{PREFIX}{name}_{key}".upper(), f"{PREFIX}{key}".upper())
        if key in APART or (variables[1] in NO_DEFAULTS and os.environ.get(variables[1])):
            continue
        for variable in variables:
            if variable not in NO_DEFAULTS and variable in os.environ and option.name not in found:
                found[option.name] = Default(_of_text(os.environ[variable], option, variable), variable)
        for where, values in ((f"{place} [{name}]", tables), (str(place), top)):
            if key in values and option.name not in found:
                found[option.name] = Default(_of_file(values[key], option, key, where), where)
    return found


def check(
    name: str, own: Collection[str], commands: Collection[str], keys_of: Callable[[str], Collection[str]]
) -> None:
    """Raise InputError for options in the file that no command has, and warn about such variables.

    ``own``: the keys of the running command ``name``, the only one whose table is checked. ``keys_of``:
    returns those of one of the ``commands``; it is called only if needed.
    """
    config = read_config(commands)
    others = [one for one in commands if one not in OWN_SETTINGS and one != name]

    def refuse(key: str, where: str, known: Collection[str]) -> None:
        if key in APART:
            raise InputError(
                f"{config_file()}: {key.replace('_', '-')!r}{where} can only be given on the command line"
            )
        spelt = key.replace("_", "-")
        near = did_you_mean(spelt, [one.replace("_", "-") for one in known])
        raise InputError(f"{config_file()}: unknown option {spelt!r}{where}{near}")

    if table := set(_table(config, name)) - (set(own) - APART):
        known = set(keys_of(name)) - APART
        for key in sorted(table - known):
            refuse(key, f" in [{name}]", known)
    for key in sorted(_unknown(_top(config), own, others, keys_of)):
        refuse(key, "", {key for one in (name, *others) for key in keys_of(one)} - APART)
    _warn(name, own, others, keys_of)


def _unknown(
    found: Iterable[str],
    own: Collection[str],
    others: Iterable[str],
    keys_of: Callable[[str], Collection[str]],
) -> set[str]:
    """Return the keys of ``found`` that are neither among ``own`` nor those of another command."""
    left = set(found) - (set(own) - APART)
    for one in others:
        if not left:
            break
        left -= set(keys_of(one)) - APART
    return left


def _warn(
    name: str, own: Collection[str], others: Collection[str], keys_of: Callable[[str], Collection[str]]
) -> None:
    """Warn about variables that look like a default but are not: those that begin with the name of a command,
    or resemble an option."""
    given = [v for v in os.environ if v.startswith(PREFIX) and v == v.upper() and v not in NO_DEFAULTS]
    given = [v for v in given if not v.startswith(tuple(f"{PREFIX}{one}_".upper() for one in OWN_SETTINGS))]
    left = _unknown((v.removeprefix(PREFIX).lower() for v in given), own, others, keys_of)
    for key in sorted(left):
        command, _, option = key.partition("_")
        if command in (name, *others) and option:
            known = set(keys_of(command)) - APART
            if option in known:
                continue
            near, what = get_close_matches(option, known, 1), f"no option of impasto {command}"
            near = [f"{command}_{one}" for one in near]
        else:
            known = {key for one in (name, *others) for key in keys_of(one)} - APART
            near, what = get_close_matches(key, known, 1, 0.75), "no option of a command"
            if not near:
                continue
        more = f"; did you mean '{PREFIX}{near[0].upper()}'?" if near else ""
        warnings.warn(f"{PREFIX}{key.upper()} is {what} and is ignored{more}", stacklevel=2)


def _underscored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("-", "_"): value for key, value in values.items()}


def _table(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the table of the command ``name``; at the top, a command's name may also be an option."""
    found = config.get(name)
    return _underscored(found) if isinstance(found, dict) else {}


def _top(config: Mapping[str, Any]) -> dict[str, Any]:
    return _underscored({key: value for key, value in config.items() if not isinstance(value, dict)})


def keys(options: Collection[Any]) -> dict[str, Any]:
    """Return a command's parameters by their keys: their long flags, or their names."""
    found = {}
    for option in options:
        long = [flag for flag in option.opts if flag.startswith("--")]
        for flag in long or [option.name]:
            found[flag.removeprefix("--").replace("-", "_")] = option
    return found


def type_of(option: Any) -> str:
    """Return the type of a parameter's value or values: "bool", "int", "float", "str" or "Path"."""
    described = getattr(option, "type_descriptor", None)
    if described is None:  # a release of Typer on click
        name = option.type.name.partition(" ")[0]
        return _CLICK.get(name, "str")
    kind = (*get_args(described.annotation), described.annotation)[0]
    return str(kind.__name__)


_CLICK = {"boolean": "bool", "integer": "int", "float": "float", "path": "Path", "file": "Path"}
_EXPECTED: dict[str, tuple[str, tuple[type, ...]]] = {
    "bool": ("true or false", (bool,)),
    "int": ("a whole number", (int,)),
    "float": ("a number", (int, float)),
}


def _is_list(option: Any) -> bool:
    return bool(option.multiple or option.nargs == -1)


def _of_text(text: str, option: Any, variable: str) -> Any:
    if not text:
        raise InputError(f"{variable} is empty; give it a value, or unset it")
    try:
        return shlex.split(text) if _is_list(option) else text
    except ValueError as problem:
        raise InputError(f"{variable}: expected words as in a shell; got {text!r} ({problem})") from None


def _of_file(value: Any, option: Any, key: str, where: str) -> Any:
    """Return a value of the file as the parameter takes it; a string counts as typed. Raises InputError."""
    several = value if _is_list(option) and isinstance(value, list) else [value]
    kind = type_of(option)
    words, kinds = _EXPECTED.get(kind, ("a text", (int, float, datetime.time)))
    for one in several:
        fits = isinstance(one, kinds) and (kind == "bool" or not isinstance(one, bool))
        if not fits and not (isinstance(one, str) and one):
            listed = f"{words}, or a list of them" if _is_list(option) else words
            raise InputError(f"{where}: expected {key} to be {listed}; got {shown(one)}")
    plain = [str(one) if isinstance(one, datetime.time) else one for one in several]
    return plain if _is_list(option) else plain[0]
