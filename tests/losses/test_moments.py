import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.losses import (
    covariance_from_gram,
    covariance_root,
    gram_matrix,
    mean_and_covariance,
    mean_std,
    moment_difference,
    wasserstein2_gaussian,
)


def random_features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_moments(
    channels: int, positions: int, seed: int, scale: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    return mean_and_covariance(scale * random_features(1, channels, 1, positions, seed=seed) + 0.5)


def test_moments_of_two_positions_equal_what_a_hand_computes() -> None:
    mean, covariance = mean_and_covariance(torch.tensor([[[[1.0, 3.0]], [[4.0, 0.0]]]]))
    torch.testing.assert_close(mean, torch.tensor([2.0, 2.0]))
    torch.testing.assert_close(covariance, torch.tensor([[1.0, -2.0], [-2.0, 4.0]]))


def test_covariance_is_the_gram_matrix_less_the_mean_s_outer_product() -> None:
    features = random_features(1, 4, 5, 6) + 2
    mean, covariance = mean_and_covariance(features)
    torch.testing.assert_close(covariance_from_gram(mean, gram_matrix(features)), covariance)


def test_covariance_keeps_its_digits_beside_a_large_mean() -> None:
    features = random_features(1, 3, 8, 8)
    _, covariance = mean_and_covariance((features + 1000).float())
    torch.testing.assert_close(covariance.double(), mean_and_covariance(features)[1], rtol=1e-3, atol=1e-3)


def test_a_constant_channel_has_a_finite_gradient() -> None:
    features = torch.ones(1, 2, 3, 3, requires_grad=True)
    mean, gram = features.mean((0, 2, 3)), gram_matrix(features)
    mean_std(mean, gram.diagonal() - mean.square(), torch.zeros(2), torch.ones(2)).backward()
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_moment_difference_equals_what_a_hand_computes() -> None:
    loss = moment_difference(
        torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]), torch.tensor([0.0, 2.0]), torch.tensor([1.0, 1.0])
    )
    assert loss.item() == pytest.approx((1 + 4) / 2)


def test_the_difference_from_variances_equals_what_a_hand_computes() -> None:
    loss = mean_std(
        torch.tensor([1.0, 2.0]),
        torch.tensor([9.0, 1.0]),
        torch.tensor([0.0, 2.0]),
        torch.tensor([1.0, 1.0]),
        epsilon=0,
    )
    assert loss.item() == pytest.approx((1 + 4) / 2)


def test_the_difference_from_variances_needs_no_more_than_mean_and_gram_matrix() -> None:
    features, style = random_features(1, 3, 4, 5), random_features(1, 3, 4, 5, seed=1)
    moments = []
    for picture in (features, style):
        mean, gram = picture.mean((0, 2, 3)), gram_matrix(picture)
        moments += [mean, gram.diagonal() - mean.square()]
    deviations = [(picture.var((0, 2, 3), correction=0) + 1e-5).sqrt() for picture in (features, style)]
    expected = moment_difference(moments[0], deviations[0], moments[2], deviations[1])
    torch.testing.assert_close(mean_std(*moments), expected)
    assert mean_std(*moments[:2], *moments[:2]).item() == 0


@pytest.mark.parametrize("rounding", [0.0, -1e-6])
def test_a_variance_that_rounding_left_at_or_below_zero_has_a_finite_gradient(rounding: float) -> None:
    variance = torch.full((2,), rounding, requires_grad=True)
    loss = mean_std(torch.zeros(2), variance, torch.zeros(2), torch.ones(2))
    loss.backward()
    assert loss.item() == pytest.approx(1, rel=0.02)
    assert variance.grad is not None
    assert torch.isfinite(variance.grad).all()


def test_the_difference_from_variances_has_the_gradient_finite_differences_find() -> None:
    mean, target = random_features(4).requires_grad_(), random_features(4, seed=1)
    variance = (random_features(4, seed=2).square() + 0.1).requires_grad_()
    assert torch.autograd.gradcheck(lambda m, v: mean_std(m, v, target, target.square()), (mean, variance))


