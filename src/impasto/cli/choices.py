"""The options of a painting on the command line, made from the fields of ``OptimizeOptions``.

A command takes them all by having one parameter ``choices: Choices`` and the decorator ``with_choices``;
what is left out is None.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, make_dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from impasto.errors import OptionError
from impasto.inference.options import FastOptions
from impasto.optimize.checkpoints import INTERVAL
from impasto.optimize.options import REGIONS as REGIONS
from impasto.optimize.options import STYLES as STYLES
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import PRESETS, Preset
from impasto.optimize.presets import preset as find_preset
from impasto.parameters import Parameter, parameters

Quality = Annotated[int, typer.Option(min=1, max=100, help="Of JPEG, WebP and AVIF.")]
MaxPixels = Annotated[int | None, typer.Option(min=1, help="Refuse larger pictures. \\[default: 180000000]")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print progress as JSON, one event a line.")]

CheckpointEvery = Annotated[
    float | None, typer.Option(min=0, help=f"Seconds between checkpoints. \\[default: {INTERVAL:g}]")
]


_TYPES: dict[str, Any] = {"number": float, "whole": int, "switch": bool}
_DESCRIBED = {name: described for name, described, _ in parameters(OptimizeOptions)}


def flags(name: str, described: Parameter) -> tuple[str, ...]:
    """Return how a field is spelt on the command line."""
    if described.flags:
        return described.flags
    dashed = name.replace("_", "-")
    return (f"--{dashed}/--no-{dashed}",) if described.kind == "switch" else (f"--{dashed}",)


def shown_default(described: Parameter, default: Any) -> str:
    """Return a field's default as help and documentation show it."""
    if described.shown:
        return described.shown
    if described.kind == "switch":
        return "on" if default else "off"
    if described.kind == "layers":
        return ",".join(name if weight == 1 else f"{name}:{weight:g}" for name, weight in default.items())
    return f"{default:g}" if isinstance(default, float) else str(default)


def _option(name: str, described: Parameter, default: Any) -> Any:
    """The option of a field; its help ends with the field's default."""
    words = f"{described.help} \\[default: {shown_default(described, default)}]"
    return typer.Option(*flags(name, described), help=words, rich_help_panel=described.group or None)


class _Typed:
    """How to paint, as typed; None for what was left out."""

    preset: str | None

    def changes(self) -> dict[str, Any]:
        """The fields of ``OptimizeOptions`` that were asked for, as values. Raises OptionError."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "preset"}  # type: ignore[arg-type]
        found = {name: parse(name, value) for name, value in given.items() if value is not None}
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


class _TypedFast:
    """How a fast network paints, as typed; None for what was left out."""

    def options(self) -> FastOptions:
        """What was asked for. Raises OptionError."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        return FastOptions(**{name: value for name, value in given.items() if value is not None})


def _fields(options: Any, *, without: tuple[str, ...] = ()) -> list[Any]:
    """The fields of a command's choices: those of ``options``, each None for what was left out."""
    return [
        (name, Annotated[_TYPES.get(described.kind, str) | None, _option(name, described, default)], None)
        for name, described, default in parameters(options)
        if name not in without
    ]


if TYPE_CHECKING:

    class Choices(_Typed):
        def __getattr__(self, name: str) -> Any: ...

    class FastChoices(_TypedFast):
        def __getattr__(self, name: str) -> Any: ...

else:
    _PRESET = Annotated[
        str | None, typer.Option(help=f"A recipe: {', '.join(PRESETS)}. \\[default: default]")
    ]
    Choices = make_dataclass(
        "Choices", [("preset", _PRESET, None), *_fields(OptimizeOptions)], bases=(_Typed,), frozen=True
    )
    FastChoices = make_dataclass(
        "FastChoices", _fields(FastOptions, without=("style_weights",)), bases=(_TypedFast,), frozen=True
    )


def with_choices(command: Callable[..., None], **helps: str) -> Callable[..., None]:
    """Return ``command`` with the fields of its parameter ``choices`` as parameters in its place.

    ``helps``: for fields that mean another thing here, what they are.
    """
    signature = inspect.signature(command, eval_str=True)
    kind: Any = signature.parameters["choices"].annotation
    hints = get_type_hints(kind, include_extras=True)
    for name, text in helps.items():
        option = copy.copy(hints[name].__metadata__[0])
        option.help = text
        hints[name] = Annotated[hints[name].__origin__, option]
    unfolded = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[f.name])
        for f in fields(kind)
    ]
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        keyword = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += unfolded if name == "choices" else [keyword]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        choices = kind(**{f.name: given.pop(f.name) for f in fields(kind) if f.name in given})
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


def spelt(name: str) -> str:
    """Return the option of the field ``name`` of ``Choices``, as messages have it."""
    return flags(name, _DESCRIBED[name])[0].partition("/")[0] if name in _DESCRIBED else f"--{name}"


def is_structured(name: str) -> bool:
    """Whether the text typed for a field of ``OptimizeOptions`` is not yet its value."""
    return name in _DESCRIBED and _DESCRIBED[name].kind in (*_PARSERS, "numbers")


def parse(name: str, value: Any) -> Any:
    """Return the value of the field ``name`` of ``OptimizeOptions`` that was typed. Raises OptionError."""
    described = _DESCRIBED[name]
    if described.kind == "numbers":
        return parse_numbers(flags(name, described)[0].removeprefix("--"), value)
    return _PARSERS[described.kind](value) if described.kind in _PARSERS else value


_PARSERS: dict[str, Callable[[str], Any]] = {
    "size": parse_size,
    "layers": parse_layers,
    "layer sets": parse_layer_sets,
}


def shown(quiet: bool, json: bool) -> str:
    """How progress is shown: "json", "nothing" or "bar"."""
    return "json" if json else "nothing" if quiet else "bar"
