"""Regions: flat colours found whatever the file did to them, soft edges shared, two masks paired."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from impasto import imaging
from impasto.errors import OptionError, PictureError
from impasto.types import Pixels

from .pictures import smooth

RED, GREEN, BLUE, WHITE, BLACK = "#ff0000", "#00ff00", "#0000ff", "#ffffff", "#000000"


def painted(scale: int = 1) -> Image.Image:
    """A mask of four flat colours with slanted and round borders, ``scale`` times 192 x 128."""
    image = Image.new("RGB", (192 * scale, 128 * scale), RED)
    draw = ImageDraw.Draw(image)

    def points(*numbers: int) -> list[int]:
        return [number * scale for number in numbers]

    draw.polygon(points(0, 90, 191, 60, 191, 127, 0, 127), fill=GREEN)
    draw.ellipse(points(20, 20, 80, 80), fill=BLUE)
    draw.rectangle(points(120, 10, 170, 110), fill=WHITE)
    return image


def values(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def stripes(*colours: str, width: int = 6, height: int = 12) -> Pixels:
    """Upright stripes of flat colours."""
    row = [tuple(bytes.fromhex(colour[1:])) for colour in colours for _ in range(width)]
    return np.array([row] * height, np.float32) / np.float32(255)


def check_sum(regions: dict[str, Any]) -> None:
    for plane in regions.values():
        assert plane.dtype == np.float32
        assert plane.min() >= 0
        assert plane.max() <= 1
    np.testing.assert_allclose(np.sum(list(regions.values()), axis=0), 1, atol=1e-6)


def test_three_flat_colours_are_three_regions_the_largest_first() -> None:
    regions = imaging.split_regions(stripes(BLUE, RED, RED, WHITE, RED, BLUE))
    assert list(regions) == [RED, BLUE, WHITE]
    check_sum(regions)
    columns = np.repeat([0, 1, 1, 0, 1, 0], 6)
    np.testing.assert_array_equal(regions[RED], np.tile(columns, (12, 1)))
    assert regions[WHITE].sum() == 6 * 12


def test_one_colour_and_one_pixel_are_one_region() -> None:
    for pixels in (stripes(GREEN), stripes(GREEN, width=1, height=1)):
        regions = imaging.split_regions(pixels)
        assert list(regions) == [GREEN]
        np.testing.assert_array_equal(regions[GREEN], np.ones(pixels.shape[:2]))


def test_colours_of_lossless_pictures_are_named_exactly() -> None:
    names = ["#6496c8", "#102030", "#fa0510"]
    assert set(imaging.split_regions(stripes(*names))) == set(names)


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_a_mask_saved_as_jpeg_has_the_same_colours(tmp_path: Path, quality: int) -> None:
    original = imaging.split_regions(values(painted()))
    painted().save(tmp_path / "mask.jpg", quality=quality)
    regions = imaging.read_regions(tmp_path / "mask.jpg")
    assert sorted(original) == sorted([RED, GREEN, BLUE, WHITE])
    assert sorted(regions) == sorted(original)
    check_sum(regions)
    for name, plane in original.items():
        assert np.abs(regions[name] - plane).mean() < 0.02


def test_middling_colours_saved_as_jpeg_find_their_partners(tmp_path: Path) -> None:
    pixels = stripes("#c86432", "#3264c8", "#646464", width=32, height=48)
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(tmp_path / "mask.jpg", quality=60)
    pairs = imaging.match_regions(imaging.split_regions(pixels), imaging.read_regions(tmp_path / "mask.jpg"))
    assert len(pairs) == 3


@pytest.mark.parametrize("scale", [2, 4])
def test_smoothed_edges_are_shared_and_make_no_regions(scale: int) -> None:
    image = painted(scale).resize((192, 128), Image.Resampling.BOX)
    regions = imaging.split_regions(values(image))
    assert sorted(regions) == sorted([RED, GREEN, BLUE, WHITE])
    check_sum(regions)
    disc = regions[BLUE]
    assert ((disc > 0) & (disc < 1)).any()
    # The area of the ellipse drawn, pi/4 times its width and its height, both about 60.5.
    assert disc.sum() == pytest.approx(np.pi / 4 * 60.5**2, rel=0.02)


def test_blurred_edges_make_no_regions() -> None:
    image = painted(3).filter(ImageFilter.GaussianBlur(3))
    regions = imaging.split_regions(values(image))
    assert sorted(regions) == sorted([RED, GREEN, BLUE, WHITE])


def test_an_edge_pixel_is_shared_by_its_place_between_two_colours() -> None:
    pixels = stripes(RED, BLUE, BLACK, width=10)
    pixels[:, 9] = [0.8, 0, 0.2]
    regions = imaging.split_regions(pixels)
    assert len(regions) == 3
    np.testing.assert_allclose(regions[BLUE][:, 9], 0.2, atol=1e-6)
    np.testing.assert_allclose(regions[RED][:, 9], 0.8, atol=1e-6)
    # Half red and half blue is as near to black as to either, and still no part of black.
    pixels[:, 9] = [0.5, 0, 0.5]
    halves = imaging.split_regions(pixels, least_share=0.1)
    np.testing.assert_allclose(halves[BLACK][:, 9], 0, atol=1e-6)
    np.testing.assert_allclose(halves[RED][:, 9], 0.5, atol=0.01)


def test_a_dark_grey_edge_lies_between_black_and_grey_when_white_is_there_too() -> None:
    pixels = stripes(BLACK, "#808080", WHITE, width=10)
    pixels[:, 9] = 64 / 255
    regions = imaging.split_regions(pixels)
    np.testing.assert_allclose(regions["#808080"][:, 9], 0.5, atol=1e-6)
    np.testing.assert_allclose(regions[WHITE][:, 9], 0)


def test_a_flat_mixture_of_two_colours_is_a_region() -> None:
    assert set(imaging.split_regions(stripes(BLACK, "#808080", WHITE))) == {BLACK, "#808080", WHITE}


def test_colours_within_the_tolerance_are_one_and_beyond_it_two() -> None:
    pixels = stripes(RED, RED, "#f00000")  # 15/255 apart, that is 0.0588
    assert list(imaging.split_regions(pixels, tolerance=0.06)) == [RED]
    assert list(imaging.split_regions(pixels, tolerance=0.05)) == [RED, "#f00000"]
    assert list(imaging.split_regions(stripes(RED, RED, "#fe0000"), tolerance=0)) == [RED, "#fe0000"]


def test_colours_below_the_least_share_are_shared_among_the_others() -> None:
    pixels = stripes(*[RED] * 20, *[BLUE] * 20, width=5, height=5)
    pixels[2, 50] = [0, 1, 0]
    regions = imaging.split_regions(pixels)
    assert list(regions) == [BLUE, RED] or list(regions) == [RED, BLUE]
    check_sum(regions)
    assert GREEN in imaging.split_regions(pixels, least_share=0.0005)


def test_transparent_parts_count_as_black(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 255))
    image.paste((0, 255, 0, 0), (0, 0, 5, 10))
    image.save(tmp_path / "mask.png")
    regions = imaging.read_regions(tmp_path / "mask.png")
    assert list(regions) == [RED, BLACK]
    np.testing.assert_array_equal(regions[BLACK][:, :5], 1)


def test_sixty_four_colours_are_not_too_many_and_more_are() -> None:
    steps = ("20", "60", "a0", "e0")
    names = [f"#{r}{g}{b}" for r in steps for g in steps for b in steps]
    assert set(imaging.split_regions(stripes(*names))) == set(names)
    with pytest.raises(PictureError, match=r"few flat colours \(at most 64\); got more than 64"):
        imaging.split_regions(stripes(*names, BLACK))


def test_a_photograph_is_not_a_picture_of_flat_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.rint(smooth(96, 128) * 255).astype(np.uint8))
    for kind in ("PNG", "JPEG"):
        image.save(tmp_path / "photo", format=kind)
        with pytest.raises(PictureError, match=r"a few flat colours .*; got [\d,]+ colours") as caught:
            imaging.read_regions(tmp_path / "photo")
        assert str(caught.value).startswith(str(tmp_path / "photo"))
    with pytest.raises(PictureError, match="256 colours"):
        imaging.split_regions(np.tile(np.arange(256, dtype=np.float32)[:, None] / 255, (9, 1, 3)))


def test_regions_too_small_to_survive_jpeg_are_an_error_and_not_a_wrong_mask() -> None:
    random = np.random.default_rng(0)
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]], np.uint8)
    stream = io.BytesIO()
    Image.fromarray(colours[random.integers(0, 4, (40, 40))]).save(stream, "JPEG", quality=60)
    with pytest.raises(PictureError, match="few flat colours"):
        imaging.split_regions(values(Image.open(stream)))


@settings(max_examples=40)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.booleans(), st.integers(0, 2**16))
def test_every_picture_is_shared_whole_or_refused(h: int, w: int, few: int, rough: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    colours = random.random((few, 3), dtype=np.float32)
    pixels = random.random((h, w, 3), dtype=np.float32) if rough else colours[random.integers(0, few, (h, w))]
    try:
        regions = imaging.split_regions(pixels)
    except PictureError:
        assert rough or few > 1  # flat as they are, chance may put one on the line between two others
        return
    check_sum(regions)
    assert 1 <= len(regions) <= 64


@pytest.mark.parametrize("option", [{"tolerance": -0.1}, {"least_share": 0.0}, {"least_share": 1.5}])
def test_options_out_of_range_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(option))}: expected"):
        imaging.split_regions(stripes(RED), **option)  # type: ignore[arg-type]


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(PictureError, match=r"\(H, W, 3\), but the shape is \(4, 5\)"):
        imaging.split_regions(np.zeros((4, 5), np.float32))


def test_equal_colours_are_paired_in_the_order_of_the_content() -> None:
    regions, others = (
        imaging.split_regions(stripes(RED, RED, BLUE)),
        imaging.split_regions(stripes(BLUE, RED)),
    )
    pairs = imaging.match_regions(regions, others)
    assert list(pairs.items()) == [(RED, RED), (BLUE, BLUE)]


def test_the_nearest_pairs_are_made_first_and_each_style_colour_is_taken_once() -> None:
    pairs = imaging.match_regions(["#f00000", "#ff0000"], ["#ff0000", "#e80000"])
    assert pairs == {"#f00000": "#e80000", "#ff0000": "#ff0000"}


def test_style_colours_nobody_takes_are_left_over() -> None:
    assert imaging.match_regions([RED], [GREEN, "#FE0101", BLUE]) == {RED: "#FE0101"}
    assert imaging.match_regions([], [GREEN]) == {}


def test_colours_without_a_partner_are_named_with_those_there_are() -> None:
    with pytest.raises(PictureError, match=r"within 0\.1, but #0000ff found none") as caught:
        imaging.match_regions([RED, BLUE], [RED, GREEN])
    assert caught.value.actual == "#0000ff found none; the style's mask has #ff0000 (taken), #00ff00"
    with pytest.raises(PictureError, match="has no colour"):
        imaging.match_regions([RED], [])


def test_the_tolerance_says_how_far_partners_may_be_apart() -> None:
    assert imaging.match_regions([BLACK], ["#0000ff"], tolerance=1) == {BLACK: "#0000ff"}
    with pytest.raises(PictureError):
        imaging.match_regions([BLACK], ["#0000ff"], tolerance=0.99)
    with pytest.raises(OptionError, match="tolerance"):
        imaging.match_regions([], [], tolerance=-1)


@pytest.mark.parametrize("name", ["red", "#fff", "#ff00zz", "ff0000", "#ff00000"])
def test_colours_written_another_way_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match='colour: expected one written as "#ff8000"'):
        imaging.match_regions([RED], [name])
