import math
from collections.abc import Callable

import pytest
import torch

from impasto.errors import PictureError
from impasto.metrics import border_frame, grid_energy, speckle

Photo = Callable[..., torch.Tensor]


def grid(image: torch.Tensor, period: tuple[float, float]) -> torch.Tensor:
    """A cosine of amplitude 1 with so many pixels a period down and across."""
    rows = torch.arange(image.shape[2])[:, None] / period[0]
    columns = torch.arange(image.shape[3])[None] / period[1]
    return torch.cos(2 * math.pi * (rows + columns)).expand_as(image)


def with_frame(image: torch.Tensor, width: int, factor: float) -> torch.Tensor:
    framed = image * factor
    inside = (..., slice(width, -width), slice(width, -width))
    framed[inside] = image[inside]
    return framed


@pytest.mark.parametrize("seed", range(4))
def test_a_natural_picture_has_no_grid_no_frame_and_little_speckle(photo: Photo, seed: int) -> None:
    picture = photo(seed=seed)
    assert 0.4 < grid_energy(picture).period_2 < 2
    assert 0.4 < grid_energy(picture).period_4 < 2
    assert 0.5 < border_frame(picture) < 2
    assert speckle(picture) < 0.02


@pytest.mark.parametrize("period", [(2, math.inf), (math.inf, 2), (2, 2)])
def test_a_faint_grid_of_two_pixels_shows_at_period_two_alone(
    photo: Photo, period: tuple[float, float]
) -> None:
    energy = grid_energy(photo() + 0.02 * grid(photo(), period))
    assert energy.period_2 > 50
    assert energy.period_4 < 2
    assert energy.worst == energy.period_2


@pytest.mark.parametrize("period", [(4, math.inf), (math.inf, 4), (4, 4), (4, -4), (2, 4), (4, 2)])
def test_a_faint_grid_of_four_pixels_shows_at_period_four_alone(
    photo: Photo, period: tuple[float, float]
) -> None:
    energy = grid_energy(photo() + 0.02 * grid(photo(), period))
    assert energy.period_4 > 20
    assert energy.period_2 < 2
    assert energy.worst == energy.period_4


def test_a_grid_in_the_sky_is_not_lost_among_the_leaves(photo: Photo) -> None:
    picture = photo(128, 256)
    picture[..., :128] = 0.7 + 0.02 * (picture[..., :128] - 0.5)
    faint = 0.01 * grid(picture, (2, 2))
    faint[..., 128:] = 0
    assert grid_energy(picture).period_2 < 2
    assert grid_energy(picture + faint).period_2 > 20


def test_patterns_of_other_periods_are_no_grid(photo: Photo) -> None:
    assert grid_energy(photo() + 0.05 * grid(photo(), (math.inf, 8))).worst < 2
    assert grid_energy(photo() + 0.05 * grid(photo(), (math.inf, 3))).worst < 2


def test_hard_edges_along_the_axes_are_no_grid() -> None:
    picture = torch.full((1, 3, 128, 128), 0.2)
    picture[..., 30:90, 25:70] = 0.9
    assert grid_energy(picture).worst < 2


def test_a_flat_picture_has_neither_grid_nor_frame_nor_speckle() -> None:
    flat = torch.full((1, 3, 64, 64), 0.5)
    assert grid_energy(flat).worst == pytest.approx(1, abs=1e-3)
    assert border_frame(flat) == pytest.approx(1)
    assert speckle(flat) == 0


def test_a_small_picture_shows_its_grid(photo: Photo) -> None:
    small = photo(70, 80)
    assert grid_energy(small).worst < 3
    assert grid_energy(small + 0.02 * grid(small, (2, 2))).period_2 > 20


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_a_darkened_frame_of_up_to_eight_pixels_stands_out(photo: Photo, width: int) -> None:
    picture = photo()
    assert border_frame(with_frame(picture, width, 0.5)) > 2.5 * border_frame(picture)


def test_a_frame_on_one_side_only_stands_out(photo: Photo) -> None:
    picture = photo()
    framed = picture.clone()
    framed[..., -3:] = 1
    assert border_frame(framed) > 2 * border_frame(picture)


def test_a_line_inside_the_picture_is_no_frame(photo: Photo) -> None:
    lined = photo()
    lined[..., 40:42] = 0
    assert border_frame(lined) < 2


def test_turning_or_mirroring_a_picture_keeps_its_frame_and_grid(photo: Photo) -> None:
    picture = with_frame(photo(), 2, 0.7)
    for other in (picture.flip(2), picture.flip(3), picture.transpose(2, 3)):
        assert border_frame(other) == pytest.approx(border_frame(picture), rel=0.02)
        assert grid_energy(other).period_2 == pytest.approx(grid_energy(picture).period_2, rel=0.5)


def test_one_dot_sticks_out_by_its_distance_to_the_nearest_neighbour_value() -> None:
    picture = torch.full((1, 3, 12, 12), 0.4)
    picture[0, 1, 5, 6] = 0.9
    picture[0, 1, 5, 7] = 0.6
    assert speckle(picture) == pytest.approx(math.sqrt(0.3**2 / 300))


def test_salt_and_pepper_is_speckle_but_lines_edges_and_checkerboards_are_not(photo: Photo) -> None:
    picture = torch.nn.functional.avg_pool2d(photo(), 5, stride=1)
    struck = torch.rand(124, 156, generator=torch.Generator().manual_seed(1)) < 0.01
    salted = torch.where(struck, (picture + 0.3).clamp(0, 1), picture)
    assert speckle(salted) > 2 * speckle(picture)
    drawn = torch.full((1, 3, 32, 32), 0.5)
    drawn[..., 10, :] = 1
    drawn[..., 20:, 16:] = 0
    assert speckle(drawn) == 0
    assert speckle(0.5 + 0.05 * grid(drawn, (2, 2))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("measured", "side"), [(grid_energy, 32), (border_frame, 32), (speckle, 3)])
def test_pictures_too_small_to_measure_are_refused_with_the_size_needed(
    measured: Callable[[torch.Tensor], object], side: int
) -> None:
    measured(torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)))
    with pytest.raises(PictureError, match=rf"expected .*{side}x{side}.*; got 50x{side - 1}"):
        measured(torch.zeros(1, 3, side - 1, 50))
