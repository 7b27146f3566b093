from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto.errors import DivergedError
from impasto.optimize.minimize import minimize, settled
from impasto.optimize.options import Options

TARGET = torch.linspace(0.2, 0.8, 3 * 8 * 8).view(1, 3, 8, 8)


def bowl(image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    loss = (image - TARGET).square().sum()
    return loss, {"style relu1_1": loss}


def descend(options: Options, iterations: int = 60) -> tuple[Tensor, list[float]]:
    seen: list[float] = []

    def on_step(_: int, __: Tensor, losses: dict[str, float]) -> bool:
        seen.append(losses["total"])
        return False

    result = minimize(bowl, torch.zeros(1, 3, 8, 8), iterations, options, on_step)  # type: ignore[arg-type]
    return result, seen


@pytest.mark.parametrize(
    "options",
    [
        Options(optimizer="lbfgs"),
        Options(optimizer="lbfgs", line_search=True),
        Options(optimizer="adam", learning_rate=0.05),
        Options(optimizer="sgd", learning_rate=0.1, momentum=0.5),
        Options(optimizer="adam", learning_rate=12.75, variable_range=255.0),
    ],
    ids=["lbfgs", "lbfgs with line search", "adam", "sgd", "adam at 255"],
)
def test_every_optimizer_finds_the_bottom_of_a_bowl(options: Options) -> None:
    result, seen = descend(options)
    assert seen[-1] < 1e-2 * seen[0]
    torch.testing.assert_close(result, TARGET, atol=0.05, rtol=0)


def test_an_iteration_is_one_evaluation_of_the_objective() -> None:
    count = 0

    def counted(image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        nonlocal count
        count += 1
        return bowl(image)

    minimize(counted, torch.zeros(1, 3, 8, 8), 7, Options(), lambda *_: False)  # type: ignore[arg-type]
    assert count == 7


def test_clip_keeps_every_step_in_range() -> None:
    lowest: list[float] = []

    def steep(image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return (image.sum() * 1.0), {}

    def on_step(_: int, image: Tensor, __: dict[str, float]) -> bool:
        lowest.append(float(image.min()))
        return False

    options = Options(optimizer="sgd", clip=True, learning_rate=0.4)
    minimize(steep, torch.full((1, 3, 8, 8), 0.5), 5, options, on_step)  # type: ignore[arg-type]
    assert min(lowest) == 0


def test_stops_below_the_threshold() -> None:
    _, seen = descend(Options(optimizer="adam", learning_rate=0.05, threshold=1.0), 500)
    assert seen[-1] <= 1.0 < seen[-2]


def test_stops_when_the_loss_saturates() -> None:
    _, seen = descend(Options(optimizer="adam", learning_rate=1e-6, saturation=0.01), 500)
    assert len(seen) == 20


def test_goes_on_while_the_loss_falls_fast_enough() -> None:
    falling = [0.9**k for k in range(30)]
    assert not settled(falling, Options(saturation=0.01))
    assert settled([1.0] * 20, Options(saturation=0.01))
    assert not settled([1.0] * 20, Options())


def test_the_callback_can_stop_it() -> None:
    steps: list[int] = []

    def on_step(iteration: int, _: Tensor, __: dict[str, float]) -> bool:
        steps.append(iteration)
        return iteration == 3

    minimize(bowl, torch.zeros(1, 3, 8, 8), 100, Options(), on_step)  # type: ignore[arg-type]
    assert steps == [1, 2, 3]


def test_a_loss_that_is_not_a_number_is_an_error_not_a_picture() -> None:
    def broken(image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return (image.sum() * float("nan")), {}

    with pytest.raises(DivergedError, match="iteration 1"):
        minimize(broken, torch.zeros(1, 3, 8, 8), 5, Options(), lambda *_: False)  # type: ignore[arg-type]
