"""Inputs of a painting by optimisation: networks with their settings, masks, digests of things in memory."""

from __future__ import annotations

from impasto.painters.sources.encoders import (
    LoadedEncoder,
    check_style_encoders,
    check_style_files,
    encoder_for,
    normalised,
    with_encoder,
    with_layer_names,
)
from impasto.painters.sources.identity import fingerprint
from impasto.painters.sources.masks import arrange, feathered

__all__ = [
    "LoadedEncoder",
    "arrange",
    "check_style_encoders",
    "check_style_files",
    "encoder_for",
    "feathered",
    "fingerprint",
    "normalised",
    "with_encoder",
    "with_layer_names",
]
