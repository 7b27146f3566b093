"""The options of a painting on the command line, declared once for every command that paints.

A command takes them all by having one parameter ``choices: Choices`` and the decorator ``with_choices``;
what is left out is None. A new field of ``OptimizeOptions`` needs one field of ``Choices``, and an entry of
``_PARSERS`` where the text typed is not yet the value.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_type_hints

import typer

from impasto.errors import OptionError
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import (
    Color,
    ColorMethod,
    ColorSpace,
    ContentLoss,
    GradientScalingName,
    OptimizeOptions,
    PaddingName,
    Propagation,
    StyleLoss,
    TotalVariation,
)
from impasto.optimize.presets import PRESETS, Preset
from impasto.optimize.presets import preset as find_preset

_DEFAULTS = OptimizeOptions()
_LAYERS = "each NAME or NAME:WEIGHT, separated by commas; Keras names work too"


STYLES, COLOURS, REGIONS, LOSSES, WORK = "Styles", "Colour", "Regions", "Losses and network", "Work"


def _option(
    name: str, text: str, panel: str | None = None, otherwise: str | None = None, most: int | None = None
) -> Any:
    """An option whose help ends with the default of ``OptimizeOptions``, where it is defined."""
    value = getattr(_DEFAULTS, name) if otherwise is None else otherwise
    if isinstance(value, dict):
        value = ",".join(value)
    return typer.Option(help=f"{text} \\[default: {value}]", rich_help_panel=panel, max=most)


def _kinds(kind: Any) -> str:
    return ", ".join(get_args(kind))


Quality = Annotated[int, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF.")]
MaxPixels = Annotated[int | None, typer.Option(min=1, help="Refuse larger pictures. \\[default: 180000000]")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print progress as JSON, one event a line.")]

CheckpointEvery = Annotated[
    float | None, typer.Option(min=0, help=f"Seconds between checkpoints. \\[default: {INTERVAL:g}]")
]


@dataclass(frozen=True)
class Choices:
    """How to paint, as typed; None for what was left out."""

    size: Annotated[str | None, _option("size", "Long side in pixels, or WIDTHxHEIGHT.")] = None
    preset: Annotated[
        str | None, typer.Option(help=f"A recipe: {', '.join(PRESETS)}. \\[default: default]")
    ] = None
    style_weight: Annotated[float | None, _option("style_weight", "How much the style counts.")] = None
    content_weight: Annotated[float | None, _option("content_weight", "How much the photograph counts.")] = (
        None
    )
    tv_weight: Annotated[float | None, _option("tv_weight", "How much smoothness counts.")] = None
    style_scale: Annotated[
        float | None,
        typer.Option(
            "--style-scale",
            "--stroke-size",
            help="Size of the strokes against the picture, whatever its size in pixels: 1 as in the "
            "painting, 0.5 half. \\[default: 1.0]",
        ),
    ] = None
    style_size: Annotated[
        int | None,
        _option(
            "style_size", "Long side of the styles in pixels, at every level.", STYLES, "by --style-scale"
        ),
    ] = None
    blend: Annotated[
        str | None, _option("style_weights", "Shares of several styles, such as 3,1.", STYLES, "equal")
    ] = None
    style_scales: Annotated[
        str | None, _option("style_scales", "A size for each style, such as 1,0.5.", STYLES, "1")
    ] = None
    blend_layers: Annotated[
        str | None,
        _option(
            "blend_layers",
            "Layers of each style, with / between: relu1_1,relu2_1/relu3_1:0.5,relu4_1,relu5_1.",
            STYLES,
            "all",
        ),
    ] = None
    color: Annotated[str | None, _option("color", f"Whose colours: {_kinds(Color)}.", COLOURS)] = None
    color_space: Annotated[
        str | None, _option("color_space", f"For luminance: {_kinds(ColorSpace)}.", COLOURS)
    ] = None
    color_method: Annotated[
        str | None, _option("color_method", f"For matching: {_kinds(ColorMethod)}.", COLOURS)
    ] = None
    color_strength: Annotated[
        float | None, _option("color_strength", "From 0, as painted, to 1.", COLOURS)
    ] = None
    mask_feather: Annotated[
        float | None, _option("mask_feather", "Soft edge of masks, in pixels of the result.", REGIONS)
    ] = None
    guidance: Annotated[
        str | None, _option("guidance", "Gram matrices of each region (gram), or guided sums (sum).", REGIONS)
    ] = None
    guidance_propagation: Annotated[
        str | None,
        _option("guidance_propagation", f"How masks reach deep layers: {_kinds(Propagation)}.", REGIONS),
    ] = None
    iterations: Annotated[int | None, _option("iterations", "Steps at each pyramid level.")] = None
    learning_rate: Annotated[float | None, _option("learning_rate", "Step size.")] = None
    optimizer: Annotated[str | None, _option("optimizer", "lbfgs, adam or sgd.")] = None
    init: Annotated[str | None, _option("init", "Start: content, noise, statistics, or a picture.")] = None
    seed: Annotated[int | None, _option("seed", "Of the random start.", most=2**63 - 1)] = None
    encoder: Annotated[
        str | None,
        _option("encoder", "tiny, vgg19, vgg16, vgg19-caffe, vgg16-caffe, timm:NAME or a file.", LOSSES),
    ] = None
    pooling: Annotated[str | None, _option("pooling", "max, average or l2.", LOSSES)] = None
    padding: Annotated[str | None, _option("padding", f"{_kinds(PaddingName)}.", LOSSES, "the network's")] = (
        None
    )
    content_layers: Annotated[
        str | None, _option("content_layers", f"Content layers, {_LAYERS}.", LOSSES)
    ] = None
    style_layers: Annotated[str | None, _option("style_layers", f"Style layers, {_LAYERS}.", LOSSES)] = None
    style_loss: Annotated[str | None, _option("style_loss", f"{_kinds(StyleLoss)}.", LOSSES)] = None
    content_loss: Annotated[str | None, _option("content_loss", f"{_kinds(ContentLoss)}.", LOSSES)] = None
    tv_loss: Annotated[str | None, _option("tv_loss", f"{_kinds(TotalVariation)}.", LOSSES)] = None
    samples: Annotated[
        int | None,
        _option("samples", "Features a sampling style loss compares.", LOSSES, "as many as it needs"),
    ] = None
    normalise_weights: Annotated[
        bool | None,
        typer.Option(
            "--normalise-weights", help="Divide each layer's weight by its size.", rich_help_panel=LOSSES
        ),
    ] = None
    gradient_scaling: Annotated[
        str | None, _option("gradient_scaling", f"{_kinds(GradientScalingName)}.", LOSSES)
    ] = None
    first_iterations: Annotated[
        int | None, _option("first_iterations", "Steps at the first level.", WORK, "as the others")
    ] = None
    coarse_iterations: Annotated[
        int | None, _option("coarse_iterations", "Steps at levels below half the final size.", WORK)
    ] = None
    noise: Annotated[float | None, _option("noise", "Of --init noise: its deviation, white is 1.", WORK)] = (
        None
    )
    line_search: Annotated[
        bool | None,
        typer.Option("--line-search", help="L-BFGS searches along each step.", rich_help_panel=WORK),
    ] = None
    clip: Annotated[
        bool | None,
        typer.Option("--clip/--no-clip", help="Keep every step within range.", rich_help_panel=WORK),
    ] = None
    history: Annotated[int | None, _option("history", "Steps L-BFGS remembers.", WORK)] = None
    average_decay: Annotated[
        float | None, _option("average_decay", "Average the iterates, such as 0.99; 0 for the last.", WORK)
    ] = None
    min_size: Annotated[
        int | None, _option("min_size", "Long side of the coarsest level; 0 for a single one.", WORK)
    ] = None
    detail: Annotated[
        float | None, _option("detail", "Share of the photo's fine detail given back on the way up.", WORK)
    ] = None
    max_memory: Annotated[
        float | None,
        _option("max_memory", "GB the painting may take.", WORK, "a safe share of what is free"),
    ] = None
    tile: Annotated[
        int | None, _option("tile", "Paint in parts of about this side.", WORK, "as memory asks")
    ] = None
    threshold: Annotated[
        float | None, _option("threshold", "Stop a level when the loss is at or below this.", WORK, "never")
    ] = None
    saturation: Annotated[
        float | None,
        _option(
            "saturation",
            "Stop a level when ten iterations lower the loss by less than this share.",
            WORK,
            "never",
        ),
    ] = None
    device: Annotated[str | None, _option("device", "auto, cpu, cuda or mps.", WORK)] = None
    precision: Annotated[str | None, _option("precision", "auto, float32 or bfloat16.", WORK)] = None

    def changes(self) -> dict[str, Any]:
        """The fields of ``OptimizeOptions`` that were asked for, as values. Raises OptionError."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "preset"}
        found: dict[str, Any] = {}
        for name, text in given.items():
            if text is not None:
                found[_NAMES.get(name, name)] = _PARSERS[name](text) if name in _PARSERS else text
        if "iterations" in found:
            every = dict.fromkeys(("coarse_iterations", "first_iterations"), found["iterations"])
            found = every | found
        return found

    def recipe(self) -> Preset:
        """The preset asked for. Raises OptionError for an unknown one."""
        return find_preset(self.preset or "default")

    def options(self, start: OptimizeOptions | None = None) -> OptimizeOptions:
        """What was asked for, on top of ``start`` or else of the preset. Raises OptionError."""
        if start is not None and self.preset is not None:
            raise OptionError("--from and --preset both say how to paint; expected one of them")
        return (start or self.recipe().options).replace(**self.changes())


