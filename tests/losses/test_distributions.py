import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.losses import quantiles, random_directions, sliced_wasserstein, sort_matching


def random_samples(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def directions(channels: int, count: int, seed: int = 0) -> torch.Tensor:
    return random_directions(channels, count, torch.Generator().manual_seed(seed)).double()


def shuffled(samples: torch.Tensor, seed: int = 5) -> torch.Tensor:
    return samples[torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))]


def exact_wasserstein(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Every sample as often as makes both sides equally many: then matching by order is exact."""
    size = math.lcm(len(found), len(target))
    found = found.sort(dim=0).values.repeat_interleave(size // len(found), 0)
    return (found - target.sort(dim=0).values.repeat_interleave(size // len(target), 0)).square().mean()


def test_matching_by_order_equals_what_a_hand_computes() -> None:
    found = torch.tensor([[3.0, 0.0], [1.0, 5.0]])
    target = torch.tensor([[0.0, 5.0], [5.0, 2.0]])
    # Sorted: (1, 3) against (0, 5), and (0, 5) against (2, 5).
    assert sort_matching(found, target).item() == pytest.approx((1 + 4 + 4 + 0) / 4)


def test_quantiles_are_means_of_equal_parts_shared_where_a_cut_falls_inside_a_sample() -> None:
    samples = torch.tensor([[6.0], [0.0], [3.0]])
    torch.testing.assert_close(quantiles(samples, 1), torch.tensor([[3.0]]))
    torch.testing.assert_close(quantiles(samples, 2), torch.tensor([[(0 + 1.5) / 1.5], [(6 + 1.5) / 1.5]]))
    torch.testing.assert_close(quantiles(samples, 3), torch.tensor([[0.0], [3.0], [6.0]]))
    torch.testing.assert_close(quantiles(samples, 6), torch.tensor([[0.0], [0], [3], [3], [6], [6]]))


@given(size=st.integers(1, 30), count=st.integers(1, 30), seed=st.integers(0, 1000))
@settings(max_examples=50)
def test_quantiles_ascend_and_keep_the_mean(size: int, count: int, seed: int) -> None:
    samples = random_samples(size, 2, seed=seed) + 3
    parts = quantiles(samples, count)
    assert parts.shape == (count, 2)
    assert (parts.diff(dim=0) >= -1e-12).all()
    torch.testing.assert_close(parts.mean(0), samples.mean(0))


def test_quantiles_of_many_single_precision_samples_keep_their_digits() -> None:
    samples = (random_samples(100_000, 1) + 1000).float()
    expected = samples.double().sort(dim=0).values.view(1000, 100).mean(1, keepdim=True)
    torch.testing.assert_close(quantiles(samples, 1000), expected.float(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("target_size", [6, 7, 3, 12])
def test_matching_by_order_has_the_gradient_of_the_exact_distance_at_any_size(target_size: int) -> None:
    target = random_samples(target_size, 2, seed=1)
    gradients = []
    for loss in (sort_matching, exact_wasserstein):
        found = random_samples(6, 2).requires_grad_()
        loss(found, target).backward()
        gradients.append(found.grad)
    torch.testing.assert_close(*gradients)


def test_matching_by_order_is_the_exact_distance_where_the_target_s_samples_need_no_mixing() -> None:
    found = random_samples(6, 2)
    for size in (6, 3, 2, 1):
        target = random_samples(size, 2, seed=1)
        torch.testing.assert_close(sort_matching(found, target), exact_wasserstein(found, target))


def test_a_target_replaced_by_its_quantiles_beforehand_gives_the_same_loss() -> None:
    found, target = random_samples(5, 2), random_samples(12, 2, seed=1)
    torch.testing.assert_close(sort_matching(found, quantiles(target, 5)), sort_matching(found, target))


def test_a_shift_of_every_sample_costs_its_square() -> None:
    samples = random_samples(9, 3)
    assert sort_matching(samples + 2, samples).item() == pytest.approx(4)
    axes = torch.eye(3, dtype=torch.float64)
    assert sliced_wasserstein(samples + 2, samples, axes).item() == pytest.approx(4)


def test_channels_matched_one_by_one_cannot_see_what_directions_across_them_see() -> None:
    falling = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    rising = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert sort_matching(falling, rising).item() == 0
    diagonal = torch.tensor([[1.0, 1.0]]) / math.sqrt(2)
    # Along the diagonal one pair lies at 1/sqrt(2) twice, the other at 0 and sqrt(2).
    assert sliced_wasserstein(falling, rising, diagonal).item() == pytest.approx(0.5)


def test_distances_of_distributions_forget_where_things_are() -> None:
    found, target, across = random_samples(8, 3), random_samples(8, 3, seed=1), directions(3, 4)
    torch.testing.assert_close(
        sort_matching(shuffled(found), shuffled(target, 6)), sort_matching(found, target)
    )
    torch.testing.assert_close(
        sliced_wasserstein(shuffled(found), target, across), sliced_wasserstein(found, target, across)
    )
    assert sort_matching(found, shuffled(found)).item() == 0
    assert sliced_wasserstein(found, shuffled(found), across).item() == pytest.approx(0, abs=1e-25)


def test_a_texture_that_repeats_is_at_distance_zero_from_itself() -> None:
    samples = random_samples(5, 3)
    for found, target in ((samples, samples.repeat(3, 1)), (samples.repeat(3, 1), samples)):
        assert sort_matching(found, target).item() == pytest.approx(0, abs=1e-25)
        assert sliced_wasserstein(found, target, directions(3, 4)).item() == pytest.approx(0, abs=1e-25)


def test_distances_of_distributions_have_the_gradients_finite_differences_find() -> None:
    found, target, across = random_samples(5, 3), random_samples(7, 3, seed=1), directions(3, 2)
    inputs = (found.requires_grad_(), target.requires_grad_())
    assert torch.autograd.gradcheck(sort_matching, inputs)
    assert torch.autograd.gradcheck(lambda a, b: sliced_wasserstein(a, b, across), inputs)


def test_directions_are_of_unit_length_and_repeat_with_the_generator() -> None:
    drawn = directions(5, 40)
    assert drawn.shape == (40, 5)
    torch.testing.assert_close(drawn.norm(dim=1), torch.ones(40, dtype=torch.float64))
    assert torch.equal(drawn, directions(5, 40))
    assert not torch.equal(drawn, directions(5, 40, seed=1))


def test_directions_favour_none() -> None:
    drawn = directions(3, 4000)
    torch.testing.assert_close(drawn.mean(0), torch.zeros(3).double(), atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.T @ drawn / 4000, torch.eye(3).double() / 3, atol=0.05, rtol=0)


def test_samples_and_directions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"2 channels; got shape \(4, 3\)"):
        sort_matching(torch.zeros(4, 3), torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"\(N, C\).*got shape \(0, 3\)"):
        sort_matching(torch.zeros(4, 3), torch.zeros(0, 3))
    with pytest.raises(InputError, match=r"\(N, C\).*got shape \(1, 3, 4, 4\)"):
        quantiles(torch.zeros(1, 3, 4, 4), 2)
    with pytest.raises(InputError, match=r"\(K, 3\); got shape \(2, 4\)"):
        sliced_wasserstein(torch.zeros(4, 3), torch.zeros(4, 3), torch.zeros(2, 4))


def test_counts_below_one_are_refused() -> None:
    with pytest.raises(OptionError, match="count to be 1 or more; got 0"):
        quantiles(torch.zeros(2, 2), 0)
    with pytest.raises(OptionError, match="channels to be 1 or more; got 0"):
        random_directions(0, 2, torch.Generator())
