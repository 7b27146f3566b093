import pytest
import torch

from impasto.errors import InputError, OptionError
from impasto.losses import moment_matching, relaxed_earth_mover, self_similarity

LOSSES = [relaxed_earth_mover, moment_matching, self_similarity]


def random_samples(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def shuffled(samples: torch.Tensor, seed: int = 5) -> torch.Tensor:
    return samples[torch.randperm(len(samples), generator=torch.Generator().manual_seed(seed))]


def euclidean(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return relaxed_earth_mover(found, target, "euclidean")


def test_the_relaxed_earth_mover_takes_the_larger_of_both_means() -> None:
    found, target = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0], [4.0]])
    # Every found sample has its like; of the target's, the one at 4 is 3 away.
    assert euclidean(found, target).item() == pytest.approx(3 / 3)
    assert euclidean(target, found).item() == pytest.approx(3 / 3)
    assert euclidean(found, target[:2]).item() == 0


def test_the_relaxed_earth_mover_by_cosine_equals_what_a_hand_computes() -> None:
    found, target = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 3.0], [1.0, 1.0], [5.0, 0.0]])
    assert relaxed_earth_mover(found, target).item() == pytest.approx((1 + (1 - 0.5**0.5) + 0) / 3)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_the_relaxed_earth_mover_is_what_the_whole_matrix_of_distances_gives(distance: str) -> None:
    found, target = random_samples(7, 3), random_samples(9, 3, seed=1)
    units = [samples / samples.norm(dim=1, keepdim=True) for samples in (found, target)]
    matrix = 1 - units[0] @ units[1].T if distance == "cosine" else torch.cdist(found, target)
    expected = torch.maximum(matrix.amin(1).mean(), matrix.amin(0).mean())
    torch.testing.assert_close(relaxed_earth_mover(found, target, distance), expected)
    torch.testing.assert_close(relaxed_earth_mover(found, target, distance, limit=4), expected)
    torch.testing.assert_close(relaxed_earth_mover(target, found, distance), expected)


def test_moment_matching_equals_what_a_hand_computes() -> None:
    found = torch.tensor([[1.0, 4.0], [3.0, 0.0]])
    target = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    # Means (2, 2) and (1, 1); covariances ((1, -2), (-2, 4)) and zero.
    assert moment_matching(found, target).item() == pytest.approx((1 + 1) / 2 + (1 + 2 + 2 + 4) / 4)


def test_self_similarity_equals_what_a_hand_computes() -> None:
    along, across = [1.0, 0.0], [0.0, 1.0]
    found, target = torch.tensor([along, along, across]), torch.tensor([along, across, across])
    # Columns of found: (0, 0, 1), (0, 0, 1), (1/2, 1/2, 0); of target: (0, 1/2, 1/2), (1, 0, 0), (1, 0, 0).
    assert self_similarity(found, target).item() == pytest.approx((1 + 2 + 1) / 3)


def test_self_similarity_does_not_grow_with_the_number_of_samples() -> None:
    found, target = random_samples(6, 3), random_samples(6, 3, seed=1)
    torch.testing.assert_close(
        self_similarity(found.repeat(4, 1), target.repeat(4, 1)), self_similarity(found, target)
    )


def test_self_similarity_is_blind_to_turns_and_scale_of_the_feature_space() -> None:
    found = random_samples(8, 3)
    turn = torch.linalg.qr(random_samples(3, 3, seed=2)).Q
    scales = random_samples(8, 1, seed=3).abs() + 0.1
    assert self_similarity(scales * found @ turn, found).item() == pytest.approx(0, abs=1e-12)
    assert self_similarity(random_samples(8, 3, seed=1), found).item() > 0.1


def test_self_similarity_of_samples_of_one_direction_is_no_noise() -> None:
    target = random_samples(50, 4).float()
    found = (torch.tensor([[0.3, 0.1, 0.7, 0.2]]) * torch.linspace(0.5, 3, 50)[:, None]).requires_grad_()
    loss = self_similarity(found, found.detach().flip(0))
    loss.backward()
    assert loss.item() < 0.1
    assert found.grad is not None
    assert torch.isfinite(found.grad).all()
    # Of rounding at most a tenth is left beside the other side's column, which sums to 1.
    assert self_similarity(found, target).item() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("loss", [relaxed_earth_mover, euclidean, moment_matching])
def test_the_style_losses_forget_where_things_are(loss) -> None:
    found, target = random_samples(8, 3), random_samples(9, 3, seed=1)
    torch.testing.assert_close(loss(shuffled(found), shuffled(target)), loss(found, target))
    assert loss(found, shuffled(found)).item() == pytest.approx(0, abs=1e-12)
    assert loss(found, target).item() > 0.01


def test_self_similarity_knows_where_things_are_but_not_in_which_order_they_are_listed() -> None:
    found, target = random_samples(8, 3), random_samples(8, 3, seed=1)
    torch.testing.assert_close(
        self_similarity(shuffled(found), shuffled(target)), self_similarity(found, target)
    )
    assert self_similarity(found, found.clone()).item() == 0
    assert self_similarity(shuffled(found), found).item() > 0.1


@pytest.mark.parametrize("loss", [*LOSSES, euclidean])
def test_the_losses_of_strotss_have_the_gradients_finite_differences_find(loss) -> None:
    inputs = (random_samples(5, 3).requires_grad_(), random_samples(5, 3, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(loss, inputs)


@pytest.mark.parametrize("loss", [*LOSSES, euclidean])
def test_samples_of_zeros_have_finite_losses_and_gradients(loss) -> None:
    for target in (torch.zeros(4, 3), random_samples(4, 3).float()):
        found = torch.zeros(4, 3, requires_grad=True)
        value = loss(found, target)
        value.backward()
        assert torch.isfinite(value)
        assert found.grad is not None
        assert torch.isfinite(found.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_samples_of_different_layers_are_refused(loss) -> None:
    with pytest.raises(InputError, match=r"2 channels; got shape \(4, 3\)"):
        loss(torch.zeros(4, 3), torch.zeros(4, 2))
    with pytest.raises(InputError, match=r"\(N, C\).*got shape \(1, 3, 4, 4\)"):
        loss(torch.zeros(1, 3, 4, 4), torch.zeros(4, 3))


def test_self_similarity_of_different_places_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(5, 3\).*\(4, 3\)"):
        self_similarity(torch.zeros(4, 3), torch.zeros(5, 3))


def test_an_unknown_distance_is_refused() -> None:
    with pytest.raises(OptionError, match="one of cosine, euclidean; got 'l1'"):
        relaxed_earth_mover(torch.ones(2, 2), torch.ones(2, 2), "l1")
