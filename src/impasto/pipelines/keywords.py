"""The options of painting as keyword arguments; made by ``python -m impasto.cli.keywords``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from impasto.catalogue.loader import StyleLike
from impasto.imaging.inputs import MaskLike
from impasto.optimize.options import (
    Color,
    ColorMethod,
    ColorSpace,
    ContentLoss,
    ConventionName,
    GradientScalingName,
    Guidance,
    Optimizer,
    PaddingName,
    PoolingName,
    Precision,
    Propagation,
    Resampling,
    Rounding,
    Seamless,
    StyleLoss,
    StyleSizes,
    TotalVariation,
)


class TextureKeywords(TypedDict, total=False):
    """Fields of ``OptimizeOptions``, and those of ``ReadOptions``."""

    style_weight: float
    tv_weight: float
    style_scale: float
    iterations: int
    seed: int
    optimizer: Optimizer
    learning_rate: float
    init: str
    style_size: int | None
    style_weights: tuple[float, ...]
    style_scales: tuple[float, ...]
    blend_layers: tuple[Mapping[str, float], ...]
    color: Color
    color_space: ColorSpace
    color_method: ColorMethod
    color_strength: float
    mask_feather: float
    guidance: Guidance
    guidance_propagation: Propagation
    convention: ConventionName | None
    pooling: PoolingName
    rescale_pooling: bool
    padding: PaddingName | None
    normalise_activations: bool
    style_layers: Mapping[str, float]
    class_weights: Mapping[str, float]
    style_loss: StyleLoss
    first_style_loss: StyleLoss | None
    content_loss: ContentLoss
    tv_loss: TotalVariation
    samples: int | None
    normalise_weights: bool
    gradient_scaling: GradientScalingName
    coarse_iterations: int | None
    first_iterations: int | None
    noise: float
    history: int
    line_search: bool
    beta1: float
    beta2: float
    adam_epsilon: float
    carry_optimizer: bool
    momentum: float
    variable_range: float
    clip: bool
    average_decay: float
    recoveries: int
    threshold: float | None
    saturation: float | None
    min_size: int
    levels_per_doubling: int
    detail: float
    style_sizes: StyleSizes
    resampling: Resampling
    seamless: Seamless | None
    rounding: Rounding
    max_memory: float | None
    tile: int | None
    device: str
    precision: Precision
    channels_last: bool
    max_pixels: int


class OptimizeKeywords(TextureKeywords, total=False):
    """The fields of ``OptimizeOptions``, and those of ``ReadOptions`` and ``Inputs``."""

    size: int | tuple[int, int]
    content_weight: float
    content_layers: Mapping[str, float]
    content_masks: MaskLike | Sequence[MaskLike] | None
    style_masks: MaskLike | Sequence[MaskLike] | None
    protect: MaskLike | None
    strokes: StyleLike | None


class FastKeywords(TypedDict, total=False):
    """The fields of ``FastOptions``, and those of ``ReadOptions`` and ``Inputs``."""

    size: int | None
    strength: float
    stroke_size: float
    keep_color: bool
    seamless: Seamless | None
    style_weights: tuple[float, ...]
    model: str | None
    device: str
    max_pixels: int
    content_masks: MaskLike | Sequence[MaskLike] | None
    protect: MaskLike | None
