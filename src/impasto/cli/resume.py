"""``impasto resume``: finish an interrupted painting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.annotations import CheckpointEvery
from impasto.cli.choices import ReadChoices, with_choices
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.painting import Outputs, paint
from impasto.errors import InputError
from impasto.optimize.checkpoints import INTERVAL


@with_choices
def resume(
    checkpoint: Annotated[
        Path, typer.Argument(help="The checkpoint written by `impasto stylize --checkpoint`.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The result. \\[default: as in the checkpoint]"),
    ] = None,
    *,
    checkpoint_every: CheckpointEvery = None,
    max_memory: Annotated[float | None, typer.Option(help="Memory limit, in GB.")] = None,
    tile: Annotated[
        int | None, typer.Option(help="Paint in tiles of about this many pixels per side.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Device: auto, cpu, cuda or mps.")] = None,
    reading: ReadChoices,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Also save the picture every N iterations: OUT_0100.png ...")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="The run's log, to which the remaining iterations are added."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Finish an interrupted painting from its CHECKPOINT.

    \b
    impasto stylize photo.jpg painting.jpg -o out.png --checkpoint out.state
    impasto resume out.state

    The photograph, styles and options are those of the checkpoint; only --max-memory, --tile and --device
    may change. Pictures that have changed since are refused. Give --log and --save-every again to continue
    them. The checkpoint is removed once the picture is written.
    """
    from impasto.jobs.unfinished import read_job

    begun = read_job(checkpoint)
    given = {"max_memory": max_memory, "tile": tile, "device": device}
    means = {name: value for name, value in given.items() if value is not None}
    begun = replace(begun, options=begun.options.replace(**means), reading=reading.options(begun.reading))
    if output is None and not begun.output:
        raise InputError(f"missing option: -o OUT; {checkpoint} has no output")
    outputs = Outputs(
        save_every=save_every,
        log=log,
        checkpoint=checkpoint,
        checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
        show=shown(quiet, json),
    )
    raise typer.Exit(paint(begun if output is None else replace(begun, output=str(output)), outputs))
