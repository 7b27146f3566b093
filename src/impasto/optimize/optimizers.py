"""Optimisers of one tensor: L-BFGS, Adam and gradient descent behind one protocol.

torch has all of them, but creating any of its optimisers loads its compiler, which takes longer than a small
painting. Without a line search these compute the same as torch's, operation by operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from impasto.optimize.options import OptimizeOptions

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A function from a point to its loss, a scalar, and the gradient there, of the point's shape."""

# Pairs with no more than this curvature are not added to L-BFGS's history, as in torch.
LEAST_CURVATURE = 1e-10
# The conditions of Wolfe (Nocedal and Wright, "Numerical Optimization", 2006, section 3.1), and how many
# evaluations a search for them may take.
SUFFICIENT_DECREASE, CURVATURE, SEARCH_EVALUATIONS = 1e-4, 0.9, 20


class Optimizer(Protocol):
    """A method of descent whose ``step`` moves a tensor in place."""

    def step(self, variable: Tensor, evaluate: Evaluate) -> None:
        """Move ``variable`` in place by one iteration."""

    def state(self) -> dict[str, Any]:
        """Return the state: tensors, numbers and lists of them, not copied."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a ``state``."""


def make_optimizer(options: OptimizeOptions, rate: float) -> Optimizer:
    """Return the optimiser that ``options`` ask for, with this learning rate.

    Without a line search, as in neural-style, an iteration of L-BFGS takes one evaluation of the objective;
    with one (strong Wolfe), as in SciPy, which Gatys used, it takes one or more.
    """
    if options.optimizer == "lbfgs":
        return LBFGS(rate, options.history, line_search=options.line_search)
    if options.optimizer == "adam":
        return Adam(rate, options.beta1, options.beta2, options.adam_epsilon)
    return GradientDescent(rate, options.momentum, line_search=options.line_search)


class GradientDescent:
    """Gradient descent with momentum: v = momentum * v + gradient, x = x - rate * v.

    With ``line_search`` the rate is searched at each step, starting from the last one: see ``search``. If
    momentum leads uphill it is reset.
    """

    def __init__(self, rate: float, momentum: float, *, line_search: bool = False) -> None:
        self.rate = rate
        self.momentum = momentum
        self.line_search = line_search
        self._velocity: Tensor | None = None
        self._length: float | None = None

    def step(self, variable: Tensor, evaluate: Evaluate) -> None:
        loss, gradient = evaluate(variable)
        if self._velocity is None:
            self._velocity = gradient.clone()
        else:
            # Not in place: evaluations of a line search, which may be interrupted, follow.
            self._velocity = (self._velocity * self.momentum).add_(gradient)
        if not self.line_search:
            variable.add_(self._velocity, alpha=-self.rate)
            return
        slope = -float(gradient.flatten().dot(self._velocity.flatten()))
        if slope > 0:
            self._velocity = gradient.clone()
            slope = -float(gradient.square().sum())
        if self._length is None:
            self._length = first_length(gradient, self.rate)
        length = search(evaluate, variable, self._velocity.neg(), self._length, float(loss), slope)
        variable.add_(self._velocity, alpha=-length)
        self._length = length or None

    def state(self) -> dict[str, Any]:
        return {"velocity": self._velocity, "length": self._length}

    def restore(self, state: Mapping[str, Any]) -> None:
        self._velocity, self._length = _copy(state["velocity"]), state["length"]


def first_length(gradient: Tensor, rate: float) -> float:
    """Return the first step length along ``gradient``: the rate divided by its L1 norm, at most the rate."""
    return float((1.0 / gradient.abs().sum()).clamp(max=1.0) * rate)


class Adam:
    """Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1)."""

    def __init__(self, rate: float, beta1: float, beta2: float, epsilon: float) -> None:
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.count = 0
        self._first: Tensor | None = None
        self._second: Tensor | None = None

    def step(self, variable: Tensor, evaluate: Evaluate) -> None:
        _, gradient = evaluate(variable)
        if self._first is None or self._second is None:
            self._first, self._second = torch.zeros_like(variable), torch.zeros_like(variable)
        self.count += 1
        self._first.lerp_(gradient, 1 - self.beta1)
        self._second.mul_(self.beta2).addcmul_(gradient, gradient, value=1 - self.beta2)
        root = math.sqrt(1 - self.beta2**self.count)
        divisor = (self._second.sqrt() / root).add_(self.epsilon)
        variable.addcdiv_(self._first, divisor, value=-self.rate / (1 - self.beta1**self.count))

    def state(self) -> dict[str, Any]:
        return {"count": self.count, "first": self._first, "second": self._second}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.count = state["count"]
        self._first, self._second = _copy(state["first"]), _copy(state["second"])


def resized(state: Mapping[str, Any], height: int, width: int) -> dict[str, Any]:
    """Return a ``state`` of Adam's for a picture of another size.

    First moments are interpolated bicubically, second ones bilinearly and kept positive.
    Source: style-transfer-pytorch.
    """
    if state["first"] is None:
        return dict(state)
    size = (height, width)
    first = functional.interpolate(state["first"], size=size, mode="bicubic")
    second = functional.interpolate(state["second"], size=size, mode="bilinear")
    return {"count": state["count"], "first": first, "second": second.relu()}


