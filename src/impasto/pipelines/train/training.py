"""Training of a network on one style: from a painting and photographs to a file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from impasto import imaging
from impasto.catalogue.loader import StyleLike
from impasto.files import protecting
from impasto.imaging.inputs import name_of
from impasto.networks.train.evaluation import Judgement, contact_sheet, judge
from impasto.networks.train.learners import KINDS, Architecture, Learner, begin
from impasto.networks.train.painting_loss import LossWeights
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.products import write_product
from impasto.networks.train.team import ALONE, Team
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.optimize.checkpoints import remove_checkpoint, write_checkpoint
from impasto.parameters import checked
from impasto.pipelines.train.materials import Stopped, TrainingMaterials, gather
from impasto.progress import Progress, ProgressCallback
from impasto.tensors import to_pixels, with_gradients
from impasto.types import Pixels

CHECKPOINT_EVERY = 100
IN_MEMORY = "painting"
"""The name of a painting in memory."""
SAVING = 4.0
"""The approximate seconds for evaluating and writing the network."""
LEAST_LEARNING = 0.3
"""The smallest share of the time for training itself, however long reading took."""
JUDGED = 16
"""The largest number of held-out photographs to evaluate on."""


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training. ``file``: the style file, or the network's; None if cancelled. ``before``,
    ``after``: evaluations on held-out photographs at the beginning and the end; None without photographs or
    if cancelled."""

    file: Path | None
    style: str
    steps: int
    photos: int
    skipped: tuple[tuple[Path, str], ...]
    seconds: float
    before: Judgement | None = None
    after: Judgement | None = None
    cancelled: bool = False
    device: str = "cpu"


@dataclass
class _Callbacks:
    """The callbacks of a training, and the time at which it began."""

    on_progress: ProgressCallback | None
    cancel: Callable[[], bool] | None
    began: float = field(default_factory=time.perf_counter)

    def report(self, sheet: Callable[[], Pixels]) -> ProgressCallback:
        """Return a callback for ``Trainer.run``."""

        def tell(event: Progress) -> None:
            if self.on_progress is not None:
                elapsed = time.perf_counter() - self.began
                self.on_progress(replace(event, elapsed=elapsed, level=1, levels=1, preview=sheet))

        return tell


