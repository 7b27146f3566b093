import pytest
import torch

from impasto.errors import InputError
from impasto.losses import total_variation_l1, total_variation_l2, total_variation_nine_point

VARIATIONS = [total_variation_l1, total_variation_l2, total_variation_nine_point]


def checkerboard(height: int, width: int) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return ((rows + columns) % 2).double().expand(1, 3, height, width)


def random_image(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_absolute_variation_of_a_checkerboard_counts_its_neighbours() -> None:
    height, width = 4, 6
    neighbours = height * (width - 1) + (height - 1) * width
    assert total_variation_l1(checkerboard(height, width)).item() == 3 * neighbours


def test_the_mean_variation_of_a_checkerboard_is_one_along_each_axis_at_any_size() -> None:
    assert total_variation_l2(checkerboard(4, 6)).item() == pytest.approx(2)
    assert total_variation_l2(checkerboard(40, 21)).item() == pytest.approx(2)


def test_the_nine_point_variation_of_a_checkerboard_equals_what_a_hand_computes() -> None:
    height, width = 4, 6
    # Each row has width - 1 steps of one and a step of none past the border; the diagonals see
    # equal colours inside, and one border of the two sees a step where the continued pixels meet.
    straight = (width - 1) / width + (height - 1) / height
    padded = torch.nn.functional.pad(checkerboard(height, width), (1, 1, 1, 1), mode="replicate")[0, 0]
    falling = sum(
        float((padded[y + 1, x + 1] - padded[y, x]) ** 2) for y in range(height + 1) for x in range(width + 1)
    )
    rising = sum(
        float((padded[y + 1, x] - padded[y, x + 1]) ** 2) for y in range(height + 1) for x in range(width + 1)
    )
    expected = straight * 2 / 3 + (falling + rising) / ((height + 1) * (width + 1)) / 6
    assert total_variation_nine_point(checkerboard(height, width)).item() == pytest.approx(expected)


def test_a_ramp_has_the_slopes_squared_as_mean_variation() -> None:
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(9.0), indexing="ij")
    ramp = (0.3 * columns + 0.4 * rows).view(1, 1, 8, 9)
    assert total_variation_l2(ramp).item() == pytest.approx(0.25)


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_flat_picture_has_no_variation(variation) -> None:
    assert variation(torch.full((1, 3, 5, 4), 0.7)).item() == 0


@pytest.mark.parametrize("variation", VARIATIONS)
def test_variation_does_not_change_when_the_picture_is_turned_or_mirrored(variation) -> None:
    image = random_image(1, 3, 5, 7)
    for other in (image.flip(2), image.flip(3), image.transpose(2, 3)):
        torch.testing.assert_close(variation(other), variation(image))


@pytest.mark.parametrize("variation", VARIATIONS)
def test_variation_has_the_gradient_finite_differences_find(variation) -> None:
    assert torch.autograd.gradcheck(variation, (random_image(1, 2, 3, 4).requires_grad_(),))


@pytest.mark.parametrize("variation", VARIATIONS)
@pytest.mark.parametrize("shape", [(1, 3, 1, 5), (1, 3, 5, 1), (1, 3, 1, 1)])
def test_a_picture_one_pixel_wide_has_a_finite_variation(variation, shape: tuple[int, ...]) -> None:
    image = random_image(*shape).requires_grad_()
    value = variation(image)
    value.backward()
    assert torch.isfinite(value)
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_tensor_that_is_no_batch_of_pictures_is_refused(variation) -> None:
    with pytest.raises(InputError, match=r"expected an image.*got shape \(3, 4, 4\)"):
        variation(torch.zeros(3, 4, 4))
