"""``impasto plugin``: plug-ins for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_result
from impasto.cli.standard_streams import print_lines
from impasto.errors import InputError
from impasto.plugins.hosts import HOSTS, Host, find_host, plugins_folder

app = typer.Typer(
    help="Install, list and remove plug-ins for GIMP, Krita and ComfyUI.",
    no_args_is_help=True,
    add_completion=False,
)

Program = Annotated[str, typer.Argument(metavar="PROGRAM", help=f"The program: {', '.join(HOSTS)}.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        help="The program's own folder (GIMP's settings, Krita's resources, ComfyUI).",
        show_default="the usual one",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Also overwrite or remove files that were changed by hand.")
]


@app.command()
def install(
    program: Program,
    folder: Folder = None,
    studio: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Paint with the studio at this address, such as http://127.0.0.1:8321.",
            show_default="this Python's impasto",
        ),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="File with the studio's token, read when painting.")
    ] = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Install the plug-in for PROGRAM, or bring it up to date.

    \b
    impasto plugin install gimp
    impasto plugin install krita --studio http://127.0.0.1:8321
    impasto plugin install comfyui --folder ~/apps/ComfyUI
    """
    from impasto.plugins import installation

    host = find_host(program)
    place = installation.install(
        host, plugins_folder(host, folder), studio=studio, token_file=token_file, force=force
    )
    if json:
        print_result(installed=str(place), then=host.then)
    else:
        print_lines(f"installed: {place}", f"now {host.then}")


@app.command("list")
def list_plugins(json: Json = False) -> None:
    """List the programs, and whether they and their plug-ins are installed."""
    rows = {name: _row(host) for name, host in HOSTS.items()}
    if json:
        print_result(plugins=[{"program": name} | row for name, row in rows.items()])
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("program", "plug-in", "changed by hand", "folder"):
        table.add_column(heading, overflow="fold")
    for name, row in rows.items():
        version = row["version"] or "not installed"
        place = row["folder"] or "not found; impasto plugin install --folder"
        table.add_row(name, escape(version), escape(", ".join(row["changed"])), escape(place))
    Console().print(table)


def _row(host: Host) -> dict[str, Any]:
    """Return the folder, version and changed files of the plug-in for ``host``."""
    from impasto.plugins import installation

    try:
        folder = plugins_folder(host)
    except InputError:
        return {"folder": None, "version": None, "changed": []}
    found = installation.find_installed(host, folder)
    if found is None:
        return {"folder": str(folder), "version": None, "changed": []}
    return {"folder": str(folder), "version": found.version, "changed": list(found.changed)}


@app.command()
def remove(program: Program, folder: Folder = None, force: Force = False, json: Json = False) -> None:
    """Remove the plug-in for PROGRAM; files of others stay."""
    from impasto.plugins import installation

    host = find_host(program)
    removed = installation.remove(host, plugins_folder(host, folder), force=force)
    if json:
        print_result(removed=str(removed))
    else:
        print_lines(f"removed: {removed}")


@app.command()
def path(program: Program, folder: Folder = None, json: Json = False) -> None:
    """Print the folder in which the plug-in for PROGRAM is, or would be installed."""
    host = find_host(program)
    place = plugins_folder(host, folder) / host.folder
    if json:
        print_result(path=str(place))
    else:
        typer.echo(place)
