"""The commands by name. The module of a command is imported only when the command runs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer


class Listed(NamedTuple):
    """A command in the list.

    home: ``module:attribute`` in this package: a function, or a Typer for a command with subcommands.
    line: the first paragraph of its help.
    """

    home: str
    line: str


COMMANDS = {
    "stylize": Listed("stylize:stylize", "Paint the photograph CONTENT in the style of STYLE."),
    "batch": Listed(
        "batch:app", "Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png."
    ),
    "resume": Listed("resume:resume", "Finish an interrupted painting from its CHECKPOINT."),
    "neural-style": Listed(
        "compat.neural_style:app",
        "Paint with the command line of neural-style-pt and neural-style.",
    ),
    "style-transfer": Listed(
        "compat.style_transfer:app",
        "Paint with the command line of style-transfer-pytorch.",
    ),
    "fast": Listed(
        "fast:fast",
        "Paint PHOTO in the manner of STYLE, any painting, in one pass of a network: a fraction of a second.",
    ),
    "export": Listed(
        "export:export", "Write MODEL as an ONNX file, for phones, browsers and other programs."
    ),
    "style": Listed(
        "style:measure_style", "Measure the style of one or more paintings and write it to a small file."
    ),
    "styles": Listed("style:list_styles", "List the named styles."),
    "measure": Listed(
        "measure:measure",
        "Measure a result: distance to style and content, and artefacts such as grids and frames.",
    ),
    "train": Listed("train:train", "Train a fast network on the style of PAINTING."),
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
    "models": Listed("models:app", "List, fetch, import and verify networks."),
}


def load(name: str) -> Any:
    """Return the command ``name`` of ``COMMANDS``, a click command, from its module."""
    module, _, attribute = COMMANDS[name].home.partition(":")
    found = getattr(import_module(f"impasto.cli.{module}"), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)
