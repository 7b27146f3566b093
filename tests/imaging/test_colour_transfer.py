"""Colours of one picture for another: what is kept, what is taken, and what comes of odd pictures."""

from __future__ import annotations

import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto import imaging
from impasto.errors import OptionError, PictureError
from impasto.imaging.colour_transfer import linear_map
from impasto.types import Pixels

from .pictures import smooth

SPACES: tuple[imaging.ColourSpace, ...] = typing.get_args(imaging.ColourSpace)
METHODS: tuple[imaging.ColourMatching, ...] = typing.get_args(imaging.ColourMatching)
LINEAR: tuple[imaging.ColourMatching, ...] = ("cholesky", "pca", "symmetric")


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def moderate(height: int, width: int, seed: int) -> Pixels:
    """Correlated colours around the middle, so that recoloured ones stay within [0, 1]."""
    random = np.random.default_rng(seed)
    mixing = random.uniform(-1, 1, (3, 3))
    colours = random.uniform(-0.06, 0.06, (height, width, 3)) @ mixing.T
    return (0.5 + colours + random.uniform(-0.05, 0.05, 3)).astype(np.float32)


def flat(colour: tuple[float, float, float], height: int = 4, width: int = 5) -> Pixels:
    return np.full((height, width, 3), colour, np.float32)


def covariance(picture: Pixels) -> np.ndarray[typing.Any, typing.Any]:
    return np.cov(picture.reshape(-1, 3).astype(np.float64), rowvar=False, bias=True)


@pytest.mark.parametrize("space", SPACES)
def test_a_picture_in_its_own_colours_is_itself(space: imaging.ColourSpace) -> None:
    picture = noise(20, 30)
    kept = imaging.keep_colours(picture, picture, space)
    assert kept.dtype == np.float32
    np.testing.assert_allclose(kept, picture, atol=3e-5)


@pytest.mark.parametrize("space", SPACES)
def test_a_grey_painting_takes_the_colours_and_keeps_its_luminance(space: imaging.ColourSpace) -> None:
    content = moderate(16, 16, seed=1)
    painting = np.repeat(moderate(16, 16, seed=2)[..., :1], 3, axis=2)
    kept = imaging.keep_colours(painting, content, space)
    np.testing.assert_allclose(imaging.luminance(kept, space), painting, atol=1e-4)
    assert np.ptp(kept, axis=2).mean() > 0.02


@pytest.mark.parametrize("space", SPACES)
def test_a_grey_photograph_makes_a_grey_painting(space: imaging.ColourSpace) -> None:
    painting, grey = noise(8, 8), np.repeat(noise(8, 8, 1)[..., :1], 3, axis=2)
    kept = imaging.keep_colours(painting, grey, space)
    np.testing.assert_allclose(kept, imaging.luminance(painting, space), atol=1e-4)


def test_yuv_and_ycbcr_give_the_same_picture() -> None:
    painting, content = noise(8, 8), noise(8, 8, 1)
    yuv, ycbcr = (imaging.keep_colours(painting, content, space) for space in ("yuv", "ycbcr"))
    np.testing.assert_allclose(yuv, ycbcr, atol=1e-6)


def test_luma_of_the_painting_and_chroma_of_the_photograph_add_up() -> None:
    # Half a red has a luma of 0.1495; what it is more and less than that is added to the grey.
    kept = imaging.keep_colours(flat((0.4, 0.4, 0.4)), flat((0.5, 0, 0)))
    np.testing.assert_allclose(kept[0, 0], [0.4 + 0.3505, 0.4 - 0.1495, 0.4 - 0.1495], atol=1e-5)


@pytest.mark.parametrize("space", SPACES)
def test_black_and_white_have_their_own_luminance(space: imaging.ColourSpace) -> None:
    for level in (0.0, 1.0):
        picture = flat((level, level, level))
        np.testing.assert_allclose(imaging.luminance(picture, space), picture, atol=1e-5)


def test_luminance_weighs_encoded_values_in_yuv_and_light_in_lab() -> None:
    red = flat((1, 0, 0))
    np.testing.assert_allclose(imaging.luminance(red, "yuv"), 0.299, atol=1e-6)
    light = imaging.srgb_to_linear(imaging.luminance(red, "lab"))
    np.testing.assert_allclose(light, 0.212639, atol=1e-5)


@pytest.mark.parametrize("space", SPACES)
def test_luminance_has_three_equal_channels_and_is_its_own(space: imaging.ColourSpace) -> None:
    grey = imaging.luminance(noise(9, 7), space)
    assert grey.shape == (9, 7, 3)
    np.testing.assert_array_equal(np.ptp(grey, axis=2), 0)
    np.testing.assert_allclose(imaging.luminance(grey, space), grey, atol=1e-5)


def test_matched_luminance_has_the_mean_and_the_deviation_of_the_content() -> None:
    style, content = (imaging.luminance(moderate(12, 13, seed)) for seed in (3, 4))
    matched = imaging.match_luminance(style, content[:5])
    assert matched.mean() == pytest.approx(content[:5].mean(), abs=1e-5)
    assert matched.std() == pytest.approx(content[:5].std(), abs=1e-5)


