import pytest
import torch

from impasto.errors import InputError
from impasto.losses import mean_squared


def test_the_content_loss_equals_what_a_hand_computes() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    target = torch.tensor([[[[1.0, 0.0]], [[0.0, 4.0]]]])
    assert mean_squared(features, target).item() == pytest.approx((4 + 9) / 4)


def test_the_content_loss_is_zero_for_the_content_itself() -> None:
    features = torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    assert mean_squared(features, features.clone()).item() == 0


def test_a_target_that_would_broadcast_is_refused_with_both_shapes_named() -> None:
    with pytest.raises(InputError, match=r"\(1, 1, 1, 4\).*\(1, 3, 4, 4\)"):
        mean_squared(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 1, 4))
