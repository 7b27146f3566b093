"""The options of reading pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from impasto.parameters import Options, check_parameters, parameter


@dataclass(frozen=True)
class ReadOptions(Options):
    """The options of reading a picture's file. Each field has its own help.

    They are passed whole from a command, a call or a request to the decoder: an option added here is one of
    the command line, of Python, of HTTP and of every job.
    """

    max_pixels: int = parameter(
        180_000_000, "Refuse pictures of more than this many pixels.", "whole", least=1
    )

    unknown = "unknown option of reading"

    def __post_init__(self) -> None:
        check_parameters(self)

    def refuses(self, width: int, height: int) -> str:
        """Return what is expected of a picture that is too large, "at most 1,000 pixels"; "" for others."""
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
"""The fields that refuse pictures, and change none; over HTTP, the server's settings have them."""
READING = ReadOptions()
"""The default."""