def with_choices(command: Callable[..., None], **helps: str) -> Callable[..., None]:
    """``command`` with the fields of ``Choices`` as parameters, in place of its parameter ``choices``.

    ``helps``: for fields that mean another thing here, what they are.
    """
    hints = get_type_hints(Choices, include_extras=True)
    for name, text in helps.items():
        option = copy.copy(hints[name].__metadata__[0])
        option.help = text
        hints[name] = Annotated[hints[name].__origin__, option]
    unfolded = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(Choices)
    ]
    signature = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        keyword = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += unfolded if name == "choices" else [keyword]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        choices = Choices(**{f.name: given.pop(f.name) for f in fields(Choices) if f.name in given})
        command(choices=choices, **given)

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def parse_size(text: str) -> int | tuple[int, int]:
    """``512`` or ``640x480``."""
    try:
        numbers = [int(part) for part in text.lower().split("x")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"--size must be a number of pixels or WIDTHxHEIGHT; it is {text!r}")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def parse_numbers(option: str, text: str) -> tuple[float, ...]:
    """``3,1`` as numbers."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"--{option} must be numbers separated by commas; it is {text!r}") from None


def parse_layers(text: str) -> dict[str, float]:
    """``relu1_1:2,relu2_1`` as weights by layer."""
    from impasto.encoders import layers

    return layers.parse_layers(text)


def parse_layer_sets(text: str) -> tuple[dict[str, float], ...]:
    """``relu1_1/relu2_1:2,relu3_1`` as one mapping per style; an empty one is all layers."""
    return tuple(parse_layers(part) if part.strip() else {} for part in text.split("/"))


_NAMES = {"blend": "style_weights"}
_PARSERS: dict[str, Callable[[str], Any]] = {
    "size": parse_size,
    "blend": functools.partial(parse_numbers, "blend"),
    "style_scales": functools.partial(parse_numbers, "style-scales"),
    "blend_layers": parse_layer_sets,
    "content_layers": parse_layers,
    "style_layers": parse_layers,
}


PARSERS = _PARSERS
"""Option of ``OptimizeOptions`` to what makes its value of a text, where the text is not the value."""


def shown(quiet: bool, json: bool) -> str:
    """How progress is shown: "json", "nothing" or "bar"."""
    return "json" if json else "nothing" if quiet else "bar"
