"""Impasto: paint a photograph in the manner of a picture.

    import impasto
    impasto.stylize("photo.jpg", "starry-night").save("out.png")

Names are resolved when first used: ``import impasto`` itself costs nothing and loads no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto.version import __version__

if TYPE_CHECKING:
    from impasto.catalogue.loader import load_style
    from impasto.catalogue.lookup import styles
    from impasto.errors import ImpastoError
    from impasto.inference.options import FastOptions
    from impasto.optimize.options import OptimizeOptions
    from impasto.pipelines.batch import batch
    from impasto.pipelines.explain import explain
    from impasto.pipelines.export import export
    from impasto.pipelines.folder_watch import watch
    from impasto.pipelines.measure import measure
    from impasto.pipelines.photo import Session, fast, stylize
    from impasto.pipelines.result import Result
    from impasto.pipelines.style import make_style
    from impasto.pipelines.texture import texture
    from impasto.pipelines.train.training import train
    from impasto.pipelines.video.film import video
    from impasto.pipelines.video.in_memory import paint_frames
    from impasto.pipelines.video.options import FilmOptions
    from impasto.progress import Progress
    from impasto.types import Picture


_HOMES = {
    "Result": "impasto.pipelines.result",
    "Session": "impasto.pipelines.photo",
    "watch": "impasto.pipelines.folder_watch",
    "train": "impasto.pipelines.train.training",
    "load_style": "impasto.catalogue.loader",
    "make_style": "impasto.pipelines.style",
    "stylize": "impasto.pipelines.photo",
    "styles": "impasto.catalogue.lookup",
    "fast": "impasto.pipelines.photo",
    "FastOptions": "impasto.inference.options",
    "batch": "impasto.pipelines.batch",
    "video": "impasto.pipelines.video.film",
    "paint_frames": "impasto.pipelines.video.in_memory",
    "FilmOptions": "impasto.pipelines.video.options",
    "texture": "impasto.pipelines.texture",
    "explain": "impasto.pipelines.explain",
    "measure": "impasto.pipelines.measure",
    "export": "impasto.pipelines.export",
    "ImpastoError": "impasto.errors",
    "OptimizeOptions": "impasto.optimize.options",
    "Picture": "impasto.types",
    "Progress": "impasto.progress",
}

__all__ = [
    "FastOptions",
    "FilmOptions",
    "ImpastoError",
    "OptimizeOptions",
    "Picture",
    "Progress",
    "Result",
    "Session",
    "__version__",
    "batch",
    "explain",
    "export",
    "fast",
    "load_style",
    "make_style",
    "measure",
    "paint_frames",
    "styles",
    "stylize",
    "texture",
    "train",
    "video",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        from impasto.extras import naming_missing

        with naming_missing():
            return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'impasto' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
