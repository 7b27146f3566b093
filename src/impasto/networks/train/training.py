"""Training of a transformer network: all of it, or the rows of new styles on filters that stay.

Seeded and resumable: a ``Trainer``'s state restored gives the same steps as if it had never stopped, on
one machine with one number of threads. Several processes may train together (``team``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from impasto.encoders import FeatureExtractor
from impasto.errors import OptionError
from impasto.networks.train.batches import (
    FULL_STRENGTH,
    STROKES,
    LossWeights,
    TrainingBatch,
    batch_loss,
    draw,
)
from impasto.networks.train.muon import Muon
from impasto.networks.train.targets import StyleTarget
from impasto.networks.train.team import ALONE, Team
from impasto.progress import Cancel, Progress, ProgressCallback, time_left

_WARM_UP = 30
_MEMORY = 0.97


@dataclass(frozen=True)
class TrainingSchedule:
    """``steps`` in all, of ``batch`` crops of ``size`` pixels. Learning rates warm up over 30 steps (a
    tenth of fewer than 300) and then fall linearly to nothing. ``filters``: Muon's rate for the filters, 0
    to leave them as they are. ``rows``: Adam's, for the styles' numbers. ``full_strength`` and ``often``
    are as for ``draw``. A team's processes have ``batch`` crops each."""

    steps: int
    batch: int = 4
    size: int = 192
    filters: float = 1e-3
    rows: float = 5e-3
    seed: int = 0
    loss: LossWeights = field(default_factory=LossWeights)
    full_strength: float = FULL_STRENGTH
    often: Sequence[float] = STROKES

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("batch", 1), ("size", 64)):
            if getattr(self, name) < least:
                raise OptionError(f"expected {name} of {least} or more; got {getattr(self, name)}")
        for name in ("filters", "rows"):
            if not 0 <= getattr(self, name) < 1:
                raise OptionError(f"expected a learning rate from 0 to 1; got {name}={getattr(self, name)}")

    def factor(self, step: int) -> float:
        """Return the share of the peak learning rates at ``step``, from 0."""
        warm_up = min(_WARM_UP, max(1, self.steps // 10))
        return min(1.0, (step + 1) / warm_up) * max(0.0, 1 - step / self.steps)


class TrainableNetwork(Protocol):
    """A network that can be taught: a gallery's, or one of a single style, which has no ``table``.

    Called with pictures (B, 3, H, W) in [0, 1], weights (B, rows) and where on the grain the pictures begin,
    it paints them.
    """

    @property
    def table(self) -> torch.nn.Parameter | None:
        """(rows, numbers): the photograph's row and two of each style."""

    @property
    def filters(self) -> list[torch.nn.Parameter]:
        """Everything else that learns."""

    @property
    def photograph_is_exact(self) -> Sequence[int]:
        """Numbers of row 0 that stay."""

    def __call__(self, image: Tensor, weights: Tensor, corner: tuple[int, int] = ...) -> Tensor: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any: ...


def device_of(network: TrainableNetwork) -> torch.device:
    """Return the device that ``network`` is on."""
    return network.filters[0].device


class Trainer:
    """Teaches ``network`` the styles ``targets`` (style number to target) on ``photos`` (3, H, W) uint8.

    ``encoder`` measures losses; it is used as it is, so bring it in the precision you want.
    ``reduced`` runs the network's own arithmetic in bfloat16. Only rows of the styles in ``targets``,
    and the photograph's, are touched, and filters unless ``schedule.filters`` is 0. With a ``team``, each
    process has a trainer, all begin with the leading one's network, and ``run`` and ``state`` are to be
    called in all of them alike.

    ``network``, ``encoder`` and ``targets`` are on one device, which batches are brought to; ``photos``, and
    what is random, stay with the processor, so that every device has the same batches.
    """

    def __init__(
        self,
        network: TrainableNetwork,
        encoder: FeatureExtractor,
        targets: Mapping[int, StyleTarget],
        photos: Sequence[Tensor],
        schedule: TrainingSchedule,
        *,
        reduced: bool = False,
        team: Team = ALONE,
    ) -> None:
        if not photos:
            raise OptionError("expected photographs to train on; got none")
        self.network, self.encoder, self.targets = network, encoder, targets
        self.photos, self.schedule, self.reduced = photos, schedule, reduced
        self.team = team
        self.device = device_of(network)
        seed = schedule.seed if team.size == 1 else [schedule.seed, team.rank]
        self.random = np.random.default_rng(seed)
        self.step = 0
        self.elapsed = 0.0
        self.losses: dict[str, float] = {}
        team.same_start([p.data for p in self._parameters()])
        self._kept = self._rows_to_keep()
        self.optimizers = self._make_optimizers()
        self._peaks = [[g["lr"] for g in o.param_groups] for o in self.optimizers]

    @property
    def rows(self) -> int:
        """The number of rows of the network's table; 3, as for one style, if it has none."""
        return 3 if self.network.table is None else self.network.table.shape[0]

    def _parameters(self) -> list[torch.nn.Parameter]:
        table = self.network.table
        return [*self.network.filters, *([] if table is None else [table])]

    def _rows_to_keep(self) -> Tensor:
        """Return (rows, 1): 1 for the rows that must not change.

        The photograph's changes only with the filters.
        """
        kept = torch.ones(self.rows, 1)
        for style in self.targets:
            kept[1 + 2 * style : 3 + 2 * style] = 0
        if self.schedule.filters:
            kept[0] = 0
        return kept

    def _make_optimizers(self) -> list[torch.optim.Optimizer]:
        matrices = [p for p in self.network.filters if p.ndim == 4 and min(p.shape[:2]) > 3]
        others = [p for p in self.network.filters if not any(p is m for m in matrices)]
        rate = self.schedule.filters
        for parameter in self.network.filters:
            parameter.requires_grad_(rate > 0)
        rows: list[dict[str, Any]] = []
        if self.network.table is not None:
            self.network.table.requires_grad_(True)
            rows = [{"params": [self.network.table], "lr": self.schedule.rows}]
        if not rate:
            return [torch.optim.Adam(rows)]
        ends = {"params": others, "lr": 2 * rate}
        return [Muon(matrices, lr=rate, decay=0.0), torch.optim.Adam([ends, *rows])]

    def run(
        self,
        on_progress: ProgressCallback | None = None,
        cancel: Cancel | None = None,
        stop: int | None = None,
    ) -> None:
        """Run steps until the schedule ends, or ``stop``, or ``cancel()`` returns True.

        The losses of ``on_progress`` are running means.
        """
        end = self.schedule.steps if stop is None else min(stop, self.schedule.steps)
        while self.step < end and self.team.all_agree(cancel is None or not cancel()):
            began = time.perf_counter()
            self._learn(self._draw().to(self.device))
            self.step += 1
            self.elapsed += time.perf_counter() - began
            if on_progress is not None:
                done = self.step / self.schedule.steps
                on_progress(
                    Progress(
                        done=done,
                        elapsed=self.elapsed,
                        left=time_left(self.elapsed, done),
                        step=self.step,
                        steps=self.schedule.steps,
                        width=self.schedule.size,
                        height=self.schedule.size,
                        losses=dict(self.losses),
                    )
                )

    def _draw(self) -> TrainingBatch:
        schedule = self.schedule
        return draw(
            self.photos,
            self.rows,
            list(self.targets),
            batch=schedule.batch,
            size=schedule.size,
            random=self.random,
            full_strength=schedule.full_strength,
            often=schedule.often,
            later=schedule.loss.steady > 0,
        )

    def _learn(self, batch: TrainingBatch) -> None:
        factor = self.schedule.factor(self.step)
        for optimizer, peaks in zip(self.optimizers, self._peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            optimizer.zero_grad(set_to_none=True)
        loss, parts = batch_loss(self._paint, self.encoder, self.targets, batch, self.schedule.loss)
        if not self.team.all_agree(bool(loss.isfinite())):
            return  # a batch that overflowed teaches nothing
        loss.backward()  # type: ignore[no-untyped-call]
        self.team.average_gradients(self._parameters())
        table = self.network.table
        before = None if table is None else table.detach().clone()
        for optimizer in self.optimizers:
            optimizer.step()
        if table is not None and before is not None:
            self._restore_rows(table, before)
        for name, value in parts.items():
            self.losses[name] = _MEMORY * self.losses.get(name, value) + (1 - _MEMORY) * value

    @torch.no_grad()
    def _restore_rows(self, table: Tensor, before: Tensor) -> None:
        table.copy_(torch.where(self._kept.to(table) > 0, before, table))
        fixed = list(self.network.photograph_is_exact)
        table[0, fixed] = before[0, fixed]

    def _paint(self, images: Tensor, weights: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        context: AbstractContextManager[Any] = nullcontext()
        if self.reduced:
            context = torch.autocast(images.device.type, torch.bfloat16)
        with context:
            return self.network(images, weights, corner)

    def state(self) -> dict[str, Any]:
        """Return the state for ``restore``: tensors and plain values, for ``torch.load`` with
        ``weights_only``.
        """
        team = self.team.gather(self.random.bit_generator.state)
        return {
            "network": self.network.state_dict(),
            "optimizers": [o.state_dict() for o in self.optimizers],
            "random": team[0],
            "team": team,
            "step": self.step,
            "elapsed": self.elapsed,
            "losses": dict(self.losses),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state()`` was taken, on whichever device. Raises OptionError for the state of a team
        of another size."""
        team = state.get("team", [state["random"]])
        if len(team) != self.team.size:
            raise OptionError(
                f"this training was begun by {len(team)} processes; expected as many to go on with it, got "
                f"{self.team.size}"
            )
        self.network.load_state_dict(state["network"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.random.bit_generator.state = team[self.team.rank]
        self.step, self.elapsed = state["step"], state["elapsed"]
        self.losses = dict(state["losses"])
