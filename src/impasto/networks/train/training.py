"""Training of a network that paints in one style.

Seeded and resumable: after ``restore`` a ``Trainer`` takes the same steps as without the interruption, on the
same machine with the same number of threads. Several processes may train together (``team``).
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.networks.train.learners import Learner
from impasto.networks.train.muon import Muon
from impasto.networks.train.painting_loss import (
    CONTENT_LAYERS,
    LossWeights,
    StyleTarget,
    join_targets,
    painting_loss,
)
from impasto.networks.train.photos import crop
from impasto.networks.train.team import ALONE, Team
from impasto.progress import Cancel, Progress, ProgressCallback, time_left

_WARM_UP = 30
_MEMORY = 0.97
_LONGEST_GRADIENT = 1.0
_BEFORE, _TIMED = 2, 4
_SHOWN = ("content", "style")


@dataclass(frozen=True)
class TrainingSchedule:
    """``steps`` in all, each of ``batch`` crops of ``size`` pixels, a multiple of 16. The learning ``rate``
    warms up over 30 steps (or a tenth of the steps, if fewer than 300) and then falls linearly to 0. Each
    process of a team has ``batch`` crops."""

    steps: int
    batch: int = 2
    size: int = 224
    rate: float = 6e-4
    seed: int = 0
    loss: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("batch", 1), ("size", 64)):
            if getattr(self, name) < least:
                raise OptionError(f"expected {name} of {least} or more; got {getattr(self, name)}")
        if self.size % 16:
            raise OptionError(f"expected size to be a multiple of 16; got {self.size}")
        if not 0 < self.rate < 1:
            raise OptionError(f"expected a learning rate between 0 and 1; got {self.rate}")

    def rate_at(self, step: int) -> float:
        """Return the learning rate at ``step``, from 0."""
        warm_up = min(_WARM_UP, max(1, self.steps // 10))
        return self.rate * min(1.0, (step + 1) / warm_up) * max(0.0, 1 - step / self.steps)


class Trainer:
    """Trains ``learner`` on a style with ``photos`` (3, H, W) uint8.

    ``targets``: the style at several sizes, one for each crop; at least half of the crops use the first.
    ``encoder``: measures losses, in the precision that it has. ``reduced``: run the network itself in
    bfloat16. With a ``team``, each process has a trainer; all begin with the leader's network, and ``run``
    and ``state`` must be called in all of them.

    ``learner``, ``encoder`` and ``targets`` are on one device, to which crops are moved. ``photos`` and
    random generators stay on the processor, so crops are the same on every device.
    """

    def __init__(
        self,
        learner: Learner,
        encoder: FeatureExtractor,
        targets: Sequence[StyleTarget],
        photos: Sequence[Tensor],
        schedule: TrainingSchedule,
        *,
        reduced: bool = False,
        team: Team = ALONE,
    ) -> None:
        if not photos:
            raise OptionError("expected photographs to train on; got none")
        self.learner, self.encoder, self.targets = learner, encoder, targets
        self.photos, self.schedule, self.reduced = photos, schedule, reduced
        self.team = team
        self.parameters = learner.learnt()
        self.device = next(iter(self.parameters.values())).device
        seed = schedule.seed if team.size == 1 else [schedule.seed, team.rank]
        self.random = np.random.default_rng(seed)
        self.step = 0
        self.elapsed = 0.0
        self.losses: dict[str, float] = {}
        team.same_start([p.data for p in self.parameters.values()])
        self.optimizers = self._make_optimizers()

    def _make_optimizers(self) -> list[torch.optim.Optimizer]:
        every = list(self.parameters.values())
        matrices = [p for p in every if p.ndim == 4 and min(p.shape[:2]) > 3]
        others = [p for p in every if not any(p is m for m in matrices)]
        return [Muon(matrices, decay=0.0), torch.optim.Adam(others, betas=(0.9, 0.99))]

    def run(
        self,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
        stop: int | None = None,
    ) -> None:
        """Run steps until the schedule ends, ``stop`` is reached or ``cancel()`` returns True.

        The losses passed to ``on_progress`` are running means.
        """
        end = self.schedule.steps if stop is None else min(stop, self.schedule.steps)
        while self.step < end and self.team.all_agree(cancel is None or not cancel()):
            began = time.perf_counter()
            self._learn()
            self.step += 1
            self.elapsed += time.perf_counter() - began
            if on_progress is not None:
                on_progress(self._event())

    def _event(self) -> Progress:
        done = self.step / self.schedule.steps
        return Progress(
            done=done,
            elapsed=self.elapsed,
            left=time_left(self.elapsed, done),
            step=self.step,
            steps=self.schedule.steps,
            width=self.schedule.size,
            height=self.schedule.size,
            losses=dict(self.losses),
        )

    def draw(self) -> tuple[Tensor, StyleTarget]:
        """Return the next crops (B, 3, S, S) in [0, 1] and their targets, the style at one size for each."""
        crops = []
        for _ in range(self.schedule.batch):
            photo = self.photos[int(self.random.integers(len(self.photos)))]
            crops.append(crop(photo, self.schedule.size, self.random))
        count = len(crops)
        others = self.random.integers(len(self.targets), size=count)
        drawn = np.where(self.random.random(count) < 0.5, 0, others).tolist()
        images = torch.stack(crops).contiguous(memory_format=torch.channels_last)
        return images.to(self.device), join_targets([self.targets[k] for k in drawn])

    def _learn(self) -> None:
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.schedule.rate_at(self.step)
            optimizer.zero_grad(set_to_none=True)
        photos, target = self.draw()
        with torch.no_grad():
            wanted = self.encoder(photos, CONTENT_LAYERS)
        with self._arithmetic():
            painted = self.learner.practise(photos, target, self.random)
        loss, parts = painting_loss(painted.float(), wanted, self.encoder, target, self.schedule.loss)
        loss.backward()  # type: ignore[no-untyped-call]
        self.team.average_gradients(self.parameters.values())
        length = nn.utils.clip_grad_norm_(self.parameters.values(), _LONGEST_GRADIENT)
        if not self.team.all_agree(bool(length.isfinite())):
            return  # skip a step that overflowed
        for optimizer in self.optimizers:
            optimizer.step()
        for name in _SHOWN:
            value = float(parts[name].detach())
            self.losses[name] = _MEMORY * self.losses.get(name, value) + (1 - _MEMORY) * value

    def _arithmetic(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.reduced else nullcontext()

    def state(self) -> dict[str, Any]:
        """Return the state for ``restore``: tensors and plain values, for ``torch.load`` with
        ``weights_only``.
        """
        return {
            "network": {name: parameter.detach() for name, parameter in self.parameters.items()},
            "optimizers": [o.state_dict() for o in self.optimizers],
            "random": self.team.gather(self.random.bit_generator.state),
            "step": self.step,
            "elapsed": self.elapsed,
            "losses": dict(self.losses),
        }

    @torch.no_grad()
    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a ``state()``, which may come from another device. Raises OptionError for the state
        of a team of another size."""
        random = state["random"]
        if len(random) != self.team.size:
            raise OptionError(
                f"this training was begun by {len(random)} processes; expected as many to continue it, got "
                f"{self.team.size}"
            )
        for name, parameter in self.parameters.items():
            parameter.copy_(state["network"][name])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.random.bit_generator.state = random[self.team.rank]
        self.step, self.elapsed = state["step"], state["elapsed"]
        self.losses = dict(state["losses"])

    def steps_in(self, seconds: float) -> int:
        """Return the number of steps that fit into ``seconds``, by timing a few steps and undoing them.

        All processes of a team get the leader's answer.
        """
        before = copy.deepcopy(self.state())
        self.run(stop=_BEFORE)
        began = time.perf_counter()
        self.run(stop=_BEFORE + _TIMED)
        each = (time.perf_counter() - began) / _TIMED
        self.restore(before)
        spare = (_BEFORE + _TIMED) * each
        return self.team.tell(max(1, int((seconds - spare) / each)))
