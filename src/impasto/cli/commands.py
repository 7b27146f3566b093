"""The commands by name. Each one's module is imported when the command is asked for, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer


class Listed(NamedTuple):
    """A command as the list shows it.

    home: ``module:attribute`` in this package: a function, or a Typer where the command has settings or
        commands of its own.
    line: the first paragraph of its help.
    """

    home: str
    line: str


COMMANDS = {
    "stylize": Listed("stylize:stylize", "Paint the photograph CONTENT in the manner of STYLE."),
    "batch": Listed(
        "batch:app", "Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png."
    ),
    "resume": Listed("resume:resume", "Finish a painting that was cut short, from its CHECKPOINT alone."),
    "neural-style": Listed(
        "compat.neural_style:app",
        "Paint as neural-style-pt or neural-style: their command lines work here as they are.",
    ),
    "style-transfer": Listed(
        "compat.style_transfer:app",
        "Paint as style-transfer-pytorch: its command lines work here as they are.",
    ),
    "fast": Listed(
        "fast:fast",
        "Paint PHOTOS in one pass of a network that knows its styles: a fraction of a second each.",
    ),
    "export": Listed(
        "export:export", "Write MODEL as an ONNX file, for phones, browsers and other programs."
    ),
    "style": Listed(
        "style:measure_style", "Measure the style of one or more paintings, once, into a small file."
    ),
    "styles": Listed("style:list_styles", "List the styles that can be asked for by name."),
    "measure": Listed(
        "measure:measure",
        "Measure a result: distance to style and content, and faults such as grids and frames.",
    ),
    "train": Listed("train:train", "Teach a fast network the style of PAINTING."),
    "video": Listed("video:app", "Paint the film IN so that it does not flicker."),
    "studio": Listed("studio:studio", "Open the studio: a page to drop a photograph on and pick a painting."),
    "texture": Listed(
        "texture:texture", "Make a texture in the manner of STYLE, as large as you like: --size WIDTHxHEIGHT."
    ),
    "explain": Listed(
        "explain:explain",
        "Tell the whole algorithm on CONTENT and STYLE, on one page that opens anywhere, offline.",
    ),
    "inspect": Listed(
        "inspect:app", "Look inside: feature maps, reconstructions, layers, losses, networks, styles."
    ),
    "models": Listed("models:app", "The networks' weights: list, fetch, import, verify."),
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
