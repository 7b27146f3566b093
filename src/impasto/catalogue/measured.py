"""A style as the optimiser knows it: what can say its statistics, and samples of its features, at a size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from impasto.catalogue.sizes import STYLE_SIZES, style_size
from impasto.encoders import FeatureExtractor
from impasto.errors import StyleError
from impasto.imaging import Rounding, fit, resample, resize_mask
from impasto.objectives import (
    SampleKind,
    Samples,
    StyleStatistics,
    Window,
    blend_styles,
    join_samples,
    measure_samples,
    measure_style,
    whole,
)
from impasto.tensors import plane_to_tensor, to_tensor
from impasto.types import Picture, Plane

Sizing = Literal["grid", "exact", "as-is"]
Plan = Callable[[int, int], Sequence[Window]]


def at_once(height: int, width: int) -> list[Window]:
    """Return the plan that looks at a picture as a whole."""
    return [whole(height, width)]


class Style(Protocol):
    """Anything that can say what a style is at a size: its statistics, and samples of its features.

    ``long_side`` is the size wanted, in pixels. ``mask`` (H, W) in [0, 1], in the style picture's
    proportions, says which part of it counts. ``plan`` says, for a height and a width, in which
    windows to look at a picture. Both methods raise StyleError for what the style cannot give.
    """

    def statistics(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> StyleStatistics:
        """Return the means and Gram matrices at ``layers``, and of the colours (IMAGE)."""

    def samples(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        kind: SampleKind,
        count: int,
        generator: torch.Generator,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> Samples:
        """Return up to ``count`` features of each layer; 0 means all."""


@dataclass(frozen=True)
class PictureStyle:
    """The style of a picture, measured when asked for, at no more than about its own size.

    ``sizing``: "grid" measures at STYLE_SIZES only, as style files are; "exact" at the size asked for,
    "as-is" always at its own. ``resampling`` and ``rounding`` are as in ``OptimizeOptions``.
    """

    picture: Picture
    sizing: Sizing = "grid"
    resampling: str = "lanczos"
    rounding: Rounding = "half-up"

    def sizes(self, least: int) -> list[int]:
        """Return the long sides of the grid at which the short side has ``least`` pixels or more.

        Raises StyleError when the picture itself has fewer.
        """
        self._check(least)
        width, height = self.picture.width, self.picture.height
        known = [s for s in STYLE_SIZES if s <= style_size(max(width, height))]
        return [s for s in known if min(fit(width, height, s)) >= least] or known[-1:]

    def measured_at(self, long_side: float, least: int) -> tuple[int, int]:
        """Return the width and height at which the style is measured for a picture of this ``long_side``."""
        self._check(least)
        width, height = self.picture.width, self.picture.height
        if self.sizing == "as-is":
            return width, height
        if self.sizing == "exact":
            own = min(round(long_side), max(width, height))
            while min(fit(width, height, own, self.rounding)) < least:
                own += 1
            return fit(width, height, own, self.rounding)
        sizes = self.sizes(least)
        return fit(width, height, min(max(style_size(long_side), sizes[0]), sizes[-1]))

    def statistics(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> StyleStatistics:
        image, weights = self._prepared(encoder, layers, long_side, mask)
        windows = plan(*image.shape[2:])
        return measure_style(encoder, image, layers, mask=weights, windows=windows)

    def samples(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        kind: SampleKind,
        count: int,
        generator: torch.Generator,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> Samples:
        image, weights = self._prepared(encoder, layers, long_side, mask)
        windows = plan(*image.shape[2:])
        return measure_samples(encoder, image, layers, kind, count, generator, mask=weights, windows=windows)

    def _prepared(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, mask: Plane | None
    ) -> tuple[Tensor, Tensor | None]:
        width, height = self.measured_at(long_side, encoder.minimum_side(layers))
        device = next(iter(encoder.parameters())).device
        image = to_tensor(resample(self.picture.pixels, width, height, self.resampling), device)
        if mask is None:
            return image, None
        return image, plane_to_tensor(resize_mask(mask, width, height), device)

    def _check(self, least: int) -> None:
        width, height = self.picture.width, self.picture.height
        if min(width, height) < least:
            raise StyleError(
                f"expected a style picture of at least {least}x{least} pixels for these layers; "
                f"it is {width}x{height}"
            )


@dataclass(frozen=True)
class CollectionStyle:
    """Several pictures as one style, all counting alike: an artist's works, say."""

    members: tuple[PictureStyle, ...]

    def statistics(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> StyleStatistics:
        self._refuse(mask)
        rows = [style.statistics(encoder, layers, long_side, plan=plan) for style in self.members]
        return blend_styles(rows, [1.0] * len(rows))

    def samples(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        kind: SampleKind,
        count: int,
        generator: torch.Generator,
        *,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> Samples:
        self._refuse(mask)
        rows = [
            style.samples(encoder, layers, long_side, kind, count, generator, plan=plan)
            for style in self.members
        ]
        return join_samples(rows, [1.0] * len(rows), generator)

    def _refuse(self, mask: Plane | None) -> None:
        if mask is not None:
            raise StyleError(f"a style of {len(self.members)} pictures cannot have a mask; give one picture")
