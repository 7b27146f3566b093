"""Encoders: VGG trunks that return the activations of named layers.

Importing this, or ``layers``, does not import torch; the first use of an encoder does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto.encoders.layers import format_layers, minimum_side, parse_layer, parse_layers

if TYPE_CHECKING:
    from impasto.encoders.load import load_encoder
    from impasto.encoders.network import Encoder, Padding, Pooling
    from impasto.encoders.normalise import normalise_activations

_LAZY = {
    "Encoder": "network",
    "Padding": "network",
    "Pooling": "network",
    "load_encoder": "load",
    "normalise_activations": "normalise",
}

__all__ = [
    "Encoder",
    "Padding",
    "Pooling",
    "format_layers",
    "load_encoder",
    "minimum_side",
    "normalise_activations",
    "parse_layer",
    "parse_layers",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"impasto.encoders.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
