import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.losses import (
    mrf,
    nearest_distances,
    nearest_neighbour_cosine,
    nearest_neighbours,
)

LOSSES = [mrf, nearest_neighbour_cosine]


def random_samples(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def patches(features: torch.Tensor) -> torch.Tensor:
    """All 3x3 patches of one channel, (1, 1, H, W) -> (N, 9)."""
    return torch.nn.functional.unfold(features, 3)[0].T


def shuffled(samples: torch.Tensor) -> torch.Tensor:
    return samples[torch.randperm(len(samples), generator=torch.Generator().manual_seed(5))]


def test_the_nearest_by_cosine_is_the_one_of_the_closest_direction_whatever_its_length() -> None:
    found = torch.tensor([[1.0, 0.1], [0.1, 1.0], [-1.0, 0.0]])
    target = torch.tensor([[0.0, 0.01], [50.0, 0.0], [-3.0, -3.0]])
    assert nearest_neighbours(found, target).tolist() == [1, 0, 2]


def test_the_nearest_by_euclidean_distance_is_the_closest_point() -> None:
    found = torch.tensor([[1.0, 0.1], [20.0, 1.0]])
    target = torch.tensor([[0.9, 0.9], [50.0, 0.0], [20.0, 20.0]])
    assert nearest_neighbours(found, target, "euclidean").tolist() == [0, 2]
    torch.testing.assert_close(nearest_distances(found, target, "euclidean"), torch.tensor([0.65**0.5, 19.0]))


def test_near_points_far_from_the_origin_are_told_apart() -> None:
    target = torch.tensor([[1000.0, 1000.0], [1000.001, 1000.0]]).repeat(20, 1)
    found = target[[1]].expand(30, 2)
    assert nearest_neighbours(found, target, "euclidean").tolist() == [1] * 30


@given(
    found=st.integers(1, 12),
    target=st.integers(1, 12),
    limit=st.integers(1, 40),
    distance=st.sampled_from(["cosine", "euclidean"]),
)
@settings(max_examples=50)
def test_the_nearest_do_not_depend_on_how_many_similarities_are_held_at_once(
    found: int, target: int, limit: int, distance: str
) -> None:
    here, there = random_samples(found, 3), random_samples(target, 3, seed=1)
    expected = nearest_neighbours(here, there, distance)
    assert torch.equal(nearest_neighbours(here, there, distance, limit=limit), expected)


def test_no_more_similarities_are_held_than_the_limit_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def measure(found: torch.Tensor, target: torch.Tensor, distance: str) -> torch.Tensor:
        assert distance == "cosine"
        held.append(len(found) * len(target))
        return found @ target.T

    monkeypatch.setattr("impasto.losses.patches._closeness", measure)
    for limit in (1, 5, 30, 100):
        held.clear()
        nearest_neighbours(random_samples(9, 3), random_samples(11, 3, seed=1), limit=limit)
        assert max(held) <= limit
        assert sum(held) == 99


def test_of_equally_near_rows_the_first_is_meant() -> None:
    target = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.0]])
    for limit in (1, 2, 100):
        assert nearest_neighbours(torch.tensor([[1.0, 0.0]]), target, limit=limit).tolist() == [1]


def test_the_patch_loss_equals_what_a_hand_computes() -> None:
    found = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    target = torch.tensor([[5.0, 0.0], [1.0, 1.0], [0.0, 3.0]])
    # Matched by direction: (2, 0) with (5, 0), and (0, 1) with (0, 3).
    assert mrf(found, target).item() == pytest.approx((9 + 4) / 4)


def test_the_cosine_loss_equals_what_a_hand_computes() -> None:
    found = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    target = torch.tensor([[5.0, 0.0], [1.0, 1.0]])
    loss = nearest_neighbour_cosine(found, target, centred=False)
    assert loss.item() == pytest.approx((0 + 1 - 0.5**0.5) / 2)


def test_centred_features_are_blind_to_a_common_shift_and_a_common_scale() -> None:
    found, target = random_samples(8, 3), random_samples(9, 3, seed=1)
    loss = nearest_neighbour_cosine(found, target)
    torch.testing.assert_close(nearest_neighbour_cosine(found + 7, 3 * target - 2), loss)
    assert nearest_neighbour_cosine(found + 7, target + 7, centred=False) < 0.1 * loss


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_by_nearest_neighbour_forget_where_things_are(loss) -> None:
    found, target = random_samples(8, 3), random_samples(9, 3, seed=1)
    torch.testing.assert_close(loss(shuffled(found), shuffled(target)), loss(found, target))
    assert loss(found, shuffled(found)).item() == pytest.approx(0, abs=1e-12)
    assert loss(found, target).item() > 0.01


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_by_nearest_neighbour_do_not_depend_on_the_limit(loss) -> None:
    found, target = random_samples(8, 3), random_samples(9, 3, seed=1)
    torch.testing.assert_close(loss(found, target, limit=5), loss(found, target))


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_by_nearest_neighbour_have_the_gradients_finite_differences_find(loss) -> None:
    inputs = (random_samples(5, 3).requires_grad_(), random_samples(6, 3, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(loss, inputs)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_nearest_distances_have_the_gradients_finite_differences_find(distance: str) -> None:
    inputs = (random_samples(5, 3).requires_grad_(), random_samples(6, 3, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: nearest_distances(a, b, distance), inputs)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_rows_of_zeros_have_finite_distances_and_gradients(distance: str) -> None:
    found, target = torch.zeros(3, 2, requires_grad=True), torch.eye(2)
    distances = nearest_distances(found, target, distance)
    distances.sum().backward()
    assert distances.tolist() == [1, 1, 1]
    assert found.grad is not None
    assert torch.isfinite(found.grad).all()
    assert found.grad.norm(dim=1).max() <= 1


@pytest.mark.parametrize("loss", LOSSES)
def test_silent_layers_have_finite_losses_and_gradients(loss) -> None:
    found = torch.zeros(4, 3, requires_grad=True)
    value = loss(found, torch.zeros(5, 3))
    value.backward()
    assert torch.isfinite(value)
    assert found.grad is not None
    assert torch.isfinite(found.grad).all()


def test_descending_the_patch_loss_makes_a_texture_of_the_target_s_patches() -> None:
    target = patches(torch.tensor([[0.0, 1.0], [1.0, 0.0]]).double().repeat(4, 4)[None, None] + 0.1)
    features = (0.5 + 0.3 * random_samples(1, 1, 6, 6)).requires_grad_()
    optimizer = torch.optim.Adam([features], lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        loss = mrf(patches(features), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02


def test_options_of_patches_out_of_range_are_refused() -> None:
    samples = torch.ones(2, 3)
    with pytest.raises(OptionError, match="limit to be 1 or more; got 0"):
        mrf(samples, samples, limit=0)
    with pytest.raises(OptionError, match="one of cosine, euclidean; got 'manhattan'"):
        nearest_neighbours(samples, samples, "manhattan")


@pytest.mark.parametrize("loss", [*LOSSES, nearest_distances])
def test_samples_of_different_layers_are_refused(loss) -> None:
    with pytest.raises(InputError, match=r"2 channels; got shape \(4, 3\)"):
        loss(torch.zeros(4, 3), torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"\(N, C\).*got shape \(3,\)"):
        loss(torch.zeros(3), torch.zeros(4, 3))