def test_the_root_of_a_covariance_squares_to_it() -> None:
    _, covariance = random_moments(5, 40, seed=0)
    root = covariance_root(covariance, epsilon=0.01)
    torch.testing.assert_close(root @ root, covariance + 0.01 * torch.eye(5, dtype=torch.float64))
    torch.testing.assert_close(root, root.T)


def test_the_distance_of_independent_channels_is_that_of_means_and_deviations() -> None:
    deviations, target = torch.tensor([1.0, 2.0, 0.5]), torch.tensor([2.0, 2.0, 3.0])
    distance = wasserstein2_gaussian(
        torch.zeros(3),
        deviations.square().diag(),
        torch.tensor([1.0, 0.0, 2.0]),
        target.square().diag(),
        epsilon=0,
    )
    assert distance.item() == pytest.approx((1 + 4) + (1 + 0 + 6.25), rel=1e-6)


def test_turning_both_distributions_alike_keeps_their_distance() -> None:
    (mean, covariance), (target_mean, target) = random_moments(4, 30, seed=0), random_moments(4, 30, seed=1)
    turn = torch.linalg.qr(random_features(4, 4, seed=2)).Q
    torch.testing.assert_close(
        wasserstein2_gaussian(
            turn @ mean, turn @ covariance @ turn.T, turn @ target_mean, turn @ target @ turn.T
        ),
        wasserstein2_gaussian(mean, covariance, target_mean, target),
    )


def test_the_distance_is_the_same_in_both_directions() -> None:
    here, there = random_moments(4, 30, seed=0), random_moments(4, 30, seed=1, scale=3)
    torch.testing.assert_close(wasserstein2_gaussian(*here, *there), wasserstein2_gaussian(*there, *here))


@given(
    channels=st.integers(1, 12),
    positions=st.integers(1, 30),
    seed=st.integers(0, 1000),
    scale=st.floats(1e-3, 1e3),
)
@settings(max_examples=60)
def test_the_distance_is_never_negative_and_zero_to_itself_at_any_rank(
    channels: int, positions: int, seed: int, scale: float
) -> None:
    mean, covariance = random_moments(channels, positions, seed, scale)
    target_mean, target = random_moments(channels, positions + 3, seed + 1)
    size = float(covariance.trace() + target.trace()) + channels * 1e-4
    # Eigenvalues are good to 1e-16 of the largest, so their roots to 1e-8 of its root.
    distance = wasserstein2_gaussian(mean, covariance, target_mean, target)
    assert distance.item() >= -1e-7 * size
    assert wasserstein2_gaussian(mean, covariance, mean, covariance).abs().item() <= 1e-7 * size


@pytest.mark.parametrize("positions", [3, 40], ids=["rank deficient", "full rank"])
def test_the_distance_has_the_gradient_finite_differences_find(positions: int) -> None:
    features = random_features(1, 4, 1, positions).requires_grad_()
    target_mean, target = random_moments(4, 40, seed=1)
    root = covariance_root(target, epsilon=0.01)

    def distance(value: torch.Tensor) -> torch.Tensor:
        return wasserstein2_gaussian(
            *mean_and_covariance(value), target_mean, target, epsilon=0.01, target_root=root
        )

    assert torch.autograd.gradcheck(distance, (features,))


def test_many_newton_schulz_iterations_arrive_at_the_true_root_value_and_gradient() -> None:
    target_mean, target = random_moments(4, 30, seed=1)
    results = []
    for iterations in (None, 40):
        mean, covariance = random_moments(4, 30, seed=0)
        covariance.requires_grad_()
        distance = wasserstein2_gaussian(mean, covariance, target_mean, target, newton_schulz=iterations)
        distance.backward()
        results.append((distance.detach(), covariance.grad))
    torch.testing.assert_close(results[0], results[1])


