from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import Encoder
from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.regions import StyleUse
from impasto.optimize.starts import channel_statistics, initial_image
from impasto.types import Picture
from tests.conftest import blobs

PHOTO = torch.full((1, 3, 120, 160), 0.3)


def start(init: str, encoder: Encoder, styles: list[StyleUse] | None = None, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return initial_image(PHOTO, {}, None, encoder, OptimizeOptions(init=init), generator, styles or [])


@pytest.mark.parametrize("init", ["gray", "uniform", "normal"])
def test_noise_follows_its_seed(encoder: Encoder, init: str) -> None:
    first, again, other = (start(init, encoder, seed=seed) for seed in (1, 1, 2))
    assert first.shape == PHOTO.shape
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_gray_is_within_one_step_of_the_middle(encoder: Encoder) -> None:
    image = start("gray", encoder)
    assert 0.5 <= float(image.min()) < float(image.max()) <= 0.5 + 1 / 255


def test_uniform_noise_fills_the_range_evenly(encoder: Encoder) -> None:
    image = start("uniform", encoder)
    counts = torch.histc(image, 10, 0, 1) / image.numel()
    torch.testing.assert_close(counts, torch.full((10,), 0.1), atol=0.01, rtol=0)


def test_normal_noise_is_drawn_again_beyond_the_range(encoder: Encoder) -> None:
    image = start("normal", encoder)
    assert 0 <= float(image.min()) < 0.01 < 0.99 < float(image.max()) <= 1
    # Cut at two standard deviations, a normal distribution keeps 0.7737 of its variance.
    assert float(image.var()) == pytest.approx(0.7737 * 0.25**2, rel=0.03)
    assert float(((image > 0) & (image < 1)).float().mean()) > 0.999


def use(seed: int, weight: float) -> StyleUse:
    return StyleUse(PictureStyle(Picture(blobs(60, 40, seed)), "exact"), weight)


def test_channel_statistics_are_weighted_sums_over_the_styles(encoder: Encoder) -> None:
    mean, deviation = channel_statistics([use(3, 3.0), use(4, 1.0)], encoder)
    rows = [blobs(60, 40, seed).reshape(-1, 3) for seed in (3, 4)]
    np.testing.assert_allclose(mean, 0.75 * rows[0].mean(0) + 0.25 * rows[1].mean(0), rtol=1e-5)
    variance = 0.75 * rows[0].var(0, ddof=1) + 0.25 * rows[1].var(0, ddof=1)
    np.testing.assert_allclose(np.square(deviation), variance, rtol=1e-4)


def test_channel_statistics_noise_has_the_colours_of_the_style(encoder: Encoder) -> None:
    dark = blobs(60, 40, 5) * np.float32(0.1) + np.array([0.4, 0.5, 0.6], np.float32)
    styles = [StyleUse(PictureStyle(Picture(dark)))]
    image = start("channel-statistics", encoder, styles)
    np.testing.assert_allclose(image.mean((0, 2, 3)), dark.mean((0, 1)), atol=0.005)
    np.testing.assert_allclose(image.std((0, 2, 3)), dark.std((0, 1)), rtol=0.1)


def test_a_flat_style_and_a_negative_weight_give_numbers(encoder: Encoder) -> None:
    flat = StyleUse(PictureStyle(Picture(np.zeros((40, 40, 3), np.float32))))
    for styles in ([flat], [flat, use(3, -0.9)]):
        image = start("channel-statistics", encoder, styles)
        assert bool(((image >= 0) & (image <= 1)).all())


def test_an_unknown_start_is_refused_with_those_there_are(encoder: Encoder) -> None:
    with pytest.raises(OptionError, match="uniform, normal, channel-statistics or a picture; got 'nothing'"):
        start("nothing", encoder)
