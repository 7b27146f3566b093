"""Looking inside networks and styles, from paths and names, as ``impasto inspect`` does.

Each function returns data that ``impasto.inspection.figures`` draws. For loaded pictures and networks, see
``impasto.inspection``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from impasto.extras import naming_missing

if TYPE_CHECKING:
    from impasto.pipelines.inspect.feature_maps import features
    from impasto.pipelines.inspect.inputs import find_network, find_photo
    from impasto.pipelines.inspect.network_comparison import compare_networks, vgg_is_here
    from impasto.pipelines.inspect.reconstructions import reconstruct
    from impasto.pipelines.inspect.style_comparison import compare_styles
    from impasto.pipelines.inspect.sweeps import paper_axes, sweep

_HOMES = {
    "compare_networks": "network_comparison",
    "compare_styles": "style_comparison",
    "features": "feature_maps",
    "find_network": "inputs",
    "find_photo": "inputs",
    "paper_axes": "sweeps",
    "reconstruct": "reconstructions",
    "sweep": "sweeps",
    "vgg_is_here": "network_comparison",
}

__all__ = [
    "compare_networks",
    "compare_styles",
    "features",
    "find_network",
    "find_photo",
    "paper_axes",
    "reconstruct",
    "sweep",
    "vgg_is_here",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        with naming_missing():
            return getattr(import_module(f"impasto.pipelines.inspect.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
