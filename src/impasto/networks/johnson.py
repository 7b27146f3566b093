"""The published transformer network: Johnson et al. 2016 (supplement, table 1), with instance normalisation.

Layers, names and sizes are those of fast_neural_style in pytorch/examples, so its checkpoints load:
nearest-neighbour upsampling, reflection padding, instance normalisation (Ulyanov et al. 2016) after each
convolution but the last; values from 0 to 255 in and out.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto import weights
from impasto.errors import CorruptWeightsError, PictureError

MINIMUM_SIDE = 5
"""The smallest side: reflection padding at the first convolution takes 4 pixels."""

_STATISTICS = (".running_mean", ".running_var", ".num_batches_tracked")


class _Convolution(nn.Module):
    """Reflection padding and a convolution; ``enlarge`` doubles the picture before them."""

    def __init__(self, channels_in: int, channels_out: int, side: int, stride: int = 1, enlarge: int = 1):
        super().__init__()
        self.padding, self.enlarge = side // 2, enlarge
        self.conv2d = nn.Conv2d(channels_in, channels_out, side, stride)

    def forward(self, features: Tensor) -> Tensor:
        if self.enlarge > 1:
            features = functional.interpolate(features, scale_factor=float(self.enlarge), mode="nearest")
        return self.conv2d(functional.pad(features, [self.padding] * 4, mode="reflect"))  # type: ignore[no-any-return]


class _Residual(nn.Module):
    """Two convolutions added to their input, without a rectifier after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, channels, 3)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = _Convolution(channels, channels, 3)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.relu(self.in1(self.conv1(features)))
        return features + self.in2(self.conv2(inner))  # type: ignore[no-any-return]


class JohnsonNetwork(nn.Module):
    """Paints (B, 3, H, W), sRGB from 0 to 255, in its one style; 1,679,235 parameters.

    The result's height and width are rounded up to multiples of 4; its values may lie outside 0 to 255.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.in1 = _Convolution(3, 32, 9), nn.InstanceNorm2d(32, affine=True)
        self.conv2, self.in2 = _Convolution(32, 64, 3, 2), nn.InstanceNorm2d(64, affine=True)
        self.conv3, self.in3 = _Convolution(64, 128, 3, 2), nn.InstanceNorm2d(128, affine=True)
        for number in range(1, 6):
            self.add_module(f"res{number}", _Residual(128))
        self.deconv1, self.in4 = _Convolution(128, 64, 3, enlarge=2), nn.InstanceNorm2d(64, affine=True)
        self.deconv2, self.in5 = _Convolution(64, 32, 3, enlarge=2), nn.InstanceNorm2d(32, affine=True)
        self.deconv3 = _Convolution(32, 3, 9)

    def forward(self, image: Tensor) -> Tensor:
        """Paint ``image`` (B, 3, H, W) in 0..255; the result has the same shape. Sides are multiples of 4.

        Raises PictureError for a side below 5 pixels.
        """
        if not torch.compiler.is_exporting() and min(image.shape[2:]) < MINIMUM_SIDE:
            height, width = image.shape[2:]
            raise PictureError(
                f"expected at least {MINIMUM_SIDE} x {MINIMUM_SIDE} pixels; got {width} x {height}"
            )
        relu = functional.relu
        features = relu(self.in1(self.conv1(image)))
        features = relu(self.in2(self.conv2(features)))
        features = relu(self.in3(self.conv3(features)))
        for number in range(1, 6):
            features = self.get_submodule(f"res{number}")(features)
        features = relu(self.in4(self.deconv1(features)))
        features = relu(self.in5(self.deconv2(features)))
        return self.deconv3(features)  # type: ignore[no-any-return]


class JohnsonPainter(nn.Module):
    """A ``JohnsonNetwork`` for pictures in [0, 1] of any size."""

    def __init__(self, network: JohnsonNetwork | None = None) -> None:
        super().__init__()
        self.network = network or JohnsonNetwork()

    def forward(self, image: Tensor) -> Tensor:
        """Paint ``image`` (B, 3, H, W) in [0, 1]; the result has its shape, and values may lie outside [0,
        1]."""
        height, width = image.shape[2:]
        padded = functional.pad(image, (0, -width % 4, 0, -height % 4), mode="replicate")
        return self.network(padded * 255)[:, :, :height, :width] / 255  # type: ignore[no-any-return]


def read_johnson(path: Path) -> JohnsonNetwork:
    """Return the network in a checkpoint of pytorch/examples (.pth, .pt, .model) or in a .safetensors file.

    Running statistics in checkpoints from before torch 0.4 are ignored: instance normalisation does not use
    them. Raises CorruptWeightsError for any other file, WeightsMissingError if there is none.
    """
    found = weights.read_tensors(path)
    state = {n: torch.from_numpy(values) for n, values in found.items() if not n.endswith(_STATISTICS)}
    network = JohnsonNetwork()
    wanted = network.state_dict()
    for name in sorted(wanted.keys() ^ state.keys()):
        problem = "lacks" if name in wanted else "also has"
        raise CorruptWeightsError(
            f"expected a transformer network of Johnson et al. (fast_neural_style) in {path}; it {problem} "
            f"{name}"
        )
    for name, value in wanted.items():
        if state[name].shape != value.shape:
            raise CorruptWeightsError(
                f"expected {name} of shape {tuple(value.shape)} in {path}; it has {tuple(state[name].shape)}"
            )
        if not state[name].is_floating_point() or not bool(state[name].float().isfinite().all()):
            raise CorruptWeightsError(f"expected finite numbers in {path}; some of {name} are not")
    network.load_state_dict({name: value.float() for name, value in state.items()})
    return network.eval()