def test_matched_luminance_of_two_levels_by_hand() -> None:
    style = np.repeat(np.array([[[0.1], [0.3]]], np.float32), 3, axis=2)
    content = np.repeat(np.array([[[0.2], [0.8]]], np.float32), 3, axis=2)
    np.testing.assert_allclose(imaging.match_luminance(style, content), content, atol=1e-6)


def test_a_style_of_one_luminance_is_shifted_alone() -> None:
    matched = imaging.match_luminance(flat((0.2, 0.2, 0.2)), imaging.luminance(noise(8, 8)))
    np.testing.assert_allclose(matched, imaging.luminance(noise(8, 8)).mean(), atol=1e-6)


@pytest.mark.parametrize("method", LINEAR)
def test_linear_matching_gives_the_mean_and_the_covariance_of_the_target(
    method: imaging.ColourMatching,
) -> None:
    source, target = moderate(30, 20, seed=5), moderate(25, 35, seed=6)
    matched = imaging.match_colours(source, target, method)
    assert matched.dtype == np.float32
    assert matched.min() > 0  # nothing was clipped
    assert matched.max() < 1
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), target.mean(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(covariance(matched), covariance(target), atol=1e-3, rtol=0.05)


@pytest.mark.parametrize("method", LINEAR)
def test_linear_maps_carry_one_covariance_to_the_other_exactly(method: imaging.ColourMatching) -> None:
    source, target = covariance(noise(9, 9)), covariance(moderate(9, 9, seed=7))
    found, ridge = linear_map(source, target, method), 1e-5 * np.eye(3)
    np.testing.assert_allclose(found @ (source + ridge) @ found.T, target + ridge, atol=1e-9)


@pytest.mark.parametrize("method", LINEAR)
def test_independent_channels_are_scaled_each_by_its_deviation(method: imaging.ColourMatching) -> None:
    found = linear_map(np.diag([0.01, 0.04, 0.09]), np.diag([0.04, 0.04, 0.01]), method)
    np.testing.assert_allclose(found, np.diag([2, 1, 1 / 3]), atol=2e-3)


def test_the_kinds_of_matching_keep_what_they_say() -> None:
    source, target = covariance(noise(9, 9)), covariance(moderate(9, 9, seed=8))
    cholesky, symmetric = linear_map(source, target, "cholesky"), linear_map(source, target, "symmetric")
    np.testing.assert_allclose(cholesky, np.tril(cholesky), atol=1e-12)
    np.testing.assert_allclose(symmetric, symmetric.T, atol=1e-12)


def test_symmetric_matching_moves_colours_the_least() -> None:
    source, target = moderate(20, 20, seed=9), moderate(20, 20, seed=10)
    moved = {m: float(((imaging.match_colours(source, target, m) - source) ** 2).mean()) for m in LINEAR}
    assert moved["symmetric"] <= min(moved["cholesky"], moved["pca"]) + 1e-7


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_matched_with_itself_is_itself(method: imaging.ColourMatching) -> None:
    picture = smooth(24, 30)
    np.testing.assert_allclose(imaging.match_colours(picture, picture, method), picture, atol=1e-5)


def test_histogram_matching_with_itself_changes_no_bit() -> None:
    for picture in (noise(33, 21), np.rint(noise(33, 21) * 255) / np.float32(255)):
        np.testing.assert_array_equal(imaging.match_colours(picture, picture, "histogram"), picture)
        larger = picture.repeat(2, axis=0).repeat(3, axis=1)
        np.testing.assert_array_equal(imaging.match_colours(picture, larger, "histogram"), picture)


def test_histogram_matching_gives_each_rank_the_value_of_that_rank() -> None:
    source = np.repeat(np.array([[[0.9], [0.1], [0.5], [0.2]]], np.float32), 3, axis=2)
    target = np.repeat(np.array([[[0.0], [0.3], [0.4], [1.0]]], np.float32), 3, axis=2)
    matched = imaging.match_colours(source, target, "histogram")
    np.testing.assert_allclose(matched[0, :, 0], [1.0, 0.0, 0.4, 0.3], atol=1e-7)


def test_histogram_matching_keeps_two_levels_two() -> None:
    ramp = np.linspace(0, 1, 1000, dtype=np.float32).reshape(20, 50, 1).repeat(3, axis=2)
    board = (np.indices((16, 16)).sum(axis=0) % 2).astype(np.float32)[..., None].repeat(3, axis=2)
    matched = imaging.match_colours(ramp, board, "histogram")
    assert ((matched > 0) & (matched < 1)).mean() < 0.005
    np.testing.assert_array_equal(matched[:9], 0)


def test_histogram_matching_works_across_sizes_and_sixteen_bits() -> None:
    source = np.rint(noise(150, 200) * 65535) / np.float32(65535)
    target = moderate(70, 40, seed=11)
    matched = imaging.match_colours(source, target, "histogram")
    shares = np.linspace(0.05, 0.95, 10)
    for channel in range(3):
        ours, theirs = (np.quantile(p[..., channel], shares) for p in (matched, target))
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_mean_matching_shifts_every_pixel_alike() -> None:
    matched = imaging.match_colours(flat((0.2, 0.4, 0.6)), flat((0.3, 0.3, 0.3), 2, 2), "mean")
    np.testing.assert_allclose(matched, 0.3, atol=1e-6)
    source = moderate(6, 6, seed=12)
    moved = imaging.match_colours(source, moderate(6, 6, seed=13), "mean") - source
    np.testing.assert_allclose(moved, np.broadcast_to(moved[0, 0], moved.shape), atol=1e-6)


@pytest.mark.parametrize("method", [*LINEAR, "histogram"])
def test_a_target_of_one_colour_makes_a_picture_of_about_that_colour(
    method: imaging.ColourMatching,
) -> None:
    matched = imaging.match_colours(smooth(16, 16), flat((0.7, 0.5, 0.3)), method)
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), [0.7, 0.5, 0.3], atol=1e-3)
    assert matched.std(axis=(0, 1)).max() < 0.01


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(1, 1), (4, 5)])
def test_a_source_of_one_colour_becomes_the_middle_of_the_target(
    method: imaging.ColourMatching, size: tuple[int, int]
) -> None:
    target = np.linspace(0.2, 0.6, 25, dtype=np.float32).reshape(5, 5, 1).repeat(3, axis=2)
    matched = imaging.match_colours(flat((0.9, 0.1, 0.3), *size), target, method)
    np.testing.assert_allclose(matched, 0.4, atol=1e-5)


