from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from impasto.errors import DivergedError
from impasto.objectives import Evaluation
from impasto.optimize.descent import Descent, has_converged, minimize
from impasto.optimize.options import OptimizeOptions

TARGET = torch.linspace(0.2, 0.8, 3 * 8 * 8).view(1, 3, 8, 8)
START = torch.zeros(1, 3, 8, 8)


class Function:
    """An objective that is a plain function of the image."""

    def __init__(self, loss: Callable[[Tensor], Tensor]) -> None:
        self.loss = loss
        self.count = 0
        self.chance = torch.empty(0)  # it draws no random numbers

    def evaluate(self, image: Tensor) -> Evaluation:
        self.count += 1
        variable = image.detach().clone().requires_grad_()
        total = self.loss(variable)
        (gradient,) = torch.autograd.grad(total, variable)
        return Evaluation(total.detach(), {"style relu1_1": total.detach()}, gradient)


def bowl(image: Tensor) -> Tensor:
    return (image - TARGET).square().sum()


def descent(
    options: OptimizeOptions, loss: Callable[[Tensor], Tensor] = bowl, start: Tensor = START
) -> Descent:
    return Descent(Function(loss), start, options)  # type: ignore[arg-type]


def descend(options: OptimizeOptions, iterations: int = 60) -> tuple[Tensor, list[float]]:
    seen: list[float] = []

    def on_step(_: int, __: Descent, losses: dict[str, float]) -> bool:
        seen.append(losses["total"])
        return False

    return minimize(descent(options), iterations, on_step), seen


@pytest.mark.parametrize(
    "options",
    [
        OptimizeOptions(optimizer="lbfgs"),
        OptimizeOptions(optimizer="lbfgs", line_search=True),
        OptimizeOptions(optimizer="adam", learning_rate=0.05),
        OptimizeOptions(optimizer="sgd", learning_rate=0.1, momentum=0.5),
        OptimizeOptions(optimizer="adam", learning_rate=12.75, variable_range=255.0),
    ],
    ids=["lbfgs", "lbfgs with line search", "adam", "sgd", "adam at 255"],
)
def test_every_optimizer_finds_the_bottom_of_a_bowl(options: OptimizeOptions) -> None:
    result, seen = descend(options)
    assert seen[-1] < 1e-2 * seen[0]
    torch.testing.assert_close(result, TARGET, atol=0.05, rtol=0)


def test_an_iteration_is_one_evaluation_of_the_objective() -> None:
    function = Function(bowl)
    minimize(Descent(function, START, OptimizeOptions()), 7, lambda *_: False)  # type: ignore[arg-type]
    assert function.count == 7


def test_clip_keeps_every_step_in_range() -> None:
    lowest: list[float] = []

    def on_step(_: int, now: Descent, __: dict[str, float]) -> bool:
        lowest.append(float(now.image.min()))
        return False

    options = OptimizeOptions(optimizer="sgd", clip=True, learning_rate=0.4)
    minimize(descent(options, Tensor.sum, torch.full_like(START, 0.5)), 5, on_step)
    assert min(lowest) == 0


def test_stops_below_the_threshold() -> None:
    _, seen = descend(OptimizeOptions(optimizer="adam", learning_rate=0.05, threshold=1.0), 500)
    assert seen[-1] <= 1.0 < seen[-2]


def test_stops_when_the_loss_saturates() -> None:
    _, seen = descend(OptimizeOptions(optimizer="adam", learning_rate=1e-6, saturation=0.01), 500)
    assert len(seen) == 20


def test_goes_on_while_the_loss_falls_fast_enough() -> None:
    falling = [0.9**k for k in range(30)]
    assert not has_converged(falling, OptimizeOptions(saturation=0.01))
    assert has_converged([1.0] * 20, OptimizeOptions(saturation=0.01))
    assert not has_converged([1.0] * 20, OptimizeOptions())


def test_the_callback_can_stop_it() -> None:
    steps: list[int] = []

    def on_step(iteration: int, _: Descent, __: dict[str, float]) -> bool:
        steps.append(iteration)
        return iteration == 3

    minimize(descent(OptimizeOptions()), 100, on_step)
    assert steps == [1, 2, 3]


