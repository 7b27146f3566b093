"""Every parameter of a painting, in one frozen object with a JSON form."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from impasto.errors import OptionError
from impasto.parameters import Options, check_parameters, choice, parameter, plain

Optimizer = Literal["lbfgs", "adam", "sgd"]
ConventionName = Literal["caffe", "torchvision", "centred"]
PoolingName = Literal["max", "average", "l2"]
PaddingName = Literal["zeros", "reflect", "replicate-first"]
ContentLoss = Literal["relative", "mean", "gatys", "sum", "self-similarity"]
StyleLoss = Literal[
    "gram",
    "gram-gatys",
    "gram-neural-style",
    "gram-per-element",
    "gram-sum",
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
StyleSizes = Literal["grid", "exact", "square"]
Resampling = Literal["lanczos", "bilinear", "bicubic", "nearest"]
Rounding = Literal["half-up", "half-even"]  # imaging.Rounding, whose import would load NumPy
Seamless = Literal["x", "y", "xy"]
Precision = Literal["auto", "float32", "bfloat16"]
Initialisation = Literal[
    "fast", "content", "noise", "statistics", "gray", "uniform", "normal", "channel-statistics"
]

CONTENT_LAYERS = {"relu3_1": 0.5, "relu4_2": 0.5}
STYLE_LAYERS = {"relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0, "relu4_1": 1.0, "relu5_1": 1.0}

STYLES, COLOURS, REGIONS, LOSSES = "Styles", "Colour", "Regions", "Losses and network"
DESCENT, SIZES, WORK = "Optimiser", "Pyramid and sizes", "Resources"
_LAYERS = "each NAME or NAME:WEIGHT, separated by commas; Keras names work too"


@dataclass(frozen=True)
class OptimizeOptions(Options):
    """The options of painting by optimisation. The defaults are the ``default`` preset.

    Each field has its own help; docs/options.md lists them all.

    Style weights of layers are divided by their sum; content weights are taken as they are.
    ``style_weights`` are divided by the sum of their magnitudes.
    """

    size: int | tuple[int, int] = parameter(
        512, "Long side in pixels, or WIDTHxHEIGHT.", "size", least=16, most=1_000_000
    )
    style_weight: float = parameter(8.0, "Weight of the style.", "number", least=0)
    content_weight: float = parameter(1.0, "Weight of the photograph.", "number", least=0)
    tv_weight: float = parameter(
        0.0, "Weight of the total variation loss, which smooths the picture.", "number", least=0
    )
    style_scale: float = parameter(
        1.0,
        "Size of the strokes: 1 as in the painting, 0.5 half as large.",
        "number",
        above=0,
        most=100,
        bound=4,
        flags=("--style-scale", "--stroke-size"),
    )
    iterations: int = parameter(12, "Iterations at each pyramid level.", "whole", least=1, bound=2000)
    seed: int = parameter(0, "Seed of the random start.", "whole", least=0, below=2**64)
    optimizer: Optimizer = choice("lbfgs", Optimizer, "Optimiser: {}.")
    learning_rate: float = parameter(
        1.0, "Step size; for L-BFGS, a factor applied to its step.", "number", above=0
    )
    init: str = parameter(
        "fast",
        f"Initial picture: {', '.join(get_args(Initialisation))}, or a file.",
        "text",
        choices=Initialisation,
        expected="a way to begin, such as content or noise, or a picture's path",
    )
    style_size: int | None = parameter(
        None,
        "Long side of the styles in pixels, at every level.",
        "whole",
        STYLES,
        least=1,
        most=100_000,
        bound=4096,
        optional=True,
        shown="by --style-scale",
    )
    style_weights: tuple[float, ...] = parameter(
        (),
        "The share of each style, such as great-wave:3 melancholy:1; a negative share moves away from its "
        "style.",
        "numbers",
        STYLES,
        typed="STYLE:WEIGHT",
        shown="equal",
    )
    style_scales: tuple[float, ...] = parameter(
        (), "Stroke size for each style, such as 1,0.5.", "numbers", STYLES, above=0, shown="1"
    )
    blend_layers: tuple[Mapping[str, float], ...] = parameter(
        (),
        "Layers of each style, separated by /: relu1_1,relu2_1/relu3_1:0.5,relu4_1,relu5_1.",
        "layer sets",
        STYLES,
        shown="all",
    )
    color: Color = choice("style", Color, "Colours of the result: {}.", COLOURS)
    color_space: ColorSpace = choice("lab", ColorSpace, "Colour space for luminance: {}.", COLOURS)
    color_method: ColorMethod = choice("symmetric", ColorMethod, "Colour matching method: {}.", COLOURS)
    color_strength: float = parameter(
        1.0, "Strength of the colour change, from 0 to 1.", "number", COLOURS, least=0, most=1
    )
    mask_feather: float = parameter(
        0.0, "Width of the soft edge of masks, in pixels of the result.", "number", REGIONS, least=0
    )
    guidance: Guidance = choice(
        "gram", Guidance, "Style of a region: its own Gram matrices (gram), or guided sums (sum).", REGIONS
    )
    guidance_propagation: Propagation = choice(
        "simple",
        Propagation,
        "How masks are scaled to deep layers: by area (simple), to positions that see only the mask "
        "(inside), or any part of it (all).",
        REGIONS,
    )
    encoder: str = parameter(
        "tiny",
        "The network: tiny, vgg19, vgg16, vgg19-caffe, vgg16-caffe, timm:NAME or a file.",
        "text",
        LOSSES,
        expected="a network's name or a file's",
    )
    convention: ConventionName | None = choice(
        None,
        ConventionName,
        "Input that a network file expects, if the file does not say: {}.",
        LOSSES,
        optional=True,
        shown="as the file says",
    )
    pooling: PoolingName = choice("max", PoolingName, "Pooling of the network: {}.", LOSSES)
    rescale_pooling: bool = parameter(
        False, "Rescale the output of pooling, as style-transfer-pytorch does.", "switch", LOSSES
    )
    padding: PaddingName | None = choice(
        None, PaddingName, "Padding of the network: {}.", LOSSES, optional=True, shown="the network's"
    )
    normalise_activations: bool = parameter(
        False, "Rescale each filter to a mean activation of 1, as Gatys et al. do.", "switch", LOSSES
    )
    content_layers: Mapping[str, float] = parameter(
        lambda: dict(CONTENT_LAYERS), f"Content layers, {_LAYERS}.", "layers", LOSSES
    )
    style_layers: Mapping[str, float] = parameter(
        lambda: dict(STYLE_LAYERS), f"Style layers, {_LAYERS}.", "layers", LOSSES
    )
    class_weights: Mapping[str, float] = parameter(
        dict,
        "Classes that a classifier should see, each NAME or NAME:WEIGHT, separated by commas: a class, its "
        "number, prob for the photo's own classes, or a dense layer such as fc7.",
        "classes",
        LOSSES,
        flags=("--class-weight",),
        shown="nothing",
    )
    style_loss: StyleLoss = choice("wasserstein", StyleLoss, "Style loss: {}.", LOSSES)
    first_style_loss: StyleLoss | None = choice(
        None,
        StyleLoss,
        "Style loss at the first of several levels, if the paintings themselves are given: {}.",
        LOSSES,
        optional=True,
        shown="as the others",
    )
    content_loss: ContentLoss = choice("relative", ContentLoss, "Content loss: {}.", LOSSES)
    tv_loss: TotalVariation = choice("l2", TotalVariation, "Total variation loss: {}.", LOSSES)
    samples: int | None = parameter(
        None,
        "Number of features that a style loss with sampling compares.",
        "whole",
        LOSSES,
        least=1,
        bound=4096,
        optional=True,
        shown="as many as needed",
    )
    normalise_weights: bool = parameter(
        False, "Divide each layer's weight by the long side of its target.", "switch", LOSSES
    )
    gradient_scaling: GradientScalingName = choice(
        "none",
        GradientScalingName,
        "Balance layers by their gradients, as neural-style-pt and neural-style do: {}.",
        LOSSES,
    )
    coarse_iterations: int | None = parameter(
        20,
        "Iterations at levels below half the final size.",
        "whole",
        DESCENT,
        least=1,
        bound=2000,
        optional=True,
    )
    first_iterations: int | None = parameter(
        None,
        "Iterations at the first level.",
        "whole",
        DESCENT,
        least=1,
        bound=2000,
        optional=True,
        shown="as the others",
    )
    noise: float = parameter(
        0.25, "Standard deviation of --init noise, where white is 1.", "number", DESCENT, least=0
    )
    history: int = parameter(10, "Length of the history of L-BFGS.", "whole", DESCENT, least=1, bound=200)
    line_search: bool = parameter(False, "Line search for L-BFGS and SGD (strong Wolfe).", "switch", DESCENT)
    beta1: float = parameter(
        0.9, "Adam's decay rate of the mean gradient.", "number", DESCENT, least=0, below=1
    )
    beta2: float = parameter(
        0.999, "Adam's decay rate of the mean squared gradient.", "number", DESCENT, least=0, below=1
    )
    adam_epsilon: float = parameter(1e-8, "Adam's epsilon, added to its divisor.", "number", DESCENT, least=0)
    carry_optimizer: bool = parameter(False, "Keep Adam's state at the next level.", "switch", DESCENT)
    momentum: float = parameter(0.9, "Momentum of SGD.", "number", DESCENT, least=0, below=1)
    variable_range: float = parameter(
        1.0,
        "Value of white in the optimiser: 1, or 255 as in the papers' programs.",
        "number",
        DESCENT,
        above=0,
    )
    clip: bool = parameter(False, "Clip pixel values to their range after every step.", "switch", DESCENT)
    average_decay: float = parameter(
        0.0,
        "Decay rate of the average over iterations, such as 0.99; 0 for the last iteration alone.",
        "number",
        DESCENT,
        least=0,
        below=1,
    )
    recoveries: int = parameter(
        3,
        "How many times to go back after a loss that is not a number, each time with half the learning rate.",
        "whole",
        DESCENT,
        least=0,
    )
    threshold: float | None = parameter(
        None,
        "Stop a level when the loss is at or below this.",
        "number",
        DESCENT,
        least=0,
        optional=True,
        shown="never",
    )
    saturation: float | None = parameter(
        None,
        "Stop a level when ten iterations reduce the loss by less than this fraction.",
        "number",
        DESCENT,
        least=0,
        optional=True,
        shown="never",
    )
    min_size: int = parameter(
        128, "Long side of the coarsest level, in pixels; 0 for a single level.", "whole", SIZES, least=0
    )
    levels_per_doubling: int = parameter(
        2, "Number of levels for each doubling of the size.", "whole", SIZES, least=1, most=8
    )
    detail: float = parameter(
        1.0, "Fraction of the photo's fine detail that is restored at each level.", "number", SIZES, least=0
    )
    style_sizes: StyleSizes = choice(
        "grid",
        StyleSizes,
        "Sizes at which styles are measured: fixed ones, as in style files (grid), the exact ones (exact), "
        "or a square (square).",
        SIZES,
    )
    resampling: Resampling = choice(
        "lanczos", Resampling, "Filter for resizing: {}; all but lanczos round to 8 bits.", SIZES
    )
    seamless: Seamless | None = choice(
        None,
        Seamless,
        "Opposite edges that join seamlessly: left and right (x), top and bottom (y), or both (xy).",
        SIZES,
        optional=True,
        shown="none",
    )
    rounding: Rounding = choice(
        "half-up", Rounding, "How to round sides that end in half a pixel: {}.", SIZES
    )
    max_memory: float | None = parameter(
        None,
        "Memory limit, in GB.",
        "number",
        WORK,
        least=0,
        optional=True,
        shown="a safe share of the free memory",
    )
    tile: int | None = parameter(
        None,
        "Paint in tiles of about this many pixels per side.",
        "whole",
        WORK,
        least=32,
        optional=True,
        shown="by memory",
    )
    device: str = parameter(
        "auto",
        "Device: auto, cpu, cuda or mps.",
        "text",
        WORK,
        expected="a device's name, such as auto, cpu or cuda",
    )
    precision: Precision = choice("auto", Precision, "Numerical precision: {}.", WORK)
    channels_last: bool = parameter(
        True,
        "Use the channels-last memory layout, which is the fastest; off gives the rounding of programs with "
        "the other layout.",
        "switch",
        WORK,
    )

    def __post_init__(self) -> None:
        for name in ("init", "encoder"):
            if isinstance(getattr(self, name), os.PathLike):
                object.__setattr__(self, name, os.fsdecode(getattr(self, name)))
        object.__setattr__(self, "size", plain(self.size))
        if isinstance(self.size, list):
            object.__setattr__(self, "size", tuple(self.size))
        check_parameters(self)
        for name in ("content_layers", "style_layers", "class_weights"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        for name in ("style_weights", "style_scales"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "blend_layers", tuple(map(dict, self.blend_layers)))
        if self.style_weights and not sum(self.style_weights) > 0:
            raise OptionError(f"expected style_weights that add up to more than 0; got {self.style_weights}")
        self._check_layers()

    def _check_layers(self) -> None:
        unknown = {layer for layers in self.blend_layers for layer in layers} - set(self.style_layers)
        if unknown:
            raise OptionError(
                f"expected blend_layers to be among the style layers, {', '.join(self.style_layers)}; "
                f"got {sorted(unknown)[0]}"
            )
        if self.style_layers and sum(self.style_layers.values()) <= 0:
            raise OptionError("the weights of the style layers must add up to more than 0")
        if not self.content_layers and not self.style_layers:
            raise OptionError("a painting needs content layers, style layers, or both; both are empty")

    @property
    def layers(self) -> list[str]:
        """The content and style layers whose weight is not 0."""
        return [n for n, w in (*self.content_layers.items(), *self.style_layers.items()) if w]

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of a painting; those of a square if ``size`` is only a long side."""
        return self.size if isinstance(self.size, tuple) else (self.size, self.size)

    @property
    def network_settings(self) -> dict[str, Any]:
        """The keyword arguments of ``encoders.load_extractor``."""
        names = ("pooling", "rescale_pooling", "padding", "convention")
        return {name: getattr(self, name) for name in names}

    def style_side(self, long_side: int) -> float:
        """Return the long side of styles for a level with this ``long_side``, in pixels."""
        return long_side * self.style_scale if self.style_size is None else float(self.style_size)

    def style_sampling(self) -> dict[str, Any]:
        """Return the keyword arguments of ``catalogue.loader.load_style``."""
        largest = math.ceil(self.style_side(max(self.sides)) * max(self.style_scales, default=1.0))
        return {
            "sizing": self.style_sizes,
            "resampling": self.resampling,
            "rounding": self.rounding,
            "largest": largest,
        }
