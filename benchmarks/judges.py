"""LPIPS's AlexNet, a judge that nothing here is trained with.

Its weights are read from the five files ``slice_1_base.keras`` to ``slice_5_base.keras`` of
Image-X-Institute/lpips_torch2tf (``dev_src/parameters/lpips_tf/alex``), which are no part
of this repository.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

STYLE_LAYERS = (1, 2, 3, 4, 5)
CONTENT_LAYER = 4
_STRIDES, _PADDINGS = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)


class AlexNet:
    """The five rectified convolutions of AlexNet, from the ``folder`` of files named above."""

    def __init__(self, folder: Path) -> None:
        self.filters = [_filters(folder / f"slice_{k}_base.keras") for k in range(1, 6)]

    @torch.no_grad()
    def __call__(self, image: Tensor) -> dict[int, Tensor]:
        """Convolution's number, from 1, to (1, C, H', W'), for (1, 3, H, W) sRGB in [0, 1]."""
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
        ours, theirs = self(result), self(style)
        distances = []
        for layer in STYLE_LAYERS:
            found, wanted = _gram(ours[layer]), _gram(theirs[layer])
            distances.append(float((found - wanted).norm() / wanted.norm()))
        return sum(distances) / len(distances)

    def content_distance(self, result: Tensor, content: Tensor) -> float:
        """||F - P|| / ||P|| at the fourth convolution."""
        found, wanted = self(result)[CONTENT_LAYER], self(content)[CONTENT_LAYER]
        return float((found - wanted).norm() / wanted.norm())


def _filters(path: Path) -> tuple[Tensor, Tensor]:
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as stored:
        variables = stored["layers/sequential/layers/conv2d/vars"]
        # Kept as (kernel width, kernel height, in, out).
        weight = np.asarray(variables["0"], np.float32).transpose(3, 2, 1, 0)
        return torch.from_numpy(weight.copy()), torch.from_numpy(np.asarray(variables["1"], np.float32))


def _gram(features: Tensor) -> Tensor:
    flat = features[0].flatten(1)
    return flat @ flat.T / flat.shape[1]
