from __future__ import annotations

import numpy as np

from impasto.imaging import fill_transparent
from impasto.types import Picture


def test_hidden_colours_are_replaced_by_their_surroundings() -> None:
    pixels = np.zeros((32, 32, 3), np.float32)
    pixels[:, :16] = [1, 0.5, 0]
    alpha = np.zeros((32, 32), np.float32)
    alpha[:, :16] = 1
    filled = fill_transparent(Picture(pixels, alpha))
    np.testing.assert_allclose(filled, np.broadcast_to(np.float32([1, 0.5, 0]), (32, 32, 3)), atol=1e-3)


def test_visible_pixels_do_not_change() -> None:
    random = np.random.default_rng(0)
    pixels = random.random((33, 20, 3), dtype=np.float32)
    alpha = (random.random((33, 20)) > 0.5).astype(np.float32)
    filled = fill_transparent(Picture(pixels, alpha))
    assert np.array_equal(filled[alpha == 1], pixels[alpha == 1])


def test_pictures_without_or_wholly_without_visibility_are_left_alone() -> None:
    pixels = np.random.default_rng(1).random((8, 8, 3), dtype=np.float32)
    assert fill_transparent(Picture(pixels)) is pixels
    assert fill_transparent(Picture(pixels, np.zeros((8, 8), np.float32))) is pixels
