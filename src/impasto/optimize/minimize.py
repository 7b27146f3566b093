"""Descend an objective: L-BFGS, Adam and SGD behind one signature."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from impasto.errors import DivergedError
from impasto.objectives import Objective
from impasto.optimize.options import Options

StepCallback = Callable[[int, Tensor, dict[str, float]], bool]
"""Called after every iteration with its number (from 1), the image (1, 3, H, W), and the losses
that iteration started from; returns True to stop."""

SATURATION_WINDOW = 10


def make_optimizer(variable: Tensor, options: Options) -> torch.optim.Optimizer:
    """torch's own optimiser, set up as ``options`` say.

    L-BFGS takes one step per call. Without a line search, as in neural-style, an iteration is one
    evaluation of the objective; with one (strong Wolfe), as in SciPy's that Gatys used, it is several.
    """
    if options.optimizer == "lbfgs":
        return torch.optim.LBFGS(
            [variable],
            lr=options.learning_rate,
            max_iter=1,
            tolerance_grad=0.0,
            tolerance_change=0.0,
            history_size=options.history,
            line_search_fn="strong_wolfe" if options.line_search else None,
        )
    if options.optimizer == "adam":
        betas = (options.beta1, options.beta2)
        return torch.optim.Adam([variable], options.learning_rate, betas, options.adam_epsilon)
    return torch.optim.SGD([variable], options.learning_rate, momentum=options.momentum)


def minimize(
    objective: Objective, image: Tensor, iterations: int, options: Options, on_step: StepCallback
) -> Tensor:
    """Up to ``iterations`` steps from ``image`` (1, 3, H, W); returns where they led.

    Stops early when ``on_step`` says so, or by ``options.threshold`` or ``options.saturation``.
    Raises DivergedError when the loss is no longer a number.
    """
    scale = options.variable_range
    variable = (image * scale).contiguous().requires_grad_()
    optimizer = make_optimizer(variable, options)
    evaluations: list[dict[str, Tensor]] = []

    def closure() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        total, parts = objective(variable / scale if scale != 1 else variable)
        total.backward()  # type: ignore[no-untyped-call]
        evaluations.append({"total": total.detach()} | {n: v.detach() for n, v in parts.items()})
        return total

    history: list[float] = []
    for iteration in range(1, iterations + 1):
        evaluations.clear()
        optimizer.step(closure)  # type: ignore[arg-type]
        if options.clip:
            with torch.no_grad():
                variable.clamp_(0, scale)
        losses = {name: float(value) for name, value in evaluations[0].items()}
        history.append(losses["total"])
        if not math.isfinite(history[-1]):
            raise DivergedError(
                f"the loss became {history[-1]} at iteration {iteration}; a smaller learning rate "
                f"(now {options.learning_rate:g}) or smaller weights usually help"
            )
        current = variable.detach() / scale
        if on_step(iteration, current, losses) or settled(history, options):
            break
    return variable.detach() / scale


def settled(history: list[float], options: Options) -> bool:
    """Whether the losses so far meet the threshold or have saturated, as ``Options`` defines."""
    if options.threshold is not None and history[-1] <= options.threshold:
        return True
    if options.saturation is None or len(history) < 2 * SATURATION_WINDOW:
        return False
    before = sum(history[-2 * SATURATION_WINDOW : -SATURATION_WINDOW])
    recent = sum(history[-SATURATION_WINDOW:])
    return before - recent < options.saturation * before
