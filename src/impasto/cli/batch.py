"""``impasto batch``: paint many photographs in many styles."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from impasto.cli.annotations import (
    WORKERS,
    CheckpointEvery,
    DryRun,
    PairedTemplate,
    RayAddress,
    Recursive,
    ResultFormat,
    StylesApart,
    Workers,
)
from impasto.cli.choices import (
    NETWORKS,
    Choices,
    InputChoices,
    NetworkChoices,
    ReadChoices,
    SaveChoices,
    engine_options,
    spelt,
    with_choices,
)
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED, SOME_FAILED
from impasto.cli.painting import Interrupts
from impasto.cli.standard_streams import print_lines
from impasto.errors import InputError, OptionError
from impasto.files.places import name_of
from impasto.jobs.inputs import Inputs, inputs_for
from impasto.jobs.output_names import PAIRED
from impasto.jobs.pairs import blend_of
from impasto.jobs.schedule import Policy
from impasto.optimize.checkpoints import INTERVAL

if TYPE_CHECKING:
    from impasto.jobs import Job
    from impasto.jobs.batch import Batch
    from impasto.jobs.events import BatchEvent


class BatchCommand(TyperCommand):
    """A command that accepts several styles after one ``--style``, as in ``--style paintings/*.jpg``, and
    ``--ray`` without an address."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        valued = {o for p in self.params for o in p.opts if not getattr(p, "is_flag", False)}
        return super().parse_args(ctx, spread_styles(with_address(args), valued))


def spread_styles(arguments: Sequence[str], valued: Collection[str]) -> list[str]:
    """Return ``arguments`` with ``--style`` before every style.

    After photographs, all words from ``--style`` to the next option are styles; before any photograph, only
    one word is. ``valued``: the options that take a value.
    """
    found: list[str] = []
    photographs, styles = False, False
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*found, word, *words]
        if word.startswith("-") and word != "-":
            found.append(word)
            if word in valued:
                found.extend(value for value in [next(words, None)] if value is not None)
            styles = word == "--style" and photographs
        elif styles:
            found += ["--style", word]
        else:
            found.append(word)
            photographs = True
    return found


def with_address(arguments: Sequence[str]) -> list[str]:
    """Return ``arguments`` with the address "local" after a ``--ray`` without one.

    An address has a port (10.0.0.1:6379), or is ray://..., auto or local.
    """
    found: list[str] = []
    words = list(arguments)
    for place, word in enumerate(words):
        found.append(word)
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "--ray" and not re.fullmatch(r"auto|local|ray://\S+|[\w.\[\]:-]+:\d+", following):
            found.append("local")
    return found


def parse_workers(text: str) -> int | Literal["auto"]:
    """Return the number in ``4``, or ``auto``. Raises OptionError."""
    if text == "auto":
        return "auto"
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(f"expected --workers to be a number from 1, or auto; got {text!r}")
    return int(text)


app = typer.Typer(add_completion=False)


@app.command("batch", cls=BatchCommand)
@with_choices
def batch(
    contents: Annotated[
        list[str] | None, typer.Argument(help="Photographs, and folders of them.", show_default=False)
    ] = None,
    style: StylesApart = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="DIR", help="The folder for the results.")
    ] = None,
    *,
    choices: Choices,
    format: ResultFormat = "png",
    fast: Annotated[
        bool,
        typer.Option(
            "--fast",
            help="Paint in one pass of the network for any painting.",
            rich_help_panel=NETWORKS,
        ),
    ] = False,
    network: NetworkChoices,
    inputs: InputChoices,
    checkpoint_every: CheckpointEvery = None,
    workers: Workers = None,
    ray: RayAddress = None,
    retries: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="How often to retry a picture whose failure may be temporary. "
            f"\\[default: {Policy().retries}]",
            rich_help_panel=WORKERS,
        ),
    ] = None,
    saving: SaveChoices,
    reading: ReadChoices,
    output_template: PairedTemplate = PAIRED,
    dry_run: DryRun = False,
    recursive: Recursive = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png.

    \b
    impasto batch photos/ --style starry-night great-wave -o out
    impasto batch *.jpg --style paintings/*.jpg -o out --size 1024
    impasto batch --style my-painter.style -o out photos/
    impasto batch photos/ --style great-wave:2 melancholy:1 -o out
    impasto batch photos/ --style starry-night -o out --workers auto
    impasto batch photos/ --style starry-night -o out --fast --format jpg
    impasto batch s3://bucket/photos --style starry-night -o s3://bucket/out --ray 10.0.0.1:6379

    Run the same command again to paint what is missing, has failed, or was painted from other files or with
    other options, and to resume unfinished paintings. out/manifest.jsonl has a line for each painting.
    A photograph that fails does not stop the others, but the exit code is 1. Temporary failures are retried,
    and workers that die are replaced. After Ctrl-C, no unfinished picture is written.
    """
    if not contents or not style or output is None:
        option = "--style STYLE" if not style else "-o DIR"
        missing = f"option: {option}" if contents else "argument: CONTENTS"
        raise InputError(f"missing {missing}; see impasto batch --help")
    options = engine_options(choices, network, fast=fast, switch="--fast")
    if fast and checkpoint_every is not None:
        raise OptionError("--checkpoint-every does not work with --fast")
    for name in sorted(inputs.given() - set(inputs_for("fast" if fast else "optimize"))):
        raise OptionError(f"{spelt(name, Inputs)} does not work with --fast")
    from impasto.files.places import plain
    from impasto.jobs.pairs import known_styles, photographs
    from impasto.pipelines.batch import batch as paint_batch

    among = parse_workers(workers or ("1" if ray is None else "auto"))
    known_styles(list(map(plain, style)))  # fail before creating a folder
    photographs(map(plain, contents), recursive=recursive)
    with Interrupts() as interrupts, Display(shown(quiet, json)) as display:
        done = paint_batch(
            contents,
            style,
            output,
            options=options,
            suffix=f".{format.lower().removeprefix('.')}",
            recursive=recursive,
            output_template=output_template,
            dry_run=dry_run,
            **saving.changes(),
            checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
            reading=reading.options(),
            **inputs.references(),
            workers=among,
            ray=ray,
            policy=Policy() if retries is None else replace(Policy(), retries=retries),
            on_progress=display,
            on_event=lambda event: tell(event, display),
            on_cluster=lambda line: display.say(line, state="cluster", about=line),
            cancel=lambda: interrupts.seen,
        )
        if dry_run:
            _tell_plan(done, display)
            return
    _finish(done, output, display)
    raise typer.Exit(INTERRUPTED if done.cancelled else SOME_FAILED if done.failed else 0)


def tell(event: BatchEvent, display: Display) -> None:
    """Print an event as JSON, or as text if something is retried or painted again."""
    if event.state == "painting":
        return  # part of the batch's progress
    words = ""
    if event.note and event.job is None:
        words = f"worker {event.worker} is replaced: {event.note}"
    elif event.note and event.job is not None:
        another = "; another worker takes it" if event.state == "replaced" else ""
        words = f"painting again: {name_of(event.job.output)}: {event.note}{another}"
    found: dict[str, Any] = {"state": event.state, "number": event.number, "worker": event.worker}
    if event.job is not None:
        found |= _inputs(event.job)
    if event.note:
        found["note"] = event.note
    if event.record is not None:
        found |= {name: getattr(event.record, name) for name in _RECORDED}
    display.say(words, **found)


def _inputs(job: Job) -> dict[str, str]:
    return {"output": job.output, "content": job.content.place, "style": str(blend_of(job))}


def _tell_plan(batch: Batch, display: Display) -> None:
    """Print what a batch would paint."""
    for job, why in batch.planned:
        words = "done" if why is None else f"to paint: {why}" if why else "to paint"
        about = _inputs(job)
        if display.show == "bar":
            print_lines(f"{job.output}: {about['content']} in {about['style']}, {words}")
        elif display.show == "json":
            display.say(words, event="plan", **about, done=why is None, why=why or "")
    count = len(batch.planned) - batch.skipped
    display.finish(f"{count} to paint, {batch.skipped} already done", to_paint=count, done=batch.skipped)


_RECORDED = ("seconds", "losses", "size", "error", "attempts")


def _finish(batch: Batch, folder: str, display: Display) -> None:
    """Print how many pictures were painted, and which failed."""
    painted = len(batch.records) - batch.skipped - len(batch.failed)
    for record in batch.failed if display.show != "json" else ():
        tries = f" ({record.attempts} times)" if record.attempts > 1 else ""
        print_lines(f"impasto: {record.output} failed{tries}: {record.error}", file=sys.stderr)
    counted = f"{painted} painted, {batch.skipped} already done, {len(batch.failed)} failed"
    lines = [f"{'interrupted' if batch.cancelled else 'done'}: {folder} ({counted})"]
    if batch.left_out:
        lines.append(f"left out, as results of an earlier batch: {', '.join(batch.left_out)}")
    counts = {"painted": painted, "skipped": batch.skipped, "failed": len(batch.failed)}
    ending = {"left_out": list(batch.left_out), "cancelled": batch.cancelled}
    display.finish(*lines, **counts, **ending)