def test_a_loss_that_is_not_a_number_is_an_error_not_a_picture() -> None:
    with pytest.raises(DivergedError, match="iteration 1"):
        minimize(descent(OptimizeOptions(), lambda image: image.sum() * float("nan")), 5, lambda *_: False)


def test_after_a_number_is_lost_it_steps_back_and_goes_slower() -> None:
    def cliff(image: Tensor) -> Tensor:
        return bowl(image) * (float("nan") if float(image.detach().max()) > 0.9 else 1.0)

    options = OptimizeOptions(optimizer="sgd", momentum=0.0, learning_rate=1.0)
    falling = descent(options, cliff)
    result = minimize(falling, 60, lambda *_: False)
    assert falling.recoveries == 1
    assert falling.rate == 0.5
    torch.testing.assert_close(result, TARGET, atol=0.01, rtol=0)
    with pytest.raises(DivergedError):
        minimize(descent(options.replace(recoveries=0), cliff), 60, lambda *_: False)


def test_it_never_steps_back_to_where_the_loss_is_no_number() -> None:
    def ledge(image: Tensor) -> Tensor:  # each step goes up by the rate; the tenth is one too many
        beyond = float((image.detach() - START).max()) > 0.095
        return -image.sum() * (float("nan") if beyond else 1.0)

    falling = descent(OptimizeOptions(optimizer="sgd", momentum=0.0, learning_rate=0.01), ledge)
    minimize(falling, 20, lambda *_: False)
    assert falling.recoveries == 1
    torch.testing.assert_close(falling.image, START + 10 * 0.005)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_average_is_the_weighted_mean_of_all_iterates_the_start_among_them(decay: float) -> None:
    options = OptimizeOptions(optimizer="sgd", learning_rate=0.1, average_decay=decay)
    plain, averaged = descent(options.replace(average_decay=0.0)), descent(options)
    iterates = [START]
    for _ in range(6):
        plain.step()
        averaged.step()
        iterates.append(plain.image)
    weights = [decay ** (6 - k) for k in range(7)]
    mean = sum(w * x for w, x in zip(weights, iterates, strict=True)) / sum(weights)
    torch.testing.assert_close(averaged.image, mean)


@pytest.mark.parametrize("decay", [0.0, 0.9])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "lbfgs"])
def test_a_restored_descent_ends_where_an_uninterrupted_one_ends(optimizer: str, decay: float) -> None:
    def valley(image: Tensor) -> Tensor:
        return ((image - TARGET).square() * torch.linspace(1, 30, 192).view_as(image)).sum()

    options = OptimizeOptions(optimizer=optimizer, learning_rate=0.01, average_decay=decay)  # type: ignore[arg-type]
    straight = minimize(descent(options, valley), 12, lambda *_: False)
    first = descent(options, valley)
    minimize(first, 5, lambda *_: False)
    state = copy.deepcopy(first.state())
    minimize(first, 9, lambda *_: False)  # what happens after the state was taken does not matter
    second = descent(options, valley)
    second.restore(state)
    torch.testing.assert_close(minimize(second, 12, lambda *_: False), straight, rtol=0, atol=0)


def test_adam_goes_on_at_another_size_with_what_it_knows() -> None:
    options = OptimizeOptions(optimizer="adam", learning_rate=0.05)
    coarse = descent(options)
    minimize(coarse, 5, lambda *_: False)
    fine_target = torch.nn.functional.interpolate(TARGET, scale_factor=2)
    fine = Descent(
        Function(lambda image: (image - fine_target).square().sum()),  # type: ignore[arg-type]
        torch.nn.functional.interpolate(coarse.image, scale_factor=2),
        options,
    )
    fine.carry(coarse.state())
    state = fine.state()["optimizer"]
    assert state["first"].shape == (1, 3, 16, 16)
    assert state["count"] == 5
    assert float(state["second"].min()) >= 0
    mean = coarse.state()["optimizer"]["first"].mean()
    torch.testing.assert_close(state["first"].mean(), mean, rtol=0.02, atol=0)
