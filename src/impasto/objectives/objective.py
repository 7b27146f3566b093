"""``content + style + smoothness`` of an image, and its gradient, at once or in windows.

Every loss is a function of pieces computed from features: sums of moments, sums of squared differences, or
samples. The pieces of all windows, added or concatenated, are those of the whole picture. The gradient is
therefore exact even for a picture too large for memory: compute the pieces of all windows and the loss's
gradient with respect to them, then evaluate each window again and backpropagate that gradient.

An objective belongs to one pyramid level: its targets have that level's size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from impasto import losses
from impasto.encoders import FeatureExtractor
from impasto.objectives.named_losses import CONTENT_LOSSES, SELF_SIMILARITY, SMOOTHNESS_LOSSES, STYLE_LOSSES
from impasto.objectives.samples import (
    HYPERCOLUMN,
    Samples,
    draw_positions,
    gather,
    hypercolumns,
    in_order,
    within,
)
from impasto.objectives.statistics import LayerStatistics, StyleStatistics, moments
from impasto.objectives.windows import Window, whole

GradientScaling = Literal["none", "squared-weight", "l1"]
"""How a loss's gradient is scaled in addition to its weight: not at all; by the weight again, as with
neural-style-pt's ``-normalize_gradients``; or divided by its L1 norm at the layer, as in neural-style."""

SELF_SIMILARITY_SAMPLES = 1024

Key = tuple[str, int, str]
Pieces = dict[Key, Tensor]


@dataclass(frozen=True)
class Region:
    """One style and the region of the picture where it applies.

    ``style``: statistics by layer, or samples, as the style loss requires. ``weights``: by layer, the weight
    of each position (H', W'), summing to 1; None for equal weights. The region ignores layers without
    weights. ``guides``: by layer, channels (R, H', W') to stack with the features (guided sums). ``share``:
    the factor of the region's loss.
    """

    style: StyleStatistics | Samples
    weights: Mapping[str, Tensor] | None = None
    guides: Mapping[str, Tensor] | None = None
    share: float = 1.0

    def layers(self, names: Sequence[str]) -> list[str]:
        """Return those of ``names`` that this region uses."""
        return [name for name in names if self.weights is None or name in self.weights]


@dataclass(frozen=True)
class Evaluation:
    """The loss of an image: ``total``, its named and weighted ``parts``, and ``gradient`` (1, 3, H, W)."""

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)
    gradient: Tensor | None = None


class InterruptedEvaluationError(Exception):
    """Raised during an evaluation when ``Objective.cancel`` returns True."""


