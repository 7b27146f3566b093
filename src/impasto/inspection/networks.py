"""The same transfer by several networks: the results, and the time each took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from impasto.types import Pixels


@dataclass(frozen=True)
class NetworkResult:
    """One network's painting: ``pixels`` (H, W, 3). ``pace``: seconds per iteration, all included.

    ``patch_distance``: the distance of its patches from the painting's, measured without a network
    (``metrics.patch_distance``); None if the style is not a picture. ``style_distance`` and
    ``content_distance``: as judged by VGG-19, if it is on this machine; it should not judge itself.
    """

    name: str
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    pixels: Pixels
    seconds: float
    iterations: int
    patch_distance: float | None = None
    style_distance: float | None = None
    content_distance: float | None = None

    @property
    def pace(self) -> float:
        return self.seconds / max(1, self.iterations)

    def about(self) -> list[str]:
        """Return the lines to write under the picture."""
        lines = [f"{self.name}: {self.seconds:.1f} s, {1000 * self.pace:.0f} ms an iteration"]
        lines += [f"content {_few(self.content_layers)}", f"style {_few(self.style_layers)}"]
        if self.patch_distance is not None:
            lines.append(f"patch distance {self.patch_distance:.3f}")
        if self.style_distance is not None and self.content_distance is not None:
            lines.append(f"judged: style {self.style_distance:.2f}, content {self.content_distance:.2f}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the values without the picture, ready for JSON."""
        return {
            "name": self.name,
            "content_layers": list(self.content_layers),
            "style_layers": list(self.style_layers),
            "seconds": self.seconds,
            "iterations": self.iterations,
            "pace": self.pace,
            "patch_distance": self.patch_distance,
            "style_distance": self.style_distance,
            "content_distance": self.content_distance,
        }


def _few(layers: tuple[str, ...]) -> str:
    return ", ".join(layers) if len(layers) < 3 else f"{layers[0]} … {layers[-1]} ({len(layers)})"
