"""``impasto style-transfer``: the command line of style-transfer-pytorch."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from impasto import files
from impasto.cli.compat.neural_style_options import AS_THEY_ARE, remark
from impasto.cli.compat.style_transfer_options import OWN, make_options, parse, remarks
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.painting import Interrupts, Outputs, check, finisher
from impasto.cli.previews import Finish, preview_file
from impasto.jobs import Job, Reference
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.imaging.inputs import PictureLike

QUALITY = 95

app = typer.Typer(add_completion=False)


@app.command("style-transfer", add_help_option=False, context_settings=AS_THEY_ARE)
def style_transfer(context: typer.Context) -> None:
    """Paint with the command line of style-transfer-pytorch."""
    raise typer.Exit(run(context.args))


def run(arguments: Sequence[str]) -> int:
    """Paint according to ``arguments``; return the exit code: 0, or 130 if Ctrl-C interrupted it."""
    found = parse(arguments)
    for line in remarks(found):
        remark(line)
    from impasto.imaging.inputs import load_picture
    from impasto.pipelines import photo as api

    content, styles = _inputs(found)
    width, height = 1, 1
    if found.end_scale.endswith("+"):
        photo = load_picture(content)
        width, height = photo.width, photo.height
    options = make_options(found, width, height)
    found.end_scale = options.size
    job = Job(
        content=Reference(found.content),
        styles=tuple(map(Reference, found.styles)),
        output=found.output,
        options=options,
        quality=QUALITY,
    )
    outputs = Outputs(
        preview=None if found.preview is None else Path(found.preview),
        log=None if found.trace is None else Path(found.trace),
    )
    check(job, outputs)
    _announce(options.device)
    log = _StyleTransferLog(job.output, found.save_every, finisher(job))
    preview = preview_file(outputs.preview, log.finish)

    def on_progress(event: Progress) -> None:
        preview(event)
        display(event)
        log(event)

    with Interrupts() as interrupts, Display("bar") as display:
        result = api.stylize(
            content,
            styles,
            options=options,
            on_progress=on_progress,
            cancel=lambda: interrupts.seen,
        )
        log.say_writing()
        painted = replace(result, picture=replace(result.picture, bits=_bits(job.output)))
        painted.save(job.output, quality=QUALITY, parameters=found.proof is None)
        if outputs.log is not None:
            text = json.dumps({"args": _peers(found), "iterates": log.iterates}, indent=4)
            files.replace(outputs.log, f"{text}\n".encode())
    if result.cancelled:
        remark(f"interrupted; the picture so far is {job.output}")
        return INTERRUPTED
    return 0


def _inputs(found: Namespace) -> tuple[PictureLike, tuple[PictureLike, ...]]:
    """Return photograph and paintings: their files, or soft proofs of them with ``--proof``."""
    if found.proof is None:
        return found.content, tuple(found.styles)
    from impasto.imaging import read_press_profile, soft_proof
    from impasto.imaging.inputs import load_picture

    press = read_press_profile(found.proof)
    content, *styles = (soft_proof(load_picture(path), press) for path in (found.content, *found.styles))
    return content, tuple(styles)


def _announce(device: str) -> None:
    """Print the lines that the program prints before it starts."""
    import torch

    from impasto.optimize.device import choose_device

    chosen = choose_device(device)
    print(f"Using devices: {chosen}")
    if chosen.type == "cpu":
        print(f"CPU threads: {torch.get_num_threads()}")
    print("Loading model...", flush=True)


def _bits(output: str) -> int:
    """Return a result's bit depth: 16 for TIFF as in the program, whatever the photograph has."""
    return 16 if Path(output).suffix.lower() in (".tif", ".tiff") else 8


def _peers(found: Namespace) -> dict[str, Any]:
    return {name: value for name, value in vars(found).items() if name not in OWN}


class _StyleTransferLog:
    """A callback that prints, saves and records the iterations as the program does."""

    def __init__(self, output: str, every: int, finish: Finish) -> None:
        self.output, self.every, self.finish = output, every, finish
        self.iterates: list[dict[str, Any]] = []

    def __call__(self, event: Progress) -> None:
        self._remember(event)
        loss = event.losses["total"]
        print(f"Size: {event.width}x{event.height}, iteration: {event.step}, loss: {loss:g}", flush=True)
        last = event.step == event.steps
        if event.level < event.levels if last else event.step % self.every == 0:
            self._save_so_far(event)

    def say_writing(self) -> None:
        print(f"Writing image to {self.output}.", flush=True)

    def _save_so_far(self, event: Progress) -> None:
        from impasto.imaging import write

        assert event.preview is not None
        self.say_writing()
        so_far = replace(self.finish(event.preview()), bits=_bits(self.output))
        write(so_far, self.output, quality=QUALITY)

    def _remember(self, event: Progress) -> None:
        import torch

        self.iterates.append(
            {
                "w": event.width,
                "h": event.height,
                "i": event.step,
                "i_max": event.steps,
                "loss": event.losses["total"],
                "time": time.time(),
                "gpu_ram": torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0,
            }
        )
