"""Looking inside with paths and names: what ``impasto inspect``, ``texture`` and ``explain`` do.

Each function returns data that ``impasto.inspection.figures`` draws. For pictures and networks that are
loaded already, see ``impasto.inspection``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.pipelines.inspect.comparing import compare_networks, vgg_is_here
    from impasto.pipelines.inspect.explaining import check_page, explain, page_options
    from impasto.pipelines.inspect.inputs import find_network, find_photo
    from impasto.pipelines.inspect.looking import (
        compare_styles,
        features,
        reconstruct,
        texture,
    )
    from impasto.pipelines.inspect.sweeping import paper_axes, sweep

_HOMES = {
    "check_page": "explaining",
    "compare_networks": "comparing",
    "compare_styles": "looking",
    "explain": "explaining",
    "features": "looking",
    "find_network": "inputs",
    "find_photo": "inputs",
    "page_options": "explaining",
    "paper_axes": "sweeping",
    "reconstruct": "looking",
    "sweep": "sweeping",
    "texture": "looking",
    "vgg_is_here": "comparing",
}

__all__ = [
    "check_page",
    "compare_networks",
    "compare_styles",
    "explain",
    "features",
    "find_network",
    "find_photo",
    "page_options",
    "paper_axes",
    "reconstruct",
    "sweep",
    "texture",
    "vgg_is_here",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"impasto.pipelines.inspect.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
