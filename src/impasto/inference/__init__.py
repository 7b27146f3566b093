"""Painting in milliseconds: gallery networks through ONNX Runtime, without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto.inference.styles import FastStyle

if TYPE_CHECKING:
    from impasto.inference.gallery import Gallery, load_gallery

__all__ = ["FastStyle", "Gallery", "load_gallery"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from impasto.inference import gallery

        return getattr(gallery, name)
    raise AttributeError(f"module 'impasto.inference' has no attribute {name!r}")
