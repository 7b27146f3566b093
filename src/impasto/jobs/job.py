"""The job description: which pictures, which options, and where the result goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from impasto.errors import OptionError
from impasto.optimize.options import OptimizeOptions

_LISTS = ("styles", "content_masks", "style_masks")


@dataclass(frozen=True)
class Job:
    """One painting to be made from files.

    ``content``: the photograph. ``styles``: names, style files, pictures, or folders of one artist's
    pictures. ``output``: where the result goes, its suffix the format. ``fast``: strength, stroke_size,
    keep_color and size (see ``runtime.photographs.Manner``), where a fast network paints it and ``options``
    do not count; None where it is optimised. ``content_masks``,
    ``style_masks``, ``protect``, ``strokes``: as in ``impasto.stylize``. ``quality``: of lossy formats,
    1 to 100. A picture that is in memory only has the name "".

    What the job was begun with, filled in by ``jobs.inputs.measure``: ``folder``, where relative names
    start from; ``inputs``, the SHA-256 of each input by its name; ``versions``, what a store said of those
    that lie in one; ``network``, the SHA-256 of the encoder's weights.
    """

    content: str
    styles: tuple[str, ...]
    output: str = ""
    options: OptimizeOptions = field(default_factory=OptimizeOptions)
    fast: Mapping[str, Any] | None = None
    content_masks: tuple[str, ...] = ()
    style_masks: tuple[str, ...] = ()
    protect: str | None = None
    strokes: str | None = None
    quality: int = 95
    folder: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    network: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values |= {"options": self.options.to_dict(), "inputs": dict(self.inputs)}
        values |= {"versions": dict(self.versions), "fast": None if self.fast is None else dict(self.fast)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Job:
        """The inverse of ``to_dict``. Raises OptionError for what is unknown, missing or of a wrong kind."""
        if not isinstance(values, Mapping):
            raise OptionError(f"expected a job description; got {type(values).__name__}")
        known = {f.name for f in fields(cls)}
        unknown, missing = set(values) - known, {"content", "styles"} - set(values)
        if unknown or missing:
            wrong = f"does not know {sorted(unknown)[0]!r}" if unknown else f"needs {sorted(missing)[0]!r}"
            raise OptionError(f"a job description {wrong}; it has {', '.join(sorted(known))}")
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        for name in {*plain} - {"options"}:
            _check(name, plain[name])
        plain["options"] = _options(values.get("options", {}))
        return cls(**plain)


def _options(values: object) -> OptimizeOptions:
    if not isinstance(values, Mapping):
        raise OptionError(f"options of a job description must be an object; it is {values!r}")
    try:
        return OptimizeOptions.from_dict(values)
    except OptionError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise OptionError(f"options of a job description are of a wrong kind: {error}") from error


def _check(name: str, value: object) -> None:
    if name in _LISTS:
        right, kind = isinstance(value, tuple) and all(isinstance(v, str) for v in value), "a list of texts"
    elif name in ("inputs", "versions"):
        right, kind = isinstance(value, Mapping), "an object"
    elif name == "fast":
        right, kind = value is None or isinstance(value, Mapping), "an object"
    elif name == "quality":
        right, kind = isinstance(value, int) and not isinstance(value, bool), "a whole number"
    else:
        right, kind = isinstance(value, str) or (name in ("protect", "strokes") and value is None), "a text"
    if not right:
        raise OptionError(f"{name} of a job description must be {kind}; it is {value!r}")
