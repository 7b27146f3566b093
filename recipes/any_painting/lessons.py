"""What a training step is given, and what it is marked by.

Everything random about a step follows from the seed and the step's number, so that a training that was
stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from data import Pictures, painting_view, photo_crop
from impasto.encoders import load_encoder
from impasto.metrics.artefacts import grid_ratios
from impasto.networks.any_painting import LAYERS, AnyPaintingNetwork, enlarged
from impasto.networks.transport import Gaussian, gaussian, roots, squared_distance
from impasto.optimize.options import CONTENT_LAYERS, STYLE_LAYERS, OptimizeOptions

_EPSILON = 1e-4
_VIEWS = 3
_KNOWN_AT_FIRST = 200


@dataclass(frozen=True)
class Target:
    """A style as the loss knows it, at one layer: ``root`` of its covariance, ``energy`` and ``epsilon`` (B,)
    as in ``impasto.objectives``."""

    style: Gaussian
    root: Tensor
    energy: Tensor
    epsilon: Tensor


@dataclass(frozen=True)
class Weights:
    """Of the losses: content and style as the optimiser's."""

    content: float = 1.0
    style: float = OptimizeOptions().style_weight
    coarse: float = OptimizeOptions().style_weight / 2
    grid: float = 0.03
    range: float = 1.0


