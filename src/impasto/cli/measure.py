"""``impasto measure``: the quality of a result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_result

if TYPE_CHECKING:
    from impasto.metrics import Measures

_READINGS = {
    "style_distance": "0: same textures; 1: none in common",
    "content_distance": "0: same objects; 1: none in common",
    "patch_distance": "0: same patches; in units of colour",
    "grid_period_2": "1 or less without a grid",
    "grid_period_4": "1 or less without a grid",
    "border_frame": "about 1 without a frame",
    "speckle": "0.001 to 0.015 in photographs",
}


def measure(
    result: Annotated[Path, typer.Argument(help="The picture to judge.")],
    content: Annotated[Path, typer.Argument(help="The photograph it was painted from.")],
    style: Annotated[Path, typer.Argument(help="The painting whose style it imitates.")],
    judge: Annotated[
        Path | None,
        typer.Option(help="A file with the weights of VGG-19. Default: the installed vgg19, if any."),
    ] = None,
    convention: Annotated[
        str | None,
        typer.Option(help="The input that the judge expects, if its file does not say: caffe, torchvision."),
    ] = None,
    json: Json = False,
) -> None:
    """Measure a result: distance to style and content, and artefacts such as grids and frames.

    Smaller is better. Compare both distances together, since one alone is easily made small, and judge with
    a network other than the one that painted.
    """
    from impasto.pipelines.measure import find_judge
    from impasto.pipelines.measure import measure as measure_files

    network = judge or find_judge()
    measures = measure_files(result, content, style, judge=network, convention=convention)
    name = None if network is None else str(network)
    if json:
        print_result(**measures.to_dict(), judge=name)
    else:
        _print_table(measures, name)
    if name is None:
        print(
            "impasto: no judge for the distances to style and content;"
            " run `impasto models fetch vgg19`, or use --judge FILE",
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
