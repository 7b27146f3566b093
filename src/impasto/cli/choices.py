"""Command-line options, generated from the fields of the option classes.

A command with a parameter ``choices: Choices`` and the decorator ``with_choices`` takes all options of a
painting; those not given are None. Likewise for fast networks and films.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, make_dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, get_type_hints

import typer

from impasto.cli import completion
from impasto.cli.option_parsers import (
    parse_classes,
    parse_fraction,
    parse_layer_sets,
    parse_layers,
    parse_numbers,
    parse_size,
)
from impasto.cli.streams import label
from impasto.errors import OptionError
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.jobs.inputs import INPUTS, LISTS, Inputs, inputs_for
from impasto.jobs.outputs import SaveOptions
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import PRESETS, Preset
from impasto.optimize.presets import preset as find_preset
from impasto.parameters import Parameter, parameters
from impasto.pipelines.video.options import FilmOptions

_TYPES: dict[str, Any] = {"number": float, "whole": int, "switch": bool, "masks": list[str]}
_DESCRIBED = {
    options: {name: described for name, described, _ in parameters(options)}
    for options in (OptimizeOptions, FastOptions, FilmOptions, ReadOptions, Inputs, SaveOptions)
}


def flags(name: str, described: Parameter) -> tuple[str, ...]:
    """Return a field's flags on the command line, or how it is typed without a flag."""
    if described.typed:
        return (described.typed,)
    if described.flags:
        return described.flags
    dashed = name.replace("_", "-")
    return (f"--{dashed}/--no-{dashed}",) if described.kind == "switch" else (f"--{dashed}",)


def shown_default(described: Parameter, default: Any) -> str:
    """Return a field's default for help and documentation."""
    if described.shown:
        return described.shown
    if described.kind in ("mask", "masks", "style"):
        return "none"
    if described.kind == "switch":
        return "on" if default else "off"
    if described.kind == "layers":
        return ",".join(name if weight == 1 else f"{name}:{weight:g}" for name, weight in default.items())
    if described.kind == "numbers":
        return ",".join(f"{number:g}" for number in default)
    return f"{default:g}" if isinstance(default, float) else str(default)


def _option(name: str, described: Parameter, default: Any) -> Any:
    """Return the option of a field; its help ends with the field's default."""
    words = described.help
    if name not in INPUTS:
        words += f" \\[default: {shown_default(described, default)}]"
    complete = completion.BY_NAME.get(name) or completion.BY_KIND.get(described.kind)
    return typer.Option(
        *flags(name, described),
        help=words,
        rich_help_panel=described.group or None,
        autocompletion=complete,
    )


class _Typed:
    """The values typed for the fields of an options class; None if not given."""

    kind: ClassVar[Any]

    def given(self) -> set[str]:
        """Return the names of the options that were typed."""
        return {f.name for f in fields(self) if getattr(self, f.name) is not None}  # type: ignore[arg-type]

    def changes(self) -> dict[str, Any]:
        """Return the fields that were typed, as values. Raises OptionError."""
        return {name: parse(name, getattr(self, name), self.kind) for name in sorted(self.given())}


class _TypedPainting(_Typed):
    """The options of a painting, as typed."""

    preset: str | None
    kind = OptimizeOptions

    def given(self) -> set[str]:
        return super().given() - {"preset"}

    def changes(self) -> dict[str, Any]:
        found = super().changes()
        if "iterations" in found:
            every = dict.fromkeys(("coarse_iterations", "first_iterations"), found["iterations"])
            found = every | found
        return found

    def recipe(self) -> Preset:
        """Return the requested preset. Raises OptionError for an unknown one."""
        return find_preset(self.preset or "default")

    def options(self, start: OptimizeOptions | None = None, *, default: str = "default") -> OptimizeOptions:
        """Return the options typed, on top of ``start``, or of the preset (``default`` if none is given).

        Raises OptionError.
        """
        if start is not None and self.preset is not None:
            raise OptionError("expected --from or --preset, not both")
        return (start or find_preset(self.preset or default).options).replace(**self.changes())


SHARED = {
    "size": "size",
    "style_scale": "stroke_size",
    "seamless": "seamless",
    "device": "device",
}
"""The options of a painting that fast networks also have, and their names there."""
NETWORKS = "Fast networks"


