"""Masks: read from any picture, softened, resampled, and refused where they do not fit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto import imaging
from impasto.errors import OptionError, PictureError

from .pictures import encoded, noise, png16

GREY = noise(6, 9, 1)[..., 0]
SIDES = st.integers(1, 9)


def put(folder: Path, data: bytes) -> Path:
    place = folder / "mask.bin"
    place.write_bytes(data)
    return place


def mask_of(folder: Path, image: Image.Image, kind: str = "PNG", **options: Any) -> np.ndarray[Any, Any]:
    return imaging.read_mask(put(folder, encoded(image, kind, **options)))


def steps(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    assert mask.ndim == 2
    assert mask.dtype == np.float32
    assert mask.flags.c_contiguous
    return np.rint(mask * 255).astype(int)


def edge(height: int = 9, width: int = 40) -> np.ndarray[Any, Any]:
    """Black on the left half, white on the right."""
    mask = np.zeros((height, width), np.float32)
    mask[:, width // 2 :] = 1
    return mask


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_white_is_one_and_greys_are_in_between(tmp_path: Path, kind: str, mode: str) -> None:
    np.testing.assert_array_equal(steps(mask_of(tmp_path, Image.fromarray(GREY).convert(mode), kind)), GREY)


def test_sixteen_bits_stay_sixteen(tmp_path: Path) -> None:
    deep = noise(5, 7, 1, top=65535)
    mask = imaging.read_mask(put(tmp_path, png16(deep)))
    np.testing.assert_array_equal(np.rint(mask * 65535), deep[..., 0])


def test_a_mask_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    mask = mask_of(tmp_path, Image.fromarray(GREY), exif=exif.tobytes())
    np.testing.assert_array_equal(steps(mask), np.rot90(GREY, -1))


def test_a_jpeg_is_a_mask_even_where_its_greys_have_a_tinge(tmp_path: Path) -> None:
    image = Image.fromarray(edge(32, 32).astype(np.uint8) * 255).convert("RGB")
    mask = mask_of(tmp_path, image, "JPEG", quality=60)
    np.testing.assert_allclose(mask, edge(32, 32), atol=0.05)


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (200, 30, 90)])
def test_paint_of_one_colour_on_a_transparent_layer_is_a_mask_by_its_alpha(
    tmp_path: Path, colour: tuple[int, int, int]
) -> None:
    paint = np.zeros((6, 9, 4), np.uint8)  # what cannot be seen is black
    paint[GREY > 100] = [*colour, 0]
    paint[..., 3] = np.where(GREY > 100, GREY, 0)
    mask = mask_of(tmp_path, Image.fromarray(paint))
    np.testing.assert_array_equal(steps(mask), paint[..., 3])


def test_a_wholly_transparent_layer_selects_nothing(tmp_path: Path) -> None:
    np.testing.assert_array_equal(mask_of(tmp_path, Image.new("RGBA", (3, 2))), np.zeros((2, 3)))


def test_transparent_parts_of_a_grey_picture_count_as_black(tmp_path: Path) -> None:
    grey = np.array([[0, 255, 100, 255]], np.uint8)
    alpha = np.array([[255, 255, 255, 0]], np.uint8)
    mask = mask_of(tmp_path, Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]))
    np.testing.assert_array_equal(steps(mask), [[0, 255, 100, 0]])


def test_a_picture_with_colours_is_no_mask(tmp_path: Path) -> None:
    place = put(tmp_path, encoded(Image.fromarray(noise(8, 8, 3)), "PNG"))
    with pytest.raises(
        PictureError, match=r"expected a mask in black, white and greys, but \d+% of"
    ) as caught:
        imaging.read_mask(place)
    assert str(caught.value).startswith(str(place))
    assert caught.value.expected is not None
    assert caught.value.actual is not None


def test_what_read_refuses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="there is no such file"):
        imaging.read_mask(tmp_path / "none.png")
    with pytest.raises(PictureError, match="at most 10 pixels"):
        imaging.read_mask(
            put(tmp_path, encoded(Image.fromarray(GREY), "PNG")), imaging.ReadOptions(max_pixels=10)
        )


@pytest.mark.parametrize("radius", [0.3, 1, 2.5, 4])
def test_a_feathered_edge_is_the_normal_distribution(radius: float) -> None:
    """Counted between pixels; a blur of a stepped edge differs from it by less than a pixel's share."""
    soft = imaging.feather(edge(), radius)[4]
    distance = np.arange(40) - 19.5
    expected = [0.5 + 0.5 * math.erf(d / radius / math.sqrt(2)) for d in distance]
    np.testing.assert_allclose(soft, expected, atol=0.03 if radius >= 1 else 0.06)
    assert soft[19] + soft[20] == pytest.approx(1, abs=1e-5)


