"""The job: inputs, options and output of one painting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from impasto.errors import OptionError, did_you_mean
from impasto.files.places import is_path
from impasto.imaging.read_options import READING, ReadOptions
from impasto.inference.options import FastOptions
from impasto.jobs.inputs import INPUTS, LISTS, Inputs
from impasto.jobs.outputs import SaveOptions
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import shown
from impasto.version import __version__

PaintOptions = OptimizeOptions | FastOptions
ENGINES: dict[str, type[OptimizeOptions] | type[FastOptions]] = {
    "optimize": OptimizeOptions,
    "fast": FastOptions,
}
"""The options of each engine, by the engine's name in JSON."""


@dataclass(frozen=True)
class Reference:
    """An input of a job.

    ``place``: a path, an address, or a name in the catalogue; "" for an input in memory. ``name``: its name
    for the user, if other than its place. ``digest``: the SHA-256 of its contents, "" until measured.
    ``version``: the version of an object in a store.
    """

    place: str = ""
    name: str = ""
    digest: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        if not is_path(self.place):
            raise OptionError(
                f"expected a path, an address or a name as an input of a job; got {shown(self.place)}"
            )

    @property
    def label(self) -> str:
        """The input's name for the user."""
        return self.name or self.place

    @classmethod
    def of(cls, value: object, what: str) -> Reference:
        """Return the reference for a string, or for a value of ``to_json``. Raises OptionError."""
        if isinstance(value, Reference):
            return value
        if isinstance(value, str):
            return cls(value)
        known = {f.name for f in fields(cls)}
        if not isinstance(value, Mapping) or not all(
            name in known and isinstance(text, str) for name, text in value.items()
        ):
            raise OptionError(
                f"expected {what} of a job to be a string or an object of strings; got {shown(value)}"
            )
        return cls(**value)

    def to_json(self) -> str | dict[str, str]:
        """Return the place alone, or an object if there is more."""
        return {k: v for k, v in asdict(self).items() if v} if self != Reference(self.place) else self.place


@dataclass(frozen=True)
class Job(Inputs[Reference, Reference], SaveOptions):
    """The inputs, options and output of one painting.

    ``content``: the photograph. ``styles``: names, style files, pictures, or folders of pictures.
    ``output``: the file to write, whose suffix is the format; "" for none. ``options``: those of the engine
    that paints. ``reading``: how pictures are read. Inputs may be given as strings, which are their places.
    For further inputs see ``Inputs``, for the writing of the output ``SaveOptions``.

    ``jobs.identity.with_digests`` fills in the digests of inputs; ``start``, the picture that
    ``options.init`` names, if any; ``folder``, the base of relative paths; ``network``, the SHA-256 of the
    network's weights.
    """

    content: Reference
    styles: tuple[Reference, ...]
    output: str = ""
    options: PaintOptions = field(default_factory=OptimizeOptions)
    start: Reference | None = None
    reading: ReadOptions = READING
    folder: str = ""
    network: str = ""

    def __post_init__(self) -> None:
        for name in ("styles", *sorted(LISTS)):
            values = getattr(self, name)
            if not isinstance(values, (list, tuple)):
                raise OptionError(f"expected {name} of a job to be a list; got {shown(values)}")
            object.__setattr__(self, name, tuple(Reference.of(value, name) for value in values))
        for name in ("content", "start", *(set(INPUTS) - LISTS)):
            value = getattr(self, name)
            if value is not None or name == "content":
                object.__setattr__(self, name, Reference.of(value, name))
        for name in ("output", "folder", "network"):
            if not isinstance(getattr(self, name), str) or not is_path(getattr(self, name)):
                raise OptionError(f"expected {name} of a job to be a path; got {shown(getattr(self, name))}")
        self.check_saving()

    @property
    def engine(self) -> str:
        """The name of the engine in ``ENGINES``."""
        return next(name for name, kind in ENGINES.items() if isinstance(self.options, kind))

    def inputs_by_name(self) -> dict[str, tuple[Reference, ...]]:
        """Return the inputs by their fields, in order; those of a field that has one or none, too."""
        found: dict[str, tuple[Reference, ...]] = {}
        for name in ("content", "styles", *INPUTS, "start"):
            value = getattr(self, name)
            found[name] = value if isinstance(value, tuple) else () if value is None else (value,)
        return found

    def inputs(self) -> tuple[Reference, ...]:
        """Return every input, each once."""
        return tuple(dict.fromkeys(one for several in self.inputs_by_name().values() for one in several))

    def with_inputs(self, change: Callable[[Reference], Reference]) -> Job:
        """Return a copy with each input as ``change`` returns it."""
        changed: dict[str, Any] = {}
        for name, several in self.inputs_by_name().items():
            found = tuple(map(change, several))
            changed[name] = found if isinstance(getattr(self, name), tuple) else next(iter(found), None)
        return replace(self, **changed)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        values: dict[str, Any] = {"engine": self.engine}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in ("styles", *LISTS):
                value = [one.to_json() for one in value]
            elif isinstance(value, Reference):
                value = value.to_json()
            values[entry.name] = value
        return values | {"options": self.options.to_dict(), "reading": self.reading.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Job:
        """Return the job of ``to_dict``. Raises OptionError for unknown, missing or malformed values."""
        if not isinstance(values, Mapping):
            raise OptionError(f"expected a job, an object; got {type(values).__name__}")
        known = {f.name for f in fields(cls)} | {"engine"}
        unknown, missing = set(values) - known, {"content", "styles"} - set(values)
        if unknown or missing:
            first = sorted(map(str, unknown or missing))[0]
            wrong = f"unknown {shown(first)} in a job{did_you_mean(str(first), known)}" if unknown else ""
            raise OptionError(f"{wrong or f'missing {first!r} in a job'}; it has {', '.join(sorted(known))}")
        plain = dict(values)
        engine = plain.pop("engine", "optimize")
        if not isinstance(engine, str) or engine not in ENGINES:
            raise OptionError(
                f"expected engine of a job to be one of {', '.join(ENGINES)}; got {shown(engine)}"
            )
        try:
            plain["options"] = ENGINES[engine].from_dict(plain.get("options", {}))
            plain["reading"] = ReadOptions.from_dict(plain.get("reading", {}))
        except OptionError:
            raise
        except (TypeError, ValueError, AttributeError) as error:
            raise OptionError(f"options of a job have a value of a wrong type: {error}") from error
        return cls(**plain)

    def recipe(self) -> dict[str, Any]:
        """Return the inputs, by their labels, and options to make this picture again, ready for JSON."""
        found: dict[str, Any] = {
            "impasto": __version__,
            "engine": self.engine,
            "content": self.content.label or None,
            "styles": [style.label for style in self.styles],
            "options": self.options.to_dict(),
        }
        for name, several in self.inputs_by_name().items():
            if several and name not in (*found, "start"):
                labels = [one.label for one in several]
                found[name] = labels if name in LISTS else labels[0]
        reading = self.reading.differing()
        return found | ({"reading": reading} if reading else {})

    @classmethod
    def from_recipe(cls, recipe: object) -> Job:
        """Return the job of ``recipe``. Raises OptionError."""
        if not isinstance(recipe, Mapping) or "options" not in recipe:
            raise OptionError("expected the recipe of a picture, with photograph, styles and options")
        known = {name: value for name, value in recipe.items() if name != "impasto"}
        return cls.from_dict(known | {"content": recipe.get("content") or ""})
