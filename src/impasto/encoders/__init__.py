"""Encoders: networks that return the activations of named layers; VGG trunks, or others by ``ModuleEncoder``.

Importing this package, or ``layers``, does not import torch; the first use of an encoder does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto.encoders.layers import minimum_side, parse_layer, parse_layers

if TYPE_CHECKING:
    from impasto.encoders.adapter import ModuleEncoder
    from impasto.encoders.loader import load_encoder, load_extractor
    from impasto.encoders.network import CONVENTIONS, Encoder, InputConvention, Padding, Pooling
    from impasto.encoders.normalisation import normalise_activations
    from impasto.encoders.protocol import UNBOUNDED, FeatureExtractor
    from impasto.encoders.timm_models import load_timm

_LAZY = {
    "CONVENTIONS": "network",
    "UNBOUNDED": "protocol",
    "Encoder": "network",
    "FeatureExtractor": "protocol",
    "InputConvention": "network",
    "ModuleEncoder": "adapter",
    "Padding": "network",
    "Pooling": "network",
    "load_encoder": "loader",
    "load_extractor": "loader",
    "load_timm": "timm_models",
    "normalise_activations": "normalisation",
}

__all__ = [
    "CONVENTIONS",
    "UNBOUNDED",
    "Encoder",
    "FeatureExtractor",
    "InputConvention",
    "ModuleEncoder",
    "Padding",
    "Pooling",
    "load_encoder",
    "load_extractor",
    "load_timm",
    "minimum_side",
    "normalise_activations",
    "parse_layer",
    "parse_layers",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"impasto.encoders.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
