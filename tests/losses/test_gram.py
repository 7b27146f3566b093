import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.losses import gatys, gram_matrix, neural_style, per_element, relative, sum_of_squares

LOSSES = [gatys, neural_style, per_element, relative, sum_of_squares]


def random_features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_the_gram_matrix_of_two_positions_equals_what_a_hand_computes() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])
    expected = torch.tensor([[(1 + 4) / 2, (3 - 2) / 2], [(3 - 2) / 2, (9 + 1) / 2]])
    torch.testing.assert_close(gram_matrix(features), expected)


def test_the_gram_matrix_forgets_where_things_are() -> None:
    features = random_features(1, 5, 6, 7)
    order = torch.randperm(42, generator=torch.Generator().manual_seed(1))
    shuffled = features.flatten(2)[:, :, order].view(1, 5, 7, 6)
    torch.testing.assert_close(gram_matrix(shuffled), gram_matrix(features))


def test_the_gram_matrix_does_not_depend_on_how_often_a_texture_repeats() -> None:
    features = random_features(1, 4, 3, 5)
    torch.testing.assert_close(gram_matrix(features.repeat(1, 1, 3, 2)), gram_matrix(features))


def test_tiles_stacked_as_a_batch_give_the_gram_matrix_of_the_whole_picture() -> None:
    features = random_features(1, 4, 3, 8)
    tiles = torch.cat(features.split(4, dim=3))
    torch.testing.assert_close(gram_matrix(tiles), gram_matrix(features))


def test_the_gram_matrix_of_large_half_precision_activations_stays_finite() -> None:
    features = torch.full((1, 2, 64, 64), 100.0, dtype=torch.bfloat16)
    assert gram_matrix(features)[0, 1].item() == pytest.approx(10_000, rel=0.02)


def test_each_normalisation_is_the_one_its_source_writes_with_sums() -> None:
    features, style = random_features(1, 3, 4, 5), random_features(1, 3, 4, 5, seed=1)
    channels, positions = 3, 20
    total = features.flatten(2)[0] @ features.flatten(2)[0].T
    total_style = style.flatten(2)[0] @ style.flatten(2)[0].T
    difference = total - total_style
    expected = {
        gatys: difference.square().sum() / (4 * channels**2 * positions**2),
        neural_style: (difference / (channels * positions)).square().mean(),
        per_element: (difference / positions).square().mean(),
        relative: difference.square().sum() / total_style.square().sum(),
        sum_of_squares: (difference / positions).square().sum(),
    }
    for loss, value in expected.items():
        torch.testing.assert_close(loss(gram_matrix(features), gram_matrix(style)), value)


@pytest.mark.parametrize("loss", LOSSES)
def test_gram_losses_are_zero_only_where_the_gram_matrices_agree(loss) -> None:
    gram, other = gram_matrix(random_features(1, 3, 4, 4)), gram_matrix(random_features(1, 3, 4, 4, seed=1))
    assert loss(gram, gram.clone()).item() == 0
    assert loss(gram, other).item() > 0


@given(scale=st.floats(1e-4, 1e4))
@settings(max_examples=25)
def test_the_relative_loss_is_free_of_scale(scale: float) -> None:
    gram, other = gram_matrix(random_features(1, 3, 4, 4)), gram_matrix(random_features(1, 3, 4, 4, seed=1))
    torch.testing.assert_close(relative(gram * scale, other * scale), relative(gram, other))


def test_the_relative_loss_is_one_where_the_result_has_no_features() -> None:
    target = gram_matrix(random_features(1, 3, 4, 4))
    assert relative(torch.zeros_like(target), target).item() == pytest.approx(1)


def test_the_relative_loss_of_two_silent_layers_is_zero_with_a_finite_gradient() -> None:
    gram = torch.zeros(3, 3, requires_grad=True)
    loss = relative(gram, torch.zeros(3, 3))
    loss.backward()
    assert loss.item() == 0
    assert gram.grad is not None
    assert torch.isfinite(gram.grad).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_gram_losses_have_the_gradients_finite_differences_find(loss) -> None:
    features = random_features(1, 3, 2, 3).requires_grad_()
    target = gram_matrix(random_features(1, 3, 4, 4, seed=1))
    assert torch.autograd.gradcheck(lambda value: loss(gram_matrix(value), target), (features,))


@pytest.mark.parametrize("shape", [(3, 4, 4), (1, 3, 0, 4), (3,)])
def test_tensors_that_are_no_features_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected features of shape"):
        gram_matrix(torch.zeros(shape))


def test_gram_matrices_of_different_layers_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(4, 4\).*\(3, 3\)"):
        gatys(torch.zeros(3, 3), torch.zeros(4, 4))
    with pytest.raises(InputError, match=r"\(C, C\).*\(3, 4\)"):
        gatys(torch.zeros(3, 4), torch.zeros(3, 4))
