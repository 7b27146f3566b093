"""LPIPS's AlexNet, a judge that nothing here is trained with, and LPIPS itself.

Its weights are read from the files ``slice_1_base.keras`` to ``slice_5_base.keras`` and ``lin0.keras`` to
``lin4.keras`` of Image-X-Institute/lpips_torch2tf (``dev_src/parameters/lpips_tf/alex``), which are no part
of this repository.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

STYLE_LAYERS = (1, 2, 3, 4, 5)
CONTENT_LAYER = 4
FILES = (*(f"slice_{k}_base.keras" for k in range(1, 6)), *(f"lin{k}.keras" for k in range(5)))
_STRIDES, _PADDINGS = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)


class Remembered:
    """A network's layers; it looks at a picture once while that is among the last ``count``."""

    def __init__(self, look: Callable[[Tensor], Mapping[Any, Tensor]], count: int = 3) -> None:
        self._look, self._count = look, count
        self._seen: list[tuple[Tensor, Mapping[Any, Tensor]]] = []

    @torch.no_grad()
    def __call__(self, image: Tensor, layers: Sequence[Any] | None = None) -> dict[Any, Tensor]:
        """Return ``layers`` of (1, 3, H, W) sRGB in [0, 1] by name; all, if none are named."""
        found = next((known for picture, known in self._seen if picture is image), None)
        if found is None:
            found = self._look(image)
            self._seen = [*self._seen[1 - self._count :], (image, found)]
        return {name: found[name] for name in (found if layers is None else layers)}


class AlexNet:
    """The five rectified convolutions of AlexNet, from the ``folder`` of files named above."""

    def __init__(self, folder: Path) -> None:
        self.filters = [_filters(folder / f"slice_{k}_base.keras") for k in range(1, 6)]
        self.weights = [_weights(folder / f"lin{k}.keras") for k in range(5)]
        self.layers = Remembered(self._look)

    def _look(self, image: Tensor) -> dict[int, Tensor]:
        shift = image.new_tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
        scale = image.new_tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
        x, found = (image * 2 - 1 - shift) / scale, {}
        for number, (weight, bias) in enumerate(self.filters, 1):
            if number in (2, 3):
                x = functional.max_pool2d(x, 3, 2)
            stride, padding = _STRIDES[number - 1], _PADDINGS[number - 1]
            x = functional.relu(functional.conv2d(x, weight, bias, stride, padding))
            found[number] = x
        return found

    def style_distance(self, result: Tensor, style: Tensor) -> float:
        """Mean over layers of ||G - A|| / ||A||, as ``impasto.metrics.style_distance``."""
        ours, theirs = self.layers(result), self.layers(style)
        distances = []
        for layer in STYLE_LAYERS:
            found, wanted = _gram(ours[layer]), _gram(theirs[layer])
            distances.append(float((found - wanted).norm() / wanted.norm()))
        return sum(distances) / len(distances)

    def content_distance(self, result: Tensor, content: Tensor) -> float:
        """||F - P|| / ||P|| at the fourth convolution."""
        found, wanted = (self.layers(image)[CONTENT_LAYER] for image in (result, content))
        return float((found - wanted).norm() / wanted.norm())

    def lpips(self, result: Tensor, content: Tensor) -> float:
        return lpips(list(self.layers(result).values()), list(self.layers(content).values()), self.weights)


def lpips(ours: Sequence[Tensor], theirs: Sequence[Tensor], weights: Sequence[Tensor]) -> float:
    """Zhang et al. 2018, equation 1: layers (1, C, H, W) at unit length along C, their squared differences
    weighted by channel, (C,), and averaged over positions; the sum over layers."""
    total = 0.0
    for found, wanted, weight in zip(ours, theirs, weights, strict=True):
        apart = (_unit(found) - _unit(wanted)).square()
        total += float((apart * weight.view(1, -1, 1, 1)).sum(1).mean())
    return total


def _unit(features: Tensor) -> Tensor:
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)


def _arrays(path: Path, layer: str) -> list[np.ndarray]:
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as stored:
        variables = stored[f"{layer}/layers/conv2d/vars"]
        return [np.asarray(variables[name], np.float32) for name in sorted(variables)]


def _filters(path: Path) -> tuple[Tensor, Tensor]:
    weight, bias = _arrays(path, "layers/sequential")
    # Kept as (kernel width, kernel height, in, out).
    return torch.from_numpy(weight.transpose(3, 2, 1, 0).copy()), torch.from_numpy(bias)


def _weights(path: Path) -> Tensor:
    return torch.from_numpy(_arrays(path, "conv_layer")[0].ravel())


def _gram(features: Tensor) -> Tensor:
    flat = features[0].flatten(1)
    return flat @ flat.T / flat.shape[1]
