"""What a training step is given, and what it is marked by.

Everything random about a step follows from the seed and the step's number, so that a training that was
stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from impasto.encoders import load_encoder
from impasto.inference.any_painting_numbers import LAYERS
from impasto.networks.any_painting import AnyPaintingNetwork, enlarged
from impasto.networks.train.painting_loss import (
    CONTENT_LAYERS,
    STYLE_LAYERS,
    LayerTarget,
    LossWeights,
    StyleTarget,
    join_targets,
    layer_targets,
    painting_loss,
    relative_error,
)
from impasto.networks.transport import gaussian
from recipes.any_painting.data import Pictures, painting_view, photo_crop

_VIEWS = 3
_KNOWN_AT_FIRST = 200


class Lessons:
    """The steps of one training. Statistics of paintings are measured once, when first needed, and kept."""

    def __init__(self, pictures: Pictures, size: int, batch: int, seed: int, device: torch.device) -> None:
        self.pictures, self.size, self.batch, self.seed, self.device = pictures, size, batch, seed, device
        self.encoder = load_encoder("tiny").to(device, torch.bfloat16)
        self.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        views = len(pictures.paintings) * _VIEWS
        self._order = np.random.default_rng([seed, 4]).permutation(views)
        self._known: dict[tuple[int, int], StyleTarget] = {}

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

    def styles(self, step: int) -> StyleTarget:
        """A style a photograph. They are drawn from a pool that grows by one in two steps, since to measure a
        painting takes half as long as to learn from it."""
        known = min(len(self._order), _KNOWN_AT_FIRST + step // 2)
        drawn = np.random.default_rng([self.seed, 2, step]).integers(known, size=self.batch)
        return join_targets([self.target(*divmod(int(self._order[k]), _VIEWS)) for k in drawn])

    @torch.no_grad()
    def target(self, painting: int, view: int) -> StyleTarget:
        """The painting with this number, in one of its views."""
        key = (painting, view)
        if key not in self._known:
            random = np.random.default_rng([self.seed, 3, painting, view])
            picture = self._ready(painting_view(self.pictures.painting(painting), random)[None])
            self._known[key] = StyleTarget(self._targets(picture), self._targets(avg_pool2d(picture, 2)))
        return self._known[key]

    def _targets(self, painting: Tensor) -> dict[str, LayerTarget]:
        return layer_targets({n: gaussian(f) for n, f in self.encoder(painting, STYLE_LAYERS).items()})

    def _bolder(self, network: AnyPaintingNetwork, photos: Tensor, target: StyleTarget, step: int) -> Tensor:
        """Photographs as the network's second pass sees them, of random boldness; a quarter unchanged."""
        boldness = max(0.0, float(np.random.default_rng([self.seed, 5, step]).uniform(-1 / 3, 1)))
        if not boldness:
            return photos
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            small = avg_pool2d(photos, 2)
            painted, _ = network.decode(self._seen(small, LAYERS), target.gaussians(LAYERS)[1])
        return (photos + boldness * enlarged(painted.clamp(0, 1) - small)).clamp(0, 1)

    def _ready(self, pictures: Tensor) -> Tensor:
        return pictures.to(self.device).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def _seen(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = self.encoder(pictures, layers)
        return found

    def painting_loss(
        self, network: AnyPaintingNetwork, step: int, weights: LossWeights
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of painting the step's photographs in its styles, and its parts, not weighted."""
        photos, target = self.photos(step), self.styles(step)
        torch.manual_seed(step)
        wanted = self._seen(photos, CONTENT_LAYERS)
        before = self._seen(self._bolder(network, photos, target, step), LAYERS)
        with torch.autocast(self.device.type, torch.bfloat16):
            painted, _ = network.decode(before, target.gaussians(LAYERS)[0])
        return painting_loss(painted, wanted, self.encoder, target, weights)

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
            "features": _mean(relative_error(seen[n], wanted[n]) for n in LAYERS),
            "inner": _mean(relative_error(x, wanted[n]) for x, n in zip(inner, LAYERS[1:], strict=True)),
        }
        return sum(parts.values(), start=torch.zeros(())), parts


def _mean(errors: Iterable[Tensor]) -> Tensor:
    found = list(errors)
    return sum(found, start=torch.zeros(())) / len(found)


def parts_of(parts: Mapping[str, Tensor]) -> dict[str, float]:
    """Plain numbers."""
    return {name: float(part.detach()) for name, part in parts.items()}
