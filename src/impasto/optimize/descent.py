"""Minimisation of an objective: L-BFGS, Adam and SGD behind one signature."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from impasto.errors import DivergedError
from impasto.objectives import Evaluation, InterruptedEvaluationError, Objective
from impasto.optimize.kept_state import check_state, restoring
from impasto.optimize.optimizers import make_optimizer, resized
from impasto.optimize.options import OptimizeOptions

StepCallback = Callable[[int, "Descent", dict[str, float]], bool]
"""Called after every iteration with its number (from 1), the descent, and the losses before that iteration;
returns True to stop."""

SATURATION_WINDOW = 10
# Iterations between two states to which a diverged descent can return.
MARK_EVERY = 10


class Descent:
    """The minimisation of an objective over an image, one ``step`` at a time, with a state that can be saved.

    The variable's values go up to ``options.variable_range``; ``image`` and ``average`` are in [0, 1].
    """

    def __init__(self, objective: Objective, image: Tensor, options: OptimizeOptions) -> None:
        self.objective = objective
        self.options = options
        self.rate = options.learning_rate
        self.iteration = 0
        self.recoveries = 0
        self.history: list[float] = []
        self._variable = (image.detach() * options.variable_range).contiguous()
        self._optimizer = make_optimizer(options, self.rate)
        self._average = self._variable.clone() if options.average_decay else None
        self._mark = self._variable.clone()
        self._is_restored = False
        self._evaluated: list[tuple[Tensor, Evaluation]] = []

    @property
    def image(self) -> Tensor:
        """The current picture (1, 3, H, W), or the running average if one is kept."""
        found = self._variable if self._average is None else self._average
        return found / self.options.variable_range

    def step(self) -> dict[str, float]:
        """Do one iteration and return the losses before it.

        Raises DivergedError if stepping back does not help, and InterruptedEvaluationError if the objective
        is cancelled; the descent is then unchanged.
        """
        due = self.options.recoveries and self.iteration % MARK_EVERY == 0
        while True:
            begun = self._variable.clone() if due else None
            with restoring() if self._is_restored else contextlib.nullcontext(), self._untouched():
                losses = self._try()
            self._is_restored = False
            if math.isfinite(losses["total"]) and bool(self._variable.isfinite().all()):
                break
            self._recover(losses["total"])
        self.iteration += 1
        self.history.append(losses["total"])
        if self._average is not None:
            self._update_average()
        if begun is not None:
            self._mark = begun  # only now is the loss there known to be finite
        return losses

    @contextlib.contextmanager
    def _untouched(self) -> Iterator[None]:
        """Restore the optimiser and the random state if an evaluation is interrupted.

        Optimisers change the picture, and their state in place, only after their evaluations.
        """
        state, chance = self._optimizer.state(), self.objective.chance
        try:
            yield
        except InterruptedEvaluationError:
            self._optimizer.restore(state)
            self.objective.chance = chance
            raise

    def _try(self) -> dict[str, float]:
        scale = self.options.variable_range
        seen: list[dict[str, Tensor]] = []

        def evaluate(variable: Tensor) -> tuple[Tensor, Tensor]:
            found = self._evaluate(variable)
            assert found.gradient is not None
            seen.append({"total": found.total} | found.parts)
            gradient = found.gradient if scale == 1 else found.gradient / scale
            # Convolutions may return channels-last gradients; L-BFGS needs contiguous vectors.
            return found.total, gradient.contiguous()

        self._optimizer.step(self._variable, evaluate)
        self._evaluated = [pair for pair in self._evaluated if torch.equal(pair[0], self._variable)][:1]
        if self.options.clip:
            self._variable.clamp_(0, scale)
        return {name: float(value) for name, value in seen[0].items()}

    def _evaluate(self, variable: Tensor) -> Evaluation:
        """Return the objective's value at ``variable``, reusing that of a line search that ended there."""
        for point, found in self._evaluated:
            if torch.equal(point, variable):
                return found
        scale = self.options.variable_range
        found = self.objective.evaluate(variable if scale == 1 else variable / scale)
        if self.options.line_search:
            self._evaluated.append((variable.clone(), found))
        return found

    def _recover(self, loss: float) -> None:
        """Return to the last mark, with half the learning rate and a new optimiser state."""
        self.recoveries += 1
        if self.recoveries > self.options.recoveries:
            raise DivergedError(
                f"the loss became {loss} at iteration {self.iteration + 1}; a smaller learning rate "
                f"(now {self.rate:g}) or smaller weights usually help"
            )
        self.rate /= 2
        self._variable.copy_(self._mark)
        self._optimizer = make_optimizer(self.options, self.rate)

    def _update_average(self) -> None:
        """Update the mean of all iterates including the start, with weights that decay by
        ``average_decay``."""
        assert self._average is not None
        decay = self.options.average_decay
        # With t + 2 iterates, their weights sum to (1 - decay^(t + 2)) / (1 - decay).
        newest = (1 - decay) / (1 - decay ** (self.iteration + 1))
        self._average.lerp_(self._variable, newest)

    def state(self) -> dict[str, Any]:
        """Return the state to continue from: tensors, numbers, and containers of them.

        The tensors are those in use: write or copy them before the next step.
        """
        return {
            "variable": self._variable,
            "average": self._average,
            "optimizer": self._optimizer.state(),
            "iteration": self.iteration,
            "recoveries": self.recoveries,
            "rate": self.rate,
            "history": list(self.history),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a ``state``. Raises InputError for one that is damaged, here or at the next step."""
        with restoring():
            check_state(state, self._variable)
            self._take(state)
        self._is_restored = True

    def _take(self, state: Mapping[str, Any]) -> None:
        self._variable.copy_(state["variable"])
        self.rate = state["rate"]
        self._optimizer = make_optimizer(self.options, self.rate)
        self._optimizer.restore(state["optimizer"])
        if self._average is not None:
            self._average.copy_(state["average"])
        self.iteration = state["iteration"]
        self.recoveries = state["recoveries"]
        self.history = list(state["history"])
        self._mark = self._variable.clone()

    def carry(self, state: Mapping[str, Any]) -> None:
        """Take over Adam's ``state`` from a coarser level, resized to this one."""
        height, width = self._variable.shape[2:]
        self._optimizer.restore(resized(state["optimizer"], height, width))


def minimize(descent: Descent, iterations: int, on_step: StepCallback) -> Tensor:
    """Step until ``iterations`` are done, and return the resulting image (1, 3, H, W).

    Stops early if ``on_step`` returns True, or by ``options.threshold`` or ``options.saturation``. Raises
    DivergedError if the loss is not finite and stepping back does not help.
    """
    while descent.iteration < iterations and not has_converged(descent.history, descent.options):
        losses = descent.step()
        if on_step(descent.iteration, descent, losses):
            break
    return descent.image


def has_converged(history: list[float], options: OptimizeOptions) -> bool:
    """Return whether the losses meet the threshold or have saturated, as ``OptimizeOptions`` defines."""
    if options.threshold is not None and history and history[-1] <= options.threshold:
        return True
    if options.saturation is None or len(history) < 2 * SATURATION_WINDOW:
        return False
    before = sum(history[-2 * SATURATION_WINDOW : -SATURATION_WINDOW])
    recent = sum(history[-SATURATION_WINDOW:])
    return before - recent < options.saturation * before
