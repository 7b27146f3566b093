"""``impasto batch``: paint many photographs in many styles."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from impasto.cli.choices import (
    CheckpointEvery,
    Choices,
    Json,
    MaxPixels,
    Quality,
    Quiet,
    shown,
    with_choices,
)
from impasto.cli.painting import INTERRUPTED, Interrupts, columns, make_bar
from impasto.errors import InputError
from impasto.optimize.checkpoints import INTERVAL

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from impasto.jobs.batch import Batch, BatchProgress

SOME_FAILED = 1


class BatchCommand(TyperCommand):
    """Takes several styles after one ``--style``, as a shell makes of ``--style paintings/*.jpg``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        valued = {o for p in self.params for o in p.opts if not getattr(p, "is_flag", False)}
        return super().parse_args(ctx, spread_styles(args, valued))


def spread_styles(arguments: Sequence[str], valued: Collection[str]) -> list[str]:
    """``arguments`` with ``--style`` before every style.

    After photographs, all words from ``--style`` to the next option are styles; where none came before,
    one word is, and photographs follow. ``valued``: the options that have a value.
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


@with_choices
def batch(
    contents: Annotated[
        list[str] | None, typer.Argument(help="Photographs, and folders of them.", show_default=False)
    ] = None,
    style: Annotated[
        list[str] | None,
        typer.Option(
            help="Named styles, paintings, style files; a folder is one style. May be given again.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="The folder for the results.")
    ] = None,
    *,
    choices: Choices,
    format: Annotated[str, typer.Option(help="Of the results: png, jpg, webp, avif, tiff, heic.")] = "png",
    checkpoint_every: CheckpointEvery = None,
    quality: Quality = 95,
    max_pixels: MaxPixels = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Paint all photographs CONTENTS in all STYLES, into one folder: CONTENT-STYLE.png.

    \b
    impasto batch photos/ --style starry-night great-wave -o out
    impasto batch *.jpg --style paintings/*.jpg -o out --size 1024
    impasto batch --style my-painter.style -o out photos/

    The same command again makes what is missing, what failed, and what was made from other files or with
    other options, and goes on with a painting that was cut short. out/manifest.jsonl tells of each.
    A photograph that cannot be painted does not stop the others; the exit code is 1 then. After Ctrl-C
    nothing half painted is written.
    """
    if not contents or not style or output is None:
        missing = "photographs" if not contents else "--style STYLE" if not style else "-o DIR"
        raise InputError(f"expected photographs, --style STYLE and -o DIR; {missing} did not come")
    options = choices.options()
    from impasto import works
    from impasto.imaging import MAX_PIXELS
    from impasto.jobs.pairs import known_styles, photographs

    known_styles(style)  # refuse before there is a folder
    photographs(contents)
    with Interrupts() as interrupts, closing(_Watcher(shown(quiet, json))) as watcher:
        done = works.batch(
            contents,
            style,
            output,
            options=options,
            suffix=f".{format.lower().removeprefix('.')}",
            quality=quality,
            checkpoint_every=INTERVAL if checkpoint_every is None else checkpoint_every,
            max_pixels=max_pixels or MAX_PIXELS,
            on_progress=watcher,
            cancel=lambda: interrupts.seen,
        )
    watcher.sum_up(done, output)
    raise typer.Exit(INTERRUPTED if done.cancelled else SOME_FAILED if done.failed else 0)


class _Watcher:
    """Shows a batch: two lines, how far all of it is and how far the picture at hand is; or JSON."""

    def __init__(self, show: str) -> None:
        self.show = show
        self._bar: Bar | None = None

    def __call__(self, event: BatchProgress) -> None:
        if self.show == "json":
            print(jsonlib.dumps(_plain(event)), flush=True)
        elif self.show == "bar":
            self._draw(event)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def sum_up(self, batch: Batch, folder: Path) -> None:
        """The last words: how many, and which failed."""
        painted = len(batch.records) - batch.skipped - len(batch.failed)
        if self.show == "json":
            counts = {"painted": painted, "skipped": batch.skipped, "failed": len(batch.failed)}
            ending = {"left_out": list(batch.left_out), "cancelled": batch.cancelled}
            print(jsonlib.dumps({"state": "finished"} | counts | ending))
            return
        for record in batch.failed:
            print(f"impasto: {record.output} failed: {record.error}", file=sys.stderr)
        if self.show == "nothing":
            return
        counted = f"{painted} painted, {batch.skipped} there already, {len(batch.failed)} failed"
        print(f"{'interrupted' if batch.cancelled else 'done'}: {folder} ({counted})")
        if batch.left_out:
            print(f"left out, being results of this folder's batch: {', '.join(batch.left_out)}")

    def _draw(self, event: BatchProgress) -> None:
        from rich.markup import escape

        if self._bar is None:
            self._bar = make_bar()
            self._bar.start()
            for _ in range(2):
                self._bar.add_task("", total=1.0, losses="", left="")
        bar, (whole, current) = self._bar, self._bar.task_ids
        if event.note:
            bar.console.print(f"again: {Path(event.job.output).name}: {event.note}", markup=False)
        name = escape(Path(event.job.output).name)
        before = event.number - (event.state in ("started", "painting"))
        within = 0.0 if event.painting is None else event.painting.done
        bar.update(whole, description=f"{before} of {event.total}", completed=(before + within) / event.total)
        if event.painting is not None:
            shown = columns(event.painting)
            bar.update(current, **shown | {"description": f"{name}  {shown['description']}"})
        elif event.state == "started":
            bar.update(current, description=name, completed=0.0, losses="", left="")


def _plain(event: BatchProgress) -> dict[str, Any]:
    found: dict[str, Any] = {
        "state": event.state,
        "output": event.job.output,
        "content": event.job.content,
        "style": event.job.styles[0],
        "number": event.number,
        "total": event.total,
    }
    if event.note:
        found["note"] = event.note
    if event.painting is not None:
        found["painting"] = event.painting.to_dict()
    if event.record is not None:
        found |= {"seconds": event.record.seconds, "losses": dict(event.record.losses)}
        found |= {"size": event.record.size, "error": event.record.error}
    return found
