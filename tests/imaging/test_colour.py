from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import color

from impasto import imaging

COLOURS = np.random.default_rng(3).random((40, 50, 3)).astype(np.float32)


def test_the_transfer_curve_of_srgb_is_undone_by_its_inverse() -> None:
    ramp = np.linspace(0, 1, 4096, dtype=np.float32)
    light = imaging.srgb_to_linear(ramp)
    np.testing.assert_allclose(imaging.linear_to_srgb(light), ramp, atol=2e-6)
    assert light.dtype == np.float32
    assert light[0] == 0
    assert light[-1] == pytest.approx(1, abs=1e-6)


def test_middle_grey_reflects_about_a_fifth_of_the_light() -> None:
    assert imaging.srgb_to_linear(np.array([0.5], np.float32))[0] == pytest.approx(0.21404, abs=1e-5)


def test_values_below_zero_stay_finite_and_negative() -> None:
    below = np.array([-0.1], np.float32)
    assert imaging.linear_to_srgb(below)[0] == pytest.approx(-1.292)
    assert imaging.srgb_to_linear(below)[0] == pytest.approx(-0.1 / 12.92)


def test_lab_agrees_with_scikit_image() -> None:
    lab = imaging.rgb_to_lab(COLOURS)
    assert lab.dtype == np.float32
    np.testing.assert_allclose(lab, color.rgb2lab(COLOURS), atol=0.02)


def test_white_is_a_hundred_and_colourless_in_lab() -> None:
    lab = imaging.rgb_to_lab(np.ones((1, 3), np.float32))
    np.testing.assert_allclose(lab, [[100, 0, 0]], atol=1e-3)


def test_lab_returns_to_the_same_rgb() -> None:
    np.testing.assert_allclose(imaging.lab_to_rgb(imaging.rgb_to_lab(COLOURS)), COLOURS, atol=2e-5)
    dark = COLOURS * np.float32(0.03)
    np.testing.assert_allclose(imaging.lab_to_rgb(imaging.rgb_to_lab(dark)), dark, atol=2e-5)


def test_lab_outside_srgb_is_clipped() -> None:
    rgb = imaging.lab_to_rgb(np.array([[50, 120, -120], [120, 0, 0]], np.float32))
    assert rgb.min() >= 0
    assert rgb.max() <= 1


def test_yuv_agrees_with_scikit_image() -> None:
    yuv = imaging.rgb_to_yuv(COLOURS)
    assert yuv.dtype == np.float32
    np.testing.assert_allclose(yuv, color.rgb2yuv(COLOURS), atol=1e-5)


def test_yuv_returns_to_the_same_rgb() -> None:
    np.testing.assert_allclose(imaging.yuv_to_rgb(imaging.rgb_to_yuv(COLOURS)), COLOURS, atol=1e-6)


def test_grey_has_no_chroma_in_yuv() -> None:
    yuv = imaging.rgb_to_yuv(np.full((2, 2, 3), 0.25, np.float32))
    np.testing.assert_allclose(yuv[..., 0], 0.25, atol=1e-6)
    np.testing.assert_allclose(yuv[..., 1:], 0, atol=1e-6)


def test_ycbcr_agrees_with_pillow() -> None:
    steps = np.rint(COLOURS * 255).astype(np.uint8)
    theirs = np.asarray(Image.fromarray(steps).convert("YCbCr")).astype(np.float32) - [0, 128, 128]
    ours = imaging.rgb_to_ycbcr(steps / np.float32(255))
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours * 255, theirs, atol=1.01)


def test_pure_blue_and_pure_red_reach_the_ends_of_ycbcr() -> None:
    ends = imaging.rgb_to_ycbcr(np.array([[0, 0, 1], [1, 0, 0]], np.float32))
    assert ends[0, 1] == pytest.approx(0.5)
    assert ends[1, 2] == pytest.approx(0.5)


def test_ycbcr_returns_to_the_same_rgb() -> None:
    np.testing.assert_allclose(imaging.ycbcr_to_rgb(imaging.rgb_to_ycbcr(COLOURS)), COLOURS, atol=1e-6)


def test_luv_agrees_with_scikit_image() -> None:
    luv = imaging.rgb_to_luv(COLOURS)
    assert luv.dtype == np.float32
    np.testing.assert_allclose(luv, color.rgb2luv(COLOURS), atol=0.05)


def test_white_is_a_hundred_and_colourless_in_luv_and_black_is_nothing() -> None:
    luv = imaging.rgb_to_luv(np.array([[1, 1, 1], [0, 0, 0]], np.float32))
    np.testing.assert_allclose(luv, [[100, 0, 0], [0, 0, 0]], atol=1e-3)


def test_luv_returns_to_the_same_rgb() -> None:
    np.testing.assert_allclose(imaging.luv_to_rgb(imaging.rgb_to_luv(COLOURS)), COLOURS, atol=3e-5)
    dark = COLOURS * np.float32(0.03)
    np.testing.assert_allclose(imaging.luv_to_rgb(imaging.rgb_to_luv(dark)), dark, atol=3e-5)


def test_luv_and_lab_have_the_same_lightness() -> None:
    luv, lab = imaging.rgb_to_luv(COLOURS), imaging.rgb_to_lab(COLOURS)
    np.testing.assert_allclose(luv[..., 0], lab[..., 0], atol=1e-3)


def test_strong_chroma_at_low_lightness_stays_dark_in_luv() -> None:
    blue = imaging.rgb_to_luv(np.array([0, 0, 1], np.float32))
    for lightness in (0, 1, 5, 21):  # at 21 the formula would divide by almost nothing
        rgb = imaging.luv_to_rgb(np.array([lightness, *blue[1:]], np.float32))
        assert rgb[2] <= imaging.luv_to_rgb(blue)[2]
        assert rgb[:2].max() < 0.1
        assert imaging.rgb_to_luv(rgb)[0] < lightness + 15
