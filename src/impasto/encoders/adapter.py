"""Any PyTorch network as an encoder: its layers are its modules, by their dotted names."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from impasto.encoders import probe as probe
from impasto.encoders.network import (
    POOLING_RESCALE,
    InputConvention,
    NormalisedNetwork,
    Padding,
    Pooling,
    check_shape,
    check_side,
    fingerprint,
)
from impasto.encoders.protocol import UNBOUNDED
from impasto.encoders.substitution import substitute_padding, substitute_pooling
from impasto.errors import LayerError, did_you_mean

SCORES = "scores"
"""The name of the whole network's output in ``ModuleEncoder.vectors``."""


def _is_vector(output: object) -> bool:
    return isinstance(output, Tensor) and output.dim() >= 2 and output.numel() == output.shape[1] > 1


class _Facts(dict[str, int]):
    """Measured properties of layers, shared by copies of a network because measuring takes time."""

    def __deepcopy__(self, memo: object) -> Self:
        return self


class ModuleEncoder(NormalisedNetwork):
    """A ``FeatureExtractor`` made of a copy of any ``module`` that takes pictures (B, 3, H, W).

    Layers are submodules ("layer2.0.conv1") whose output is a tensor (B, C, H, W) of the picture's
    proportions, found by a pass over a small picture; if a submodule is called several times, the last call
    counts. In-place operations of later modules (``nn.ReLU(inplace=True)``, ``x += y``) do not affect the
    features. If a network returns fewer than H // stride features, for lack of padding, its outermost ones
    are repeated, half of the missing ones before the first; if it returns more, the last are dropped. A pass
    ends with the deepest layer requested. ``module`` itself is not changed; the copy stays in evaluation
    mode, and its parameters require no gradients.

    ``convention``: converts sRGB in [0, 1] to the network's input. ``name``: by default the class of
    ``module``. ``pooling``: "average" and "l2" replace every ``nn.MaxPool2d``, multiplied by
    ``POOLING_RESCALE`` with ``rescale_pooling``; "max" changes nothing. ``padding``: that of every
    ``nn.Conv2d`` that pads, or of the first alone ("replicate-first"); None changes nothing. ``classes``: the
    names of a classifier's classes, in the order of its scores.

    Raises LayerError if no module returns features.
    """

    def __init__(
        self,
        module: nn.Module,
        convention: InputConvention,
        *,
        name: str | None = None,
        pooling: Pooling = "max",
        rescale_pooling: bool = False,
        padding: Padding | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        super().__init__(convention)
        self.classes = list(classes)
        self.name = name or type(module).__name__
        self.pooling: Pooling = pooling
        self.pool_scale = POOLING_RESCALE[pooling] if rescale_pooling else 1.0
        self.padding: str = padding or "own"
        self.module = copy.deepcopy(module)
        substitute_pooling(self.module, pooling, self.pool_scale)
        if padding is not None:
            substitute_padding(self.module, padding)
        probe.add_hooks(self.module)
        first = next(self.module.parameters(), self.mean)
        self.mean, self.std = self.mean.to(first.device), self.std.to(first.device)
        self.eval().requires_grad_(False)
        self._sides = _Facts()
        self._reaches = _Facts()
        self._survey = self._look()

    @property
    def layer_names(self) -> list[str]:
        """Every submodule that returns features, in order of computation."""
        return list(self._survey.layers)

    def minimum_side(self, layers: Iterable[str]) -> int:
        """Return the smallest width and height, in pixels, for which ``layers`` can be computed, found by
        trial. Raises LayerError for unknown layers.
        """
        wanted = self._wanted(layers)
        for name in wanted.keys() - self._sides.keys():

            def compute(side: int, name: str = name) -> Tensor:
                return probe.collect(self.module, self._picture(side, side), {name: wanted[name]})[name]

            self._sides[name] = probe.smallest_side(compute)
        return max((self._sides[name] for name in wanted), default=1)

    def stride(self, layer: str) -> int:
        """Return the distance in pixels from one position of ``layer`` to the next.

        Raises LayerError for an unknown layer.
        """
        return self._one(layer).stride

    def channels(self, layer: str) -> int:
        """Return the number of channels of ``layer``. Raises LayerError for an unknown layer."""
        return self._one(layer).channels

    def radius(self, layers: Iterable[str]) -> int:
        """Return the distance in pixels that ``layers`` see beyond a position's own cell, found by trial.

        UNBOUNDED if they see the whole picture, or more than about 1000 pixels. Raises LayerError for unknown
        layers."""
        wanted = self._wanted(layers)
        for name in wanted.keys() - self._reaches.keys():
            reach = probe.reach(self.module, name, wanted[name], self.minimum_side([name]))
            self._reaches[name] = UNBOUNDED if reach is None else reach
        return max((self._reaches[name] for name in wanted), default=0)

    def receptive_field(self, layers: Iterable[str]) -> tuple[int, int] | None:
        """Return ``(radius, stride)``: ``radius`` and the least common multiple of the strides of ``layers``;
        None where the radius is UNBOUNDED. Raises LayerError for unknown layers.
        """
        wanted = self._wanted(layers)
        radius = self.radius(wanted)
        stride = math.lcm(*(layer.stride for layer in wanted.values()))
        return None if radius == UNBOUNDED else (radius, stride)

    def describe(self) -> dict[str, object]:
        """Return, as plain values, the properties that two networks with equal activations share."""
        return {
            "name": self.name,
            "pooling": self.pooling,
            "pool_scale": self.pool_scale,
            "padding": self.padding,
            "convention": str(self.convention),
            "sha256": fingerprint(self),
        }

    def forward(self, image: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Return the activations of ``layers`` for ``image`` of shape (B, 3, H, W) in [0, 1].

        Returns a dict from layer name to a (B, C, H // stride, W // stride) tensor, in network order, in
        the network's own precision. Raises LayerError for a layer the network does not have or does not
        compute for this image, PictureError for an image of another shape or too small for the layers.
        """
        wanted = self._wanted(layers)
        check_shape(image)
        if min(image.shape[2:]) < probe.PROBE_HEIGHT:
            check_side(image, self.minimum_side(wanted), wanted)
        found = probe.collect(self.module, self._input(image), wanted)
        for name in wanted:
            if name not in found:
                raise LayerError(
                    f"expected {self.name} to compute {name} for every image; for this one it did not"
                )
        return {name: found[name] for name in wanted}

    def vectors(self, image: Tensor, names: Iterable[str] = ()) -> dict[str, Tensor]:
        """Return the outputs (D,) of modules that give a vector (1, D) for ``image`` (1, 3, H, W) in [0, 1].

        ``names``: the modules wanted; SCORES, the output of the whole network, is always in the result.
        Modules with other outputs are omitted. The whole network is computed.
        """
        wanted, found = set(names), {}

        def listen(name: str, output: object) -> None:
            if name in wanted and _is_vector(output):
                assert isinstance(output, Tensor)
                found[name] = output.flatten()

        with probe.listening(listen):
            scores = self.module(self._input(image))
        if _is_vector(scores):
            found[SCORES] = scores.flatten()
        return found

    def dense_layers(self) -> list[str]:
        """Return the names of the dense layers (``nn.Linear``) that give a vector for a picture, in order."""
        known = {name for name, part in self.module.named_modules() if isinstance(part, nn.Linear)}
        with torch.no_grad():
            found = self.vectors(torch.full((1, 3, probe.PROBE_HEIGHT, probe.PROBE_WIDTH), 0.5), known)
        return [name for name in found if name != SCORES]

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002
        """Stay in evaluation mode and ignore ``mode``: the output must not be random."""
        return super().train(False)

    def _input(self, image: Tensor) -> Tensor:
        kinds = (p.dtype for p in self.module.parameters() if p.is_floating_point())
        return self.normalise(image).to(next(kinds, image.dtype))

    def _picture(self, height: int, width: int) -> Tensor:
        """Return a picture of noise, always the same."""
        noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
        return self._input(noise.to(self.mean.device))

    def _look(self) -> probe.Survey:
        seen = probe.survey(self.module, self._picture(probe.PROBE_HEIGHT, probe.PROBE_WIDTH))
        if not seen.layers:
            reason = f"it fails: {seen.error}" if seen.error else "none does"
            raise LayerError(
                f"expected a module within {self.name} to give features (B, C, H, W) for a picture of"
                f" {probe.PROBE_WIDTH} x {probe.PROBE_HEIGHT} pixels; {reason}"
            )
        return seen

    def _wanted(self, layers: Iterable[str]) -> dict[str, probe.ProbedLayer]:
        """Return the layers asked for, in network order. Raises LayerError."""
        names = {name.strip() for name in layers}
        for name in sorted(names - self._survey.layers.keys()):
            raise self._unknown(name)
        return {name: layer for name, layer in self._survey.layers.items() if name in names}

    def _one(self, layer: str) -> probe.ProbedLayer:
        return next(iter(self._wanted([layer]).values()))

    def _unknown(self, name: str) -> LayerError:
        expected = "a module that gives features (B, C, H, W)"
        if name in self._survey.others:
            actual = self._survey.others[name]
            return LayerError(f"expected {expected}; {name} of {self.name} gives {actual}")
        if name and name in dict(self.module.named_modules()):
            actual = "is never called"
            if self._survey.error:
                actual = f"is not reached: the network fails before it ends ({self._survey.error})"
            return LayerError(f"expected {expected}; {name} of {self.name} {actual}")
        some = [*self.layer_names[:4], "...", self.layer_names[-1]] if len(self.layer_names) > 8 else []
        hint = did_you_mean(name, self.layer_names, f"it has {', '.join(some or self.layer_names)}.", most=3)
        return LayerError(f"{self.name} has no layer {name!r}{hint}")
