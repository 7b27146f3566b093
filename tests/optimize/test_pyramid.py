from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from impasto.catalogue.sizes import STYLE_SIZES, style_size
from impasto.imaging import fit
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.pyramid import levels, planned_levels, work


def test_the_default_pyramid_is_the_published_one() -> None:
    assert [w for w, _ in levels(1024, 1024, 512, 128)] == [128, 181, 256, 362, 512]


def test_no_pyramid_when_turned_off() -> None:
    assert levels(1024, 768, 512, 0) == [(512, 384)]


def test_sizes_grow_by_as_many_levels_for_each_doubling_as_asked() -> None:
    assert [w for w, _ in levels(1024, 1024, 512, 64, per_doubling=1)] == [64, 128, 256, 512]
    assert [w for w, _ in levels(1024, 1024, 512, 256, per_doubling=3)] == [256, 323, 406, 512]
    options = OptimizeOptions(size=512, min_size=64, levels_per_doubling=1)
    assert planned_levels(1024, 512, options) == [(64, 32), (128, 64), (256, 128), (512, 256)]


@given(st.integers(16, 4000), st.integers(16, 4000), st.integers(0, 600), st.integers(1, 8))
def test_levels_grow_to_the_asked_size_and_keep_the_shape(
    width: int, height: int, smallest: int, per_doubling: int
) -> None:
    sizes = levels(width, height, (width, height), smallest, per_doubling=per_doubling)
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


def test_every_level_has_the_proportions_of_the_photograph_itself() -> None:
    # 362 * 667 / 1000 = 241.5 - 0.05; by way of the rounded 512x342 it would be 241.8.
    assert levels(1000, 667, 512, 128) == [(128, 85), (181, 121), (256, 171), (362, 241), (512, 342)]


def test_a_half_is_rounded_up_or_to_the_even_number() -> None:
    assert fit(1000, 500, 181) == (181, 91)
    assert fit(1000, 500, 181, "half-even") == (181, 90)
    assert fit(500, 1000, 183, "half-even") == (92, 183)
    assert fit(3000, 1, 100, "half-even") == (100, 1)
    assert levels(1000, 500, 256, 128, "half-even") == [(128, 64), (181, 90), (256, 128)]


def test_a_level_of_just_the_least_size_belongs_to_the_pyramid() -> None:
    assert [side for side, _ in levels(9, 9, 255, 128)] == [128, 180, 255]
    assert [side for side, _ in levels(9, 9, 512, 129)] == [181, 256, 362, 512]


def test_work_is_pixels_times_iterations_at_every_level() -> None:
    options = OptimizeOptions(size=64, min_size=32, iterations=10, coarse_iterations=20, first_iterations=5)
    assert [*levels(64, 32, 64, 32)] == [(32, 16), (45, 23), (64, 32)]
    assert work(128, 64, options) == 32 * 16 * 5 + 45 * 23 * 10 + 64 * 32 * 10
    assert work(128, 64, options.replace(min_size=0)) == 64 * 32 * 5
