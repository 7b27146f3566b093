"""The two networks the tiny encoder learns from, and the statistics that normalise them."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

GENUINE = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3", "relu3_4")
DISTILLED = ("relu4_1", "relu4_2", "relu4_3", "relu4_4", "relu5_1")
LAYERS = GENUINE + DISTILLED


def _convolve(x: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    padded = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    return functional.relu(functional.conv2d(padded, weights[f"{name}.weight"], weights[f"{name}.bias"]))


class Teachers:
    """Genuine VGG-19 to relu3_4 and the 16x network's relu4_1 to relu5_1, reflection padded.

    At relu4_1 and relu5_1 the 16x network answers through its heads (512 channels), between them
    with its own 128 channels. Every channel is divided by its mean over photographs.
    """

    def __init__(self, folder: Path) -> None:
        self.vgg = _ready(load_file(folder / "vgg19_conv1_1-conv3_4.safetensors"))
        self.distilled = _ready(load_file(folder / "cd16x_encoder5.safetensors"))
        self.means: dict[str, Tensor] = {}
        self.variances: dict[str, float] = {}

    @torch.no_grad()
    def raw(self, image: Tensor, deepest: str = "relu3_4") -> dict[str, Tensor]:
        """Activations for (B, 3, H, W) in [0, 1], in bfloat16; VGG-19's up to ``deepest``."""
        image = image.contiguous(memory_format=torch.channels_last)
        mean = torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
        x = (image.flip(1) * 255 - mean).bfloat16()
        found = {}
        for name in GENUINE:
            x = _convolve(x, self.vgg, "conv" + name[4:])
            found[name] = x
            if name == deepest:
                break
            if name in ("relu1_2", "relu2_2"):
                x = functional.max_pool2d(x, 2)
        d = self.distilled
        x = functional.conv2d(image.bfloat16(), d["conv0.weight"], d["conv0.bias"])
        for suffix in ("11", "12", "21", "22", "31", "32", "33", "34", "41", "42", "43", "44", "51"):
            x = _convolve(x, d, "conv" + suffix)
            name = f"relu{suffix[0]}_{suffix[1]}"
            if suffix in ("41", "51"):
                head = functional.conv2d(x, d[f"conv{suffix}_aux.weight"], d[f"conv{suffix}_aux.bias"])
                found[name] = functional.relu(head)
            elif suffix[0] == "4":
                found[name] = x
            if suffix in ("12", "22", "34", "44"):
                x = functional.max_pool2d(x, 2)
        return found

    def measure(self, pictures: list[Tensor]) -> None:
        """Set each layer's channel means and the variance of its normalised activations."""
        sums: dict[str, Tensor] = {}
        squares: dict[str, Tensor] = {}
        count: dict[str, int] = {}
        for picture in pictures:
            for name, value in self.raw(picture[None].float() / 255).items():
                flat = value[0].float().flatten(1)
                sums[name] = sums.get(name, torch.tensor(0.0)) + flat.sum(1)
                squares[name] = squares.get(name, torch.tensor(0.0)) + flat.square().sum(1)
                count[name] = count.get(name, 0) + flat.shape[1]
        for name in LAYERS:
            mean = sums[name] / count[name]
            mean = mean.clamp(min=0.01 * float(mean.mean()))
            self.means[name] = mean.view(1, -1, 1, 1)
            second = (squares[name] / count[name] / mean.square()).mean()
            first = (sums[name] / count[name] / mean).mean()
            self.variances[name] = float(second - first.square())


def _ready(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: w.bfloat16().contiguous(memory_format=torch.channels_last) if w.ndim == 4 else w.bfloat16()
        for name, w in weights.items()
    }
