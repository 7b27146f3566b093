"""``impasto train``: teach a fast network new styles."""

from __future__ import annotations

import json as jsonlib
import sys
import time
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.cli.choices import Json, Quiet, shown
from impasto.cli.losses_log import LossesLog
from impasto.cli.painting import Interrupts, make_bar
from impasto.errors import ImpastoError, InputError, MissingExtraError

if TYPE_CHECKING:
    from impasto.networks.train.team import Team
    from impasto.pipelines.train import Taught, TrainingPlan
    from impasto.progress import Progress

INTERRUPTED = 130
_PREVIEW_SECONDS = 5.0
_PREVIEW_SHARE = 0.05
"""How much of the time previews may take."""
_LEADER_SPEAKS = 10.0
"""Seconds in which the leading process of a team comes to the same error, and says it."""
_MORE = "More"


def train(
    paintings: Annotated[
        list[str],
        typer.Argument(
            help="Each a style: a painting, a folder of an artist's works, a style file, a named style.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The network, NAME.safetensors.")],
    content_dir: Annotated[
        list[Path] | None,
        typer.Option(help="Photographs to practise on: a folder, or several. Without, made pictures."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Then refine the whole network; it keeps the new styles only.")
    ] = False,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Begin with random filters instead of the shipped network.")
    ] = False,
    architecture: Annotated[
        str | None,
        typer.Option(
            help="gallery, or johnson2016, the published network of one style. \\[default: gallery]"
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="A network of yours to begin with. \\[default: the shipped one]"),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="What a style is called, one each. \\[default: as its file]")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Time to take. \\[default: 4.5; 20 with --full; 60 with --from-scratch]"),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of training, instead of a time.")] = None,
    style_weight: Annotated[
        float | None, typer.Option(help="How much the style counts. \\[default: 1]")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Photographs a step.", rich_help_panel=_MORE, show_default="4")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side of their crops, in pixels.", rich_help_panel=_MORE, show_default="192"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**63 - 1, help="Of everything random.", rich_help_panel=_MORE, show_default="0"
        ),
    ] = None,
    max_photos: Annotated[
        int | None,
        typer.Option(help="Of more photographs, so many.", rich_help_panel=_MORE, show_default="1000"),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="auto, float32 or bfloat16.", rich_help_panel=_MORE, show_default="auto"),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=_MORE, show_default="auto"),
    ] = None,
    preview: Annotated[
        Path | None, typer.Option(help="Keep this picture of photographs and their paintings up to date.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Every step's losses, as CSV. \\[default: beside the network]")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Their curves. \\[default: beside the log, where matplotlib is installed]"),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="Keep the state in this file until the network is written; goes on from it. "
            "\\[default: beside the network]"
        ),
    ] = None,
    checkpoint_every: Annotated[
        int | None, typer.Option(min=1, help="Steps between checkpoints.", show_default="100")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Teach a fast network the style of PAINTING.

    \b
    impasto train painting.jpg --content-dir photos -o mine.safetensors
    impasto train painting.jpg other.jpg --content-dir photos -o two.safetensors --minutes 8
    impasto train painting.jpg --content-dir photos -o mine.safetensors --full --preview look.png
    torchrun --nproc-per-node 2 -m impasto train painting.jpg --content-dir photos -o mine.safetensors

    The result holds the gallery's styles and the new one, and beside it lies the same as .onnx: both
    are for `impasto fast --model`. Ctrl-C keeps the state: the same command goes on.
    """
    if full and from_scratch:
        raise InputError("--full refines the shipped network, --from-scratch does without it: expected one")
    architecture = architecture or "gallery"
    given = {
        "start": None if start is None else str(start),
        "method": "full" if full else "scratch" if from_scratch else "rows",
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
    session.check([*paintings, *map(str, content_dir or [])], start)
    from impasto.pipelines.train import TrainingPlan

    plan = TrainingPlan(
        tuple(paintings),
        photos=tuple(str(p) for p in content_dir or []),
        names=tuple(name or ()),
        **{key: value for key, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    raise typer.Exit(session.together(plan))


class TrainingRun:
    """One training for the command line: checks, progress, files."""

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
        self._next_preview = 0.0
        self._losses: LossesLog | None = None
        self._bar: Any = None

    def check(self, inputs: list[str], start: Path | None) -> None:
        """Everything that can be refused before work starts, is."""
        from impasto.imaging import check_writable

        if util.find_spec("matplotlib") is not None:
            # Not NAME.png, which may well be the painting, or one that was made with the network.
            name = self.log.stem if self.log.stem.endswith("losses") else f"{self.log.stem}-losses"
            self.plot = self.plot or self.log.with_name(f"{name}.png")
        elif self.plot is not None:
            raise MissingExtraError("--plot needs matplotlib: pip install 'impasto[inspect]'")
        outputs = [self.output, self.output.with_suffix(".onnx"), self.checkpoint, self.log]
        outputs += [p for p in (self.preview, self.plot) if p is not None]
        check_writable(self.output, suffixes=(".safetensors",))
        for path in (self.checkpoint, self.log):
            check_writable(path, suffixes=(path.suffix.lower(),))
        for picture in (self.preview, self.plot):
            if picture is not None:
                check_writable(picture)
        given = {Path(p).resolve() for p in [*inputs, *([] if start is None else [str(start)])]}
        places = [path.resolve() for path in outputs]
        for path in outputs:
            if path.resolve() in given:
                raise InputError(f"the output {path} is also an input; it would be overwritten")
            if places.count(path.resolve()) > 1:
                raise InputError(f"expected a file for each output; {path} is asked for twice")

    def together(self, plan: TrainingPlan) -> int:
        """Train, alone or as one of the processes that torchrun started; the exit code."""
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
                # Its leader says the same, if torchrun, which ends all when one ends, leaves it the time.
                time.sleep(_LEADER_SPEAKS)
            print(f"impasto: {error}", file=sys.stderr)
            code = 2
        leave_team(team, code)
        return code

    def run(self, plan: TrainingPlan, team: Team) -> int:
        """0, or 130 when Ctrl-C cut it short."""
        from impasto.pipelines.train import CHECKPOINT_EVERY, teach

        if team.is_leader:
            self._losses = LossesLog(self.log, self.plot, resumed=self.checkpoint.exists())
        try:
            if self.show == "bar":
                self._begin_bar()
            with Interrupts() as interrupts:
                taught = teach(
                    plan,
                    self.output,
                    checkpoint=self.checkpoint,
                    checkpoint_every=self.every or CHECKPOINT_EVERY,
                    on_progress=self._watch if team.is_leader else None,
                    on_note=self._note,
                    cancel=lambda: interrupts.seen,
                    team=team,
                )
        finally:
            if self._bar is not None:
                self._bar.stop()
            if self._losses is not None:
                self._losses.close()
        if team.is_leader:
            self._say(taught)
        return INTERRUPTED if taught.cancelled else 0

    def _watch(self, event: Progress) -> None:
        assert self._losses is not None
        self._losses.write(event)
        last = event.done >= 1
        if self.preview is not None and (last or time.monotonic() > self._next_preview):
            self._draw(event, self.preview)
        if self.show == "json":
            print(jsonlib.dumps(event.to_dict()), flush=True)
        elif self.show == "bar":
            self._show(event)

    def _draw(self, event: Progress, preview: Path) -> None:
        from impasto.imaging import write
        from impasto.types import Picture

        began = time.monotonic()
        assert event.preview is not None
        write(Picture(event.preview()), preview)
        now = time.monotonic()
        self._next_preview = now + max(_PREVIEW_SECONDS, (now - began) / _PREVIEW_SHARE)

    def _show(self, event: Progress) -> None:
        losses = "  ".join(f"{name} {value:.3g}" for name, value in sorted(event.losses.items()))
        of = f" ({event.level}/{event.levels})" if event.levels > 1 else ""
        self._bar.update(
            self._bar.task_ids[0],
            description=f"step {event.iteration}/{event.iterations}{of}",
            completed=event.done,
            losses=losses,
            left="" if event.left is None else f"{event.left:.0f} s left",
        )

    def _begin_bar(self) -> None:
        """Show at once that something happens: reading hundreds of photographs takes a while."""
        self._bar = make_bar()
        self._bar.start()
        self._bar.add_task("reading and measuring", total=1.0, losses="", left="")

    def _note(self, words: str) -> None:
        if self.show != "nothing":
            print(f"impasto: {words}", file=sys.stderr)

    def _say(self, taught: Taught) -> None:
        if self.show == "json":
            print(jsonlib.dumps(summary(taught)), flush=True)
        elif self.show == "bar" and taught.cancelled:
            kept = self.checkpoint is not None and self.checkpoint.exists()
            print(
                f"interrupted; the same command goes on from {self.checkpoint}"
                if kept
                else "interrupted; nothing was learnt yet"
            )
        elif self.show == "bar":
            names = ", ".join(style.name for style in taught.styles)
            print(
                f"taught: {names} in {taught.steps} steps on {taught.photos} pictures, {taught.seconds:.0f} s"
                + ("" if taught.device == "cpu" else f" on {taught.device}")
            )
            if taught.before is not None and taught.after is not None:
                print(
                    f"on held-out pictures: style {taught.before.style:.3f} -> {taught.after.style:.3f}, "
                    f"content {taught.before.content:.3f} -> {taught.after.content:.3f}"
                )
            print("wrote " + ", ".join(str(path) for path in taught.files))


def summary(taught: Taught) -> dict[str, Any]:
    """What came of a training, ready for JSON."""
    from dataclasses import asdict

    judged = {
        name: None if found is None else asdict(found)
        for name, found in (("before", taught.before), ("after", taught.after))
    }
    return {
        "output": [str(path) for path in taught.files],
        "styles": [style.name for style in taught.styles],
        "began_as": list(taught.like),
        "steps": taught.steps,
        "photos": taught.photos,
        "skipped": [str(path) for path, _ in taught.skipped],
        "seconds": round(taught.seconds, 2),
        "device": taught.device,
        "cancelled": taught.cancelled,
    } | judged
