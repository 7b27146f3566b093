"""Small networks, photographs and styles to teach and be taught."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.catalogue.measured import PictureStyle
from impasto.encoders.network import Encoder
from impasto.networks.gallery import GalleryNetwork
from impasto.networks.train.targets import StyleTarget, make_target
from impasto.types import Picture
from tests.conftest import blobs, stripes


def levels(seed: int, width: int = 80, height: int = 72) -> Tensor:
    """A picture as training keeps it: (3, H, W) uint8."""
    pixels = blobs(width, height, seed)
    return torch.from_numpy(np.rint(pixels * 255).astype(np.uint8)).permute(2, 0, 1).contiguous()


@pytest.fixture
def photos() -> list[Tensor]:
    return [levels(seed) for seed in range(4)]


@pytest.fixture
def gallery() -> GalleryNetwork:
    """Two styles, their rows neutral but for some noise."""
    torch.manual_seed(1)
    network = GalleryNetwork(5)
    with torch.no_grad():
        network.table[1:] += 0.1 * torch.randn(4, network.table.shape[1])
    return network


@pytest.fixture
def target(encoder: Encoder) -> StyleTarget:
    return make_target(encoder, PictureStyle(Picture(stripes(96, 96))).statistics)
