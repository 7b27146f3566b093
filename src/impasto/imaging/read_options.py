"""The options of reading pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from impasto.parameters import Options, check_parameters, parameter


@dataclass(frozen=True)
class ReadOptions(Options):
    """The options of reading a picture's file. Each field has its own help.

    They are passed as one object from a command, call or request to the decoder, so an option added here is
    available on the command line, in Python, over HTTP and in every job.
    """

    max_pixels: int = parameter(
        180_000_000, "Refuse pictures with more than this many pixels.", "whole", least=1
    )

    unknown = "unknown option of reading"

    def __post_init__(self) -> None:
        check_parameters(self)

    def refuses(self, width: int, height: int) -> str:
        """Return the limit that a picture exceeds, such as "at most 1,000 pixels"; "" if it exceeds none."""
        return f"at most {self.max_pixels:,} pixels" if width * height > self.max_pixels else ""

    def differing(self) -> dict[str, Any]:
        """Return the options that change what is read and are not the default, ready for JSON."""
        default = ReadOptions()
        return {
            name: value
            for name, value in self.to_dict().items()
            if name not in LIMITS and value != getattr(default, name)
        }


LIMITS = ("max_pixels",)
"""The fields that only refuse pictures; over HTTP, the server's settings fix them."""
READING = ReadOptions()
"""The default."""
