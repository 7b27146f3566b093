"""The commands by name. The module of a command is imported only when the command runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import typer

from impasto.cli import defaults, json_lines, streams
from impasto.cli.common_options import ALWAYS, add_leading, common_options, led, shorten_help, told
from impasto.cli.new_files import check_new
from impasto.errors import OptionError
from impasto.heap import keep_freed


class Listed(NamedTuple):
    """A command in the list.

    home: ``module:attribute`` in this package: a function, or a Typer for a command with subcommands.
    line: the first paragraph of its help. group: its heading in the list.
    computes: whether it takes ``--threads``; the command lines of other programs are left as they are.
    piped: the suffix of its output on standard output, "" where it writes none there. keeps: whether it
    overwrites its output only with ``--force``. waits: whether it keeps running and waits for work, so that
    the memory it frees is returned to the system.
    """

    home: str
    line: str
    group: str
    computes: bool = True
    piped: str = ""
    keeps: bool = False
    waits: bool = False


PAINT, NETWORKS, UNDERSTAND, COMPATIBLE = (
    "Paint",
    "Styles and networks",
    "Understand",
    "Command lines of other programs",
)
COMMANDS = {
    "stylize": Listed(
        "stylize:stylize",
        "Paint the photograph CONTENT in the style of STYLE.",
        PAINT,
        piped=".png",
        keeps=True,
    ),
    "fast": Listed(
        "fast:fast",
        "Paint PHOTO in the style of any painting, STYLE, in one pass of a network: a fraction of a second.",
        PAINT,
        piped=".png",
        keeps=True,
    ),
    "batch": Listed(
        "batch:app",
        "Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png.",
        PAINT,
    ),
    "video": Listed(
        "video:app",
        "Paint the film IN without flicker.",
        PAINT,
        piped=".mkv",
        keeps=True,
    ),
    "texture": Listed(
        "texture:texture",
        "Make a texture in the style of STYLE, of any size: --size WIDTHxHEIGHT.",
        PAINT,
        piped=".png",
        keeps=True,
    ),
    "resume": Listed(
        "resume:resume",
        "Finish an interrupted painting from its CHECKPOINT.",
        PAINT,
        piped=".png",
    ),
    "watch": Listed(
        "watch:watch",
        "Paint each photograph that arrives in the folder IN, into the folder OUT.",
        PAINT,
        waits=True,
    ),
    "studio": Listed(
        "studio:studio",
        "Start the studio, a web page for painting photographs.",
        PAINT,
        waits=True,
    ),
    "style": Listed(
        "style:measure_style",
        "Measure the style of one or more paintings and write it to a small file.",
        NETWORKS,
        piped=".style",
        keeps=True,
    ),
    "styles": Listed(
        "style:list_styles",
        "List the named styles.",
        NETWORKS,
        computes=False,
    ),
    "train": Listed(
        "train:train",
        "Refine the network for any painting on PAINTING, so that it paints closer to its style.",
        NETWORKS,
        keeps=True,
    ),
    "export": Listed(
        "export:export",
        "Write MODEL as an ONNX file, for phones, browsers and other programs.",
        NETWORKS,
        piped=".onnx",
        keeps=True,
    ),
    "models": Listed(
        "models:app",
        "List, fetch, import and verify networks.",
        NETWORKS,
        computes=False,
    ),
    "plugin": Listed(
        "plugin:app",
        "Install, list and remove plug-ins for GIMP, Krita and ComfyUI.",
        PAINT,
        computes=False,
    ),
    "inspect": Listed(
        "inspect:app",
        "Show feature maps, reconstructions, layers, losses, networks and styles.",
        UNDERSTAND,
        piped=".png",
        keeps=True,
    ),
    "explain": Listed(
        "explain:explain",
        "Explain the algorithm on CONTENT and STYLE, on one page that works offline.",
        UNDERSTAND,
        piped=".html",
        keeps=True,
    ),
    "measure": Listed(
        "measure:measure",
        "Measure a result: distance to style and content, and artefacts such as grids and frames.",
        UNDERSTAND,
    ),
    "doctor": Listed(
        "doctor:doctor",
        "Check this installation: versions, processors, networks, and a short painting.",
        UNDERSTAND,
    ),
    "config": Listed(
        "config:config",
        "Show your own defaults, from the configuration file and IMPASTO_ variables.",
        UNDERSTAND,
        computes=False,
    ),
    "neural-style": Listed(
        "compat.neural_style:app",
        "Paint with the command line of neural-style-pt and neural-style.",
        COMPATIBLE,
        computes=False,
    ),
    "style-transfer": Listed(
        "compat.style_transfer:app",
        "Paint with the command line of style-transfer-pytorch.",
        COMPATIBLE,
        computes=False,
    ),
}


# Newer releases of Typer have their own copy of click, in a private place.
UsageError: Any = typer.BadParameter.__base__


def load(name: str) -> Any:
    """Return the command ``name`` of ``COMMANDS``, a click command, from its module."""
    module, _, attribute = COMMANDS[name].home.partition(":")
    found = getattr(import_module(f"impasto.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    return _guarded(typer.main.get_command(found), name)


def with_leading(context: Any, name: str, words: list[str]) -> list[str]:
    """Return the options given before the command ``name``, followed by the ``words`` after it.

    ``context``: the click context of its group. Raises OptionError for the command line of another program.
    """
    found = led(context)
    if found and of_other_program(name):
        raise OptionError(f"expected impasto {name} with only the options of that program; got {found[0]}")
    return words if hasattr(load(name), "commands") else [*found, *words]


def of_other_program(name: str) -> bool:
    """Return whether ``name`` is the command line of another program, which is left unchanged."""
    return COMMANDS[name].group == COMPATIBLE


@functools.cache
def option_keys(name: str) -> frozenset[str]:
    """Return the keys, as of ``defaults.keys``, of the options of a command and its subcommands."""
    loaded = load(name)
    every = getattr(loaded, "commands", {name: loaded}).values()
    return frozenset(key for one in every for key in defaults.keys(one.params))


_TRUE = frozenset(["1", "true", "t", "yes", "y", "on"])
RECIPES = frozenset(["--from"])
"""Options that take all others from an earlier result."""
_STYLES = frozenset(("style", "styles"))
_NAMES = (
    streams.WRITTEN
    | _STYLES
    | {"content_masks", "style_masks", "protect", "strokes", "init", "encoder", "model", "output_template"}
)
_CHECKED = frozenset(("contents", "photo"))
"""Parameters that may be a folder that also contains results, which their commands recognise."""


def _guarded(command: Any, name: str) -> Any:
    """Return the command ``name``, changed so that it cannot overwrite its inputs, and takes ``-``."""
    if hasattr(command, "commands"):
        add_leading(command, computes=COMMANDS[name].computes)
        command.resolve_command = _leading(command.resolve_command)
    for one in getattr(command, "commands", {}).values():
        _guarded(one, name)
    label = name if command.name == name else f"{name} {command.name}"
    if command.callback is not None and not hasattr(command, "commands") and not of_other_program(name):
        command.params += common_options(command, computes=COMMANDS[name].computes)
        shorten_help(command, name)
        command.parse_args = _with_defaults(command, name, label)
        command.callback = _protected(command.callback, label, command.own_quiet)
    return command


def _leading(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Return a group's ``resolve_command``, changed so that options before a command apply to it."""

    def resolve_command(context: Any, args: list[str]) -> Any:
        name, command, rest = resolve(context, args)
        return name, command, [*led(context), *rest]

    return resolve_command


