"""``impasto resume``: finish a painting that was cut short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.choices import CheckpointEvery, Json, MaxPixels, Quiet, shown
from impasto.cli.painting import Outputs, paint
from impasto.errors import InputError
from impasto.optimize.checkpoints import INTERVAL


def resume(
    checkpoint: Annotated[Path, typer.Argument(help="The checkpoint of `impasto stylize --checkpoint`.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where the result goes. \\[default: where it was to go]"),
    ] = None,
    checkpoint_every: CheckpointEvery = None,
    max_memory: Annotated[float | None, typer.Option(help="GB the painting may take from here on.")] = None,
    tile: Annotated[int | None, typer.Option(help="Paint in parts of about this side from here on.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps, from here on.")] = None,
    max_pixels: MaxPixels = None,
    save_every: Annotated[
        int | None, typer.Option(min=1, help="Go on saving the picture every so many iterations, numbered.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="The run's log: what it has is kept, the iterations from here on are added."),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Finish a painting that was cut short, from its CHECKPOINT alone.

    \b
    impasto stylize photo.jpg painting.jpg -o out.png --checkpoint out.state
    impasto resume out.state

    The photograph, the styles and the options are those it was begun with, but for --max-memory, --tile
    and --device; pictures that have changed since are refused. --log and --save-every are to be said
    again, and go on where they were. The checkpoint is removed once the picture is written.
    """
    from impasto.jobs.unfinished import read_job

    begun = read_job(checkpoint)
    given = {"max_memory": max_memory, "tile": tile, "device": device}
    means = {name: value for name, value in given.items() if value is not None}
    begun = replace(begun, options=begun.options.replace(**means))
    if output is None and not begun.output:
        raise InputError(f"{checkpoint} does not say where its picture goes: expected -o OUT")
    outputs = Outputs(
        save_every=save_every,
        log=log,
        checkpoint=checkpoint,
        checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
        show=shown(quiet, json),
        max_pixels=max_pixels,
    )
    raise typer.Exit(paint(begun if output is None else replace(begun, output=str(output)), outputs))
