"""From what people ask for to what Impasto paints: requests become jobs and options."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

from impasto.catalogue.cards import styles
from impasto.errors import OptionError
from impasto.jobs import Job, Reference
from impasto.optimize.options import Initialisation, OptimizeOptions
from impasto.optimize.presets import PRESETS
from impasto.optimize.presets import preset as find_preset
from impasto.parameters import parameters
from impasto.studio.state.storage import Storage
from impasto.weights.cache import present

# What names files or machines, and what has a field of its own in a request.
_NOT_OPTIONS = {
    *("size", "encoder", "device", "max_memory", "tile", "precision", "recoveries", "channels_last"),
    *("style_weights", "style_scales", "blend_layers", "mask_feather", "seed"),
}
OPTIONS = tuple(f.name for f in dataclasses.fields(OptimizeOptions) if f.name not in _NOT_OPTIONS)
"""The fields of ``OptimizeOptions`` a request may set one by one."""

_BOUNDS = {name: p.bound for name, p, _ in parameters(OptimizeOptions) if p.bound is not None}
"""Beyond these a single job would take the machine from everyone else."""


@dataclass(frozen=True)
class GalleryStyle:
    """A style that comes with the package. ``paint``: by optimisation; ``fast``: in the gallery network."""

    name: str
    title: str
    artist: str
    year: str
    licence: str
    paint: bool = False
    fast: bool = False


def presets() -> dict[str, str]:
    """The presets this machine has the network for, with what they are for."""
    return {name: p.summary for name, p in PRESETS.items() if present(p.options.encoder)}


@lru_cache(maxsize=1)
def painted_styles() -> dict[str, GalleryStyle]:
    """The named styles."""
    return {
        name: GalleryStyle(name, card.title, card.artist, card.year, card.licence, paint=True)
        for name, card in styles().items()
    }


def options_of(request: Mapping[str, Any], *, draft_size: int) -> OptimizeOptions:
    """The options a request amounts to. Raises OptionError."""
    is_draft = request["kind"] == "draft"
    preset = "draft" if is_draft else str(request["preset"])
    if preset not in presets():
        raise OptionError(f"preset must be one of {', '.join(presets())}; it is {preset!r}")
    base = find_preset(preset).options
    size = min(int(request["size"]), draft_size) if is_draft else int(request["size"])
    strength, styles = float(request["strength"]), request["styles"]
    changes: dict[str, Any] = {
        "size": size,
        # The eye sees halves where the weight has quarters.
        "style_weight": base.style_weight * strength**2,
        "style_scale": base.style_scale * float(request["stroke_size"]),
        "mask_feather": float(request["mask_feather"]),
        "seed": int(request["seed"]),
    }
    if base.style_size is not None:
        del changes["style_scale"]
    if request["keep_color"] > 0:
        changes |= {"color": "luminance", "color_strength": float(request["keep_color"])}
    weights = [float(style["weight"]) for style in styles]
    if len(weights) > 1 and not styles[0]["mask"]:
        changes["style_weights"] = tuple(weights)
    given = {} if is_draft else dict(request["options"])
    _check_options(given)
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    return base.replace(**changes | given)


def _check_options(given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in OPTIONS:
            raise OptionError(f"options cannot set {name!r} here; they can set {', '.join(OPTIONS)}")
    if given.get("init", "content") not in get_args(Initialisation):
        raise OptionError(f"init must be one of {', '.join(get_args(Initialisation))}")
    for name, most in _BOUNDS.items():
        value = given.get(name)
        if isinstance(value, (int, float)) and value > most:
            raise OptionError(f"{name} must be at most {most:g} here; it is {value}")


def job_of(request: Mapping[str, Any], storage: Storage, output: Path, *, draft_size: int) -> Job:
    """The job Impasto performs for a request, with the data folder's files. Raises OptionError."""
    masks = [style["mask"] for style in request["styles"] if style["mask"]]
    return Job(
        content=Reference(str(storage.picture(request["photo"]))),
        styles=tuple(
            Reference(str(storage.picture(style["picture"])) if style["picture"] else style["name"])
            for style in request["styles"]
        ),
        output=str(output),
        options=options_of(request, draft_size=draft_size),
        content_masks=tuple(Reference(str(storage.picture(mask))) for mask in masks),
        protect=None if request["protect"] is None else Reference(str(storage.picture(request["protect"]))),
    )


def pictures_of(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The uploads a request needs, as (role, id), the photograph first."""
    found = [("photo", request["photo"])]
    for style in request["styles"]:
        found += [("painting", style["picture"])] if style["picture"] else []
        found += [("mask", style["mask"])] if style["mask"] else []
    return found + ([("mask", request["protect"])] if request["protect"] else [])
