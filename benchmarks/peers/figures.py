"""What a painted photograph is measured by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from skimage.metrics import structural_similarity
from torch import Tensor

from benchmarks.judges import AlexNet, Remembered
from impasto import imaging
from impasto.encoders.network import CAFFE, VGG19, Encoder
from impasto.metrics import (
    CONTENT_LAYER,
    border_frame,
    content_distance,
    grid_energy,
    sliced_wasserstein_patches,
    style_distance,
)
from impasto.tensors import to_pixels, to_tensor

FIGURES = {
    "style_alexnet": "style, AlexNet",
    "content_alexnet": "content, AlexNet",
    "style_vgg": "style, VGG-19",
    "content_vgg": "content, VGG-19",
    "lpips": "LPIPS",
    "cfsd": "CFSD",
    "style_loss": "style loss",
    "ssim": "SSIM",
    "patches": "patches, x 100",
    "grid": "grid",
    "frame": "frame",
}
"""Names and how tables have them; of all but SSIM less is better."""

LOSS_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
SIMILARITY_LAYER = "relu3_1"
UNIT = 58.0
"""The deviation of 8-bit values in the photographs of ImageNet: what VGG-19 is fed in the protocol's code is
divided by it, genuine VGG-19's input is not. Both networks are linear in it but for their biases."""
ROWS = 8
"""One position in so many is compared with all others."""


class Judges:
    """AlexNet, and genuine VGG-19 to relu4_1, of which conv4_1 was kept in 8 bits."""

    def __init__(self, alexnet: Path, shared: Path) -> None:
        self.alexnet = AlexNet(alexnet)
        encoder = Encoder(VGG19.truncated(9), CAFFE, padding="reflect").requires_grad_(False)
        weights = shared / "weights"
        encoder.load_state_dict(
            load_file(weights / "vgg19_conv1_1-conv3_4.safetensors")
            | load_file(weights / "vgg19_conv4_1_8bit.safetensors")
        )
        layers = (*LOSS_LAYERS, CONTENT_LAYER)
        encoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.vgg: Any = Remembered(lambda image: encoder(image, layers))
        photos = sorted((shared / "data" / "content_test").glob("*.jpg"))[::4]
        self.activity = mean_activity(self.vgg, [imaging.read(path).pixels for path in photos])

    def figures(self, result: Tensor, photo: Tensor, painting: Tensor) -> dict[str, float]:
        """By the names of ``FIGURES``, of (1, 3, H, W) in [0, 1]; ``photo`` has the size of ``result``."""
        ours, theirs, content = (self.vgg(image) for image in (result, painting, photo))
        return {
            "style_alexnet": self.alexnet.style_distance(result, painting),
            "content_alexnet": self.alexnet.content_distance(result, photo),
            "style_vgg": style_distance(result, painting, self.vgg),
            "content_vgg": content_distance(result, photo, self.vgg),
            "lpips": self.alexnet.lpips(result, photo),
            "cfsd": cfsd(ours[SIMILARITY_LAYER] / UNIT, content[SIMILARITY_LAYER] / UNIT, every=ROWS),
            "style_loss": style_loss(ours, theirs, self.activity),
            "ssim": ssim(to_pixels(result), to_pixels(photo)),
            "patches": 100 * sliced_wasserstein_patches(result, painting),
            "grid": grid_energy(result).worst,
            "frame": border_frame(result),
        }


def mean_activity(look: Any, pictures: Sequence[np.ndarray]) -> dict[str, Tensor]:
    """Each channel's mean over ``pictures`` at 256 pixels: 1 in the normalised VGG-19 of Gatys et al."""
    sums = {name: torch.zeros(()) for name in LOSS_LAYERS}
    for pixels in pictures:
        height, width = pixels.shape[:2]
        small = to_tensor(imaging.resize(pixels, *imaging.fit(width, height, 256)))
        for name, found in look(small, LOSS_LAYERS).items():
            sums[name] = sums[name] + found.mean((0, 2, 3))
    return {name: (total / len(pictures)).clamp(min=1e-3) for name, total in sums.items()}


def style_loss(
    ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], activity: Mapping[str, Tensor]
) -> float:
    """The loss that AdaIN and those after it are trained with: mean squared differences of channels' means
    and deviations, summed over relu1_1, relu2_1, relu3_1 and relu4_1 of the normalised VGG-19."""
    total = 0.0
    for name, usual in activity.items():
        found, wanted = (
            torch.stack([f.mean((2, 3))[0], f.std((2, 3))[0]]) for f in (ours[name], theirs[name])
        )
        total += float(((found - wanted) / usual).square().mean(1).sum())
    return total


def cfsd(result: Tensor, content: Tensor, *, every: int = 1) -> float:
    """Content feature structural distance (Chung et al. 2024): how differently positions resemble others.

    Of (1, C, H, W) each position's products with all positions, over C^2, become a distribution (softmax);
    the sum over positions of the divergence (Kullback and Leibler) of the result's from the content's. Only
    one position in ``every`` is compared with all others, and the sum is enlarged as much.
    """
    ours, theirs = (features[0].flatten(1).T / features.shape[1] for features in (result, content))
    total, rows = 0.0, torch.arange(0, len(ours), every)
    for some in rows.split(256):
        found, wanted = ((f[some] @ f.T).log_softmax(1) for f in (ours, theirs))
        total += float((wanted.exp() * (wanted - found)).sum(dtype=torch.float64))
    return total * len(ours) / len(rows)


def ssim(result: np.ndarray, content: np.ndarray) -> float:
    """Wang et al. 2004, of luminance (ITU-R BT.709, of sRGB as it is), with their Gaussian window."""
    weights = np.array([0.2126, 0.7152, 0.0722], np.float32)
    return float(
        structural_similarity(
            result @ weights,
            content @ weights,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
