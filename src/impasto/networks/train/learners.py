"""The networks that can be trained on one style: how each paints during training and afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from impasto.catalogue.cards import SUFFIX
from impasto.inference.any_painting_numbers import LAYERS
from impasto.networks.any_painting import AnyPaintingNetwork, draw_noise, enlarged
from impasto.networks.any_painting_files import load_network
from impasto.networks.johnson import JohnsonNetwork, JohnsonPainter
from impasto.networks.train.painting_loss import StyleTarget

Architecture = Literal["any-painting", "johnson2016"]

_PLAIN = 1 / 3
"""The share of steps in which the network for any painting is given the photograph without a coarse pass."""


class Learner(Protocol):
    """A network that learns one style from photographs (B, 3, H, W) in [0, 1], sides multiples of 16."""

    def learnt(self) -> dict[str, nn.Parameter]:
        """Return the parameters that are trained, by name."""

    def practise(self, photos: Tensor, target: StyleTarget, random: np.random.Generator) -> Tensor:
        """Return ``photos`` painted as in a step of training, with gradients; about [0, 1]."""

    def paint(self, photos: Tensor, target: StyleTarget) -> Tensor:
        """Return ``photos`` painted as after training; about [0, 1]."""


class AnyPaintingLearner:
    """The network for any painting, whose decoder is refined for one style.

    It paints as in use: first at half the size, then at full size with that change added. Gradients do not
    reach the first pass; the steps without it train the network for it.
    """

    def __init__(self, network: AnyPaintingNetwork) -> None:
        self.network = network
        self._parameters = network.decoder()
        for parameter in self._parameters.values():
            parameter.requires_grad_(True)

    def learnt(self) -> dict[str, nn.Parameter]:
        return self._parameters

    def practise(self, photos: Tensor, target: StyleTarget, random: np.random.Generator) -> Tensor:
        generator = torch.Generator().manual_seed(int(random.integers(2**63)))
        whole, half = target.gaussians(LAYERS)
        with torch.no_grad():
            if random.random() >= _PLAIN:
                small = avg_pool2d(photos, 2)
                painted, _ = self.network.decode(
                    self.network.encoder(small, LAYERS), half, noise=_noise(small, generator)
                )
                photos = (photos + enlarged(painted.clamp(0, 1) - small)).clamp(0, 1)
            seen = self.network.encoder(photos, LAYERS)
        return self.network.decode(seen, whole, noise=_noise(photos, generator))[0]

    @torch.no_grad()
    def paint(self, photos: Tensor, target: StyleTarget) -> Tensor:
        whole, half = target.gaussians(LAYERS)
        noise = _noise(photos, torch.Generator().manual_seed(0))
        return self.network(photos, whole, coarse=half, noise=noise)  # type: ignore[no-any-return]


class JohnsonLearner:
    """The network of Johnson et al. (2016), from random filters. Its style is in them alone.

    Parameter names and ranges are those of pytorch/examples, so other programs can read its files.
    """

    def __init__(self, network: JohnsonNetwork) -> None:
        self.network = network
        self._painter = JohnsonPainter(network)

    def learnt(self) -> dict[str, nn.Parameter]:
        return dict(self.network.named_parameters())

    def practise(self, photos: Tensor, target: StyleTarget, random: np.random.Generator) -> Tensor:  # noqa: ARG002
        return self._painter(photos)  # type: ignore[no-any-return]

    @torch.no_grad()
    def paint(self, photos: Tensor, target: StyleTarget) -> Tensor:  # noqa: ARG002
        return self._painter(photos)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class LearnerKind:
    """A kind of network to train. ``begin``: returns it before training. ``minutes``: the default duration.
    ``rate``: the learning rate. ``suffix``: of its files."""

    begin: Callable[[torch.device], Learner]
    minutes: float
    rate: float
    suffix: str


KINDS: dict[Architecture, LearnerKind] = {
    "any-painting": LearnerKind(
        lambda device: AnyPaintingLearner(load_network().to(device)), 4.5, 6e-4, SUFFIX
    ),
    "johnson2016": LearnerKind(
        lambda device: JohnsonLearner(JohnsonNetwork().to(device)), 60.0, 1e-3, ".safetensors"
    ),
}


def begin(architecture: Architecture, device: torch.device, *, seed: int = 0) -> Learner:
    """Return the network at the start of training, on ``device``. ``seed``: that of random filters."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return KINDS[architecture].begin(device)


def _noise(photos: Tensor, generator: torch.Generator) -> Tensor:
    """Return noise for ``photos``, the same on every device."""
    batch, _, height, width = photos.shape
    return draw_noise(batch, height // 4, width // 4, generator).to(photos.device)
