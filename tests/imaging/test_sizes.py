from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import imaging
from impasto.errors import OptionError

SIDES = st.integers(1, 100_000)


def test_an_unchanged_size_is_an_exact_copy() -> None:
    pixels = np.random.default_rng(0).random((7, 9, 3)).astype(np.float32)
    same = imaging.resize(pixels, 9, 7)
    np.testing.assert_array_equal(same, pixels)
    assert same is not pixels
    assert not np.shares_memory(same, pixels)


@pytest.mark.parametrize("shape", [(12, 20), (12, 20, 1), (12, 20, 3), (12, 20, 4)])
@pytest.mark.parametrize(("width", "height"), [(10, 6), (33, 41), (1, 1)])
def test_a_constant_stays_constant_in_every_shape(shape: tuple[int, ...], width: int, height: int) -> None:
    result = imaging.resize(np.full(shape, 0.3, np.float32), width, height)
    assert result.shape == (height, width, *shape[2:])
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, 0.3, atol=1e-6)


def test_shrinking_averages_a_checkerboard_to_grey_instead_of_aliasing() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)
    inner = imaging.resize(board, 16, 16)[2:-2, 2:-2]
    np.testing.assert_allclose(inner, 0.5, atol=0.02)


def test_a_hard_edge_never_rings_out_of_range() -> None:
    edge = np.zeros((20, 20), np.float32)
    edge[:, 10:] = 1
    for width in (7, 53):
        result = imaging.resize(edge, width, 20)
        assert result.min() >= 0
        assert result.max() <= 1


def test_a_gradient_keeps_its_place_when_enlarged() -> None:
    ramp = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (4, 1))
    large = imaging.resize(ramp, 128, 4)
    assert abs(float(large.mean()) - 0.5) < 1e-3
    np.testing.assert_allclose(large[0, 16:-16], (np.arange(16, 112) - 1.5) / 4 / 31, atol=2e-3)


def test_a_strided_view_is_resized_like_its_copy() -> None:
    pixels = np.random.default_rng(1).random((16, 24, 3)).astype(np.float32)[::-1, ::2]
    np.testing.assert_array_equal(imaging.resize(pixels, 5, 8), imaging.resize(pixels.copy(), 5, 8))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, -1)])
def test_a_size_below_one_is_refused(width: int, height: int) -> None:
    with pytest.raises(OptionError, match="at least 1"):
        imaging.resize(np.zeros((4, 4), np.float32), width, height)


@pytest.mark.parametrize("shape", [(4,), (2, 2, 2, 2), (0, 4)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(OptionError, match="shape"):
        imaging.resize(np.zeros(shape, np.float32), 2, 2)


@pytest.mark.parametrize(
    ("size", "long_side", "expected"),
    [
        ((4000, 3000), 1000, (1000, 750)),
        ((3000, 4000), 1000, (750, 1000)),
        ((10, 10), 64, (64, 64)),
        ((100, 50), 300, (300, 150)),
        ((1000, 1), 10, (10, 1)),
        ((4, 1), 2, (2, 1)),
        ((3, 2), 3, (3, 2)),
        ((1, 1), 512, (512, 512)),
    ],
)
def test_fit_keeps_the_proportions(size: tuple[int, int], long_side: int, expected: tuple[int, int]) -> None:
    assert imaging.fit(*size, long_side) == expected


@given(SIDES, SIDES, SIDES)
def test_fit_makes_the_long_side_exact_and_the_short_side_the_nearest(w: int, h: int, long_side: int) -> None:
    width, height = imaging.fit(w, h, long_side)
    assert max(width, height) == long_side
    assert (width >= height) == (w >= h) or width == height
    exact = min(w, h) * long_side / max(w, h)
    assert abs(min(width, height) - max(exact, 1)) <= 0.5 + 1e-9


@pytest.mark.parametrize("sides", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-3, 4, 5)])
def test_fit_refuses_sides_below_one(sides: tuple[int, int, int]) -> None:
    with pytest.raises(OptionError, match="at least 1"):
        imaging.fit(*sides)
