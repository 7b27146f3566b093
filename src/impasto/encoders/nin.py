"""Network in Network, the small network that neural-style and neural-style-pt offer besides VGG.

Lin, Chen and Yan, "Network In Network" (2013), the ImageNet model as converted from Caffe by the
author of neural-style-pt.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from impasto import weights
from impasto.encoders.adapter import ModuleEncoder
from impasto.encoders.network import CAFFE, InputConvention, Padding, Pooling
from impasto.errors import CorruptWeightsError

# Per block: the names of its convolutions and of their rectifiers, as in Caffe's model, and the
# convolutions' sizes: channels in and out, kernel, stride, padding.
_BLOCKS = (
    (
        ("conv1", "relu0", (3, 96, 11, 4, 0)),
        ("cccp1", "relu1", (96, 96, 1, 1, 0)),
        ("cccp2", "relu2", (96, 96, 1, 1, 0)),
    ),
    (
        ("conv2", "relu3", (96, 256, 5, 1, 2)),
        ("cccp3", "relu5", (256, 256, 1, 1, 0)),
        ("cccp4", "relu6", (256, 256, 1, 1, 0)),
    ),
    (
        ("conv3", "relu7", (256, 384, 3, 1, 1)),
        ("cccp5", "relu8", (384, 384, 1, 1, 0)),
        ("cccp6", "relu9", (384, 384, 1, 1, 0)),
    ),
    (
        ("conv4-1024", "relu10", (384, 1024, 3, 1, 1)),
        ("cccp7-1024", "relu11", (1024, 1024, 1, 1, 0)),
        ("cccp8-1024", "relu12", (1024, 1000, 1, 1, 0)),
    ),
)


def build_nin() -> nn.Sequential:
    """Return the network with random weights: conv1, relu0, cccp1, ..., pool1, ..., relu12."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, block in enumerate(_BLOCKS, 1):
        for convolution, rectifier, (channels_in, channels_out, kernel, stride, padding) in block:
            parts[convolution] = nn.Conv2d(channels_in, channels_out, kernel, stride, padding)
            parts[rectifier] = nn.ReLU(inplace=True)
        if number < len(_BLOCKS):
            parts[f"pool{number}"] = nn.MaxPool2d(3, 2, ceil_mode=True)
    return nn.Sequential(parts)


def load_nin(
    path: str | Path,
    *,
    convention: InputConvention | None = None,
    pooling: Pooling = "max",
    rescale_pooling: bool = False,
    padding: Padding | None = None,
) -> ModuleEncoder:
    """Return the network in a file such as nin_imagenet.pth: ``features.0.weight`` and so on.

    ``convention`` is "caffe" by default: BGR, 0..255, the mean subtracted. ``pooling``,
    ``rescale_pooling`` and ``padding`` are as for ``ModuleEncoder``. Raises CorruptWeightsError where
    the file does not hold this network, and as ``weights.read_tensors`` does.
    """
    path = Path(path)
    network = build_nin()
    found = weights.read_tensors(path)
    state = {}
    for place, name in _places().items():
        module = network.get_submodule(name)
        for part, own in module.state_dict().items():
            tensor = found.get(f"features.{place}.{part}")
            actual = "no such tensor" if tensor is None else str(tensor.shape)
            if tensor is None or tensor.shape != tuple(own.shape) or not np.isfinite(tensor).all():
                raise CorruptWeightsError(
                    f"{path}: expected features.{place}.{part} of shape {tuple(own.shape)} with finite"
                    f" numbers, the {name} of Network in Network; got {actual}."
                )
            state[f"{name}.{part}"] = torch.from_numpy(tensor)
    network.load_state_dict(state)
    return ModuleEncoder(
        network,
        convention or CAFFE,
        name="nin",
        pooling=pooling,
        rescale_pooling=rescale_pooling,
        padding=padding,
    )


def _places() -> dict[int, str]:
    """Return each convolution's index in the file's sequence, which has a dropout after the third pooling."""
    places, place = {}, 0
    for number, block in enumerate(_BLOCKS, 1):
        for convolution, _, _ in block:
            places[place] = convolution
            place += 2
        place += 2 if number == len(_BLOCKS) - 1 else 1
    return places
