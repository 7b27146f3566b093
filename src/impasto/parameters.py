"""Options that describe themselves: what each field means, what it may be, and how it is typed.

A field of an options class made by ``parameter`` carries its help, its group and its bounds. Checks, the
command line's options, docs/options.md and the HTTP schema are all made from these: a new option is one
field.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal, ParamSpec, Self, TypeVar, get_args

from impasto.errors import OptionError, did_you_mean

Kind = Literal[
    "number",
    "whole",
    "time",
    "fraction",
    "switch",
    "choice",
    "text",
    "size",
    "numbers",
    "layers",
    "layer sets",
    "classes",
    "mask",
    "masks",
    "style",
]
_KEY = "parameter"


@dataclass(frozen=True)
class Parameter:
    """The metadata of one field of an options class.

    ``help``: a sentence, as the command line and the documentation show it. ``kind``: which values it has:
    a number, a whole number, a time in seconds or another number kept as a fraction, True or False, one of
    ``choices`` (a Literal), a text (over HTTP, of ``choices``), a size in pixels or (width, height), a list
    of numbers, layers with weights, or several of those, or classes with weights; or an input: a mask,
    several, or a style. ``engine``: the only engine that has it, "" if all do. ``group``: the heading that
    it stands under. ``least``, ``most``: bounds that it may have; ``above``, ``below``: bounds that it
    may not. ``optional``: None is allowed. ``flags``: its names on the command line where they are not its
    own. ``typed``: how it is typed where it has no option. ``shown``: what the help calls the default.
    ``expected``: what messages call a text. ``bound``: the most that a request over HTTP may ask for.
    """

    help: str
    kind: Kind
    group: str = ""
    choices: Any = None
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    optional: bool = False
    flags: tuple[str, ...] = ()
    typed: str = ""
    shown: str = ""
    expected: str = ""
    bound: float | None = None
    engine: str = ""

    def describe(self) -> str:
        """Return what a value must be, as messages have it: "a number, 0 or more"."""
        if self.kind == "switch":
            return "True or False"
        if self.kind == "choice":
            return f"one of {', '.join(get_args(self.choices))}"
        if self.kind == "text":
            return self.expected or "a text"
        name = "a whole number" if self.kind == "whole" else "a number"
        if self.least is not None and self.most is not None:
            return f"{name} from {self.least:g} to {self.most:g}"
        if self.least is not None and self.below is not None:
            return f"{name}, at least {self.least:g} and less than {_number(self.below)}"
        if self.above is not None:
            return f"{name} above {self.above:g}{self._up_to()}"
        return (
            f"{name}{self._up_to()}"
            if self.least is None
            else f"{name}, {self.least:g} or more{self._up_to()}"
        )

    def _up_to(self) -> str:
        return "" if self.most is None else f", at most {self.most:g}"

    def check(self, name: str, value: object) -> None:
        """Raise OptionError if ``value`` is not allowed for the field ``name``."""
        if value is None and self.optional:
            return
        if self.kind in _STRUCTURED:
            _STRUCTURED[self.kind](self, name, value)
        elif not self._fits(value):
            if is_real(value) and self.below is None and abs(value) > _largest(value):  # type: ignore[arg-type]
                raise OptionError(f"expected {name} to be at most {_largest(value):g}; got {shown(value)}")
            raise OptionError(f"expected {name} to be {self.describe()}; got {shown(value)}")

    def _fits(self, value: Any) -> bool:
        if self.kind == "switch":
            return isinstance(value, bool)
        if self.kind == "choice":
            return isinstance(value, str) and value in get_args(self.choices)
        if self.kind == "text":
            return isinstance(value, str) and bool(value.strip())
        if self.kind in ("time", "fraction"):
            return isinstance(value, Fraction) or is_real(value)
        if not (is_whole(value) if self.kind == "whole" else is_real(value)):
            return False
        if self.below is None and abs(value) > (self.most or _largest(value)):
            return False
        return not (
            (self.least is not None and value < self.least)
            or (self.most is not None and value > self.most)
            or (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
        )

    def schema(self) -> dict[str, Any]:
        """Return its JSON Schema."""
        found: dict[str, Any] = dict(_SCHEMAS[self.kind])
        if self.choices is not None:
            found["enum"] = list(get_args(self.choices))
        bounds = {
            "minimum": self.least,
            "maximum": self.most if self.bound is None else self.bound,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        if self.kind in ("number", "whole"):
            found |= {name: value for name, value in bounds.items() if value is not None}
        if self.optional:
            found = {"anyOf": [found, {"type": "null"}]}
        return found | {"description": self.help}


LARGEST = 1e30
"""The largest number, of either sign, that an option may be where it has no bound of its own."""


def _largest(value: object) -> float:
    return 2**53 if is_whole(value) else LARGEST


def parameter(default: Any, help: str, kind: Kind, group: str = "", **more: Any) -> Any:
    """Return a dataclass field with this ``default``, or what makes one; the rest is as in ``Parameter``."""
    metadata = {_KEY: Parameter(help, kind, group, **more)}
    if callable(default):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def choice(default: Any, choices: Any, help: str, group: str = "", **more: Any) -> Any:
    """Return a field that has one of ``choices``, a Literal; they stand where ``help`` has {}."""
    kinds = ", ".join(get_args(choices))
    return parameter(default, help.format(kinds), "choice", group, choices=choices, **more)


def parameters(options: Any) -> Iterator[tuple[str, Parameter, Any]]:
    """Yield the name, the description and the default of every field of ``options``, a class or an object."""
    for field in dataclasses.fields(options):
        if _KEY in field.metadata:
            factory: Any = field.default_factory
            default = factory() if field.default is dataclasses.MISSING else field.default
            yield field.name, field.metadata[_KEY], default


def check_parameters(options: Any) -> None:
    """Raise OptionError for the first field of ``options`` whose value it may not have.

    Numbers of NumPy's become Python's.
    """
    for name, described, _ in parameters(options):
        object.__setattr__(options, name, plain(getattr(options, name)))
        described.check(name, getattr(options, name))


class Options:
    """The methods of a frozen dataclass of options. ``unknown``: the words of its error for unknown names."""

    unknown: ClassVar[str] = "unknown option"

    def replace(self, **changes: Any) -> Self:
        """Return a copy with ``changes``; unknown names raise OptionError."""
        known = {field.name for field in dataclasses.fields(self)}  # type: ignore[arg-type]
        if unknown := sorted(map(str, set(changes) - known)):
            raise OptionError(f"{self.unknown} {unknown[0]!r}{did_you_mean(unknown[0], known)}")
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values = dataclasses.asdict(self)  # type: ignore[call-overload]
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the options of ``to_dict``. Raises OptionError, also for unknown names."""
        if not isinstance(values, Mapping):
            raise OptionError(f"expected options to be a mapping from name to value; got {shown(values)}")
        return cls().replace(**{str(k): tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def taken(options: Any, changes: dict[str, Any]) -> Any:
    """Return ``options`` with those of ``changes`` that are its fields, and remove them from ``changes``."""
    names = {field.name for field in dataclasses.fields(options)} & set(changes)
    return options.replace(**{name: changes.pop(name) for name in names})


P = ParamSpec("P")
R = TypeVar("R")

_PATH = ("PathLike", "str | os.PathLike[str]")
_CALL = ("ProgressCallback", "BatchCallback", "Cancel", "Callable[")
_OPTIONS = ("OptimizeOptions", "FastOptions", "FilmOptions", "PaintOptions", "ReadOptions", "Session")
_ALIASES = {"PaintOptions": ("OptimizeOptions", "FastOptions")}


def plain(value: Any) -> Any:
    """Return ``value`` with numbers of NumPy's as Python's, and its lists of them as lists."""
    if getattr(value, "ndim", 2) < 2 and callable(convert := getattr(value, "tolist", None)):
        return convert()
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    return {name: plain(one) for name, one in value.items()} if type(value) is dict else value


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function whose arguments are checked against its annotations before it runs: paths, texts,
    numbers, switches, functions to call, and objects of options. It checks all others itself.

    Numbers of NumPy's become Python's. The decorated function raises OptionError for an argument of another
    type, and for an empty path.
    """
    signature = inspect.signature(function)
    kinds = {name: str(one.annotation) for name, one in signature.parameters.items()}

    @functools.wraps(function)
    def run(*args: P.args, **more: P.kwargs) -> R:
        bound = signature.bind(*args, **more)
        for name, value in bound.arguments.items():
            kind = kinds[name].removesuffix(" | None")
            bound.arguments[name] = plain(value) if kind in ("int", "float") else value
            if value is not None or kind == kinds[name]:
                _check_argument(name, kind, bound.arguments[name])
        return function(*bound.args, **bound.kwargs)

    return run


def _check_argument(name: str, kind: str, value: object) -> None:
    if kind in _PATH:
        place: object = os.fspath(value) if isinstance(value, os.PathLike) else value
        fits, expected = isinstance(place, str) and bool(place), "a path"
    elif kind.startswith(_CALL):
        fits, expected = callable(value), "a function"
    elif kind == "bool":
        fits, expected = isinstance(value, bool), "True or False"
    elif kind == "str":
        fits, expected = isinstance(value, str), "a text"
    elif kind in ("int", "float"):
        fits = is_whole(value) if kind == "int" else is_real(value)
        expected = "a whole number" if kind == "int" else "a number"
    elif kind in _OPTIONS:
        wanted = _ALIASES.get(kind, (kind,))
        fits = any(one.__name__ in wanted for one in type(value).__mro__)
        expected = f"of type {' or '.join(wanted)}"
    else:
        return
    if not fits:
        raise OptionError(f"expected {name} to be {expected}; got {shown(value)}")


def schema(options: Any, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return the JSON Schema of the fields of ``options``, or of those of ``names``."""
    found = {n: described.schema() for n, described, _ in parameters(options) if names is None or n in names}
    return {"type": "object", "properties": found, "additionalProperties": False}


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_real(value: object) -> bool:
    """Return whether ``value`` is a finite number that a float can hold."""
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def shown(value: object) -> str:
    """Return ``value`` for messages, in a line, truncated if long."""
    try:
        text = " ".join(repr(value).split()) if hasattr(value, "__array__") else repr(value)
    except ValueError:  # an integer too long to print
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= 80 else f"{text[:77]}..."


def shortened(value: object) -> str:
    """Return ``value`` for messages without quotes, None as none, truncated if longer than 40 letters."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}..."


def counted(number: int, noun: str) -> str:
    """Return ``number`` with its ``noun``, a regular one, given in the singular: 1 frame, 2 frames."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _number(value: float) -> str:
    return "2**64" if value == 2**64 else f"{value:g}"


def _check_size(described: Parameter, name: str, value: object) -> None:
    sides: Any = value if isinstance(value, tuple) and len(value) == 2 else (value,)
    least, most = described.least or 1, described.most or LARGEST
    if not all(is_whole(side) and least <= side <= most for side in sides):
        raise OptionError(
            f"expected {name} to be a whole number of pixels from {least:g} to {most:.0f}, "
            f"or (width, height); got {shown(value)}"
        )


def _check_numbers(described: Parameter, name: str, value: object) -> None:
    if not isinstance(value, (list, tuple)) or not all(is_real(n) and abs(n) <= LARGEST for n in value):
        raise OptionError(f"expected {name} to be a list of numbers, one per style; got {shown(value)}")
    above, least = described.above, described.least
    if above is not None and any(number <= above for number in value):
        raise OptionError(f"expected {name} to be numbers above {above:g}; got {shown(value)}")
    if least is not None and any(number < least for number in value):
        raise OptionError(f"expected {name} to be numbers from {least:g} up; got {shown(value)}")


def _check_layers(_: Parameter, name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise OptionError(
            f"expected {name} to map layers to weights, as in {{'relu1_1': 1}}; got {shown(value)}"
        )
    for layer, weight in value.items():
        if not isinstance(layer, str):
            raise OptionError(f"expected {name} to have layer names such as 'relu1_1'; got {shown(layer)}")
        if not is_real(weight) or not 0 <= weight <= LARGEST:
            raise OptionError(
                f"expected the weight of {layer} in {name} to be a number, 0 or more; got {shown(weight)}"
            )


def _check_layer_sets(described: Parameter, name: str, value: object) -> None:
    if not isinstance(value, (list, tuple)):
        raise OptionError(f"expected {name} to be a list of mappings, one per style; got {shown(value)}")
    for one in value:
        _check_layers(described, name, one)


def _check_classes(_: Parameter, name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise OptionError(
            f"expected {name} to map classes to weights, as in {{'281': 1}}; got {shown(value)}"
        )
    for one, weight in value.items():
        if not isinstance(one, str) or not one.strip():
            raise OptionError(f"expected {name} to have names or numbers of classes; got {shown(one)}")
        if not is_real(weight) or weight < 0:
            raise OptionError(
                f"expected the weight of {one} in {name} to be a number, 0 or more; got {shown(weight)}"
            )


_STRUCTURED = {
    "size": _check_size,
    "numbers": _check_numbers,
    "layers": _check_layers,
    "layer sets": _check_layer_sets,
    "classes": _check_classes,
}
_LAYERS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
_SCHEMAS: dict[str, dict[str, Any]] = {
    "number": {"type": "number"},
    "whole": {"type": "integer"},
    "time": {"type": "string"},
    "fraction": {"type": "string"},
    "switch": {"type": "boolean"},
    "choice": {"type": "string"},
    "text": {"type": "string"},
    "size": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]},
    "numbers": {"type": "array", "items": {"type": "number"}},
    "layers": _LAYERS,
    "classes": _LAYERS,
    "layer sets": {"type": "array", "items": _LAYERS},
}
