import pytest
import torch

from impasto.errors import InputError
from impasto.losses import half_sum_squared, mean_squared


def test_content_losses_equal_what_a_hand_computes() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    target = torch.tensor([[[[1.0, 0.0]], [[0.0, 4.0]]]])
    assert mean_squared(features, target).item() == pytest.approx((4 + 9) / 4)
    assert half_sum_squared(features, target).item() == pytest.approx((4 + 9) / 2)


@pytest.mark.parametrize("loss", [mean_squared, half_sum_squared])
def test_content_losses_are_zero_for_the_content_itself(loss) -> None:
    features = torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    assert loss(features, features.clone()).item() == 0


def test_the_gradient_of_the_paper_s_content_loss_is_the_difference_itself() -> None:
    features = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()
    target = torch.zeros(1, 3, 4, 4)
    half_sum_squared(features, target).backward()
    assert features.grad is not None
    torch.testing.assert_close(features.grad, features.detach() - target)


@pytest.mark.parametrize("loss", [mean_squared, half_sum_squared])
def test_a_target_that_would_broadcast_is_refused_with_both_shapes_named(loss) -> None:
    with pytest.raises(InputError, match=r"\(1, 1, 1, 4\).*\(1, 3, 4, 4\)"):
        loss(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 1, 4))
