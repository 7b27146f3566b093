"""``impasto models``: the networks on this machine and those that can be fetched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from impasto import weights
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines
from impasto.errors import CorruptWeightsError
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.weights import Stored

HEADINGS = ("name", "architecture", "convention", "size", "licence", "present")
app = typer.Typer(help="List, fetch, import and verify networks.", no_args_is_help=True, add_completion=False)


@app.command("list")
def list_networks(json: Json = False) -> None:
    """List the networks, their licences, and whether they are on this machine.

    The size is that of the stored file, or of the download.
    """
    names = [*weights.REGISTRY, *(n for n in weights.stored_names() if n not in weights.REGISTRY)]
    rows = [_row(name) for name in names]
    if json:
        print_result(networks=[dict(zip(HEADINGS, row, strict=True)) for row in rows])
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold", no_wrap=heading != "licence")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


@app.command()
def fetch(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Networks to fetch.")],
    force: Annotated[
        bool, typer.Option("--force", help="Fetch networks even if they are already on this machine.")
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Download networks, verify them, and store their convolutions."""
    show_as, places = shown(quiet, json), {}
    for name in names:
        with Display(show_as) as display:

            def show(event: Progress, name: str = name, display: Display = display) -> None:
                display(replace(event, stage=name))

            path = weights.ensure(name, on_progress=show, force=force)
        places[name] = str(path)
        if show_as == "bar":
            print_lines(f"{name}: {path}")
    if json:
        print_result(networks=places)


@app.command("import")
def import_network(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .pth, .pt or .safetensors file.")],
    name: Annotated[str | None, typer.Option(help="The network's name. Default: as in the file.")] = None,
    convention: Annotated[
        str | None, typer.Option(help="The input it expects: caffe, torchvision or centred.")
    ] = None,
    json: Json = False,
) -> None:
    """Import a network from a file downloaded by other means."""
    stored = weights.import_file(file, name, convention=convention)
    published = weights.REGISTRY.get(stored.name)
    is_other = published and published.sha256 and not stored.source_sha256.startswith(published.sha256)
    if json:
        about = {"name": stored.name, "architecture": stored.architecture, "convention": stored.convention}
        whole = {"convolutions": stored.convolutions, "bytes": stored.size, "sha256": stored.sha256}
        print_result(**about, **whole, published=bool(published) and not is_other)
        return
    typer.echo(f"{stored.name}: {_describe(stored)}")
    if published and is_other:
        typer.echo(f"Note: this is not the published file {published.file_name}; its digest differs.")


@app.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="The networks to verify. Default: all on this machine."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare stored networks with the digests recorded when they were stored."""
    chosen = names or [name for name in ["tiny", *weights.stored_names()] if weights.present(name)]
    wrong, sound = [], {}
    for name in chosen:
        try:
            stored = weights.verify(name)
        except CorruptWeightsError as error:
            wrong.append(str(error))
        else:
            sound[name] = stored.sha256
            if not json:
                typer.echo(f"{name}: ok, SHA-256 {stored.sha256}")
    if wrong:
        raise CorruptWeightsError("; ".join(wrong))
    if json:
        print_result(sha256=sound)


@app.command()
def path(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A network.")] = None,
    json: Json = False,
) -> None:
    """Print the weights folder, or the stored file of one network."""
    place = weights.folder() if name is None else weights.locate(name)
    if json:
        print_result(path=str(place))
    else:
        typer.echo(str(place))


def _row(name: str) -> tuple[str, str, str, str, str, str]:
    known = weights.REGISTRY.get(name)
    place = weights.path(name)
    size = f"{place.stat().st_size / 1e6:.1f} MB" if place.is_file() else "-"
    if known is None or (weights.present(name) and name != "tiny"):
        try:
            stored = weights.read_record(place)
        except CorruptWeightsError:
            return name, "?", "?", size, "?", "damaged"
        partial = stored.convolutions < _whole_depth(stored.architecture)
        state = f"yes, to {stored.deepest}" if partial else "yes"
        return name, stored.architecture, stored.convention, size, stored.licence, state
    if known.size is not None:
        size = f"{known.size / 1e6:.1f} MB"
    state = "no" if not weights.present(name) else "bundled"
    return name, known.architecture, known.convention, size, known.licence, state


def _whole_depth(architecture: str) -> int:
    known = weights.ARCHITECTURES.get(architecture)
    return sum(known.depths) if known else 0


def _describe(stored: Stored) -> str:
    whole = _whole_depth(stored.architecture)
    count = f"{stored.convolutions} convolutions"
    if stored.convolutions < whole:
        count = f"the first {stored.convolutions} of {whole} convolutions, to {stored.deepest}"
    return f"{stored.architecture}, {count}, {stored.convention} convention, {stored.size / 1e6:.1f} MB"
