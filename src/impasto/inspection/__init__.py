"""Inspection of a network: functions that return data, drawn by those in ``inspection.figures``.

    from impasto.inspection import feature_maps, reconstruct_content
    from impasto.inspection.figures import draw_features

All of them take loaded pictures and networks; ``impasto.pipelines.inspect`` takes paths and names. Nothing
here needs a display; only drawing needs matplotlib (the extra ``inspect``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.inspection.features import LayerView, feature_maps
    from impasto.inspection.heatmaps import heat, overlay
    from impasto.inspection.layers import growing_sets, known_layers, network_input, suggest_layers
    from impasto.inspection.logs import LogFile, LossLog, Recorder, read_log
    from impasto.inspection.networks import NetworkResult
    from impasto.inspection.random_network import untrained
    from impasto.inspection.reconstruction import (
        Reconstruction,
        reconstruct_content,
        reconstruct_style,
        synthesise,
    )
    from impasto.inspection.stages import Stages
    from impasto.inspection.styles import StyleDistances, map_styles, style_distances
    from impasto.inspection.sweeps import Axis, Sweep, SweepCell, cells
    from impasto.inspection.textures import gram_matrices, shuffled
    from impasto.inspection.walks import frames_of, write_gif, write_video

_HOMES = {
    "Axis": "sweeps",
    "LayerView": "features",
    "LossLog": "logs",
    "NetworkResult": "networks",
    "Reconstruction": "reconstruction",
    "Recorder": "logs",
    "Stages": "stages",
    "StyleDistances": "styles",
    "Sweep": "sweeps",
    "SweepCell": "sweeps",
    "cells": "sweeps",
    "feature_maps": "features",
    "frames_of": "walks",
    "gram_matrices": "textures",
    "growing_sets": "layers",
    "heat": "heatmaps",
    "known_layers": "layers",
    "map_styles": "styles",
    "network_input": "layers",
    "overlay": "heatmaps",
    "read_log": "logs",
    "reconstruct_content": "reconstruction",
    "reconstruct_style": "reconstruction",
    "shuffled": "textures",
    "style_distances": "styles",
    "suggest_layers": "layers",
    "synthesise": "reconstruction",
    "untrained": "random_network",
    "write_gif": "walks",
    "LogFile": "logs",
    "write_video": "walks",
}

__all__ = [
    "Axis",
    "LayerView",
    "LogFile",
    "LossLog",
    "NetworkResult",
    "Reconstruction",
    "Recorder",
    "Stages",
    "StyleDistances",
    "Sweep",
    "SweepCell",
    "cells",
    "feature_maps",
    "frames_of",
    "gram_matrices",
    "growing_sets",
    "heat",
    "known_layers",
    "map_styles",
    "network_input",
    "overlay",
    "read_log",
    "reconstruct_content",
    "reconstruct_style",
    "shuffled",
    "style_distances",
    "suggest_layers",
    "synthesise",
    "untrained",
    "write_gif",
    "write_video",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"impasto.inspection.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