class _TypedFast(_Typed):
    """The options of a fast network, as typed."""

    kind = FastOptions

    def options(self, painting: _TypedPainting | None = None, *, without: str = "") -> FastOptions:
        """Return the options typed and those ``painting`` shares, but ``without``. Raises OptionError."""
        found = {} if painting is None else painting.changes()
        shared = {SHARED[name]: value for name, value in found.items() if name != without}
        return FastOptions(**shared | self.changes())


class _TypedFilm(_Typed):
    """The options that only films have, as typed."""

    kind = FilmOptions


class _TypedReading(_Typed):
    """The options of reading pictures, as typed."""

    kind = ReadOptions

    def options(self, start: ReadOptions = READING) -> ReadOptions:
        """Return the options typed, on top of ``start``. Raises OptionError."""
        return start.replace(**self.changes())


class _TypedSaving(_Typed):
    """The options of writing a painting's file, as typed."""

    kind = SaveOptions


class _TypedInputs(_Typed):
    """The inputs besides photograph and styles, as typed."""

    kind = Inputs

    def references(self, earlier: Job | None = None) -> dict[str, Any]:
        """Return the fields of a job for the inputs typed and, for the others, those of ``earlier``."""
        found: dict[str, Any] = {}
        for name in sorted(self.given()):
            typed = getattr(self, name)
            found[name] = tuple(map(reference, typed)) if name in LISTS else reference(typed)
        return ({} if earlier is None else {name: getattr(earlier, name) for name in INPUTS}) | found


def check_engine(choices: Choices, network: NetworkChoices, *, fast: bool, switch: str) -> None:
    """Raise OptionError for options typed that the engine does not have: the fast network's with ``fast``.

    ``switch``: the option, "--fast" or "--optimize", that asks for the engine that is not the default.
    """
    unused = {"--fast": "does not work with --fast", "--optimize": "needs --optimize"}
    if not fast:
        unused = {"--fast": "needs --fast", "--optimize": "does not work with --optimize"}
        names = [spelt(name, FastOptions) for name in sorted(network.given())]
    else:
        typed = (name for name, value in vars(choices).items() if value is not None)
        names = [spelt(name) for name in typed if name not in SHARED]
    if names:
        raise OptionError(f"{names[0]} {unused[switch]}")


def engine_options(
    choices: Choices, network: NetworkChoices, *, fast: bool, switch: str
) -> OptimizeOptions | FastOptions:
    """Return the options of the engine that paints pictures. Raises OptionError; see ``check_engine``."""
    check_engine(choices, network, fast=fast, switch=switch)
    if not fast:
        return choices.options()
    if choices.size is not None and isinstance(parse_size(choices.size), tuple):
        raise OptionError(
            f"expected --size of the fast network to be the long side in pixels; got {choices.size!r}"
        )
    return network.options(choices)


def reference(place: str) -> Reference:
    """Return a reference to a file or name that was typed, or to standard input."""
    return Reference(place, label(place))


def _fields(options: Any, *, without: tuple[str, ...] = (), group: str | None = None) -> list[Any]:
    """Return the fields of a command's choices: those of ``options``, each None for what was left out.

    ``group``: the heading for all fields, unless they have their own.
    """
    return [
        (
            name,
            Annotated[
                _TYPES.get(described.kind, str) | None,
                _option(name, replace(described, group=group or described.group), default),
            ],
            None,
        )
        for name, described, default in parameters(options)
        if name not in without and not described.typed
    ]


def _preset_help(default: str) -> str:
    return f"Set of options: {', '.join(PRESETS)}. \\[default: {default}]"


if TYPE_CHECKING:

    class Choices(_TypedPainting):
        def __getattr__(self, name: str) -> Any: ...

    class FastChoices(_TypedFast):
        def __getattr__(self, name: str) -> Any: ...

    class NetworkChoices(_TypedFast): ...

    class FilmChoices(_TypedFilm): ...

    class ReadChoices(_TypedReading): ...

    class SaveChoices(_TypedSaving): ...

    class InputChoices(_TypedInputs): ...

    class FastInputChoices(_TypedInputs): ...

