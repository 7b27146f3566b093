"""The commands by name. The module of a command is imported only when the command runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from impasto import threads


class Listed(NamedTuple):
    """A command in the list.

    home: ``module:attribute`` in this package: a function, or a Typer for a command with subcommands.
    line: the first paragraph of its help.
    computes: whether it takes ``--threads``; the command lines of other programs are left as they are.
    """

    home: str
    line: str
    computes: bool = True


COMMANDS = {
    "stylize": Listed("stylize:stylize", "Paint the photograph CONTENT in the style of STYLE."),
    "batch": Listed(
        "batch:app", "Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png."
    ),
    "resume": Listed("resume:resume", "Finish an interrupted painting from its CHECKPOINT."),
    "neural-style": Listed(
        "compat.neural_style:app",
        "Paint with the command line of neural-style-pt and neural-style.",
        computes=False,
    ),
    "style-transfer": Listed(
        "compat.style_transfer:app",
        "Paint with the command line of style-transfer-pytorch.",
        computes=False,
    ),
    "fast": Listed(
        "fast:fast",
        "Paint PHOTO in the style of any painting, STYLE, in one pass of a network: a fraction of a second.",
    ),
    "export": Listed(
        "export:export", "Write MODEL as an ONNX file, for phones, browsers and other programs."
    ),
    "style": Listed(
        "style:measure_style", "Measure the style of one or more paintings and write it to a small file."
    ),
    "styles": Listed("style:list_styles", "List the named styles.", computes=False),
    "measure": Listed(
        "measure:measure",
        "Measure a result: distance to style and content, and artefacts such as grids and frames.",
    ),
    "train": Listed(
        "train:train",
        "Refine the network for any painting on PAINTING, so that it paints closer to its style.",
    ),
    "video": Listed("video:app", "Paint the film IN without flicker."),
    "studio": Listed("studio:studio", "Start the studio, a web page for painting photographs."),
    "texture": Listed(
        "texture:texture", "Make a texture in the style of STYLE, of any size: --size WIDTHxHEIGHT."
    ),
    "explain": Listed(
        "explain:explain",
        "Explain the algorithm on CONTENT and STYLE, on one page that works offline.",
    ),
    "inspect": Listed(
        "inspect:app", "Show feature maps, reconstructions, layers, losses, networks and styles."
    ),
    "plugin": Listed(
        "plugin:app", "Install, list and remove plug-ins for GIMP, Krita and ComfyUI.", computes=False
    ),
    "models": Listed("models:app", "List, fetch, import and verify networks.", computes=False),
}


def load(name: str) -> Any:
    """Return the command ``name`` of ``COMMANDS``, a click command, from its module."""
    module, _, attribute = COMMANDS[name].home.partition(":")
    found = getattr(import_module(f"impasto.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        found = alone
    return _guarded(typer.main.get_command(found), name)


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
    ]
)
"""The parameters of all commands that name files and folders to write; those of others are inputs."""
_CHECKED = frozenset(("contents", "photo"))
"""Parameters that may be a folder in which results lie too, which their commands tell apart."""


def _guarded(command: Any, name: str) -> Any:
    """Return the command ``name``, changed so that it cannot overwrite its inputs, and takes ``-``."""
    for one in getattr(command, "commands", {}).values():
        _guarded(one, name)
    if command.callback is not None and not hasattr(command, "commands"):
        command.callback = _protected(command.callback, name)
        if COMMANDS[name].computes:
            command.params.append(_threads_option())
    return command


def _threads_option() -> Any:
    """Return the option ``--threads``, which limits this process and those it starts before it computes."""
    alone = typer.Typer(add_completion=False)
    alone.command()(_limited)
    (option,) = (one for one in typer.main.get_command(alone).params if one.name == "threads")
    option.expose_value = False
    return option


def _limit_threads(count: int | None) -> int | None:
    if count is not None:
        threads.limit(count)
    return count


def _limited(
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            callback=_limit_threads,
            help="Number of processor threads to compute with. \\[default: one per core]",
            rich_help_panel="Work",
        ),
    ] = None,
) -> None:
    """Have the option that all commands that compute have."""


def _protected(callback: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(*args: Any, **given: Any) -> Any:
        from impasto.cli.streams import opened
        from impasto.files import protecting

        with opened(name, given) as given:
            named = list(_inputs(given))
            suffixes: tuple[str, ...] = ()
            if any(path.is_dir() for path in named):
                from impasto.imaging import READABLE_SUFFIXES as suffixes  # noqa: N811
            with protecting(named, suffixes):
                return callback(*args, **given)

    return run


def _inputs(given: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the existing files and folders among the values of parameters."""
    for name, value in given.items():
        for one in () if name in WRITTEN else value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, (str, Path)) and str(one) and "\0" not in str(one):
                path = Path(one)
                try:
                    if path.is_file() or (path.is_dir() and name not in _CHECKED):
                        yield path
                except OSError:  # such as a name too long to be one
                    continue
