"""The job description: which pictures, which options, and where the result goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from impasto.errors import OptionError
from impasto.optimize.options import Options


@dataclass(frozen=True)
class Job:
    """One painting to be made from files.

    ``content``: the photograph. ``styles``: names, style files, pictures, or folders of one artist's
    pictures. ``output``: where the result goes, its suffix the format. ``content_masks``,
    ``style_masks``, ``protect``: as in ``impasto.stylize``. ``quality``: of lossy formats, 1 to 100.
    """

    content: str
    styles: tuple[str, ...]
    output: str = ""
    options: Options = field(default_factory=Options)
    content_masks: tuple[str, ...] = ()
    style_masks: tuple[str, ...] = ()
    protect: str | None = None
    quality: int = 95

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["options"] = self.options.to_dict()
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Job:
        """The inverse of ``to_dict``. Raises OptionError for what is unknown or missing."""
        known = {f.name for f in fields(cls)}
        unknown, missing = set(values) - known, {"content", "styles"} - set(values)
        if unknown or missing:
            wrong = f"does not know {sorted(unknown)[0]!r}" if unknown else f"needs {sorted(missing)[0]!r}"
            raise OptionError(f"a job description {wrong}; it has {', '.join(sorted(known))}")
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        plain["options"] = Options.from_dict(values.get("options", {}))
        return cls(**plain)
