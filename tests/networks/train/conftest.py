"""Small networks, photographs and styles to teach and be taught."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto.encoders.network import Encoder
from impasto.networks.any_painting import AnyPaintingNetwork
from impasto.networks.any_painting_files import load_network
from impasto.networks.train.learners import AnyPaintingLearner
from impasto.networks.train.painting_loss import STYLE_LAYERS, StyleTarget, layer_targets
from impasto.networks.transport import gaussian
from tests.conftest import blobs, stripes


def levels(seed: int, width: int = 80, height: int = 72) -> Tensor:
    """A picture as training keeps it: (3, H, W) uint8."""
    pixels = blobs(width, height, seed)
    return torch.from_numpy(np.rint(pixels * 255).astype(np.uint8)).permute(2, 0, 1).contiguous()


@pytest.fixture
def photos() -> list[Tensor]:
    return [levels(seed) for seed in range(4)]


@pytest.fixture(scope="session")
def _network() -> AnyPaintingNetwork:
    return load_network()


@pytest.fixture
def learner(_network: AnyPaintingNetwork) -> AnyPaintingLearner:
    return AnyPaintingLearner(copy.deepcopy(_network))


@pytest.fixture
def target(encoder: Encoder) -> StyleTarget:
    sizes = [torch.from_numpy(stripes(side, side)).permute(2, 0, 1)[None] for side in (96, 48)]
    with torch.no_grad():
        seen = [encoder(picture, STYLE_LAYERS) for picture in sizes]
    return StyleTarget(*(layer_targets({n: gaussian(f) for n, f in found.items()}) for found in seen))
