import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.losses import (
    GUIDE_MODES,
    propagate_guide,
)


def random_features(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mask(height: int, width: int, rows: slice, columns: slice) -> torch.Tensor:
    guide = torch.zeros(height, width, dtype=torch.float64)
    guide[rows, columns] = 1
    return guide


def test_the_simple_mode_takes_the_mean_of_each_cell() -> None:
    guide = torch.tensor([[1.0, 0, 0, 1], [1, 1, 0, 0]])
    torch.testing.assert_close(propagate_guide(guide, (1, 2)), torch.tensor([[0.75, 0.25]]))


def test_pixels_on_a_cell_s_border_count_in_both_cells_by_their_shares() -> None:
    guide = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(propagate_guide(guide, (1, 2)), torch.full((1, 2), 1 / 3))


def test_without_a_radius_inside_and_all_look_at_the_cell() -> None:
    guide = torch.tensor([[1.0, 1, 0, 0.5, 0, 0], [1, 1, 0, 0, 0, 0]])
    assert propagate_guide(guide, (1, 3), "inside").tolist() == [[1, 0, 0]]
    assert propagate_guide(guide, (1, 3), "all").tolist() == [[1, 0.5, 0]]


def test_a_radius_widens_what_a_position_sees() -> None:
    guide = mask(1, 9, slice(1), slice(3, 9))
    at_the_pixels = [
        (0, [0, 0, 0, 1, 1, 1, 1, 1, 1]),
        (1, [0, 0, 0, 0, 1, 1, 1, 1, 1]),
        (3, [0, 0, 0, 0, 0, 0, 1, 1, 1]),
        (20, [0] * 9),
    ]
    for radius, expected in at_the_pixels:
        assert propagate_guide(guide, (1, 9), "inside", radius).tolist() == [expected]
        opposite = propagate_guide(1 - guide, (1, 9), "all", radius)
        assert opposite.tolist() == [[1 - value for value in expected]]
    # Cells of 3 with their middles at pixels 1, 4 and 7: at radius 2 the second sees pixels 2 to 6.
    assert propagate_guide(guide, (1, 3), "inside", 1).tolist() == [[0, 1, 1]]
    assert propagate_guide(guide, (1, 3), "inside", 2).tolist() == [[0, 0, 1]]
    assert propagate_guide(guide, (1, 3), "all", 1).tolist() == [[0, 1, 1]]
    assert propagate_guide(guide, (1, 3), "all", 2).tolist() == [[1, 1, 1]]


def test_inside_and_all_look_along_both_axes() -> None:
    guide = mask(5, 5, slice(2, 3), slice(2, 3))
    assert propagate_guide(guide, (5, 5), "all", 1).tolist() == mask(5, 5, slice(1, 4), slice(1, 4)).tolist()
    hole = 1 - guide
    assert (1 - propagate_guide(hole, (5, 5), "inside", 1)).sum().item() == 9


@given(sides=st.tuples(*[st.integers(1, 12)] * 4), radius=st.integers(0, 6), seed=st.integers(0, 100))
@settings(max_examples=60)
def test_guides_brought_to_a_layer_keep_order_mean_and_mirror_images(
    sides: tuple[int, ...], radius: int, seed: int
) -> None:
    guide = torch.rand(*sides[:2], generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    at = {mode: propagate_guide(guide, sides[2:], mode, radius) for mode in GUIDE_MODES}
    torch.testing.assert_close(at["simple"].mean(), guide.mean())
    for mode, found in at.items():
        assert found.shape == sides[2:]
        assert (at["inside"] <= found + 1e-12).all()
        assert (found <= at["all"] + 1e-12).all()
        mirrored = propagate_guide(guide.flip(0, 1), sides[2:], mode, radius).flip(0, 1)
        torch.testing.assert_close(mirrored, found)


def test_guides_of_two_regions_together_cover_a_layer() -> None:
    guide = mask(7, 9, slice(2, 6), slice(1, 5))
    here, there = propagate_guide(guide, (3, 4)), propagate_guide(1 - guide, (3, 4))
    torch.testing.assert_close(here + there, torch.ones(3, 4, dtype=torch.float64))


@pytest.mark.parametrize("mode", GUIDE_MODES)
def test_a_guide_at_the_layer_s_own_size_stays_as_it_is(mode: str) -> None:
    guide = random_features(4, 5).abs()
    torch.testing.assert_close(propagate_guide(guide, (4, 5), mode), guide)


def test_a_guide_that_is_no_plane_is_refused() -> None:
    with pytest.raises(InputError, match=r"\(H, W\).*got shape \(1, 4, 5\)"):
        propagate_guide(torch.zeros(1, 4, 5), (2, 2))


def test_options_of_guides_out_of_range_are_refused() -> None:
    guide = torch.zeros(4, 5)
    with pytest.raises(OptionError, match="one of simple, all, inside; got 'outside'"):
        propagate_guide(guide, (2, 2), "outside")
    with pytest.raises(OptionError, match="radius to be 0 or more; got -1"):
        propagate_guide(guide, (2, 2), "all", -1)
    with pytest.raises(OptionError, match="size to be 1 or more; got 0"):
        propagate_guide(guide, (2, 0))
