"""The optimal map between Gaussians: what it makes of them, its limits, and its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto import losses
from impasto.networks.transport import (
    Gaussian,
    between,
    carry,
    gaussian,
    limited,
    roots,
    squared_distance,
    transport,
)


def features(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def style(batch: int, channels: int) -> Gaussian:
    found = features(batch, channels, channels + 2, seed=1)
    return Gaussian(features(batch, channels, seed=2), found @ found.transpose(1, 2))


def test_statistics_of_two_positions() -> None:
    found = gaussian(torch.tensor([[[[1.0, 3.0]], [[0.0, 4.0]]]]))
    torch.testing.assert_close(found.mean, torch.tensor([[2.0, 2.0]]))
    torch.testing.assert_close(found.covariance, torch.tensor([[[1.0, 2.0], [2.0, 4.0]]]))


def test_features_carried_over_have_the_style_s_statistics() -> None:
    seen, wanted = features(2, 6, 9, 11), style(2, 6)
    ours = gaussian(seen)
    matrix = transport(ours, wanted, shrinkage=0, gain=1e9)
    found = gaussian(carry(seen, matrix, ours.mean, wanted.mean))
    torch.testing.assert_close(found.mean, wanted.mean, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.covariance, wanted.covariance, atol=1e-4, rtol=1e-4)


def test_equal_statistics_leave_features_alone() -> None:
    seen = features(1, 5, 8, 8)
    ours = gaussian(seen)
    torch.testing.assert_close(carry(seen, transport(ours, ours), ours.mean, ours.mean), seen)


def test_independent_channels_are_stretched_each_by_itself() -> None:
    ours = Gaussian(torch.zeros(1, 2), torch.diag(torch.tensor([1.0, 4.0]))[None])
    theirs = Gaussian(torch.zeros(1, 2), torch.diag(torch.tensor([9.0, 1.0]))[None])
    matrix = transport(ours, theirs, shrinkage=0, gain=100)
    torch.testing.assert_close(matrix[0], torch.diag(torch.tensor([3.0, 0.5])))


def test_shrinkage_keeps_what_hardly_varies_from_being_blown_up() -> None:
    ours = Gaussian(torch.zeros(1, 2), torch.diag(torch.tensor([1.0, 1e-6]))[None])
    theirs = Gaussian(torch.zeros(1, 2), torch.eye(2)[None])
    # Variances 1e-6 + 0.03 * 0.5 and 1 + 0.03: a stretch of 8.3 where the plain map has 1000.
    matrix = transport(ours, theirs, shrinkage=0.03, gain=1e9)
    assert float(matrix[0, 1, 1]) == pytest.approx((1.03 / (0.03 * 0.5000005 + 1e-6)) ** 0.5, rel=1e-4)
    assert float(transport(ours, theirs).diagonal(dim1=1, dim2=2).max()) == pytest.approx(6)


def test_a_flat_picture_has_a_map() -> None:
    ours = gaussian(torch.full((1, 3, 4, 4), 0.5))
    assert bool(transport(ours, style(1, 3)).isfinite().all())


def test_between_two_gaussians_features_go_straight() -> None:
    seen, wanted = features(1, 4, 6, 6), style(1, 4)
    ours = gaussian(seen)
    whole = carry(seen, transport(ours, wanted), ours.mean, wanted.mean)
    for strength in (0.0, 0.3, 1.5):
        found = gaussian(torch.lerp(seen, whole, strength))
        expected = between(ours, wanted, strength)
        torch.testing.assert_close(found.mean, expected.mean, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(found.covariance, expected.covariance, atol=1e-4, rtol=1e-4)


def test_gradients_are_those_of_finite_differences() -> None:
    found = features(2, 4, 6).double()
    matrices = (found @ found.transpose(1, 2)).requires_grad_()

    def symmetric(x: Tensor) -> Tensor:
        return (x + x.transpose(1, 2)) / 2

    assert torch.autograd.gradcheck(lambda x: roots(symmetric(x)), matrices)
    assert torch.autograd.gradcheck(lambda x: limited(symmetric(x), 3.0), matrices)


def test_equal_eigenvalues_have_a_finite_gradient() -> None:
    matrices = torch.eye(3, dtype=torch.float64)[None].requires_grad_()
    root, inverse = roots(matrices)
    (root.sum() + 2 * inverse.sum()).backward()  # d(root) = dS / 2, d(inverse) = -dS / 2
    torch.testing.assert_close(matrices.grad, torch.full((1, 3, 3), -0.5, dtype=torch.float64))


def test_distances_are_those_of_the_losses() -> None:
    ours, theirs = gaussian(features(2, 4, 5, 5)), style(2, 4)
    epsilon = torch.tensor([0.01, 0.02], dtype=torch.float64)
    pairs = list(zip(theirs.covariance, epsilon.tolist(), strict=True))
    target_roots = torch.stack([losses.covariance_root(c, epsilon=e) for c, e in pairs])
    expected = [
        losses.wasserstein2_gaussian(
            ours.mean[k], ours.covariance[k], theirs.mean[k], theirs.covariance[k], epsilon=pairs[k][1]
        )
        for k in range(2)
    ]
    found = squared_distance(ours, theirs, target_roots, epsilon)
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-4, atol=1e-4)


def test_statistics_that_are_no_numbers_stay_so() -> None:
    bad = Gaussian(torch.zeros(1, 2), torch.full((1, 2, 2), torch.nan))
    assert bool(transport(bad, style(1, 2)).isnan().all())
