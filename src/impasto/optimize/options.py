"""Every parameter of a painting, in one frozen object that JSON can carry."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from impasto.errors import OptionError

Optimizer = Literal["lbfgs", "adam", "sgd"]
PoolingName = Literal["max", "average", "l2"]
PaddingName = Literal["zeros", "reflect", "replicate-first"]
ContentLoss = Literal["relative", "mean", "gatys", "self-similarity"]
StyleLoss = Literal[
    "gram",
    "gram-gatys",
    "gram-neural-style",
    "gram-per-element",
    "wasserstein",
    "wasserstein-newton-schulz",
    "mean-std",
    "mean",
    "sort-matching",
    "sliced-wasserstein",
    "mrf",
    "nearest-neighbours",
    "strotss",
]
TotalVariation = Literal["l2", "l1", "nine-point", "neural-style"]
GradientScalingName = Literal["none", "squared-weight", "l1"]
Color = Literal["style", "luminance", "luminance-first", "match-style", "match-result"]
ColorSpace = Literal["yuv", "ycbcr", "lab", "luv"]
ColorMethod = Literal["cholesky", "pca", "symmetric", "histogram", "mean"]
Guidance = Literal["gram", "sum"]
Propagation = Literal["simple", "inside", "all"]
StyleSizes = Literal["grid", "exact"]
Resampling = Literal["lanczos", "bilinear", "bicubic"]
Rounding = Literal["half-up", "half-even"]  # imaging.Rounding, whose import would load NumPy
Precision = Literal["auto", "float32", "bfloat16"]
Initialisation = Literal["content", "noise", "statistics", "gray", "uniform", "normal", "channel-statistics"]

CONTENT_LAYERS = {"relu3_1": 0.5, "relu4_2": 0.5}
STYLE_LAYERS = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0, "relu5_1": 1.0}


@dataclass(frozen=True)
class OptimizeOptions:
    """How to paint. The defaults are the ``default`` preset; docs/options.md tells more.

    ``size``: long side of the result in pixels, or an exact (width, height).
    ``encoder``: ``tiny``, ``vgg19``, ``vgg16``, ``vgg19-caffe``, ``vgg16-caffe`` or a file.
    ``content_layers``, ``style_layers``: layer name to weight. Style weights are divided by their
    sum; content weights are taken as they are.
    ``content_weight``, ``style_weight``, ``tv_weight``: factors of the three parts of the loss.
    ``style_weights``: one share per style, or empty for equal shares; divided by the sum of their
    magnitudes. A negative one leads away from a style.
    ``style_scale``: the style's size relative to the picture's; smaller makes finer strokes.
    ``style_size``: the style's long side in pixels, the same at every level; None for ``style_scale``.
    ``style_scales``: one more such factor per style, or empty.
    ``blend_layers``: per style, layer to factor of its share there, an empty mapping for all layers
    alike; or empty. One painting's colour and another's stroke: ``({"relu1_1": 1}, {"relu3_1": 1})``.
    ``normalise_weights``: divide each layer's weight by the largest side of its target.
    ``gradient_scaling``: ``squared-weight`` or ``l1``: neural-style-pt's and neural-style's
    ``-normalize_gradients``.
    ``samples``: how many features a sampling style loss compares; None for its own number.
    ``color``: whose colours: the ``style``'s; the photograph's, with the result's ``luminance`` only, or
    painted in grey from the start (``luminance-first``); or colours matched, the style's to the
    photograph's before (``match-style``), the result's after (``match-result``). ``color_space`` and
    ``color_method`` say how; ``color_strength``, in [0, 1], mixes the result with what it was.
    ``guidance``: masked regions by guided Gram matrices (``gram``) or guided sums (``sum``).
    ``guidance_propagation``: how masks reach deep layers: by area (``simple``), where nothing beyond the
    mask is seen (``inside``; a layer where that is nowhere is left out, at that level, as long as another
    remains), or where any of it is (``all``). ``mask_feather``: soft edge, in pixels of the
    result.
    ``init``: ``content``, ``noise`` (white), ``statistics`` (noise in the style's colours), or the
    path of a picture; or one of style-transfer-pytorch's: ``gray``, ``uniform`` or ``normal`` noise, or
    ``channel-statistics``, which is normal noise with each channel's mean and variance in the styles.
    ``noise`` is the standard deviation of ``init="noise"``, in units of [0, 1].
    ``iterations``: per pyramid level. ``coarse_iterations``: the same at levels under half the
    final size, or None for ``iterations``.
    ``first_iterations``: the same for the first level, before both, or None.
    ``min_size``: long side of the coarsest level; 0 turns the pyramid off.
    ``style_sizes``: styles are measured on a ``grid`` of sizes, as style files are, or at ``exact`` ones.
    ``resampling``: ``lanczos`` in full precision; ``bilinear`` and ``bicubic`` round to 8 bits, as the
    programs do that neural-style-pt and style-transfer-pytorch are. ``rounding``: of sides that are so
    many pixels and a half, up or to the even number.
    ``detail``: share of the photograph's fine detail given back at every step up the pyramid.
    ``learning_rate``: step size; for L-BFGS a factor of its own step.
    ``history``: steps L-BFGS remembers. ``line_search``: search along each of its steps (strong Wolfe).
    ``variable_range``: what white is to the optimiser: 1, or 255 as in the papers' programs.
    ``clip``: keep values in the valid range after every step.
    ``average_decay``: give the running average of the iterates instead of the last; 0 for the last.
    ``carry_optimizer``: Adam goes on at the next level with what it knows.
    ``recoveries``: how often to step back and halve the learning rate when the loss is no number.
    ``channels_last``: lay features out so that convolutions are fastest. Off, they are laid out, and so
    rounded, as in the papers' programs.
    ``max_memory``: how much memory the painting may take, in GB; None for a safe share of what is free.
    Pictures beyond it are worked on in parts. ``tile``: side of these parts, in pixels; None to choose.
    ``threshold``: stop a level when the total loss is at or below it. ``saturation``: stop a level
    when the mean loss of the last ten iterations is less than this fraction below the mean of the
    ten before. Both None: never.
    """

    size: int | tuple[int, int] = 512
    encoder: str = "tiny"
    pooling: PoolingName = "max"
    rescale_pooling: bool = False
    padding: PaddingName | None = None
    normalise_activations: bool = False
    content_layers: Mapping[str, float] = field(default_factory=lambda: dict(CONTENT_LAYERS))
    style_layers: Mapping[str, float] = field(default_factory=lambda: dict(STYLE_LAYERS))
    content_weight: float = 1.0
    style_weight: float = 8.0
    tv_weight: float = 0.0
    content_loss: ContentLoss = "relative"
    style_loss: StyleLoss = "wasserstein"
    tv_loss: TotalVariation = "l2"
    style_weights: tuple[float, ...] = ()
    style_scale: float = 1.0
    style_size: int | None = None
    style_scales: tuple[float, ...] = ()
    blend_layers: tuple[Mapping[str, float], ...] = ()
    normalise_weights: bool = False
    gradient_scaling: GradientScalingName = "none"
    samples: int | None = None
    color: Color = "style"
    color_space: ColorSpace = "lab"
    color_method: ColorMethod = "symmetric"
    color_strength: float = 1.0
    guidance: Guidance = "gram"
    guidance_propagation: Propagation = "simple"
    mask_feather: float = 0.0
    init: str = "content"
    noise: float = 0.25
    optimizer: Optimizer = "lbfgs"
    iterations: int = 20
    coarse_iterations: int | None = 30
    first_iterations: int | None = None
    learning_rate: float = 1.0
    beta1: float = 0.9
    beta2: float = 0.999
    adam_epsilon: float = 1e-8
    momentum: float = 0.9
    history: int = 10
    line_search: bool = False
    variable_range: float = 1.0
    clip: bool = False
    average_decay: float = 0.0
    carry_optimizer: bool = False
    recoveries: int = 3
    min_size: int = 128
    style_sizes: StyleSizes = "grid"
    resampling: Resampling = "lanczos"
    rounding: Rounding = "half-up"
    detail: float = 1.0
    threshold: float | None = None
    saturation: float | None = None
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    channels_last: bool = True
    max_memory: float | None = None
    tile: int | None = None

    def __post_init__(self) -> None:
        for name in ("content_layers", "style_layers"):
            object.__setattr__(self, name, _layer_weights(name, getattr(self, name)))
        for name in ("style_weights", "style_scales"):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        sets = self.blend_layers
        if not isinstance(sets, (list, tuple)):
            raise OptionError(f"blend_layers must be a list of mappings, one per style; it is {_shown(sets)}")
        object.__setattr__(self, "blend_layers", tuple(_layer_weights("blend_layers", s) for s in sets))
        for name in ("init", "encoder"):
            if isinstance(getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fspath(getattr(self, name)))
        if isinstance(self.size, list):
            object.__setattr__(self, "size", tuple(self.size))
        self._check_choices()
        self._check_numbers()
        self._check_layers()

    def _check_choices(self) -> None:
        for name in _TEXTS:
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise OptionError(f"{name} must be {_TEXTS[name]}; it is {_shown(value)}")
        for name in _SWITCHES:
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise OptionError(f"{name} must be True or False; it is {_shown(value)}")
        for name, kind in _CHOICES.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            if not isinstance(value, str) or value not in get_args(kind):
                choices = ", ".join(get_args(kind))
                raise OptionError(f"{name} must be one of {choices}; it is {_shown(value)}")

    def _check_numbers(self) -> None:
        sizes = self.size if isinstance(self.size, tuple) else (self.size,)
        if len(sizes) not in (1, 2) or not all(_is_whole(s) and s >= 16 for s in sizes):
            raise OptionError(f"size must be a whole number of pixels, 16 or more; it is {_shown(self.size)}")
        for name, lowest, whole in _BOUNDS:
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            number = _is_whole(value) if whole else _is_real(value)
            if not number or value < lowest:
                kind = "whole number" if whole else "number"
                raise OptionError(f"{name} must be a {kind}, {lowest:g} or more; it is {_shown(value)}")
        if self.seed >= 2**64:
            raise OptionError(f"seed must be a whole number below 2**64; it is {_shown(self.seed)}")
        for name in ("learning_rate", "style_scale", "variable_range"):
            if getattr(self, name) <= 0:
                raise OptionError(f"{name} must be more than 0; it is {getattr(self, name)!r}")
        for name in ("beta1", "beta2", "momentum", "average_decay"):
            value = getattr(self, name)
            if not _is_real(value) or not 0 <= value < 1:
                raise OptionError(f"{name} must be at least 0 and less than 1; it is {_shown(value)}")
        if not _is_real(self.color_strength) or not 0 <= self.color_strength <= 1:
            raise OptionError(f"color_strength must be from 0 to 1; it is {_shown(self.color_strength)}")
        if any(scale <= 0 for scale in self.style_scales):
            raise OptionError(f"style_scales must be numbers above 0; they are {_shown(self.style_scales)}")
        if self.style_weights and not sum(self.style_weights) > 0:
            raise OptionError(f"style_weights must add up to more than 0; they are {self.style_weights}")

    def _check_layers(self) -> None:
        unknown = {layer for layers in self.blend_layers for layer in layers} - set(self.style_layers)
        if unknown:
            raise OptionError(
                f"blend_layers share out the style layers {', '.join(self.style_layers)}; "
                f"{sorted(unknown)[0]} is none of them"
            )
        if self.style_layers and sum(self.style_layers.values()) <= 0:
            raise OptionError("the weights of the style layers must add up to more than 0")
        if not self.content_layers and not self.style_layers:
            raise OptionError("a painting needs content layers, style layers, or both; both are empty")

    def replace(self, **changes: Any) -> OptimizeOptions:
        """A copy with ``changes``; unknown names raise OptionError."""
        unknown = set(changes) - {f.name for f in dataclasses.fields(self)}
        if unknown:
            raise OptionError(f"there is no option {sorted(map(str, unknown))[0]!r}")
        return dataclasses.replace(self, **changes)

    def style_side(self, long_side: int) -> float:
        """The long side of styles for a level with this ``long_side``, in pixels."""
        return long_side * self.style_scale if self.style_size is None else float(self.style_size)

    def style_sampling(self) -> dict[str, Any]:
        """How styles are measured: the keyword arguments of ``styles.loading.load_style``."""
        return {"sizing": self.style_sizes, "resampling": self.resampling, "rounding": self.rounding}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = dataclasses.asdict(self)
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> OptimizeOptions:
        """The inverse of ``to_dict``; unknown names raise OptionError."""
        if not isinstance(values, Mapping):
            raise OptionError(f"options must be a mapping from name to value; they are {_shown(values)}")
        plain = {str(k): tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls().replace(**plain)


_TEXTS = {
    "encoder": "a network's name or a file's",
    "init": "a way to begin, such as content or noise, or a picture's path",
    "device": "a device's name, such as auto, cpu or cuda",
}
_SWITCHES = (
    "rescale_pooling",
    "normalise_activations",
    "normalise_weights",
    "line_search",
    "clip",
    "carry_optimizer",
    "channels_last",
)
_CHOICES: dict[str, Any] = {
    "pooling": PoolingName,
    "padding": PaddingName,
    "content_loss": ContentLoss,
    "style_loss": StyleLoss,
    "tv_loss": TotalVariation,
    "gradient_scaling": GradientScalingName,
    "color": Color,
    "color_space": ColorSpace,
    "color_method": ColorMethod,
    "guidance": Guidance,
    "guidance_propagation": Propagation,
    "style_sizes": StyleSizes,
    "resampling": Resampling,
    "rounding": Rounding,
    "optimizer": Optimizer,
    "precision": Precision,
}
_OPTIONAL = (
    "padding",
    "style_size",
    "coarse_iterations",
    "first_iterations",
    "threshold",
    "saturation",
    "samples",
    "max_memory",
    "tile",
)
_BOUNDS: tuple[tuple[str, float, bool], ...] = (
    ("content_weight", 0, False),
    ("style_weight", 0, False),
    ("tv_weight", 0, False),
    ("style_scale", 0, False),
    ("style_size", 1, True),
    ("noise", 0, False),
    ("iterations", 1, True),
    ("coarse_iterations", 1, True),
    ("first_iterations", 1, True),
    ("samples", 1, True),
    ("mask_feather", 0, False),
    ("recoveries", 0, True),
    ("max_memory", 0, False),
    ("tile", 32, True),
    ("learning_rate", 0, False),
    ("adam_epsilon", 0, False),
    ("history", 1, True),
    ("variable_range", 0, False),
    ("min_size", 0, True),
    ("detail", 0, False),
    ("threshold", 0, False),
    ("saturation", 0, False),
    ("seed", 0, True),
)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_real(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= sys.float_info.max  # false for infinity, for NaN and for ints beyond a float


def _shown(value: object) -> str:
    """``value`` in one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _layer_weights(option: str, layers: object) -> dict[str, float]:
    """A copy of ``layers``, a mapping from layer to weight. Raises OptionError for anything else."""
    if not isinstance(layers, Mapping):
        raise OptionError(
            f"{option} must map layers to weights, as in {{'relu1_1': 1}}; got {_shown(layers)}"
        )
    for layer, weight in layers.items():
        if not isinstance(layer, str):
            raise OptionError(f"{option} must name layers by texts, such as 'relu1_1'; got {_shown(layer)}")
        if not _is_real(weight) or weight < 0:
            raise OptionError(
                f"the weight of {layer} must be a number, 0 or more, in {option}; it is {_shown(weight)}"
            )
    return dict(layers)


def _numbers(option: str, values: object) -> tuple[float, ...]:
    """``values`` as a tuple of finite numbers. Raises OptionError for anything else."""
    if not isinstance(values, (list, tuple)) or not all(map(_is_real, values)):
        raise OptionError(f"{option} must be a list of numbers, one per style; got {_shown(values)}")
    return tuple(values)
