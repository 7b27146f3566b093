"""Forward pass through a trunk with frozen weights, and the backward pass to its input.

autograd stores each convolution's padded input and creates a new tensor at each backward step. If only the
picture's gradient is needed, a convolution's step needs only its weights and a rectifier's only its result,
so nothing else is stored here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
Paddings = tuple[PaddingMode, PaddingMode]
"""The padding above and below, and the one left and right."""


@dataclass(frozen=True)
class PaddedConvolution:
    """A 3x3 convolution, and how its input (B, C, H, W) is padded by 1."""

    weight: Tensor
    bias: Tensor | None
    padding: Paddings

    def forward(self, features: Tensor) -> Tensor:
        if self.padding == ("zeros", "zeros"):
            return functional.conv2d(features, self.weight, self.bias, padding=1)
        return functional.conv2d(pad(features, self.padding), self.weight, self.bias)

    def backward(self, gradient: Tensor, form: Form) -> Tensor:
        """Return the gradient of the input, which has this ``form``, for that of the result."""
        margin = 0 if self.padding == ("zeros", "zeros") else 1
        found: Tensor = torch.ops.aten.convolution_backward(
            gradient,
            form.unfilled(gradient, margin),
            self.weight,
            None,
            [1, 1],
            [1 - margin, 1 - margin],
            [1, 1],
            False,
            [0, 0],
            1,
            [True, False, False],
        )[0]
        return fold(found, self.padding) if margin else found


@dataclass(frozen=True)
class Rectifier:
    """max(x, 0) + ``slope`` min(x, 0); in place if nothing else reads its input."""

    slope: float
    inplace: bool

    def forward(self, features: Tensor) -> Tensor:
        if self.slope:
            return functional.leaky_relu(features, self.slope, self.inplace)
        return functional.relu(features, self.inplace)

    def backward(self, gradient: Tensor, result: Tensor) -> Tensor:
        found: Tensor
        if self.slope:
            found = torch.ops.aten.leaky_relu_backward(gradient, result, self.slope, True)
        else:
            found = torch.ops.aten.threshold_backward(gradient, result, 0)
        return found


@dataclass(frozen=True)
class MaxPool:
    """The maximum of each 2x2 cell."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maxima and their positions in ``features``."""
        found, places = functional.max_pool2d(features, 2, return_indices=True)
        return found, places

    def backward(self, gradient: Tensor, places: Tensor, form: Form) -> Tensor:
        """Return the gradient of what was pooled, which has this ``form``."""
        found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            gradient, form.unfilled(gradient), [2, 2], [2, 2], [0, 0], [1, 1], False, places
        )
        return found


@dataclass(frozen=True)
class AveragePool:
    """The mean of each 2x2 cell times ``scale``."""

    scale: float

    def forward(self, features: Tensor) -> Tensor:
        return functional.avg_pool2d(features, 2) * self.scale

    def backward(self, gradient: Tensor, form: Form) -> Tensor:
        """Return the gradient of what was pooled, which has this ``form``."""
        found: Tensor = torch.ops.aten.avg_pool2d_backward(
            gradient * self.scale, form.unfilled(gradient), [2, 2], [2, 2], [0, 0], False, True, None
        )
        return found


Step = PaddedConvolution | Rectifier | MaxPool | AveragePool


@dataclass(frozen=True)
class Form:
    """The shape (B, C, H, W) and memory layout of features."""

    shape: torch.Size
    layout: torch.memory_format

    @classmethod
    def of(cls, features: Tensor) -> Form:
        last = features.is_contiguous(memory_format=torch.channels_last) and not features.is_contiguous()
        return cls(features.shape, torch.channels_last if last else torch.contiguous_format)

    def unfilled(self, like: Tensor, margin: int = 0) -> Tensor:
        """Return an uninitialised tensor of this form, ``margin`` larger on each side; the backward steps use
        only its shape.
        """
        batch, channels, height, width = self.shape
        return torch.empty(
            (batch, channels, height + 2 * margin, width + 2 * margin),
            dtype=like.dtype,
            device=like.device,
            memory_format=self.layout,
        )


def pad(features: Tensor, padding: Paddings) -> Tensor:
    """Return ``features`` (B, C, H, W) with a border of one pixel: (B, C, H + 2, W + 2)."""
    rows, columns = padding
    if rows == columns and rows != "zeros":
        return functional.pad(features, (1, 1, 1, 1), mode=rows)
    for mode, sides in ((rows, (0, 0, 1, 1)), (columns, (1, 1, 0, 0))):
        features = functional.pad(features, sides, mode="constant" if mode == "zeros" else mode)
    return features


# The rows or columns that the first and the last one of a padded picture repeat.
_REPEATED = {"reflect": (2, -3), "replicate": (1, -2), "circular": (-2, 1)}


def fold(gradient: Tensor, padding: Paddings) -> Tensor:
    """Return the gradient (B, C, H, W) of the input of ``pad`` for that of its result, (B, C, H + 2, W + 2):
    the border's gradient is added to the pixels it repeats. ``gradient`` is overwritten.
    """
    rows, columns = padding
    if columns != "zeros":
        first, last = _REPEATED[columns]
        gradient[..., first].add_(gradient[..., 0])
        gradient[..., last].add_(gradient[..., -1])
    if rows != "zeros":
        first, last = _REPEATED[rows]
        gradient[..., first, :].add_(gradient[..., 0, :])
        gradient[..., last, :].add_(gradient[..., -1, :])
    return gradient[..., 1:-1, 1:-1]


def run(features: Tensor, steps: Sequence[Step], wanted: Sequence[int]) -> list[Tensor]:
    """Return the results of the ``wanted`` steps, given by ascending numbers that include the last step's.

    Gradients flow only to ``features`` (B, C, H, W), and cannot be differentiated again.
    """
    return list(_Pass.apply(features, steps, wanted))  # type: ignore[no-untyped-call]


class _Pass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, steps: Sequence[Step], wanted: Sequence[int]) -> Any:
        ctx.steps, ctx.wanted, ctx.forms = steps, wanted, []
        ctx.set_materialize_grads(False)
        found: list[Tensor] = []
        kept: list[Tensor] = []
        for number, step in enumerate(steps):
            ctx.forms.append(Form.of(features))
            if isinstance(step, MaxPool):
                features, places = step.forward(features)
                kept.append(places)
            else:
                features = step.forward(features)
                if isinstance(step, Rectifier):
                    kept.append(features)
            if number in wanted:
                found.append(features)
        ctx.save_for_backward(*kept)
        return tuple(found)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, None, None]:
        kept = list(ctx.saved_tensors)
        arriving = dict(zip(ctx.wanted, gradients, strict=True))
        gradient: Tensor | None = None
        for number in reversed(range(len(ctx.steps))):
            step, form = ctx.steps[number], ctx.forms[number]
            own = kept.pop() if isinstance(step, Rectifier | MaxPool) else None
            further = arriving.get(number)
            if further is not None:
                # A deeper step's gradient belongs to this pass and may be changed; an incoming one may not.
                gradient = further if gradient is None else gradient.add_(further)
            if gradient is None:
                continue
            if isinstance(step, Rectifier):
                assert own is not None
                gradient = step.backward(gradient, own)
            elif isinstance(step, MaxPool):
                assert own is not None
                gradient = step.backward(gradient, own, form)
            else:
                gradient = step.backward(gradient, form)
        return gradient, None, None