@settings(max_examples=60)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.integers(0, 4),
    st.integers(0, 2**16),
)
def test_no_pictures_make_values_out_of_range_or_not_numbers(
    size: tuple[int, int], other: tuple[int, int], levels: int, seed: int
) -> None:
    """With few levels the colours lie in a plane, on a line or in a point."""
    random = np.random.default_rng(seed)
    source, target = (
        (random.integers(0, levels + 1, (*each, 3)) / max(levels, 1)).astype(np.float32)
        for each in (size, other)
    )
    for method in METHODS:
        matched = imaging.match_colours(source, target, method)
        assert matched.shape == source.shape
        assert matched.dtype == np.float32
        assert matched.min() >= 0
        assert matched.max() <= 1
    painting = random.random(source.shape, dtype=np.float32)
    for space in SPACES:
        for made in (imaging.keep_colours(painting, source, space), imaging.luminance(source, space)):
            assert made.dtype == np.float32
            assert made.min() >= 0
            assert made.max() <= 1


def test_nothing_given_is_changed() -> None:
    source, target = noise(6, 7), noise(6, 7, 1)
    before = source.copy(), target.copy()
    for method in METHODS:
        imaging.match_colours(source, target, method)
    for space in SPACES:
        imaging.keep_colours(source, target, space)
    imaging.match_luminance(source, target)
    imaging.blend_colours(source, target, 0.3)
    np.testing.assert_array_equal(source, before[0])
    np.testing.assert_array_equal(target, before[1])


def test_blending_goes_from_one_picture_to_the_other() -> None:
    styled, recoloured = noise(5, 4), noise(5, 4, 1)
    np.testing.assert_array_equal(imaging.blend_colours(styled, recoloured, 0), styled)
    np.testing.assert_array_equal(imaging.blend_colours(styled, recoloured, 1), recoloured)
    quarter = imaging.blend_colours(flat((0, 0.5, 1)), flat((1, 0.5, 0)), 0.25)
    np.testing.assert_allclose(quarter[0, 0], [0.25, 0.5, 0.75], atol=1e-6)
    assert quarter.dtype == np.float32


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_outside_zero_to_one_is_refused(strength: float) -> None:
    with pytest.raises(OptionError, match=r"strength: expected a number in \[0, 1\]; got "):
        imaging.blend_colours(noise(2, 2), noise(2, 2), strength)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="one of yuv, ycbcr, lab, luv; got 'hsv'"):
        imaging.keep_colours(noise(2, 2), noise(2, 2), "hsv")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=r"one of cholesky, pca, .*; got 'magic'"):
        imaging.match_colours(noise(2, 2), noise(2, 2), "magic")  # type: ignore[arg-type]


def test_pictures_of_two_sizes_are_refused_where_they_must_agree() -> None:
    with pytest.raises(PictureError, match=r"content: expected a size of 5 x 4 .*, but it is 4 x 5"):
        imaging.keep_colours(noise(4, 5), noise(5, 4))
    with pytest.raises(PictureError, match="recoloured"):
        imaging.blend_colours(noise(4, 5), noise(4, 6), 0.5)


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(PictureError, match=r"picture: .*\(H, W, 3\), but the shape is \(4, 5\)"):
        imaging.luminance(np.zeros((4, 5), np.float32))
    with pytest.raises(PictureError, match="target"):
        imaging.match_colours(noise(2, 2), np.zeros((0, 3, 3), np.float32))