class LBFGS:
    """L-BFGS (Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4) with ``history`` pairs.

    The first step length is the rate divided by the gradient's L1 norm, at most the rate; later steps are the
    rate times the direction found. With ``line_search`` the length also meets the strong Wolfe conditions, if
    ``search`` finds one that does. If the direction is not one of descent, or no point along it has a lower
    loss, the history is cleared and the next step counts as the first.
    """

    def __init__(self, rate: float, history: int, *, line_search: bool = False) -> None:
        self.rate = rate
        self.history = history
        self.line_search = line_search
        self._forget()

    def _forget(self) -> None:
        self._steps: list[Tensor] = []
        self._changes: list[Tensor] = []
        self._inverses: list[Tensor] = []
        self._scale: Tensor | None = None
        self._gradient: Tensor | None = None
        self._moved: Tensor | None = None

    def step(self, variable: Tensor, evaluate: Evaluate) -> None:
        loss, found = evaluate(variable)
        gradient = found.flatten()
        direction = self._next_direction(gradient)
        slope = float(gradient.dot(direction))
        if slope > 0:
            self._forget()
            direction = gradient.neg()
            slope = -float(gradient.dot(gradient))
        length = self.rate if self._gradient is not None else first_length(gradient, self.rate)
        along = direction.view_as(variable)
        if self.line_search and slope < 0:
            length = search(evaluate, variable, along, length, float(loss), slope)
            if not length:
                self._forget()
                return
        variable.add_(along, alpha=length)
        self._gradient = gradient
        self._moved = direction.mul_(length)

    def _next_direction(self, gradient: Tensor) -> Tensor:
        self._remember(gradient)
        return self._direction(gradient)

    def _remember(self, gradient: Tensor) -> None:
        """Add the last step and its change of the gradient to the history."""
        if self._moved is None or self._gradient is None:
            return
        change = gradient - self._gradient
        curvature = change.dot(self._moved)
        if float(curvature) <= LEAST_CURVATURE:
            return
        if len(self._steps) == self.history:
            for row in (self._steps, self._changes, self._inverses):
                row.pop(0)
        self._steps.append(self._moved)
        self._changes.append(change)
        self._inverses.append(1.0 / curvature)
        self._scale = curvature / change.dot(change)

    def _direction(self, gradient: Tensor) -> Tensor:
        """Return the negative inverse Hessian, approximated from the history, times ``gradient``."""
        direction = gradient.neg()
        if self._scale is None:
            return direction
        pairs = list(zip(self._steps, self._changes, self._inverses, strict=True))
        factors = []
        for step, change, inverse in reversed(pairs):
            factors.append(step.dot(direction) * inverse)
            direction.add_(change, alpha=-float(factors[-1]))
        direction.mul_(self._scale)
        for (step, change, inverse), factor in zip(pairs, reversed(factors), strict=True):
            direction.add_(step, alpha=float(factor - change.dot(direction) * inverse))
        return direction

    def state(self) -> dict[str, Any]:
        return {
            "steps": list(self._steps),
            "changes": list(self._changes),
            "inverses": list(self._inverses),
            "scale": self._scale,
            "gradient": self._gradient,
            "moved": self._moved,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._steps, self._changes = list(state["steps"]), list(state["changes"])
        self._inverses = list(state["inverses"])
        self._scale, self._gradient, self._moved = state["scale"], state["gradient"], state["moved"]


RESOLUTION = 4 * 2.0**-23
"""The relative change of a loss below which it is rounding, in float32."""


def search(
    evaluate: Evaluate, start: Tensor, direction: Tensor, length: float, loss: float, slope: float
) -> float:
    """Return the length of a step from ``start`` along ``direction`` that meets the strong Wolfe conditions.

    ``length`` is tried first; ``loss`` and ``slope`` (below 0) are those at ``start``. After
    SEARCH_EVALUATIONS evaluations the best length seen is returned, 0 if none lowers the loss. While a step
    is too short for float32 to resolve the change of the loss, and the slope is negative, the length is
    increased tenfold.
    Source: Nocedal and Wright, "Numerical Optimization" (2006), algorithms 3.5 and 3.6.
    """
    low = Trial(0.0, loss, slope)
    high: Trial | None = None
    for _ in range(SEARCH_EVALUATIONS):
        there, gradient = evaluate(start.add(direction, alpha=length))
        found = Trial(length, float(there), float(gradient.flatten().dot(direction.flatten())))
        if high is None and found.slope < 0 and abs(found.loss - loss) <= RESOLUTION * abs(loss):
            low = found
        elif not found.loss <= loss + SUFFICIENT_DECREASE * length * slope or found.loss >= low.loss:
            high = found
        elif abs(found.slope) <= -CURVATURE * slope:
            return found.length
        else:
            # A minimum lies between ``low``, the lowest so far, and ``high``.
            if high is None:
                high = low if found.slope >= 0 else None
            elif found.slope * (high.length - low.length) >= 0:
                high = low
            low = found
        length = 10 * low.length if high is None else between(low, high)
    return low.length


@dataclass(frozen=True)
class Trial:
    """The loss after a step of some ``length``, and its derivative with respect to the length."""

    length: float
    loss: float
    slope: float


def between(low: Trial, high: Trial) -> float:
    """Return the minimum of the cubic with the losses and slopes of both trials, or their midpoint if the
    minimum is closer than a tenth of the interval to either.
    """
    width = high.length - low.length
    d = low.slope + high.slope - 3 * (low.loss - high.loss) / (low.length - high.length)
    square = d * d - low.slope * high.slope
    if math.isfinite(square) and square >= 0:
        root = math.copysign(math.sqrt(square), width)
        divisor = high.slope - low.slope + 2 * root
        if divisor:
            found = 1 - (high.slope + root - d) / divisor  # as a share of the interval, from ``low``
            if 0.1 <= found <= 0.9:
                return low.length + found * width
    return low.length + width / 2


def _copy(found: Tensor | None) -> Tensor | None:
    return None if found is None else found.clone()