class Lessons:
    """The steps of one training. Statistics of paintings are measured once, when first needed, and kept."""

    def __init__(self, pictures: Pictures, size: int, batch: int, seed: int, device: torch.device) -> None:
        self.pictures, self.size, self.batch, self.seed, self.device = pictures, size, batch, seed, device
        self.encoder = load_encoder("tiny").to(device, torch.bfloat16)
        self.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        views = len(pictures.paintings) * _VIEWS
        self._order = np.random.default_rng([seed, 4]).permutation(views)
        self._known: dict[tuple[int, int], dict[str, Target]] = {}

    def photos(self, step: int) -> Tensor:
        """(batch, 3, size, size) in [0, 1]."""
        random = np.random.default_rng([self.seed, 0, step])
        numbers = random.integers(len(self.pictures.photos), size=self.batch)
        crops = [photo_crop(self.pictures.photo(int(n)), self.size, random) for n in numbers]
        return self._ready(torch.stack(crops))

    def pictures_to_copy(self, step: int) -> Tensor:
        """As ``photos``, a third of them crops of paintings."""
        random = np.random.default_rng([self.seed, 1, step])
        crops = []
        for _ in range(self.batch):
            kind = "painting" if random.random() < 1 / 3 else "photo"
            files = getattr(self.pictures, f"{kind}s")
            picture = getattr(self.pictures, kind)(int(random.integers(len(files))))
            crops.append(photo_crop(picture, self.size, random))
        return self._ready(torch.stack(crops))

    def styles(self, step: int) -> tuple[dict[str, Target], dict[str, Target]]:
        """A style a photograph, at all style layers, and the same at half the size. They are drawn from a
        pool that grows by one in two steps, since to measure a painting takes half as long as to learn
        from it."""
        known = min(len(self._order), _KNOWN_AT_FIRST + step // 2)
        drawn = np.random.default_rng([self.seed, 2, step]).integers(known, size=self.batch)
        targets = [self.target(*divmod(int(self._order[k]), _VIEWS)) for k in drawn]
        whole, half = (
            {layer: _together([target[size][layer] for target in targets]) for layer in STYLE_LAYERS}
            for size in range(2)
        )
        return whole, half

    @torch.no_grad()
    def target(self, painting: int, view: int) -> tuple[dict[str, Target], dict[str, Target]]:
        """The painting with this number, in one of its views, and that at half its size."""
        key = (painting, view)
        if key not in self._known:
            random = np.random.default_rng([self.seed, 3, painting, view])
            picture = self._ready(painting_view(self.pictures.painting(painting), random)[None])
            self._known[key] = self._targets(picture), self._targets(avg_pool2d(picture, 2))
        return self._known[key]

    def _targets(self, painting: Tensor) -> dict[str, Target]:
        return {name: _target(gaussian(f)) for name, f in self.encoder(painting, STYLE_LAYERS).items()}

    def _bolder(
        self, network: AnyPaintingNetwork, photos: Tensor, targets: Mapping[str, Target], step: int
    ) -> Tensor:
        """Photographs as the network's second pass sees them, of random boldness; a quarter unchanged."""
        boldness = max(0.0, float(np.random.default_rng([self.seed, 5, step]).uniform(-1 / 3, 1)))
        if not boldness:
            return photos
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            small = avg_pool2d(photos, 2)
            style = {layer: targets[layer].style for layer in LAYERS}
            painted, _ = network.decode(self._seen(small, LAYERS), style)
        return (photos + boldness * enlarged(painted.clamp(0, 1) - small)).clamp(0, 1)

    def _ready(self, pictures: Tensor) -> Tensor:
        return pictures.to(self.device).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _seen(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        return self.encoder(pictures, layers)

    def painting_loss(
        self, network: AnyPaintingNetwork, step: int, weights: Weights
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of painting the step's photographs in its styles, and its parts, not weighted."""
        photos, (targets, halves) = self.photos(step), self.styles(step)
        torch.manual_seed(step)
        wanted = self._seen(photos, CONTENT_LAYERS)
        before = self._seen(self._bolder(network, photos, halves, step), LAYERS)
        with torch.autocast(self.device.type, torch.bfloat16):
            style = {layer: targets[layer].style for layer in LAYERS}
            painted, _ = network.decode(before, style)
        near = painted.clamp(-0.2, 1.2)
        seen = self.encoder(near, {**CONTENT_LAYERS, **STYLE_LAYERS})
        small = self.encoder(avg_pool2d(near, 2), STYLE_LAYERS)
        parts = {
            "content": sum(w * _relative(seen[n], wanted[n]) for n, w in CONTENT_LAYERS.items()),
            "style": sum(w * _distance(seen[n], targets[n]) for n, w in STYLE_LAYERS.items())
            / sum(STYLE_LAYERS.values()),
            "coarse": sum(w * _distance(small[n], halves[n]) for n, w in STYLE_LAYERS.items())
            / sum(STYLE_LAYERS.values()),
            "grid": (grid_ratios(painted) - 1).relu().sum(),
            "range": (painted - painted.clamp(0, 1)).square().mean(),
        }
        return sum(getattr(weights, name) * part for name, part in parts.items()), parts

    def copying_loss(self, network: AnyPaintingNetwork, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of giving back the step's pictures, painted in their own style, and of the decoder's
        features not being those of the encoder."""
        pictures = self.pictures_to_copy(step)
        torch.manual_seed(step)
        wanted = self._seen(pictures, LAYERS)
        with torch.autocast(self.device.type, torch.bfloat16):
            own = {layer: gaussian(wanted[layer]) for layer in LAYERS}
            copy, inner = network.decode(wanted, own)
        seen = self.encoder(copy.clamp(-0.2, 1.2), LAYERS)
        parts = {
            "pixels": 10 * (copy - pictures).square().mean() / 0.06,
            "features": sum(_relative(seen[n], wanted[n]) for n in LAYERS) / len(LAYERS),
            "inner": sum(_relative(x, wanted[n]) for x, n in zip(inner, LAYERS[1:], strict=True)) / 3,
        }
        return sum(parts.values()), parts


def _target(style: Gaussian) -> Target:
    energy = style.covariance.diagonal(dim1=1, dim2=2).sum(1) + style.mean.square().sum(1)
    epsilon = _EPSILON * energy.double() / style.mean.shape[1]
    identity = torch.eye(style.mean.shape[1], dtype=torch.float64, device=energy.device)
    root = roots(style.covariance.double() + epsilon[:, None, None] * identity)[0]
    return Target(style, root.float(), energy, epsilon)


def _together(targets: list[Target]) -> Target:
    style = Gaussian(
        torch.cat([t.style.mean for t in targets]), torch.cat([t.style.covariance for t in targets])
    )
    return Target(
        style,
        torch.cat([t.root for t in targets]),
        torch.cat([t.energy for t in targets]),
        torch.cat([t.epsilon for t in targets]),
    )


def _relative(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean over pictures of ||F - P||^2 / ||P||^2."""
    difference = (found.float() - wanted.float()).square().mean((1, 2, 3))
    return (difference / wanted.float().square().mean((1, 2, 3)).clamp(min=1e-6)).mean()


def _distance(found: Tensor, target: Target) -> Tensor:
    squared = squared_distance(gaussian(found), target.style, target.root, target.epsilon)
    return (squared / target.energy).mean()


def parts_of(parts: Mapping[str, Tensor]) -> dict[str, float]:
    """Plain numbers."""
    return {name: float(part.detach()) for name, part in parts.items()}
