"""``impasto train``: refine the network for any painting for one style, or train johnson2016."""

from __future__ import annotations

import sys
import time
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto import extras
from impasto.cli import completion
from impasto.cli.annotations import DryRun
from impasto.cli.common_options import Json, Quiet, shown
from impasto.cli.display import Display
from impasto.cli.exit_codes import INTERRUPTED
from impasto.cli.painting import Interrupts, finished_iterations
from impasto.cli.previews import preview_file
from impasto.cli.standard_streams import print_lines
from impasto.errors import ImpastoError, InputError
from impasto.parameters import counted
from impasto.progress import Progress

if TYPE_CHECKING:
    from impasto.networks.train.team import Team
    from impasto.pipelines.train import TrainingPlan, TrainingResult

_LEADER_SPEAKS = 10.0
"""Seconds within which the leading process of a team gets the same error and reports it."""
_MORE = "More"


def train(
    painting: Annotated[
        str,
        typer.Argument(
            help="A painting, a folder of an artist's works, a style file, or a named style.",
            autocompletion=completion.styles,
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The style file, NAME.style; NAME.safetensors for johnson2016."),
    ],
    content_dir: Annotated[
        list[Path] | None,
        typer.Option(help="Photographs to train on: a folder, or several. Default: synthetic pictures."),
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(
            help="any-painting, which is refined, or johnson2016, the published network, from random "
            "filters. \\[default: any-painting]"
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Duration in minutes. \\[default: 4.5; 60 for johnson2016]"),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Number of training steps, instead of a duration.")
    ] = None,
    style_weight: Annotated[float | None, typer.Option(help="Weight of the style. \\[default: 1]")] = None,
    batch: Annotated[
        int | None, typer.Option(help="Photographs per step.", rich_help_panel=_MORE, show_default="2")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Side of the crops, in pixels, a multiple of 16.",
            rich_help_panel=_MORE,
            show_default="224",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**63 - 1, help="Seed of random numbers.", rich_help_panel=_MORE, show_default="0"
        ),
    ] = None,
    max_photos: Annotated[
        int | None,
        typer.Option(help="Use at most this many photographs.", rich_help_panel=_MORE, show_default="1000"),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="Numerical precision: auto, float32 or bfloat16.", rich_help_panel=_MORE, show_default="auto"
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Device: auto, cpu, cuda or mps.", rich_help_panel=_MORE, show_default="auto"),
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Write a sheet of photographs and their paintings to this file.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Write the losses of every step to this file: .jsonl, else CSV. "
            "\\[default: beside the network]"
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            help="Draw the loss curves to this file. \\[default: beside the log, if matplotlib is installed]"
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Save the state to this file until the network is written; resume from it. "
            "\\[default: beside the network]"
        ),
    ] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints.", show_default="100")
    ] = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Refine the network for any painting on PAINTING, so that it paints closer to its style.

    \b
    impasto train painting.jpg --content-dir photos -o mine.style
    impasto train starry-night --content-dir photos -o starry.style --minutes 10 --preview look.png
    impasto train painting.jpg --content-dir photos -o paper.safetensors --architecture johnson2016
    torchrun --nproc-per-node 2 -m impasto train painting.jpg --content-dir photos -o mine.style

    The result is a style file: impasto fast PHOTO mine.style -o OUT. Ctrl-C saves the state; the same
    command continues.
    """
    given = {
        "architecture": architecture,
        "minutes": minutes,
        "steps": steps,
        "style_weight": style_weight,
        "batch": batch,
        "size": size,
        "seed": seed,
        "most_photos": max_photos,
        "precision": precision,
        "device": device,
    }
    session = TrainingRun(
        output,
        output.with_suffix(".checkpoint") if checkpoint is None else checkpoint,
        checkpoint_every,
        preview,
        log or output.with_suffix(".csv"),
        plot,
        shown(quiet, json),
    )
    session.check()
    from impasto.pipelines.train import TrainingPlan

    plan = TrainingPlan(
        painting,
        photos=tuple(str(p) for p in content_dir or []),
        **{key: value for key, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    if dry_run:
        _tell_plan(plan, session)
        return
    raise typer.Exit(session.together(plan))


def _tell_plan(plan: TrainingPlan, session: TrainingRun) -> None:
    """Print what the training would do. Raises InputError and its subclasses for unusable input."""
    from impasto.catalogue.lookup import find_style
    from impasto.networks.train.photos import find_photos

    find_style(plan.painting)
    count = len(find_photos([Path(p) for p in plan.photos], plan.most_photos)) if plan.photos else 0
    photos = counted(count, "photograph") if plan.photos else "synthetic pictures"
    long = f"{plan.seconds / 60:g} minutes" if plan.steps is None else counted(plan.steps, "step")
    going = f"; continues from {session.checkpoint}" if session.checkpoint.exists() else ""
    words = f"would train: {session.output} ({plan.architecture} on {plan.painting}, {photos}, {long}{going})"
    about = {"output": str(session.output), "architecture": plan.architecture, "photos": count}
    Display(session.show).finish(words, **about, steps=plan.steps, seconds=plan.seconds, dry_run=True)


class TrainingRun:
    """A training on the command line: checks, progress, files."""

    def __init__(
        self,
        output: Path,
        checkpoint: Path,
        every: int | None,
        preview: Path | None,
        log: Path,
        plot: Path | None,
        show: str,
    ) -> None:
        self.output, self.checkpoint, self.every = output, checkpoint, every
        self.preview, self.log, self.plot, self.show = preview, log, plot, show

    def check(self) -> None:
        """Refuse everything that can be refused before work starts."""
        from impasto.files import check_unprotected, real_path
        from impasto.imaging import check_writable
        from impasto.inspection.figures import check_figure

        if util.find_spec("matplotlib") is not None:
            # Not NAME.png, which may be the painting itself, or a picture painted with the network.
            name = self.log.stem if self.log.stem.endswith("losses") else f"{self.log.stem}-losses"
            self.plot = self.plot or self.log.with_name(f"{name}.png")
        elif self.plot is not None:
            raise extras.missing("--plot needs matplotlib", "inspect")
        outputs = [self.output, self.checkpoint, self.log]
        outputs += [p for p in (self.preview, self.plot) if p is not None]
        for path in (self.output, self.checkpoint, self.log):
            check_writable(path, suffixes=(path.suffix.lower(),))
        if self.preview is not None:
            check_writable(self.preview)
        if self.plot is not None:
            check_figure(self.plot)
        places = [real_path(path) for path in outputs]
        for path in outputs:
            check_unprotected(path)
            if places.count(real_path(path)) > 1:
                raise InputError(f"expected a file for each output; {path} is given twice")

    def together(self, plan: TrainingPlan) -> int:
        """Train, alone or as one of the processes that torchrun started; return the exit code."""
        from impasto.networks.train.team import join_team, leave_team

        team = join_team(plan.device)
        if not team.is_leader:
            self.show = "nothing"
        try:
            code = self.run(plan, team)
        except ImpastoError as error:
            if team.size == 1:
                raise
            if not team.is_leader:
                # Its leader reports the same, if torchrun, which stops all when one ends, leaves it the time.
                time.sleep(_LEADER_SPEAKS)
            print_lines(f"impasto: {error}", file=sys.stderr)
            code = 2
        leave_team(team, code)
        return code

    def run(self, plan: TrainingPlan, team: Team) -> int:
        """Train; return the exit code: 0, or 130 when Ctrl-C cut it short."""
        from impasto.inspection import LogFile, figures, read_log
        from impasto.pipelines.train import CHECKPOINT_EVERY, train_network

        preview = preview_file(self.preview)
        log = LogFile(self.log, finished_iterations(self.checkpoint), ("content", "style"))

        def on_progress(event: Progress) -> None:
            log(event)
            preview(event)
            display(event)

        with Interrupts() as interrupts, Display(self.show) as display:
            if self.show == "bar":  # reading hundreds of photographs takes a while
                display(Progress(stage="reading and measuring"))
            result = train_network(
                plan,
                self.output,
                checkpoint=self.checkpoint,
                checkpoint_every=self.every or CHECKPOINT_EVERY,
                on_progress=on_progress if team.is_leader else None,
                on_note=display.say,
                cancel=lambda: interrupts.seen,
                team=team,
            )
        if team.is_leader:
            if self.plot is not None and log.count > max(1, log.done):
                drawn = figures.draw_losses(read_log(self.log), title="Losses, running means")
                figures.save_figure(drawn, self.plot)
            display.finish(*self._result(result), **summary(result))
        return INTERRUPTED if result.cancelled else 0

    def _result(self, result: TrainingResult) -> list[str]:
        """Return the last lines of the command."""
        if result.cancelled and self.checkpoint.exists():
            return [f"interrupted; run the same command to continue from {self.checkpoint}"]
        if result.cancelled:
            return ["interrupted; nothing was learnt yet"]
        device = "" if result.device == "cpu" else f" on {result.device}"
        steps, pictures = counted(result.steps, "step"), counted(result.photos, "picture")
        found = [f"trained: {result.style}, {steps} on {pictures}, {result.seconds:.0f} s{device}"]
        if result.before is not None and result.after is not None:
            found.append(
                f"on held-out pictures: style {result.before.style:.4f} -> {result.after.style:.4f}, "
                f"content {result.before.content:.3f} -> {result.after.content:.3f}"
            )
        return [*found, f"wrote {result.file}"]


def summary(result: TrainingResult) -> dict[str, Any]:
    """Return the result of a training, ready for JSON."""
    from dataclasses import asdict

    judged = {
        name: None if found is None else asdict(found)
        for name, found in (("before", result.before), ("after", result.after))
    }
    return {
        "output": None if result.file is None else str(result.file),
        "style": result.style,
        "steps": result.steps,
        "photos": result.photos,
        "skipped": [str(path) for path, _ in result.skipped],
        "seconds": round(result.seconds, 2),
        "device": result.device,
        "cancelled": result.cancelled,
    } | judged
