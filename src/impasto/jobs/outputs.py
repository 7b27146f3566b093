"""The options of writing a painting's file."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.errors import OptionError
from impasto.parameters import parameter, parameters

METADATA = "Metadata"


@dataclass(frozen=True, kw_only=True)
class SaveOptions:
    """The options of writing a painting's file, fields of its job. Each field has its own help."""

    quality: int = parameter(95, "Quality of lossy formats, such as JPEG.", "whole", least=1, most=100)
    keep_metadata: bool = parameter(
        True,
        "Leave out the photograph's date, author, copyright, keywords and resolution.",
        "switch",
        METADATA,
        flags=(" /--strip-metadata",),
        shown="kept",
    )
    keep_location: bool = parameter(
        False,
        "Also keep the place where the photograph was taken (GPS).",
        "switch",
        METADATA,
        flags=("--keep-location",),
        shown="left out",
    )
    keep_recipe: bool = parameter(
        True,
        "Leave out the options and names of inputs, which the result stores for --from.",
        "switch",
        METADATA,
        flags=(" /--no-recipe",),
        shown="kept",
    )

    def check_saving(self) -> None:
        """Raise OptionError for a value that a field may not have, or for fields that exclude each other."""
        for name, described, _ in parameters(SaveOptions):
            described.check(name, getattr(self, name))
        if self.keep_location and not self.keep_metadata:
            raise OptionError("expected --strip-metadata or --keep-location, not both")


SAVED = tuple(name for name, _, _ in parameters(SaveOptions))
"""The fields of ``SaveOptions``."""
