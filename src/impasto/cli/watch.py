"""``impasto watch``: paint what arrives in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.annotations import ByNetwork, PairedTemplate, ResultFormat, StylesApart
from impasto.cli.choices import (
    Choices,
    NetworkChoices,
    ReadChoices,
    SaveChoices,
    engine_options,
    with_choices,
)
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED, SOME_FAILED
from impasto.cli.painting import Interrupts
from impasto.errors import InputError
from impasto.jobs.output_names import PAIRED

if TYPE_CHECKING:
    from impasto.jobs.manifest import Record


@with_choices
def watch(
    contents: Annotated[Path, typer.Argument(metavar="IN", help="The folder to watch.", show_default=False)],
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder for the paintings.", show_default=False)
    ],
    style: StylesApart = None,
    *,
    fast: ByNetwork = True,
    move: Annotated[
        Path | None,
        typer.Option(
            help="Move photographs to this folder once they are painted.", show_default="leave them"
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Paint what is there, and exit.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between checks of the folder.")] = 1.0,
    settled: Annotated[
        float, typer.Option(min=0, help="Seconds that a file must stay unchanged before it is painted.")
    ] = 2.0,
    choices: Choices,
    network: NetworkChoices,
    format: ResultFormat = "png",
    output_template: PairedTemplate = PAIRED,
    saving: SaveChoices,
    reading: ReadChoices,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint each photograph that arrives in the folder IN, into the folder OUT.

    \b
    impasto watch in/ out/ --style starry-night
    impasto watch in/ out/ --style painting.jpg --move done/ --size 1600 --format jpg
    impasto watch in/ out/ --style great-wave --optimize --size 1024
    impasto watch in/ out/ --style starry-night --once

    Files that are still being written are painted once they are complete; the folder may be on a network
    drive. After a restart nothing is painted twice, and unfinished paintings are finished. Ctrl-C and SIGTERM
    stop it.
    """
    if not style:
        raise InputError("missing option: --style STYLE; see impasto watch --help")
    from impasto.pipelines.folder_watch import watch as watch_folder

    failed: list[str] = []
    options = engine_options(choices, network, fast=fast, switch="--optimize")
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:

        def told(record: Record) -> None:
            about = {"output": record.output, "content": record.job.content.place}
            if record.done:
                words = f"painted: {record.output} ({record.seconds:.1f} s)"
                display.say(words, event="painted", **about, seconds=record.seconds)
            else:
                failed.append(record.output)
                place = f"{record.job.content.place}: "
                words = f"failed: {place}{(record.error or '').removeprefix(place)}"
                display.say(words, event="failed", **about, error=record.error)

        made = watch_folder(
            contents,
            style,
            output,
            options=options,
            suffix=f".{format.lower().removeprefix('.')}",
            output_template=output_template,
            move=move,
            once=once,
            every=every,
            settled=settled,
            reading=reading.options(),
            on_begin=lambda: display.say(f"watching {contents}", event="watching", folder=str(contents)),
            on_record=told,
            cancel=lambda: interrupts.seen,
            **saving.changes(),
        )
    display.finish(f"{made} painted", painted=made, failed=len(failed), cancelled=interrupts.seen)
    raise typer.Exit(INTERRUPTED if interrupts.seen else SOME_FAILED if failed else 0)