def test_stopped_newton_schulz_gives_what_the_matrix_iteration_gives() -> None:
    _, covariance = random_moments(6, 4, seed=3, scale=2)
    matrix = covariance + 1e-4 * torch.eye(6, dtype=torch.float64)
    norm = matrix.norm()
    root, inverse = matrix / norm, torch.eye(6, dtype=torch.float64)
    for _ in range(12):
        step = 1.5 * torch.eye(6, dtype=torch.float64) - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    torch.testing.assert_close(covariance_root(covariance, newton_schulz=12), root * norm.sqrt())


def test_gradients_stay_bounded_where_rounding_made_a_covariance_negative() -> None:
    covariance = torch.diag(torch.tensor([4.0, 1.0, -2e-4, 0.0])).requires_grad_()
    target_mean, target = random_moments(4, 40, seed=1)
    wasserstein2_gaussian(
        torch.zeros(4), covariance, target_mean.float(), target.float(), epsilon=1e-4
    ).backward()
    assert covariance.grad is not None
    largest = math.sqrt(float(torch.linalg.eigvalsh(target)[-1]) + 1e-4)
    assert torch.linalg.eigvalsh(covariance.grad).abs().max() <= 1 + largest / math.sqrt(1e-4)


def test_without_epsilon_flat_pictures_have_distance_zero_and_finite_gradients() -> None:
    covariance = torch.zeros(3, 3, requires_grad=True)
    distance = wasserstein2_gaussian(torch.zeros(3), covariance, torch.zeros(3), torch.zeros(3, 3), epsilon=0)
    distance.backward()
    assert distance.item() == 0
    assert covariance.grad is not None
    assert torch.isfinite(covariance.grad).all()


def test_descending_the_distance_brings_the_moments_together() -> None:
    target_mean, target = random_moments(3, 50, seed=1, scale=2)
    features = (0.1 * random_features(1, 3, 1, 60, seed=2)).requires_grad_()
    optimizer = torch.optim.Adam([features], lr=0.1)
    root = covariance_root(target)
    for _ in range(150):
        optimizer.zero_grad()
        loss = wasserstein2_gaussian(*mean_and_covariance(features), target_mean, target, target_root=root)
        loss.backward()
        optimizer.step()
    mean, covariance = mean_and_covariance(features.detach())
    torch.testing.assert_close(mean, target_mean, atol=0.02, rtol=0)
    torch.testing.assert_close(covariance, target, atol=0.05, rtol=0)


@pytest.mark.parametrize(("options", "named"), [({"epsilon": -1.0}, "-1.0"), ({"newton_schulz": 0}, "got 0")])
def test_options_out_of_range_are_refused(options: dict[str, float], named: str) -> None:
    moments = random_moments(2, 5, seed=0)
    with pytest.raises(InputError, match=named):
        wasserstein2_gaussian(*moments, *moments, **options)


def test_moments_of_different_layers_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(2, 2\).*\(3, 3\)"):
        wasserstein2_gaussian(torch.zeros(2), torch.eye(3), torch.zeros(2), torch.eye(2))
    with pytest.raises(InputError, match=r"mean of shape \(2,\)"):
        covariance_from_gram(torch.zeros(2), torch.eye(3))
    with pytest.raises(InputError, match=r"\(2,\).*\(1,\)"):
        mean_std(torch.zeros(2), torch.ones(1), torch.zeros(2), torch.ones(2))


@pytest.mark.parametrize("newton_schulz", [None, 12])
@pytest.mark.parametrize("worst", [math.nan, math.inf])
def test_moments_that_are_no_numbers_give_a_loss_that_is_none(
    worst: float, newton_schulz: int | None
) -> None:
    mean, covariance = random_moments(3, 20, seed=1)
    spoilt = covariance.clone()
    spoilt[0, 1] = worst
    spoilt.requires_grad_()
    loss = wasserstein2_gaussian(mean, spoilt, mean, covariance, newton_schulz=newton_schulz)
    loss.backward()
    assert torch.isnan(loss)
    assert spoilt.grad is not None
    assert covariance_root(spoilt, newton_schulz=newton_schulz).isnan().all()
