"""Styles squeezed into a square, as Keras's ``target_size`` does."""

from __future__ import annotations

import numpy as np

from impasto import imaging
from impasto.catalogue.measured import PictureStyle
from impasto.types import Picture
from tests.conftest import blobs


def test_a_style_is_squeezed_into_a_square_by_the_nearest_pixels() -> None:
    pixels = np.rint(blobs(40, 20, seed=1) * 255).astype(np.float32) / np.float32(255)
    style = PictureStyle(Picture(pixels), sizing="square", resampling="nearest")
    half = style.sized(10, 1)
    assert half.shape == (10, 10, 3)
    # Of 4 columns and 2 rows the nearest to the middle is the third, and the second.
    np.testing.assert_allclose(half, pixels[1::2, 2::4], atol=1e-6)
    assert style.sized(80, 1).shape == (80, 80, 3)
    assert len(np.unique(imaging.resample(pixels, 80, 40, "nearest"))) == len(np.unique(pixels))
