"""Minimisation of an objective: L-BFGS, Adam and SGD behind one signature."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from impasto.errors import DivergedError
from impasto.objectives import Objective
from impasto.optimize.options import OptimizeOptions

StepCallback = Callable[[int, "Descent", dict[str, float]], bool]
"""Called after every iteration with its number (from 1), the descent, and the losses that iteration
started from; returns True to stop."""

SATURATION_WINDOW = 10
# How often the way back is marked, in iterations.
MARK_EVERY = 10


def make_optimizer(variable: Tensor, options: OptimizeOptions, rate: float) -> torch.optim.Optimizer:
    """Return torch's optimiser, set up as ``options`` say, with this learning rate.

    L-BFGS takes one step per call. Without a line search, as in neural-style, an iteration is one
    evaluation of the objective; with one (strong Wolfe), as in SciPy's that Gatys used, it is several.
    """
    if options.optimizer == "lbfgs":
        return torch.optim.LBFGS(
            [variable],
            lr=rate,
            max_iter=1,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            history_size=options.history,
            line_search_fn="strong_wolfe" if options.line_search else None,
        )
    if options.optimizer == "adam":
        betas = (options.beta1, options.beta2)
        return torch.optim.Adam([variable], rate, betas, options.adam_epsilon)
    return torch.optim.SGD([variable], rate, momentum=options.momentum)


class Descent:
    """An image on its way down an objective: one ``step`` at a time, its state there to be kept.

    Values run to ``options.variable_range``; ``image`` and ``average`` are in [0, 1] again.
    """

    def __init__(self, objective: Objective, image: Tensor, options: OptimizeOptions) -> None:
        self.objective = objective
        self.options = options
        self.rate = options.learning_rate
        self.iteration = 0
        self.recoveries = 0
        self.history: list[float] = []
        self._variable = (image * options.variable_range).contiguous().requires_grad_()
        self._optimizer = make_optimizer(self._variable, options, self.rate)
        self._average = self._variable.detach().clone() if options.average_decay else None
        self._mark = self._variable.detach().clone()

    @property
    def image(self) -> Tensor:
        """The picture now, (1, 3, H, W): the running average where one is kept."""
        found = self._variable.detach() if self._average is None else self._average
        return found / self.options.variable_range

    def step(self) -> dict[str, float]:
        """Return do one iteration and return the losses it started from.

        Raises DivergedError when nothing helps.
        """
        due = self.options.recoveries and self.iteration % MARK_EVERY == 0
        while True:
            begun = self._variable.detach().clone() if due else None
            losses = self._try()
            if math.isfinite(losses["total"]) and bool(self._variable.isfinite().all()):
                break
            self._recover(losses["total"])
        self.iteration += 1
        self.history.append(losses["total"])
        if self._average is not None:
            self._update_average()
        if begun is not None:
            self._mark = begun  # only now is it known that the loss is a number there
        return losses

    def _try(self) -> dict[str, float]:
        scale = self.options.variable_range
        seen: list[dict[str, Tensor]] = []

        def closure() -> Tensor:
            found = self.objective.evaluate(self._variable.detach() / scale)
            assert found.gradient is not None
            # Convolutions hand back channels last; L-BFGS wants its vectors plain.
            self._variable.grad = (found.gradient / scale).contiguous()
            seen.append({"total": found.total} | found.parts)
            return found.total

        self._optimizer.step(closure)  # type: ignore[arg-type]
        if self.options.clip:
            with torch.no_grad():
                self._variable.clamp_(0, scale)
        return {name: float(value) for name, value in seen[0].items()}

    def _recover(self, loss: float) -> None:
        """Go back to the last mark, with half the learning rate and no memory."""
        self.recoveries += 1
        if self.recoveries > self.options.recoveries:
            raise DivergedError(
                f"the loss became {loss} at iteration {self.iteration + 1}; a smaller learning rate "
                f"(now {self.rate:g}) or smaller weights usually help"
            )
        self.rate /= 2
        with torch.no_grad():
            self._variable.copy_(self._mark)
        self._optimizer = make_optimizer(self._variable, self.options, self.rate)

    def _update_average(self) -> None:
        """Update the mean of all iterates, the start included, whose weights fall by ``average_decay``."""
        assert self._average is not None
        decay = self.options.average_decay
        # With t + 2 iterates, their weights sum to (1 - decay^(t + 2)) / (1 - decay).
        newest = (1 - decay) / (1 - decay ** (self.iteration + 1))
        self._average.lerp_(self._variable.detach(), newest)

    def state(self) -> dict[str, Any]:
        """Return the state to continue from: tensors, numbers, and containers of them.

        The tensors are those in use: write or copy them before the next step.
        """
        return {
            "variable": self._variable.detach(),
            "average": self._average,
            "optimizer": self._optimizer.state_dict(),
            "iteration": self.iteration,
            "recoveries": self.recoveries,
            "rate": self.rate,
            "history": list(self.history),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a ``state``."""
        with torch.no_grad():
            self._variable.copy_(state["variable"])
        self.rate = state["rate"]
        self._optimizer = make_optimizer(self._variable, self.options, self.rate)
        self._optimizer.load_state_dict(state["optimizer"])
        if self._average is not None:
            self._average.copy_(state["average"])
        self.iteration = state["iteration"]
        self.recoveries = state["recoveries"]
        self.history = list(state["history"])
        self._mark = self._variable.detach().clone()

    def carry(self, state: Mapping[str, Any]) -> None:
        """Take over what Adam learnt at a coarser level, brought to this size.

        First moments are interpolated bicubically, second ones bilinearly and kept positive.
        Source: style-transfer-pytorch.
        """
        grown = dict(state["optimizer"])
        size = self._variable.shape[2:]
        moments = {key: dict(values) for key, values in grown["state"].items()}
        for values in moments.values():
            first = torch.nn.functional.interpolate(values["exp_avg"], size=size, mode="bicubic")
            second = torch.nn.functional.interpolate(values["exp_avg_sq"], size=size, mode="bilinear")
            values["exp_avg"], values["exp_avg_sq"] = first, second.relu()
        self._optimizer.load_state_dict({**grown, "state": moments})


def minimize(descent: Descent, iterations: int, on_step: StepCallback) -> Tensor:
    """Step until ``iterations`` are done, and return the resulting image (1, 3, H, W).

    Stops early when ``on_step`` says so, or by ``options.threshold`` or ``options.saturation``.
    Raises DivergedError when the loss is no longer a number, and stepping back does not help.
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