else:
    _PRESET = Annotated[
        str | None, typer.Option(help=_preset_help("default"), autocompletion=completion.presets)
    ]

    def _made(name: str, base: Any, first: tuple[Any, ...] = (), **which: Any) -> Any:
        """Return the class of a command's choices, with the fields of ``base.kind``; see ``_fields``."""
        return make_dataclass(name, [*first, *_fields(base.kind, **which)], bases=(base,), frozen=True)

    Choices = _made("Choices", _TypedPainting, (("preset", _PRESET, None),))
    FastChoices = _made("FastChoices", _TypedFast)
    # Without the fields that ``Choices`` also has.
    NetworkChoices = _made("NetworkChoices", _TypedFast, without=tuple(SHARED.values()), group=NETWORKS)
    FilmChoices = _made("FilmChoices", _TypedFilm, without=("size",))
    SaveChoices = _made("SaveChoices", _TypedSaving)
    InputChoices = _made("InputChoices", _TypedInputs)
    FastInputChoices = _made(
        "FastInputChoices", _TypedInputs, without=tuple(set(INPUTS) - set(inputs_for("fast")))
    )
    ReadChoices = _made("ReadChoices", _TypedReading)


def with_choices(
    command: Callable[..., None], *, default: str = "default", **helps: str
) -> Callable[..., None]:
    """Return ``command`` with its parameters of types such as ``Choices`` replaced by their fields.

    ``default``: the command's preset if none is given. ``helps``: other help texts for some fields.
    """
    helps = _helps_of(default) | helps
    signature = inspect.signature(command, eval_str=True)
    kinds: dict[str, Any] = {
        name: parameter.annotation
        for name, parameter in signature.parameters.items()
        if isinstance(parameter.annotation, type) and issubclass(parameter.annotation, _Typed)
    }
    unfolded: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        if name not in kinds:
            unfolded.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        for field, hint in get_type_hints(kinds[name], include_extras=True).items():
            if field == "kind":
                continue
            option = copy.copy(hint.__metadata__[0])
            option.help = helps.get(field, option.help)
            unfolded.append(
                inspect.Parameter(
                    field,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=None,
                    annotation=Annotated[hint.__origin__, option],
                )
            )

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, kind in kinds.items():
            given[name] = kind(**{f.name: given.pop(f.name) for f in fields(kind) if f.name in given})
        command(**given)

    run.__signature__ = signature.replace(parameters=unfolded)  # type: ignore[attr-defined]
    return run


def _helps_of(name: str) -> dict[str, str]:
    """Return the help texts of fields with a different default in the preset called ``name``."""
    changed = find_preset(name).changes
    texts = {
        field: f"{described.help} \\[default: {shown_default(described, changed[field])}]"
        for field, described, _ in parameters(OptimizeOptions)
        if field in changed
    }
    return texts if name == "default" else texts | {"preset": _preset_help(name)}


def spelt(name: str, options: Any = OptimizeOptions) -> str:
    """Return the flag of the field ``name`` of ``options``, for messages."""
    known = _DESCRIBED[options]
    return flags(name, known[name])[0].strip(" /").partition("/")[0] if name in known else f"--{name}"


def is_structured(name: str) -> bool:
    """Return whether the text typed for a field of ``OptimizeOptions`` has to be parsed."""
    known = _DESCRIBED[OptimizeOptions]
    return name in known and known[name].kind in (*_PARSERS, "numbers")


def parse(name: str, value: Any, options: Any = OptimizeOptions) -> Any:
    """Return the value of the field ``name`` of ``options`` from its text. Raises OptionError."""
    kind = _DESCRIBED[options][name].kind
    if kind == "numbers":
        return parse_numbers(spelt(name, options).removeprefix("--"), value)
    if kind == "time":
        from impasto.clips import parse_time

        return parse_time(value, spelt(name, options))
    if kind == "fraction":
        return parse_fraction(spelt(name, options), value)
    return _PARSERS[kind](value) if kind in _PARSERS else value


_PARSERS: dict[str, Callable[[str], Any]] = {
    "size": parse_size,
    "layers": parse_layers,
    "layer sets": parse_layer_sets,
    "classes": parse_classes,
}
