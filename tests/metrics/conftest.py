from collections.abc import Callable

import pytest
import torch


def natural(height: int = 128, width: int = 160, seed: int = 0) -> torch.Tensor:
    """A picture with the spectrum of photographs: amplitude falls as 1/f; (1, 3, H, W) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.fft.rfft2(torch.randn(3, 2 * height, 2 * width, generator=generator))
    rows, columns = torch.fft.fftfreq(2 * height)[:, None], torch.fft.rfftfreq(2 * width)[None]
    frequency = (rows.square() + columns.square()).sqrt().clamp(min=1 / (2 * max(height, width)))
    # A crop of a larger picture, for the whole one would be periodic.
    field = torch.fft.irfft2(noise / frequency, s=(2 * height, 2 * width))[:, :height, :width]
    field = (field - field.mean()) / field.std()
    return (0.5 + 0.15 * field).clamp(0, 1)[None]


@pytest.fixture
def photo() -> Callable[..., torch.Tensor]:
    return natural
