"""What masks mean at a layer, tried out on the network itself."""

from __future__ import annotations

import pytest
import torch

from impasto.encoders.network import Encoder
from impasto.errors import StyleError
from impasto.objectives import guide_at, layer_weights


@pytest.mark.parametrize("layer", ["relu1_1", "relu1_2", "relu2_1", "relu3_1", "relu4_1"])
@pytest.mark.parametrize("size", [(96, 128), (93, 121)])
def test_inside_sees_nothing_beyond_the_mask_and_all_misses_nothing_of_it(
    encoder: Encoder, layer: str, size: tuple[int, int]
) -> None:
    random = torch.Generator().manual_seed(1)
    picture = torch.rand(1, 3, *size, generator=random)
    mask = torch.zeros(size)
    mask[9:, 27:] = 1
    before = encoder(picture, [layer])[layer]
    noise = torch.rand(1, 3, *size, generator=random)
    beyond = encoder(torch.where(mask > 0, picture, noise), [layer])[layer]
    within = encoder(torch.where(mask > 0, noise, picture), [layer])[layer]
    inside = guide_at(mask, layer, encoder, "inside") > 0
    assert inside.any()
    torch.testing.assert_close(beyond[0, :, inside], before[0, :, inside], rtol=1e-5, atol=1e-5)
    none = guide_at(mask, layer, encoder, "all") == 0
    assert none.any() or layer == "relu4_1"
    torch.testing.assert_close(within[0, :, none], before[0, :, none], rtol=1e-5, atol=1e-5)


def test_cells_are_where_the_network_has_them_whatever_the_size(encoder: Encoder) -> None:
    mask = torch.zeros(39, 39)
    mask[:, 32:] = 1  # what is right of the last whole cell of relu5_1
    assert guide_at(mask, "relu4_1", encoder).tolist() == [[0.0] * 4] * 4
    mask[:, 24:] = 1
    assert guide_at(mask, "relu4_1", encoder).tolist() == [[0.0, 0.0, 0.0, 1.0]] * 4


def test_a_layer_where_nothing_is_inside_is_left_out_as_long_as_one_remains(encoder: Encoder) -> None:
    mask = torch.zeros(64, 64)
    mask[20:40, 20:40] = 1
    found = layer_weights(mask, ["relu1_1", "relu5_1"], encoder, "inside")
    assert list(found) == ["relu1_1"]
    assert list(layer_weights(mask, ["relu5_1", "relu1_1"], encoder, "inside")) == ["relu1_1"]
    with pytest.raises(StyleError, match="leaves nothing of the picture at relu5_1"):
        layer_weights(mask, ["relu5_1"], encoder, "inside")
    with pytest.raises(StyleError, match="leaves nothing of the picture at relu1_1"):
        layer_weights(mask * 0, ["relu1_1", "relu5_1"], encoder)