@checked
@with_gradients()
def train(
    painting: StyleLike,
    output: str | os.PathLike[str],
    *,
    photos: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    architecture: Architecture = "any-painting",
    minutes: float | None = None,
    steps: int | None = None,
    style_weight: float = 1.0,
    batch: int = 2,
    size: int = 224,
    seed: int = 0,
    most_photos: int = 1000,
    precision: str = "auto",
    device: str = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_progress: ProgressCallback | None = None,
    on_note: Callable[[str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> TrainingResult:
    """Refine the network for any painting on ``painting``, and write it with the style to ``output``.

    ``painting``: a painting's file, a folder of an artist's works, a style file or a named style; or a
    picture in memory, as for ``impasto.stylize``, which is called Painting. ``photos``: files of photographs
    to train on, or folders of them; none for synthetic pictures. ``architecture``: any-painting, which is
    refined, or johnson2016, from random filters. ``minutes`` or ``steps``: the duration; the default depends
    on the architecture. ``style_weight``: above 0, at most 100. Each step takes ``batch`` crops, 1 to 64, of
    ``size`` pixels a side, a multiple of 16 from 64 to 512. ``most_photos``: the most to read. ``precision``:
    auto, float32 or bfloat16. ``device``: auto, cpu, cuda or mps. ``checkpoint``: a file for the state,
    written every ``checkpoint_every`` steps, from which the same call continues. ``on_note`` is called with
    remarks, one line each; ``on_progress`` and ``cancel`` as for ``impasto.stylize``. Raises InputError and
    its subclasses before any work, OutputError.
    """
    several = [photos] if isinstance(photos, (str, os.PathLike)) else list(photos)
    named = isinstance(painting, (str, os.PathLike))
    plan = TrainingPlan(
        name_of(painting) if named else IN_MEMORY,
        photos=tuple(os.fsdecode(one) for one in several),
        architecture=architecture,
        minutes=minutes,
        steps=steps,
        style_weight=style_weight,
        batch=batch,
        size=size,
        seed=seed,
        most_photos=most_photos,
        precision=precision,
        device=device,
    )
    return train_network(
        plan,
        Path(output),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoint_every=checkpoint_every,
        on_progress=on_progress,
        on_note=on_note,
        cancel=cancel,
        painting=None if named else painting,
    )


@with_gradients()
def train_network(
    plan: TrainingPlan,
    output: Path,
    *,
    checkpoint: Path | None = None,
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_progress: ProgressCallback | None = None,
    on_note: Callable[[str], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    team: Team = ALONE,
    painting: StyleLike | None = None,
) -> TrainingResult:
    """Train a network on ``plan.painting`` and write it to ``output``: a style file (.style) with the network
    refined for it, or johnson2016 (.safetensors).

    Resumes from ``checkpoint`` if it exists, saves to it every ``checkpoint_every`` steps, and removes it at
    the end. ``on_note`` is called, before training starts, with remarks about photographs that are too few,
    too small or unreadable. Once ``cancel`` returns True, training stops after the current step; only the
    checkpoint is written. After the last step it only skips the evaluation. With a ``team`` every process
    calls this function, and the leader writes. ``painting``: one in memory, which ``plan.painting`` is the
    name of.

    A ``Progress`` event's preview is a sheet of photographs and their paintings. Raises InputError and its
    subclasses for unusable input, before training, and OutputError.
    """
    with protecting([*plan.photos, *([plan.painting] if painting is None else [])]):
        imaging.check_writable(output, suffixes=(KINDS[plan.architecture].suffix,))
    watch = _Callbacks(on_progress, cancel)
    stop = cancel or (lambda: False)
    try:
        materials = gather(plan, checkpoint, on_note or (lambda _: None), team, stop, painting)
    except Stopped:
        team.tell(True)
        return _cancelled_result(plan, watch)
    saved = materials.saved
    if saved is not None:
        watch.began -= saved["seconds"]
    learner = begin(plan.architecture, materials.device, seed=plan.seed)
    before = saved["before"] if saved is not None else _judge(learner, materials, plan, stop)
    if team.tell(stop()):
        return _cancelled_result(plan, watch)
    trainer = _trainer(plan, learner, materials, team)
    left = team.tell(plan.seconds - (time.perf_counter() - watch.began))
    if saved is not None:
        trainer.schedule = replace(trainer.schedule, steps=saved["steps"])
        trainer.restore(saved["trainer"])
    elif plan.steps is None:
        least = LEAST_LEARNING * plan.seconds
        if left < least:
            (on_note or (lambda _: None))(
                f"reading the pictures took most of the {plan.seconds / 60:g} minutes: training continues "
                f"for {least:.0f} s more, so that something is learnt"
            )
            left = least
        trainer.schedule = replace(trainer.schedule, steps=trainer.steps_in(left - SAVING))
    # A resumed training keeps its number of steps.
    deadline = None if plan.steps is not None or saved is not None else time.perf_counter() + left - SAVING
    keep = _CheckpointWriter(checkpoint if team.is_leader else None, materials, watch, before)
    finished = _run(trainer, watch, keep, checkpoint_every, deadline)
    result = TrainingResult(
        None,
        materials.style.card.title,
        trainer.schedule.steps,
        len(materials.learnt.photos),
        tuple(materials.learnt.skipped),
        time.perf_counter() - watch.began,
        _judgement(before),
        cancelled=not finished,
        device=str(materials.device),
    )
    if not finished:
        return result
    after = _judge(learner, materials, plan, stop)
    if team.is_leader:
        training = _description(plan, materials, trainer.schedule.steps, before, after)
        write_product(output, learner, materials.style, training)
        if checkpoint is not None:
            remove_checkpoint(checkpoint)
    return replace(
        result,
        file=output if team.is_leader else None,
        after=_judgement(after),
        seconds=time.perf_counter() - watch.began,
    )


def _cancelled_result(plan: TrainingPlan, watch: _Callbacks) -> TrainingResult:
    """Return the result of a training cancelled before its first step."""
    return TrainingResult(None, plan.title, 0, 0, (), time.perf_counter() - watch.began, cancelled=True)


def _trainer(plan: TrainingPlan, learner: Learner, materials: TrainingMaterials, team: Team) -> Trainer:
    """Return a trainer of the plan's steps; of as many as fit into its time once they have been timed."""
    loss = LossWeights()
    loss = replace(loss, style=loss.style * plan.style_weight, coarse=loss.coarse * plan.style_weight)
    schedule = TrainingSchedule(
        plan.steps or 1000, plan.batch, plan.size, KINDS[plan.architecture].rate, plan.seed, loss
    )
    return Trainer(
        learner,
        materials.encoder,
        materials.targets,
        materials.learnt.photos,
        schedule,
        reduced=materials.reduced,
        team=team,
    )


@dataclass
class _CheckpointWriter:
    """A writer of checkpoints."""

    path: Path | None
    materials: TrainingMaterials
    watch: _Callbacks
    before: dict[str, float] | None

    def save(self, trainer: Trainer) -> None:
        state = {
            "steps": trainer.schedule.steps,
            "iterations": trainer.step,
            "seconds": time.perf_counter() - self.watch.began,
            "before": self.before,
            "trainer": trainer.state(),
        }
        if self.path is not None:
            write_checkpoint(self.path, self.materials.identity, state)


def _run(
    trainer: Trainer, watch: _Callbacks, keep: _CheckpointWriter, every: int, deadline: float | None
) -> bool:
    """Train to the end, with checkpoints; return False if cancelled. ``deadline``: the end of the time, as of
    ``time.perf_counter``; None for a fixed number of steps."""
    materials = keep.materials
    photos = materials.judged.photos or materials.learnt.photos

    def sheet() -> Pixels:
        return to_pixels(contact_sheet(trainer.learner, trainer.targets[0], photos))

    report = watch.report(sheet)
    while trainer.step < trainer.schedule.steps:
        block = min(every, max(1, trainer.schedule.steps // 8))
        began, first = time.perf_counter(), trainer.step
        goal = min(trainer.schedule.steps, first - first % block + block)
        trainer.run(report, watch.cancel, stop=goal)
        whole = trainer.step == goal
        if whole and deadline is not None and goal < trainer.schedule.steps:
            now = time.perf_counter()
            _revise_steps(trainer, (now - began) / (goal - first), deadline - now)
        keep.save(trainer)
        if not whole:
            return False
    return True


def _revise_steps(trainer: Trainer, each: float, left: float) -> None:
    """Change the number of steps if the time would be missed by more than a tenth.

    The learning rate then falls to zero at the new end.
    """
    fitting = trainer.schedule.steps
    rest = fitting - trainer.step
    if not 0.9 * left <= rest * each <= 1.1 * left:
        fitting = trainer.step + max(1, min(2 * rest, int(left / each)))
    trainer.schedule = replace(trainer.schedule, steps=trainer.team.tell(fitting))


def _judge(
    learner: Learner, materials: TrainingMaterials, plan: TrainingPlan, stop: Callable[[], bool]
) -> dict[str, float] | None:
    """Return a judgement as plain values; None without held-out photographs, or if cancelled."""
    photos: Sequence[Tensor] = materials.judged.photos[:JUDGED]
    if not photos or stop():
        return None
    return asdict(judge(learner, materials.encoder, materials.targets[0], photos, plan.size))


def _judgement(values: dict[str, float] | None) -> Judgement | None:
    return None if values is None else Judgement(**values)


def _description(
    plan: TrainingPlan,
    materials: TrainingMaterials,
    steps: int,
    before: dict[str, float] | None,
    after: dict[str, float] | None,
) -> dict[str, Any]:
    """Return the description of the training that the style's card holds."""
    return {
        "begun_with": materials.identity["begun_with"],
        "steps": steps,
        "batch": plan.batch,
        "size": plan.size,
        "style_weight": plan.style_weight,
        "seed": plan.seed,
        "device": materials.device.type,
        "photos": len(materials.learnt.photos),
        "made": not plan.photos,
        "before": before,
        "after": after,
    }
