"""Styles that can be measured: their statistics, and samples of their features, at any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict, Unpack

from impasto.catalogue.sizes import STYLE_SIZES, style_size
from impasto.errors import StyleError
from impasto.imaging import Rounding, fit, resample, resize_mask
from impasto.imaging.packed import PackedPicture
from impasto.types import Picture, Pixels, Plane

if TYPE_CHECKING:  # styles are found and read without torch
    import torch
    from torch import Tensor

    from impasto.encoders import FeatureExtractor
    from impasto.objectives import SampleKind, Samples, StyleStatistics, Window

Sizing = Literal["grid", "exact", "square", "as-is"]
Plan = Callable[[int, int], "Sequence[Window]"]


def at_once(height: int, width: int) -> list[Window]:
    """Return the plan that measures a picture as a whole."""
    from impasto.objectives import whole

    return [whole(height, width)]


class StyleView(TypedDict, total=False):
    """``mask``: the part of a style that counts, (H, W) in [0, 1], in the style picture's proportions.
    ``plan``: a function that returns the windows in which to measure a picture of a height and a width."""

    mask: Plane | None
    plan: Plan


class Style(Protocol):
    """A source of style statistics, and of samples of features, at any size.

    ``long_side``: the requested size, in pixels. Both methods raise StyleError for what the style lacks.
    """

    @property
    def has_samples(self) -> bool:
        """True if the style has the pictures themselves, not only their statistics."""

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, **view: Unpack[StyleView]
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
        **view: Unpack[StyleView],
    ) -> Samples:
        """Return up to ``count`` features of each layer; 0 means all."""


@dataclass(frozen=True)
class PictureStyle:
    """The style of a picture, measured on demand, at no more than about its own size.

    ``sizing``: "grid" measures only at STYLE_SIZES, as in style files; "exact" at the requested size;
    "square" at the requested size on both sides, enlarged if necessary; "as-is" always at its own size.
    ``resampling`` and ``rounding`` are as in ``OptimizeOptions``.
    """

    picture: Picture
    sizing: Sizing = "grid"
    resampling: str = "lanczos"
    rounding: Rounding = "half-up"

    def sizes(self, least: int) -> list[int]:
        """Return the long sides of the grid at which the short side has ``least`` pixels or more.

        Raises StyleError when the picture itself has fewer.
        """
        return _sizes(self.picture, least)

    def measured_at(self, long_side: float, least: int) -> tuple[int, int]:
        """Return the width and height at which the style is measured for a picture of this ``long_side``."""
        _check(self.picture, least)
        width, height = self.picture.width, self.picture.height
        if self.sizing == "as-is":
            return width, height
        if self.sizing == "square":
            return (max(round(long_side), least),) * 2
        if self.sizing == "exact":
            own = min(round(long_side), max(width, height))
            while min(fit(width, height, own, self.rounding)) < least:
                own += 1
            return fit(width, height, own, self.rounding)
        sizes = self.sizes(least)
        return fit(width, height, min(max(style_size(long_side), sizes[0]), sizes[-1]))

    def sized(self, long_side: float, least: int) -> Pixels:
        """Return the picture at the size at which it is measured; see ``measured_at``."""
        width, height = self.measured_at(long_side, least)
        return resample(self.picture.pixels, width, height, self.resampling)

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, **view: Unpack[StyleView]
    ) -> StyleStatistics:
        from impasto.objectives import measure_style

        image, seen = self._prepared(encoder, layers, long_side, **view)
        return measure_style(encoder, image, layers, **seen)

    @property
    def has_samples(self) -> bool:
        return True

    def samples(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        kind: SampleKind,
        count: int,
        generator: torch.Generator,
        **view: Unpack[StyleView],
    ) -> Samples:
        from impasto.objectives import measure_samples

        image, seen = self._prepared(encoder, layers, long_side, **view)
        return measure_samples(encoder, image, layers, kind, count, generator, **seen)

    def _prepared(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        mask: Plane | None = None,
        plan: Plan = at_once,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Return the picture as measured, with its mask and windows."""
        from impasto.tensors import plane_to_tensor, to_tensor

        pixels = self.sized(long_side, encoder.minimum_side(layers))
        height, width = pixels.shape[:2]
        device = next(iter(encoder.parameters())).device
        weights = None if mask is None else plane_to_tensor(resize_mask(mask, width, height), device)
        return to_tensor(pixels, device), {"mask": weights, "windows": plan(height, width)}


@dataclass(frozen=True)
class PackedStyle:
    """The style of a large picture, measured at STYLE_SIZES in parts, for a style file."""

    picture: PackedPicture

    def sizes(self, least: int) -> list[int]:
        """Return the long sides to measure at, as ``PictureStyle.sizes``."""
        return _sizes(self.picture, least)

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: int, *, plan: Plan
    ) -> StyleStatistics:
        """Return the statistics at a size of ``sizes``, equal to those of ``PictureStyle`` up to rounding."""
        from impasto.objectives import measure_parts
        from impasto.tensors import to_tensor

        width, height = fit(self.picture.width, self.picture.height, long_side)
        device = next(iter(encoder.parameters())).device
        windows = plan(height, width)
        parts = ((w, to_tensor(self.picture.resampled(width, height, w.outer), device)) for w in windows)
        return measure_parts(encoder, parts, layers)


def _sizes(picture: Picture | PackedPicture, least: int) -> list[int]:
    _check(picture, least)
    width, height = picture.width, picture.height
    known = [s for s in STYLE_SIZES if s <= style_size(max(width, height))]
    return [s for s in known if min(fit(width, height, s)) >= least] or known[-1:]


def _check(picture: Picture | PackedPicture, least: int) -> None:
    width, height = picture.width, picture.height
    if min(width, height) < least:
        raise StyleError(
            f"expected a style picture of at least {least}x{least} pixels for these layers; "
            f"it is {width}x{height}"
        )


@dataclass(frozen=True)
class CollectionStyle:
    """Several pictures as one style, with equal weights, such as an artist's works."""

    members: tuple[PictureStyle, ...]

    def statistics(
        self, encoder: FeatureExtractor, layers: Sequence[str], long_side: float, **view: Unpack[StyleView]
    ) -> StyleStatistics:
        from impasto.objectives import blend_styles

        self._refuse_mask(**view)
        rows = [style.statistics(encoder, layers, long_side, **view) for style in self.members]
        return blend_styles(rows, [1.0] * len(rows))

    @property
    def has_samples(self) -> bool:
        return all(member.has_samples for member in self.members)

    def samples(
        self,
        encoder: FeatureExtractor,
        layers: Sequence[str],
        long_side: float,
        kind: SampleKind,
        count: int,
        generator: torch.Generator,
        **view: Unpack[StyleView],
    ) -> Samples:
        from impasto.objectives import join_samples

        self._refuse_mask(**view)
        rows = [s.samples(encoder, layers, long_side, kind, count, generator, **view) for s in self.members]
        return join_samples(rows, [1.0] * len(rows), generator)

    def _refuse_mask(self, mask: Plane | None = None, **_: object) -> None:
        if mask is not None:
            raise StyleError(f"a style of {len(self.members)} pictures cannot have a mask; give one picture")
