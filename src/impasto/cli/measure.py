"""``impasto measure``: how good a result is, in figures."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from impasto.metrics import Measures

_READINGS = {
    "style_distance": "0 the same textures, 1 none of them",
    "content_distance": "0 the same objects, 1 none of them",
    "patch_distance": "0 the same patches, in units of colour",
    "grid_period_2": "1 or less without a grid",
    "grid_period_4": "1 or less without a grid",
    "border_frame": "about 1 without a frame",
    "speckle": "0.001 to 0.015 in photographs",
}


def measure(
    result: Annotated[Path, typer.Argument(help="The picture to judge.")],
    content: Annotated[Path, typer.Argument(help="The photograph it was painted from.")],
    style: Annotated[Path, typer.Argument(help="The painting it was painted after.")],
    judge: Annotated[
        Path | None,
        typer.Option(help="A file with VGG-19's weights. By default the installed vgg19, if there is one."),
    ] = None,
    convention: Annotated[
        str | None,
        typer.Option(
            help="Which input its network expects, where the file does not say: caffe, torchvision."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a result: distance to style and content, and faults such as grids and frames.

    Smaller is better throughout. Look at both distances together, for either alone is easily made
    small, and judge by another network than the one that painted.
    """
    from impasto.pipelines.measure import find_judge
    from impasto.pipelines.measure import measure as measure_files

    network = judge or find_judge()
    measures = measure_files(result, content, style, judge=network, convention=convention)
    name = None if network is None else str(network)
    if json:
        print(jsonlib.dumps({**measures.to_dict(), "judge": name}, indent=2))
    else:
        _print_table(measures, name)
    if name is None:
        print(
            "impasto: no network to judge by, so the distances to style and content are left out;"
            " get one with `impasto models fetch vgg19`, or name a file with --judge",
            file=sys.stderr,
        )


def _print_table(measures: Measures, judge: str | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"judged by {escape(judge)}" if judge else None)
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("reading")
    for name, value in measures.to_dict().items():
        table.add_row(name.replace("_", " "), "-" if value is None else f"{value:.4g}", _READINGS[name])
    Console().print(table)