class Objective:
    """The function to minimise.

    ``content``: target activations (1, C, H', W') by layer. ``content_weights``, ``style_weights``: the
    factor of the loss by layer; layers without a weight, or with weight 0, are not computed. ``windows``:
    parts to evaluate in turn; none for the whole at once. ``extra``: further losses by name, functions of the
    whole image. ``fixed`` (H, W): 1 where the image must not change; its gradient is multiplied by 1 -
    ``fixed``. ``samples``: the number for sampling losses, or None for their defaults. ``redraw``: whether
    each evaluation samples new positions, for optimisers that tolerate it. ``seamless``: the opposite edges
    that meet in the smoothness loss, "x", "y" or "xy"; the encoder has its own setting.

    ``cancel``, if set, is called at every evaluation and each of its windows, which may take minutes; if it
    returns True, InterruptedEvaluationError is raised.
    """

    def __init__(
        self,
        encoder: FeatureExtractor,
        content: Mapping[str, Tensor],
        regions: Sequence[Region],
        *,
        content_weights: Mapping[str, float],
        style_weights: Mapping[str, float],
        content_loss: str = "relative",
        style_loss: str = "gram",
        tv_weight: float = 0.0,
        tv_loss: str = "l2",
        gradient_scaling: GradientScaling = "none",
        windows: Sequence[Window] = (),
        fixed: Tensor | None = None,
        extra: Mapping[str, Callable[[Tensor], Tensor]] | None = None,
        samples: int | None = None,
        redraw: bool = False,
        seed: int = 0,
        seamless: str = "",
    ) -> None:
        self.encoder = encoder
        self.content = {n: content[n] for n, w in content_weights.items() if w}
        self.layers = [n for n, w in style_weights.items() if w] if regions else []
        self.regions = regions
        self.content_weights = content_weights
        self.style_weights = style_weights
        self.tv_weight = tv_weight
        self.gradient_scaling = gradient_scaling
        self.windows = windows
        self.fixed = fixed
        self.extra = extra or {}
        self.redraw = redraw
        self.cancel: Callable[[], bool] | None = None
        self._similar = content_loss == SELF_SIMILARITY
        self._factors = {n: CONTENT_LOSSES[content_loss](t) for n, t in self.content.items()}
        self._loss = STYLE_LOSSES[style_loss]
        self._samples = self._loss.count if samples is None else samples
        self._smoothness = SMOOTHNESS_LOSSES[tv_loss]
        self._seamless = seamless
        self._generator = torch.Generator().manual_seed(seed)
        self._begun = self._generator.get_state()
        self._places: dict[Key, Tensor] | None = None
        self._names = [HYPERCOLUMN] if self._loss.kind == "hypercolumns" and self.layers else self.layers
        self._distances: list[dict[str, Callable[[Any], Tensor]]] = [
            {name: self._loss.prepare(region.style[name]) for name in region.layers(self._names)}
            for region in regions
        ]

    def __call__(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the total and its weighted parts (``content relu4_2``, ``style relu1_1``, ``tv``).

        ``image`` is (1, 3, H, W) in [0, 1]; all results are scalars. The whole picture is evaluated at once,
        ignoring ``windows``.
        """
        self._place(image)
        pieces = self._collect(image, whole(*image.shape[2:]))
        _, total, parts = self._judge(pieces, image)
        return total, parts

    @property
    def chance(self) -> Tensor:
        """The state of the random numbers, which determines the positions sampled next."""
        return self._generator.get_state() if self.redraw else self._begun

    @chance.setter
    def chance(self, state: Tensor) -> None:
        self._generator.set_state(state)

    def evaluate(self, image: Tensor) -> Evaluation:
        """Return the loss of ``image`` (1, 3, H, W) and its gradient, window by window if there are
        several."""
        self._listen()
        self._place(image)
        if len(self.windows) < 2:
            variable = image.detach().requires_grad_()
            pieces = self._collect(variable, whole(*image.shape[2:]))
            descended, total, parts = self._judge(pieces, variable)
            (gradient,) = torch.autograd.grad(descended, variable)
        else:
            total, parts, gradient = self._in_parts(image)
        if self.fixed is not None:
            gradient = gradient * (1 - self.fixed)
        return Evaluation(total.detach(), {n: v.detach() for n, v in parts.items()}, gradient)

    def _in_parts(self, image: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        if self.gradient_scaling == "l1":
            raise NotImplementedError("gradients cannot be normalised at a layer that is computed in parts")
        with torch.no_grad():
            rows = []
            for window in self.windows:
                self._listen()
                rows.append(self._collect(window.crop(image), window))
        pieces = {key: _combine(key, [row[key] for row in rows]).requires_grad_() for key in rows[0]}
        variable = image.detach().requires_grad_()
        descended, total, parts = self._judge(pieces, variable)
        found = torch.autograd.grad(descended, [*pieces.values(), variable], allow_unused=True)
        gradient = torch.zeros_like(image) if found[-1] is None else found[-1]
        arriving = {key: g for key, g in zip(pieces, found, strict=False) if g is not None}
        begun = dict.fromkeys(arriving, 0)
        for window, row in zip(self.windows, rows, strict=True):
            self._listen()
            crop = window.crop(image).detach().clone().requires_grad_()
            again = self._collect(crop, window)
            sent = []
            for key, whole_gradient in arriving.items():
                length = len(row[key]) if _lines_up(key) else None
                sent.append(
                    whole_gradient if length is None else whole_gradient[begun[key] : begun[key] + length]
                )
                begun[key] += length or 0
            outputs = [again[key] for key in arriving]
            (part,) = torch.autograd.grad(outputs, crop, sent)
            window.crop(gradient).add_(part)
        return total, parts, gradient

    def _listen(self) -> None:
        if self.cancel is not None and self.cancel():
            raise InterruptedEvaluationError

    def _place(self, image: Tensor) -> None:
        """Choose the positions to sample, once or at every evaluation."""
        if self._places is not None and not self.redraw:
            return
        height, width = image.shape[2:]
        places: dict[Key, Tensor] = {}
        if self._loss.kind != "moments":
            for number, region in enumerate(self.regions):
                for name in region.layers(self._names):
                    stride = 1 if name == HYPERCOLUMN else self.encoder.stride(name)
                    weights = None if region.weights is None else region.weights[name]
                    drawn = draw_positions(
                        height // stride, width // stride, self._samples, self._generator, weights
                    )
                    places["samples", number, name] = in_order(drawn, self.windows, stride)
        if self._similar:
            for name in self.content:
                stride = self.encoder.stride(name)
                drawn = draw_positions(
                    height // stride, width // stride, SELF_SIMILARITY_SAMPLES, self._generator
                )
                places["similarity", 0, name] = in_order(drawn, self.windows, stride)
        self._places = places

    def _collect(self, crop: Tensor, window: Window) -> Pieces:
        """Return the pieces of one window, from its outer part ``crop`` (1, 3, h, w)."""
        features = self.encoder(crop, [*self.content, *self.layers])
        pieces: Pieces = {}
        for name, target in self.content.items():
            found = self._scaled(features[name], self.content_weights[name])
            pieces |= self._content_pieces(name, found, target, window)
        for number, region in enumerate(self.regions):
            pieces |= self._style_pieces(number, region, features, window)
        return pieces

    def _content_pieces(self, name: str, found: Tensor, target: Tensor, window: Window) -> Pieces:
        stride = self.encoder.stride(name)
        if self._similar:
            local = within(self._placed("similarity", 0, name), window, stride)
            own = gather(found, local, "vectors")
            return {("similarity", 0, name): own}
        here, there = window.counted(stride), window.place(stride)
        ours, theirs = found[(..., *here)].float(), target[(..., *there)].float()
        share = theirs.numel() / target.numel()
        mean = functional.mse_loss(ours, theirs) if share else ours.sum()
        return {("content", 0, name): mean * share}

    def _style_pieces(
        self, number: int, region: Region, features: Mapping[str, Tensor], window: Window
    ) -> Pieces:
        if self._loss.kind == "hypercolumns":
            local = within(self._placed("samples", number, HYPERCOLUMN), window, 1)
            layers = {name: features[name] for name in self.layers}
            strides = {name: self.encoder.stride(name) for name in self.layers}
            return {("samples", number, HYPERCOLUMN): hypercolumns(layers, local, strides)}
        pieces: Pieces = {}
        for name in region.layers(self.layers):
            stride = self.encoder.stride(name)
            found = self._scaled(features[name], self.style_weights[name])
            if self._loss.kind == "moments":
                found = found[(..., *window.counted(stride))]
                place = window.place(stride)
                if region.guides is not None:
                    found = torch.cat([found.float(), region.guides[name][(..., *place)][None]], 1)
                mean, gram = moments(found, self._weights(region, name, place, window, stride))
                pieces["mean", number, name] = mean
                pieces["gram", number, name] = gram
            else:
                local = within(self._placed("samples", number, name), window, stride)
                pieces["samples", number, name] = gather(found, local, self._loss.kind)
        return pieces

    def _placed(self, kind: str, number: int, name: str) -> Tensor:
        assert self._places is not None
        return self._places[kind, number, name]

    def _weights(
        self,
        region: Region,
        name: str,
        place: tuple[slice, slice],
        window: Window,
        stride: int,
    ) -> Tensor | int:
        if region.weights is not None:
            return region.weights[name][place]
        return (window.height // stride) * (window.width // stride)

    def _scaled(self, features: Tensor, weight: float) -> Tensor:
        if self.gradient_scaling != "l1":
            return features
        scaled: Tensor = _NormalisedGradient.apply(features, weight)  # type: ignore[no-untyped-call]
        return scaled

    def _judge(self, pieces: Pieces, image: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return the value to minimise, the total loss and its parts."""
        parts: dict[str, Tensor] = {}
        descended: list[Tensor] = []

        def add(name: str, weight: float, loss: Tensor) -> None:
            part = weight * loss
            parts[name] = parts[name] + part if name in parts else part
            descended.append(weight * part if self.gradient_scaling == "squared-weight" else part)

        for name in self.content:
            if self._similar:
                add(f"content {name}", self.content_weights[name], self._similarity(name, pieces))
            else:
                loss = self._factors[name] * pieces["content", 0, name]
                add(f"content {name}", self.content_weights[name], loss)
        for number, region in enumerate(self.regions):
            for name, distance in self._distances[number].items():
                weight = sum(self.style_weights.values()) if name == HYPERCOLUMN else self.style_weights[name]
                add(f"style {name}", weight, region.share * distance(_found(pieces, number, name)))
        total = torch.stack(list(parts.values())).sum() if parts else image.new_zeros(())
        whole_descent = torch.stack(descended).sum() if descended else image.sum() * 0
        if self.tv_weight:
            parts["tv"] = self.tv_weight * self._smoothness(image, self._seamless)
            total, whole_descent = total + parts["tv"], whole_descent + parts["tv"]
        for name, further in self.extra.items():
            parts[name] = further(image)
            total, whole_descent = total + parts[name], whole_descent + parts[name]
        return whole_descent, total, parts

    def _similarity(self, name: str, pieces: Pieces) -> Tensor:
        target = gather(self.content[name], self._placed("similarity", 0, name), "vectors")
        return self._factors[name] * losses.self_similarity(pieces["similarity", 0, name], target)


class _NormalisedGradient(torch.autograd.Function):
    """The identity, whose gradient is divided by its L1 norm and multiplied by a weight.

    Source: neural-style's ``-normalize_gradients``. The incoming gradient already includes the weight, so the
    epsilon added to its norm does too.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        norm = gradient.abs().sum() + 1e-8 * abs(ctx.weight)
        return gradient * (ctx.weight / norm), None


def _found(pieces: Pieces, number: int, name: str) -> Any:
    if ("samples", number, name) in pieces:
        return pieces["samples", number, name]
    return LayerStatistics(pieces["mean", number, name], pieces["gram", number, name], 0)


def _lines_up(key: Key) -> bool:
    """Return True if the pieces of several windows are concatenated (samples), not added (sums)."""
    return key[0] in ("samples", "similarity")


def _combine(key: Key, rows: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(rows)) if _lines_up(key) else torch.stack(list(rows)).sum(0)
