"""The stages of a training: the network it begins with, the schedule and the steps of each."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from impasto.encoders import FeatureExtractor
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.johnson import JohnsonNetwork, JohnsonPainter
from impasto.networks.train.additions import Beginning, add_rows, first_rows, keep_styles, styles_in
from impasto.networks.train.batches import LossWeights
from impasto.networks.train.targets import StyleTarget
from impasto.networks.train.training import TrainableNetwork, Trainer, TrainingSchedule

Method = Literal["rows", "full", "scratch"]
"""What learns: the new styles' rows, then everything, or everything from random filters."""
Architecture = Literal["gallery", "johnson2016"]

_TIMED, _BEFORE = 4, 2
_COARSE_ONLY = (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class TrainingStage:
    """A part of the training: its name, its share of the time, its schedule but for the steps."""

    name: str
    share: float
    schedule: TrainingSchedule


@dataclass
class Model:
    """A network that learns. ``added``: the numbers of its new styles; ``like``: for each, the number of
    the style whose rows it began with, if one."""

    network: TrainableNetwork
    added: Sequence[int]
    like: Sequence[int | None] = ()

    @property
    def rows(self) -> int:
        """Of the network's table; 3 where it has none."""
        return 3 if self.network.table is None else self.network.table.shape[0]


def stages_of(method: Method, architecture: Architecture, common: TrainingSchedule) -> list[TrainingStage]:
    """Return the stages of ``method``; ``common`` has what they share: batch, size, seed, loss."""
    everything = replace(common, filters=1e-3, rows=5e-3)
    if architecture == "johnson2016":
        # One style at one strength and stroke size is all this network can learn.
        once = replace(everything, full_strength=1.0, often=_COARSE_ONLY)
        return [TrainingStage("network", 1.0, once)]
    if method == "scratch":
        return [TrainingStage("network", 1.0, everything)]
    rows = replace(common, filters=0.0, rows=5e-2)
    if method == "rows":
        return [TrainingStage("rows", 1.0, rows)]
    return [
        TrainingStage("rows", 0.25, rows),
        TrainingStage("network", 0.75, replace(everything, filters=3e-4)),
    ]


def begin(
    method: Method,
    architecture: Architecture,
    start: GalleryNetwork | None,
    targets: Sequence[StyleTarget],
    encoder: FeatureExtractor,
    images: Tensor,
    loss: LossWeights,
    *,
    seed: int = 0,
    beginning: Beginning = "nearest",
) -> Model:
    """Return the network that training begins with. ``start``: a gallery's, for "rows" and "full".

    ``images`` (B, 3, S, S) are looked at to find each style's nearest in the gallery; the network is on
    their device.
    """
    device = images.device
    numbers = range(len(targets))
    if architecture == "johnson2016" or method == "scratch" or start is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            if architecture == "johnson2016":
                return Model(JohnsonPainter(JohnsonNetwork()).to(device), [0], [None])
            network = GalleryNetwork(1 + 2 * len(targets)).to(device)
            return Model(network, list(numbers), [None] * len(targets))
    start = start.to(device)
    found = [first_rows(start, target, encoder, images, loss, beginning) for target in targets]
    before = styles_in(start)
    network = add_rows(start, [rows for rows, _ in found])
    return Model(network, [before + k for k in numbers], [like for _, like in found])


def enter(stage: TrainingStage, model: Model) -> Model:
    """Return ``model`` prepared for ``stage``: if filters change, the gallery's styles are dropped."""
    network = model.network
    if not stage.schedule.filters or not isinstance(network, GalleryNetwork):
        return model
    if styles_in(network) == len(model.added):
        return model
    return Model(keep_styles(network, model.added), list(range(len(model.added))), model.like)


def train(
    stage: TrainingStage,
    model: Model,
    targets: Sequence[StyleTarget],
    encoder: FeatureExtractor,
    photos: Sequence[Tensor],
    *,
    steps: int,
    **more: object,
) -> Trainer:
    """Return a trainer for ``stage`` in ``steps`` steps. ``more`` is for ``Trainer``."""
    numbered: Mapping[int, StyleTarget] = dict(zip(model.added, targets, strict=True))
    schedule = replace(stage.schedule, steps=steps)
    return Trainer(model.network, encoder, numbered, photos, schedule, **more)  # type: ignore[arg-type]


def steps_in(trainer: Trainer, seconds: float) -> int:
    """Return the number of steps of ``trainer`` that fit into ``seconds``, by timing some and undoing them.

    All processes of a team are told the leading one's answer.
    """
    before = copy.deepcopy(trainer.state())
    trainer.run(stop=_BEFORE)
    began = time.perf_counter()
    trainer.run(stop=_BEFORE + _TIMED)
    each = (time.perf_counter() - began) / _TIMED
    trainer.restore(before)
    spare = (_BEFORE + _TIMED) * each
    return trainer.team.tell(max(1, int((seconds - spare) / each)))
