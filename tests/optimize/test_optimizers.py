from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from impasto.optimize.optimizers import LBFGS, Adam, GradientDescent, Optimizer, Trial, between, search
from impasto.optimize.options import OptimizeOptions

START = torch.linspace(-1, 1, 24).view(1, 3, 2, 4)
SCALES = torch.logspace(-1, 1, 24).view(1, 3, 2, 4)


def valley(point: Tensor) -> tuple[Tensor, Tensor]:
    """A bowl that is a hundred times steeper along one axis than along another, and its gradient."""
    away = point - 0.25
    return (SCALES * away.square()).sum() / 2, SCALES * away


def run(method: Optimizer, steps: int) -> Tensor:
    point = START.clone()
    for _ in range(steps):
        method.step(point, valley)
    return point


@pytest.mark.parametrize(
    ("own", "theirs"),
    [
        (
            LBFGS(0.5, 3),
            lambda x: torch.optim.LBFGS(
                [x], lr=0.5, max_iter=1, tolerance_grad=0, tolerance_change=0, history_size=3
            ),
        ),
        (Adam(0.1, 0.9, 0.99, 1e-8), lambda x: torch.optim.Adam([x], 0.1, (0.9, 0.99), 1e-8)),
        (GradientDescent(0.01, 0.9), lambda x: torch.optim.SGD([x], 0.01, momentum=0.9)),
    ],
    ids=["lbfgs", "adam", "sgd"],
)
def test_every_step_is_that_of_torch_to_the_last_digit(own: Optimizer, theirs) -> None:  # type: ignore[no-untyped-def]
    variable = START.clone().requires_grad_()
    reference = theirs(variable)

    def closure() -> Tensor:
        loss, variable.grad = valley(variable.detach())
        return loss

    for _ in range(12):
        reference.step(closure)
    torch.testing.assert_close(run(own, 12), variable.detach(), rtol=0, atol=0)


@pytest.mark.parametrize("slope_factor", [1e-3, 1.0, 1e3])
def test_a_line_search_ends_where_the_strong_wolfe_conditions_hold(slope_factor: float) -> None:
    def loss(point: Tensor) -> tuple[Tensor, Tensor]:  # one minimum, flat far from it
        return slope_factor * (1 - torch.exp(-(point.square()))).sum(), slope_factor * 2 * point * torch.exp(
            -(point.square())
        )

    start = torch.tensor([1.5], dtype=torch.float64)
    first, gradient = loss(start)
    direction = -gradient
    slope = float(gradient @ direction)
    length = search(loss, start, direction, 1e-4, float(first), slope)
    there, gradient = loss(start + length * direction)
    assert float(there) <= float(first) + 1e-4 * length * slope
    assert abs(float(gradient @ direction)) <= 0.9 * abs(slope)


def test_a_line_search_grows_steps_whose_change_of_the_loss_float32_cannot_show() -> None:
    def loss(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return 1e8 + (x - 50).square().sum(), 2 * (x - 50)

    start = torch.tensor([0.0])
    first, gradient = loss(start)
    assert float(loss(start + 1e-3)[0]) == float(first), "of 1e8, float32 shows changes from 8 on"
    length = search(loss, start, torch.tensor([1.0]), 1e-3, float(first), float(gradient))
    assert 5 < length < 95


def test_a_line_search_that_finds_nothing_lower_stays_where_it_is() -> None:
    def lowest(point: Tensor) -> tuple[Tensor, Tensor]:  # its gradient is wrong: the loss rises all around
        return point.abs().sum(), torch.ones_like(point)

    start = torch.zeros(1)
    assert search(lowest, start, torch.tensor([-1.0]), 1.0, 0.0, -1.0) == 0


def test_the_minimum_between_two_ends_is_that_of_the_cubic_through_them() -> None:
    # x^3 - 3 x has its minimum at 1.
    assert between(Trial(0.0, 0.0, -3.0), Trial(2.0, 2.0, 9.0)) == pytest.approx(1.0)
    assert between(Trial(2.0, 2.0, 9.0), Trial(0.0, 0.0, -3.0)) == pytest.approx(1.0)
    assert between(Trial(0.0, 0.0, -3.0), Trial(2.0, math.nan, math.nan)) == 1.0


def test_lbfgs_with_a_line_search_goes_on_after_its_history_misled_it() -> None:
    method = LBFGS(1.0, 5, line_search=True)
    point = START.clone()
    for _ in range(4):
        method.step(point, valley)
    state = method.state()
    method.restore(state | {"scale": -state["scale"]})  # a direction that leads up
    for _ in range(30):
        method.step(point, valley)
    assert float(valley(point)[0]) < 1e-4 * float(valley(START)[0])


def test_gradient_descent_with_a_line_search_needs_no_rate_of_the_loss_s_size() -> None:
    for size in (1e-9, 1e9):

        def scaled(point: Tensor, size: float = size) -> tuple[Tensor, Tensor]:
            loss, gradient = valley(point)
            return size * loss, size * gradient

        point, method = START.double(), GradientDescent(1.0, 0.0, line_search=True)
        for _ in range(40):
            method.step(point, scaled)
        assert float(valley(point)[0]) < 1e-2 * float(valley(START)[0])


def test_a_line_search_does_not_evaluate_a_place_twice() -> None:
    from impasto.objectives import Evaluation
    from impasto.optimize.descent import Descent

    seen: list[Tensor] = []

    class Bowl:
        chance = torch.empty(0)  # it draws no random numbers

        def evaluate(self, image: Tensor) -> Evaluation:
            seen.append(image.clone())
            loss, gradient = valley(image)
            return Evaluation(loss, {}, gradient)

    descent = Descent(Bowl(), START, OptimizeOptions(line_search=True))  # type: ignore[arg-type]
    for _ in range(6):
        descent.step()
    assert not any(torch.equal(a, b) for k, a in enumerate(seen) for b in seen[:k])


def test_painting_loads_no_compiler_and_no_computer_algebra() -> None:
    code = (
        "import sys, numpy, impasto\n"
        "x = numpy.linspace(0, 1, 32 * 32 * 3, dtype='float32').reshape(32, 32, 3)\n"
        "for more in ({}, {'optimizer': 'adam'}, {'optimizer': 'sgd'}):\n"
        "    impasto.stylize(x, x[::-1].copy(), size=32, iterations=1, **more)\n"
        "print([n for n in ('torch._dynamo', 'torch._inductor', 'sympy') if n in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
