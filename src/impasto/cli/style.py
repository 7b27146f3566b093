"""``impasto style`` writes style files; ``impasto styles`` lists the named styles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import streams
from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines


def measure_style(
    paintings: Annotated[
        list[Path], typer.Argument(help="One painting, or several by one artist; or a folder of them.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The style file, NAME.style.")],
    title: Annotated[str, typer.Option(help="The painting's title.")] = "",
    artist: Annotated[str, typer.Option(help="The artist.")] = "",
    year: Annotated[str, typer.Option(help="The year.")] = "",
    licence: Annotated[str, typer.Option(help="The painting's licence.")] = "",
    encoder: Annotated[
        str, typer.Option(help="The network to measure with: tiny, vgg19, a file...")
    ] = "tiny",
    layers: Annotated[
        str | None, typer.Option(help="Layers to measure, such as relu1_1,relu2_1. Default: the usual five.")
    ] = None,
    half: Annotated[
        bool, typer.Option(help="Store numbers in half precision: half the size, three digits.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure the style of one or more paintings and write it to a small file.

    The file can be used in place of the paintings and gives the same result. It contains only statistics; the
    paintings cannot be recovered from it.
    """
    from impasto.encoders.layers import parse_layers
    from impasto.imaging import check_writable
    from impasto.pipelines.style import make_style

    check_writable(output, suffixes=(".style",))
    names = list(parse_layers(layers)) if layers else None
    piped = [streams.label(str(one)) for one in paintings]
    card = make_style(
        [one.read_bytes() if pipe else one for one, pipe in zip(paintings, piped, strict=True)],
        output,
        title=title or (output.stem if piped == [streams.STREAM] else ""),
        artist=artist,
        year=year,
        licence=licence,
        encoder=encoder,
        layers=names,
        half=half,
    )
    size = output.stat().st_size
    if json:
        about = {"title": card.title, "artist": card.artist, "year": card.year, "licence": card.licence}
        print_result(output=str(output), bytes=size, **about)
    else:
        print_lines(f"{output}: {card.title}, {size / 1000:.0f} kB")


def list_styles(
    json: Json = False,
) -> None:
    """List the named styles."""
    from rich.console import Console
    from rich.table import Table

    from impasto.catalogue.lookup import styles

    cards = styles()
    if json:
        rows = {
            name: {"title": c.title, "artist": c.artist, "year": c.year, "licence": c.licence}
            for name, c in cards.items()
        }
        print_result(styles=rows)
        return
    table = Table("name", "title", "artist", "year", box=None)
    for name, card in cards.items():
        table.add_row(name, card.title, card.artist, card.year)
    Console().print(table)
