from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from impasto.optimize.pyramid import STYLE_SIZES, fit, levels, style_size


def test_the_default_pyramid_is_the_published_one() -> None:
    assert [w for w, _ in levels(1024, 1024, 512, 128)] == [128, 181, 256, 362, 512]


def test_no_pyramid_when_turned_off() -> None:
    assert levels(1024, 768, 512, 0) == [(512, 384)]


@given(st.integers(16, 4000), st.integers(16, 4000), st.integers(0, 600))
def test_levels_grow_to_the_asked_size_and_keep_the_shape(width: int, height: int, smallest: int) -> None:
    sizes = levels(width, height, (width, height), smallest)
    assert sizes[-1] == (width, height)
    sides = [max(size) for size in sizes]
    assert sides == sorted(sides)
    for w, h in sizes:
        assert abs(w * height - h * width) <= max(width, height)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(16, 4096))
def test_fit_makes_the_long_side_exact(width: int, height: int, side: int) -> None:
    assert max(fit(width, height, side)) == side
    assert min(fit(width, height, side)) >= 1


def test_an_exact_size_is_taken_as_it_is() -> None:
    assert fit(1000, 500, (224, 224)) == (224, 224)


def test_style_sizes_are_the_nearest_by_ratio() -> None:
    assert style_size(512) == 512
    assert style_size(600) == 512
    assert style_size(620) == 724
    assert style_size(3) == STYLE_SIZES[0]
