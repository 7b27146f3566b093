"""Replacement of the pooling and the padding of an existing network."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from impasto.encoders.network import Padding, Pooling


class PoolingLayer(nn.Module):
    """Average or L2 pooling over the windows of ``source``, its result multiplied by ``scale``.

    Where windows extend over the border, the average is that of the pixels inside; the root of the sum of
    squares counts pixels outside as 0.
    """

    def __init__(self, source: nn.MaxPool2d, pooling: Pooling, scale: float) -> None:
        super().__init__()
        self.pooling = pooling
        self.scale = scale
        self.size = _pair(source.kernel_size)
        self.stride = _pair(source.stride)
        self.padding = _pair(source.padding)
        self.ceil_mode = source.ceil_mode

    def forward(self, features: Tensor) -> Tensor:
        if self.pooling == "average":
            means = functional.avg_pool2d(
                features, self.size, self.stride, self.padding, self.ceil_mode, count_include_pad=False
            )
            return means * self.scale
        rows, columns = self.padding
        padded = functional.pad(features, (columns, columns, rows, rows))
        return functional.lp_pool2d(padded, 2.0, self.size, self.stride, self.ceil_mode) * self.scale


def substitute_pooling(network: nn.Module, pooling: Pooling, scale: float = 1.0) -> None:
    """Replace every ``nn.MaxPool2d`` in ``network`` by ``pooling``; "max" changes nothing."""
    if pooling == "max":
        return
    for part in list(network.modules()):
        for name, child in part.named_children():
            if isinstance(child, nn.MaxPool2d):
                setattr(part, name, PoolingLayer(child, pooling, scale))


def substitute_padding(network: nn.Module, padding: Padding) -> None:
    """Set the padding of every ``nn.Conv2d`` in ``network`` that pads: "zeros", "reflect", or
    "replicate-first", where the first repeats the border's pixels and the others pad with zeros."""
    mode: Literal["zeros", "reflect", "replicate"]
    mode = "replicate" if padding == "replicate-first" else padding
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.padding not in ("valid", (0, 0)):
            part.padding_mode = mode
            if padding == "replicate-first":
                mode = "zeros"


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