def test_feathering_is_the_same_both_ways_round() -> None:
    mask = np.random.default_rng(0).random((11, 17), dtype=np.float32)
    across, down = imaging.feather(mask, 2), imaging.feather(np.ascontiguousarray(mask.T), 2).T
    np.testing.assert_allclose(across, down, atol=1e-6)
    np.testing.assert_allclose(imaging.feather(mask[::-1], 2)[::-1], across, atol=1e-6)


def test_radius_zero_is_a_copy() -> None:
    mask = edge()
    copy = imaging.feather(mask, 0)
    np.testing.assert_array_equal(copy, mask)
    assert not np.shares_memory(copy, mask)


@settings(max_examples=50)
@given(SIDES, SIDES, st.floats(0, 20), st.integers(0, 2**16))
def test_feathered_masks_stay_in_range_and_still_add_up(h: int, w: int, radius: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((h, w), dtype=np.float32)
    soft = imaging.feather(mask, radius)
    assert soft.shape == (h, w)
    assert soft.dtype == np.float32
    assert mask.min() - 1e-5 <= soft.min()
    assert soft.max() <= mask.max() + 1e-5
    np.testing.assert_allclose(soft + imaging.feather(1 - mask, radius), 1, atol=1e-5)


def test_a_radius_beyond_the_mask_is_not_waited_for() -> None:
    np.testing.assert_allclose(imaging.feather(edge(2, 4), 1e9), imaging.feather(edge(2, 4), 4))


@pytest.mark.parametrize("radius", [-1, float("nan"), float("inf")])
def test_a_radius_that_is_no_length_is_refused(radius: float) -> None:
    with pytest.raises(OptionError, match="radius: expected a number of pixels, 0 or more"):
        imaging.feather(edge(), radius)


def test_shrinking_averages_over_exact_areas() -> None:
    np.testing.assert_allclose(imaging.resize_mask(edge(8, 40), 10, 2), edge(2, 10), atol=1e-6)
    row = np.array([[0, 1, 0.5]], np.float32)
    np.testing.assert_allclose(imaging.resize_mask(row, 2, 1), [[1 / 3, 2 / 3]], atol=1e-6)
    np.testing.assert_allclose(imaging.resize_mask(row, 1, 1), [[0.5]], atol=1e-6)


def test_enlarging_draws_lines_between_pixels() -> None:
    large = imaging.resize_mask(np.array([[0, 1]], np.float32), 8, 3)
    np.testing.assert_allclose(large[1], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1], atol=1e-6)


def test_one_side_may_shrink_while_the_other_grows() -> None:
    result = imaging.resize_mask(np.array([[0, 0, 1, 1]], np.float32), 2, 5)
    np.testing.assert_allclose(result, [[0, 1]] * 5, atol=1e-6)


@settings(max_examples=50)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 2**16))
def test_resized_masks_stay_in_range_and_still_add_up(
    h: int, w: int, height: int, width: int, seed: int
) -> None:
    mask = np.random.default_rng(seed).random((h, w), dtype=np.float32)
    result = imaging.resize_mask(mask, width, height)
    assert result.shape == (height, width)
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    np.testing.assert_allclose(result + imaging.resize_mask(1 - mask, width, height), 1, atol=1e-5)
    if height <= h and width <= w:
        assert result.mean() == pytest.approx(mask.mean(), abs=1e-5)
    if (height, width) == (h, w):
        np.testing.assert_array_equal(result, mask)


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(OptionError, match="at least 1; got 0 x 4"):
        imaging.resize_mask(edge(), 0, 4)
    with pytest.raises(OptionError, match="at least 1"):
        imaging.check_proportions(edge(), 4, 0)


@pytest.mark.parametrize("size", [(400, 300), (4000, 3000), (400, 302), (396, 300), (1201, 900)])
def test_masks_of_the_proportions_of_the_picture_pass(size: tuple[int, int]) -> None:
    imaging.check_proportions(np.zeros((300, 400), np.float32), *size)


@pytest.mark.parametrize("size", [(300, 400), (400, 310), (390, 300), (400, 400)])
def test_masks_of_other_proportions_are_refused_with_both_sizes(size: tuple[int, int]) -> None:
    words = f"sky.png: expected the proportions of the picture, {size[0]} x {size[1]}, but it is 400 x 300"
    with pytest.raises(PictureError, match=words):
        imaging.check_proportions(np.zeros((300, 400), np.float32), *size, name="sky.png")


def test_arrays_of_another_shape_are_refused() -> None:
    for shape in ((4,), (4, 5, 3), (0, 3)):
        with pytest.raises(PictureError, match=r"a mask of shape \(H, W\)"):
            imaging.feather(np.zeros(shape, np.float32), 1)
        with pytest.raises(PictureError, match="shape"):
            imaging.resize_mask(np.zeros(shape, np.float32), 2, 2)
