"""``impasto studio``: the web application."""

from __future__ import annotations

import secrets
import warnings
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto import extras
from impasto.cli.common_options import Json
from impasto.cli.json_lines import print_event, print_result
from impasto.cli.standard_streams import print_lines
from impasto.errors import OptionError
from impasto.parameters import counted

if TYPE_CHECKING:
    from impasto.studio.backup import BackupSummary

ACCESS, PLACE, KEEPING = "Access", "Server", "Backup"


def studio(
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on; any but loopback needs --token or --accounts. \\[default: 127.0.0.1]",
            rich_help_panel=PLACE,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on. \\[default: 8321]", rich_help_panel=PLACE),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of pictures, results and jobs. \\[default: in the user's data folder]",
            rich_help_panel=PLACE,
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the page.", rich_help_panel=PLACE)
    ] = False,
    token: Annotated[
        str | None,
        typer.Option(
            help="Token to sign in with. Better in IMPASTO_STUDIO_TOKEN, hidden from other users of the "
            "machine.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    accounts: Annotated[
        Path | None,
        typer.Option(help="File of accounts, one NAME:SHA-256 per line.", rich_help_panel=ACCESS),
    ] = None,
    new_account: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Print a new token and its line for --accounts, and exit.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(help="The TLS certificate, a PEM file.", rich_help_panel=ACCESS)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="The certificate's key, a PEM file.", rich_help_panel=ACCESS)
    ] = None,
    backup: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the database, pictures, secret and audit log to a new file, and exit; the studio "
            "may run.",
            rich_help_panel=KEEPING,
        ),
    ] = None,
    restore: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Restore a backup into an empty --data-dir, and exit.",
            rich_help_panel=KEEPING,
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=64, help="Pictures painted at once. \\[default: 1]")
    ] = None,
    json: Json = False,
) -> None:
    """Start the studio, a web page for painting photographs.

    \b
    impasto studio
    impasto studio --port 9000 --data-dir ~/paintings --no-browser
    impasto studio --host 0.0.0.0 --accounts people.txt --certificate cert.pem --key key.pem
    impasto studio --backup studio-2026-11-29.tar

    Ctrl-C stops it; unfinished jobs are resumed at the next start. All of these settings, and more, are also
    available as environment variables: docs/studio.md.
    """
    if backup is not None and restore is not None:
        raise OptionError("expected --backup or --restore; got both")
    try:
        from impasto.studio.backup import restore_backup, write_backup
        from impasto.studio.server import serve
        from impasto.studio.settings import load, unknown_variables
        from impasto.studio.web.accounts import account_line
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("impasto"):
            raise
        raise extras.missing(f"the studio needs {error.name}", "studio") from error
    if new_account is not None:
        made = secrets.token_urlsafe(24)
        line = account_line(new_account, made)
        if json:
            print_result(token=made, line=line)
        else:
            print(f"token: {made}")
            print(f"line:  {line}")
        return
    for words in unknown_variables():
        warnings.warn(words, stacklevel=1)
    settings = load(
        host=host,
        port=port,
        data_dir=data_dir,
        token=token,
        accounts_file=accounts,
        certificate=certificate,
        key=key,
        workers=workers,
    )
    if backup is not None:
        _tell(backup, write_backup(settings, backup), json)
        return
    if restore is not None:
        _tell(settings.data_dir, restore_backup(settings, restore), json)
        return
    say = (lambda words: print_event("note", note=words)) if json else partial(print, flush=True)
    serve(settings, open_browser=not no_browser, say=say)
    if json:
        print_result()


def _tell(place: Path, done: BackupSummary, json: bool) -> None:
    if json:
        print_result(output=str(place), **asdict(done))
    else:
        count = f"{counted(done.jobs, 'job')}, {counted(done.pictures, 'upload')}"
        print_lines(f"{place}: {count}, {done.bytes / 2**20:.1f} MB")
