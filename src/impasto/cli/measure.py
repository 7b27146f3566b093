"""``impasto measure``: how good a result is, in figures."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from impasto.encoders import Encoder
    from impasto.metrics import Measures
    from impasto.weights import Convention

JUDGES = ("vgg19", "vgg19-caffe")
"""The networks that judge where none is named, in order of preference."""

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
    from impasto.imaging import read
    from impasto.metrics import measure as measure_tensors
    from impasto.tensors import to_tensor

    name, encoder = _load_judge(judge, convention)
    painted, photo, painting = (to_tensor(read(path).pixels) for path in (result, content, style))
    measures = measure_tensors(painted, photo, painting, encoder)
    if json:
        print(jsonlib.dumps({**measures.to_dict(), "judge": name}, indent=2))
    else:
        _print_table(measures, name)
    if encoder is None:
        print(
            "impasto: no network to judge by, so the distances to style and content are left out;"
            " get one with `impasto models fetch vgg19`, or name a file with --judge",
            file=sys.stderr,
        )


def _load_judge(file: Path | None, convention: str | None) -> tuple[str | None, Encoder | None]:
    """The judging network and what to call it; None and None where there is none."""
    from impasto import weights
    from impasto.encoders import load_encoder
    from impasto.metrics import CONTENT_LAYER, STYLE_LAYERS

    network = file or next((name for name in JUDGES if weights.present(name)), None)
    if network is None:
        return None, None
    encoder = load_encoder(
        network,
        padding="reflect",
        layers=[*STYLE_LAYERS, CONTENT_LAYER],
        convention=cast("Convention | None", convention),
    )
    return str(network), encoder


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
