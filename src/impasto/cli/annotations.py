"""The options that are shared by several commands and are not in a class of options."""

from __future__ import annotations

from typing import Annotated

import typer

from impasto.cli import completion
from impasto.optimize.checkpoints import INTERVAL

Quality = Annotated[int, typer.Option(min=1, max=100, help="Quality of lossy formats, such as JPEG.")]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Also paint the photographs in subfolders.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]
OutputTemplate = Annotated[
    str | None,
    typer.Option(
        metavar="TEMPLATE",
        help="Name of the result without -o. Fields: {folder}, {name}, {style}, {size}, {ext}. "
        "\\[default: {folder}/{name}.impasto.{ext}]",
        show_default=False,
    ),
]
PairedTemplate = Annotated[
    str,
    typer.Option(
        metavar="TEMPLATE", help="Names of the results, with the fields {name}, {style} and {size}."
    ),
]
ResultFormat = Annotated[str, typer.Option(help="Format of the results: jpg, webp and so on.")]
Format = Annotated[
    str | None, typer.Option(help="Format of the result on standard output (-o -). \\[default: png]")
]
CheckpointEvery = Annotated[
    float | None, typer.Option(min=0, help=f"Seconds between checkpoints. \\[default: {INTERVAL:g}]")
]
SHARE = "STYLE:WEIGHT gives the share of each"
"""The explanation of blends at the end of the help."""
StylesApart = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        help="Named styles, paintings, style files; a folder is one style. Repeatable: each is painted "
        "separately, but those with a weight, STYLE:WEIGHT, are blended into one.",
        autocompletion=completion.styles,
        show_default=False,
    ),
]
"""The styles of commands that paint each photograph in each style."""
ByNetwork = Annotated[
    bool,
    typer.Option(
        "--fast/--optimize",
        show_default=False,
        help="Paint with the fast network, or by optimisation, which is slower. \\[default: fast]",
        rich_help_panel="Fast networks",
    ),
]
WORKERS = "Workers"
Workers = Annotated[
    str | None,
    typer.Option(
        metavar="N|auto",
        help="Paint in N processes; auto: as many as cores, GPUs and memory allow. "
        "\\[default: 1; auto on Ray]",
        rich_help_panel=WORKERS,
    ),
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="[ADDRESS]",
        help="Paint on a Ray cluster; without an address, on a new one on this machine.",
        rich_help_panel=WORKERS,
    ),
]