def _with_defaults(command: Any, name: str, label: str) -> Callable[..., Any]:
    """Return the command's ``parse_args``, changed so that the user's own defaults apply."""
    parse = command.parse_args

    def parse_args(ctx: Any, args: list[str]) -> Any:
        own = defaults.keys(command.params)
        to_error = bool(COMMANDS[name].piped) and "format" in own and streams.is_typed_output(args)
        json_lines.begin(label, asked="--json" in args, to_error=to_error)
        if name not in defaults.OWN_SETTINGS:
            defaults.check(name, own, COMMANDS, option_keys)
        found = defaults.defaults(name, own, COMMANDS)
        if str(found["json"].value if "json" in found else "").lower() in _TRUE:
            json_lines.begin(label, asked=True, to_error=to_error)
        kept = RECIPES & {word.partition("=")[0] for word in args}  # their options come first
        _refuse_empty(command, args)
        ctx.default_map = {n: one.value for n, one in found.items() if not kept or n in ALWAYS}
        try:
            return parse(ctx, streams.hide_weights(args))
        except UsageError as error:
            name_of = getattr(error.param, "name", "") if hasattr(error, "param") else ""
            if name_of in ctx.default_map and ctx.get_parameter_source(name_of).name == "DEFAULT_MAP":
                error.message += f" (set by {found[name_of].source})"
            raise

    return parse_args


def _refuse_empty(command: Any, args: list[str]) -> None:
    """Raise OptionError for an empty file name, such as from an unset shell variable: it would be taken for
    the current folder."""
    options = {word: param for param in command.params for word in param.opts}
    for before, word in zip(["", *args], args, strict=False):
        option = word[:-1] if word.startswith("--") and word.endswith("=") else before
        if word and option == before:
            continue
        param = options.get(option)
        if param is None or param.name in _NAMES or defaults.type_of(param) == "Path":
            what = "an argument" if param is None else option
            raise OptionError(f"expected a name for {what}; got an empty one")


def _protected(callback: Callable[..., Any], label: str, own_quiet: bool) -> Callable[..., Any]:
    name = label.partition(" ")[0]
    listed = COMMANDS[name]

    @functools.wraps(callback)
    def run(*args: Any, **given: Any) -> Any:
        from impasto.files import protecting

        given = streams.with_weights(given)
        if not listed.waits:
            keep_freed()
        if listed.keeps and not given.get("discard") and not _resumed(given):
            output = given.get("output")
            check_new(Path(one) for one in (output,) if one is not None and not streams.is_stream(one))
        with (
            told(label, given, listed.piped, own_quiet=own_quiet),
            streams.opened(name, given, listed.piped) as given,
        ):
            named = list(_inputs(given))
            suffixes: tuple[str, ...] = ()
            if any(path.is_dir() for path in named):
                from impasto.imaging import READABLE_SUFFIXES as suffixes  # noqa: N811
            with protecting(named, suffixes):
                return callback(*args, **given)

    return run


def _resumed(given: Mapping[str, Any]) -> bool:
    """Return whether the command continues earlier work, whose output may already exist."""
    checkpoint = given.get("checkpoint")
    return checkpoint is not None and Path(checkpoint).exists()


def _without_weight(style: Any) -> Any:
    if not isinstance(style, str) or ":" not in style:
        return style
    from impasto.catalogue.lookup import split_weight

    return split_weight(style)[0]


def _inputs(given: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the existing files and folders among the values of parameters."""
    for name, value in given.items():
        several = value if isinstance(value, (list, tuple)) else (value,)
        if name in _STYLES:
            several = tuple(map(_without_weight, several))
        for one in () if name in streams.WRITTEN else several:
            if isinstance(one, (str, Path)) and str(one) and "\0" not in str(one):
                path = Path(one)
                try:
                    if path.is_file() or (path.is_dir() and name not in _CHECKED):
                        yield path
                except OSError:  # such as a name that is too long
                    continue
