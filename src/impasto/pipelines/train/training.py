"""Training of a transformer network: from paintings and photographs to a network file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto import imaging
from impasto.errors import InputError
from impasto.files import protecting
from impasto.inference import FastStyle
from impasto.networks.train.batches import LossWeights
from impasto.networks.train.evaluation import Judgement, contact_sheet, judge, middle
from impasto.networks.train.plan import TrainingPlan
from impasto.networks.train.products import write_products
from impasto.networks.train.stages import Model, TrainingStage, begin, enter, stages_of, steps_in, train
from impasto.networks.train.team import ALONE, Team
from impasto.networks.train.training import Trainer, TrainingSchedule
from impasto.optimize.checkpoints import remove_checkpoint, write_checkpoint
from impasto.pipelines.train.materials import Stopped, TrainingMaterials, gather
from impasto.progress import Progress, ProgressCallback
from impasto.tensors import to_pixels
from impasto.types import Pixels

CHECKPOINT_EVERY = 100
SAVING = 4.0
"""The approximate seconds for evaluating and writing the network."""
LEAST_LEARNING = 0.3
"""The share of the time that must be left after reading everything."""

_STYLE_WEIGHT = LossWeights().style


@dataclass(frozen=True)
class TrainingResult:
    """The result of a training. ``files``: the network, .safetensors and, for a gallery, .onnx. ``before``,
    ``after``: evaluations on held-out photographs at the beginning and the end; None without photographs or
    if cancelled."""

    files: tuple[Path, ...]
    styles: tuple[FastStyle, ...]
    like: tuple[str | None, ...]
    steps: int
    photos: int
    skipped: tuple[tuple[Path, str], ...]
    seconds: float
    before: Judgement | None = None
    after: Judgement | None = None
    cancelled: bool = False
    device: str = "cpu"


@dataclass
class _Watch:
    """The callbacks of a training, and the time at which it began."""

    on_progress: ProgressCallback | None
    cancel: Callable[[], bool] | None
    began: float = field(default_factory=time.perf_counter)

    def report(self, stage: int, steps: Sequence[int], sheet: Callable[[], Pixels]) -> ProgressCallback:
        """Return a callback for ``Trainer.run`` in ``stage`` (from 0), one for each of ``steps``."""

        def tell(event: Progress) -> None:
            if self.on_progress is not None:
                done = sum(steps[:stage]) + event.step
                self.on_progress(
                    replace(
                        event,
                        done=done / sum(steps),
                        elapsed=time.perf_counter() - self.began,
                        left=event.elapsed / event.step * (sum(steps) - done),
                        level=stage + 1,
                        levels=len(steps),
                        preview=sheet,
                    )
                )

        return tell


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
) -> TrainingResult:
    """Train a network on ``plan.paintings`` and write it to ``output`` (.safetensors), with .onnx beside it.

    Resumes from ``checkpoint`` if it exists, saves to it every ``checkpoint_every`` steps, and removes it at
    the end. ``on_note`` is called, before training starts, with remarks about photographs that are too few,
    too small or unreadable. Once ``cancel`` returns True, training stops after the current step; only the
    checkpoint is written. After the last step it only skips the evaluation. With a ``team`` every process
    calls this function, and the leader writes.

    A ``Progress`` event's levels are the stages (rows, then the network), its preview is a sheet of
    photographs and their paintings. Raises InputError and its subclasses for unusable input, before
    training, and OutputError.
    """
    with protecting([*plan.photos, *plan.paintings, *([plan.start] if plan.start else [])]):
        imaging.check_writable(output, suffixes=(".safetensors",))
    watch = _Watch(on_progress, cancel)
    stop = cancel or (lambda: False)
    try:
        materials = gather(plan, checkpoint, on_note or (lambda _: None), team, stop)
    except Stopped:
        team.tell(True)
        return _cancelled_result(watch)
    saved = materials.saved
    if saved is not None:
        watch.began -= saved["seconds"]
    images = torch.stack([middle(p, plan.size) for p in materials.learnt.photos[:4]]).to(materials.device)
    loss = LossWeights(style=_STYLE_WEIGHT * plan.style_weight)
    model = begin(
        plan.method,
        plan.architecture,
        materials.start,
        materials.targets,
        materials.encoder,
        images,
        loss,
        seed=plan.seed,
        beginning=plan.beginning,
    )
    like = tuple(None if k is None else materials.known[k].name for k in model.like)
    before = _judge(model, materials, plan, stop)
    if team.tell(stop()):
        return _cancelled_result(watch)
    common = TrainingSchedule(1, plan.batch, plan.size, seed=plan.seed, loss=loss)
    stages = stages_of(plan.method, plan.architecture, common)
    left = team.tell(plan.seconds - (time.perf_counter() - watch.began))
    if plan.steps is None and saved is None and left < LEAST_LEARNING * plan.seconds:
        raise InputError(
            f"reading the pictures took most of the {plan.seconds / 60:g} minutes: expected more --minutes, "
            "or smaller pictures"
        )
    # A resumed training keeps its number of steps.
    deadline = None if plan.steps is not None or saved is not None else time.perf_counter() + left - SAVING
    batches = _StageRunner(plan, materials, stages, watch, checkpoint, checkpoint_every, team, deadline)
    model, steps, finished = batches.run(model, saved)
    result = TrainingResult(
        (),
        materials.styles,
        like,
        sum(steps),
        len(materials.learnt.photos),
        tuple(materials.learnt.skipped),
        time.perf_counter() - watch.began,
        before,
        cancelled=not finished,
        device=str(materials.device),
    )
    if not finished:
        return result
    after = _judge(model, materials, plan, stop)
    files: tuple[Path, ...] = ()
    if team.is_leader:
        card = _card(plan, materials, steps, before, after)
        files = write_products(output, model, materials.known, materials.styles, card)
        if checkpoint is not None:
            remove_checkpoint(checkpoint)
    seconds = time.perf_counter() - watch.began
    return TrainingResult(**(vars(result) | {"files": files, "after": after, "seconds": seconds}))


def _cancelled_result(watch: _Watch) -> TrainingResult:
    """Return the result of a training cancelled before its first step."""
    return TrainingResult((), (), (), 0, 0, (), time.perf_counter() - watch.began, cancelled=True)


@dataclass
class _StageRunner:
    """A runner of a training's stages, with checkpoints."""

    plan: TrainingPlan
    materials: TrainingMaterials
    stages: Sequence[TrainingStage]
    watch: _Watch
    checkpoint: Path | None
    every: int
    team: Team
    deadline: float | None
    """The end of the time, as of ``time.perf_counter``; None for a fixed number of steps."""

    def run(self, model: Model, saved: Mapping[str, Any] | None) -> tuple[Model, list[int], bool]:
        """Return the trained model, the steps of each stage, and whether all were done."""
        steps: list[int] = list(saved["steps"]) if saved else []
        first = int(saved["stage"]) if saved else 0
        for number, stage in enumerate(self.stages):
            model = enter(stage, model)
            if number < first:
                continue
            if len(steps) <= number:
                steps += self._count(number, model)
            trainer = self._trainer(stage, model, steps[number])
            if saved and number == first:
                trainer.restore(saved["trainer"])
            if not self._train(trainer, number, model, steps):
                return model, steps, False
        return model, steps, True

    def _count(self, number: int, model: Model) -> list[int]:
        """Return the estimated steps of this stage and the later ones."""
        rest = self.stages[number:]
        shares = [stage.share / sum(s.share for s in rest) for stage in rest]
        if self.plan.steps is not None or self.deadline is None:
            return [max(1, round((self.plan.steps or 1) * share)) for share in shares]
        seconds = max(0.0, self.deadline - time.perf_counter())
        found = []
        for stage, share in zip(rest, shares, strict=True):
            timed = self._trainer(stage, enter(stage, model), 1000)
            found.append(steps_in(timed, seconds * share))
        return found

    def _trainer(self, stage: TrainingStage, model: Model, steps: int) -> Trainer:
        return train(
            stage,
            model,
            self.materials.targets,
            self.materials.encoder,
            self.materials.learnt.photos,
            steps=steps,
            reduced=self.materials.reduced,
            team=self.team,
        )

    def _train(self, trainer: Trainer, number: int, model: Model, steps: list[int]) -> bool:
        photos = self.materials.judged.photos or self.materials.learnt.photos

        def sheet() -> Pixels:
            return to_pixels(contact_sheet(model.network, model.rows, model.added, photos))

        report = self.watch.report(number, steps, sheet)
        ends = self._end_of(number)
        while trainer.step < steps[number]:
            block = min(self.every, max(1, steps[number] // 8))
            began, first = time.perf_counter(), trainer.step
            goal = min(steps[number], first - first % block + block)
            trainer.run(report, self.watch.cancel, stop=goal)
            whole = trainer.step == goal
            if whole and ends is not None and goal < steps[number]:
                now = time.perf_counter()
                steps[number] = self._revise_steps(trainer, (now - began) / (goal - first), ends - now)
            self._save(trainer, number, steps)
            if not whole:
                return False
        return True

    def _end_of(self, number: int) -> float | None:
        """Return the time at which stage ``number``, which begins now, should end, if limited."""
        if self.deadline is None:
            return None
        now = time.perf_counter()
        shares = [stage.share for stage in self.stages[number:]]
        return now + max(0.0, self.deadline - now) * shares[0] / sum(shares)

    def _revise_steps(self, trainer: Trainer, each: float, left: float) -> int:
        """Return the steps of the stage, changed if the time would be missed by more than a tenth.

        The learning rates then fall to zero at the new end.
        """
        steps = trainer.schedule.steps
        rest = steps - trainer.step
        if 0.9 * left <= rest * each <= 1.1 * left:
            fitting = steps
        else:
            fitting = trainer.step + max(1, min(2 * rest, int(left / each)))
        fitting = self.team.tell(fitting)
        trainer.schedule = replace(trainer.schedule, steps=fitting)
        return fitting

    def _save(self, trainer: Trainer, number: int, steps: list[int]) -> None:
        at = {"stage": number, "steps": steps, "iterations": sum(steps[:number]) + trainer.step}
        state = at | {"seconds": time.perf_counter() - self.watch.began, "trainer": trainer.state()}
        if self.checkpoint is not None and self.team.is_leader:
            write_checkpoint(self.checkpoint, self.materials.identity, state)


def _judge(
    model: Model, materials: TrainingMaterials, plan: TrainingPlan, stop: Callable[[], bool]
) -> Judgement | None:
    """Return the mean over the styles; None without held-out photographs, or once ``stop`` returns True."""
    photos: Sequence[Tensor] = materials.judged.photos[:16]
    if not photos:
        return None
    strokes = (2,) if plan.architecture == "johnson2016" else (0, 2)
    found: list[Judgement] = []
    for style, target in zip(model.added, materials.targets, strict=True):
        if stop():
            return None
        one = {style: target}
        found.append(judge(model.network, model.rows, one, materials.encoder, photos, plan.size, strokes))
    return Judgement(*(sum(values) / len(found) for values in zip(*map(astuple, found), strict=True)))


def _card(
    plan: TrainingPlan,
    materials: TrainingMaterials,
    steps: Sequence[int],
    before: Judgement | None,
    after: Judgement | None,
) -> dict[str, Any]:
    """Return the description of the training that is stored in the file."""
    return {
        "training": {
            "method": plan.method,
            "architecture": plan.architecture,
            "steps": list(steps),
            "batch": plan.batch,
            "size": plan.size,
            "style_weight": plan.style_weight,
            "seed": plan.seed,
            "device": materials.device.type,
            "photos": len(materials.learnt.photos),
            "made": not plan.photos,
            "before": None if before is None else asdict(before),
            "after": None if after is None else asdict(after),
        }
    }
