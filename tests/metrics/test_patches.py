from collections.abc import Callable

import pytest
import torch

from impasto.errors import OptionError, PictureError
from impasto.metrics import sliced_wasserstein_patches

Photo = Callable[..., torch.Tensor]


def test_a_picture_has_distance_zero_to_itself(photo: Photo) -> None:
    assert sliced_wasserstein_patches(photo(), photo()) == 0


def test_the_same_figure_comes_out_every_time_for_a_seed(photo: Photo) -> None:
    pictures = photo(seed=0), photo(seed=1)
    assert sliced_wasserstein_patches(*pictures) == sliced_wasserstein_patches(*pictures)
    assert sliced_wasserstein_patches(*pictures) != sliced_wasserstein_patches(*pictures, seed=1)


def test_two_flat_pictures_are_as_far_apart_as_their_colours() -> None:
    black, gray = torch.zeros(1, 3, 40, 40), torch.full((1, 3, 50, 30), 0.25)
    assert sliced_wasserstein_patches(black, gray, projections=4096) == pytest.approx(0.25, rel=0.05)


def test_another_size_of_the_same_texture_is_near_and_another_texture_far() -> None:
    generator = torch.Generator().manual_seed(0)
    texture = torch.rand(1, 3, 150, 150, generator=generator)
    stripes = ((torch.arange(150) // 8) % 2).float().expand(1, 3, 150, 150)
    same = sliced_wasserstein_patches(texture[..., :100, :90], texture[..., 20:, 30:])
    other = sliced_wasserstein_patches(texture[..., :100, :90], stripes)
    assert same < 0.02
    assert other > 5 * same


def test_where_things_are_does_not_matter(photo: Photo) -> None:
    picture = photo(160, 160)
    rolled = torch.cat([picture[..., 80:], picture[..., :80]], dim=3)
    assert sliced_wasserstein_patches(picture, rolled) < 0.02


def test_equal_colours_in_another_order_are_another_texture() -> None:
    coarse = ((torch.arange(96) // 6) % 2).float().expand(1, 3, 96, 96)
    fine = (torch.arange(96) % 2).float().expand(1, 3, 96, 96)
    assert sliced_wasserstein_patches(coarse, fine, scales=(1,)) > 0.2


def test_scales_too_coarse_for_a_picture_are_left_out(photo: Photo) -> None:
    small, style = photo(seed=0)[..., :10, :10], photo(seed=1)
    assert sliced_wasserstein_patches(small, style) == sliced_wasserstein_patches(small, style, scales=(1,))


def test_pictures_smaller_than_a_patch_are_refused_with_both_sizes(photo: Photo) -> None:
    with pytest.raises(PictureError, match=r"7x7.*got 6x20 and 160x128"):
        sliced_wasserstein_patches(torch.zeros(1, 3, 20, 6), photo())


@pytest.mark.parametrize("options", [{"patch": 0}, {"projections": 0}, {"scales": ()}, {"scales": (1, 0)}])
def test_counts_below_one_are_refused(photo: Photo, options: dict[str, object]) -> None:
    with pytest.raises(OptionError, match="1 or more"):
        sliced_wasserstein_patches(photo(), photo(), **options)
