"""From a request to the job it stands for: presets, sliders and single options become a ``Job``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from impasto.catalogue.cards import styles
from impasto.errors import OptionError
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.optimize.options import Initialisation, OptimizeOptions
from impasto.optimize.presets import PRESETS
from impasto.optimize.presets import preset as find_preset
from impasto.parameters import parameters
from impasto.studio.state import PictureRecord
from impasto.studio.state.storage import PAGE, RESULT, job_place, picture_place
from impasto.studio.web.schemas import JobSettings, PreviewRequest
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

PAGE_SIDE = 448
"""Long side of what an explanation looks into; a painting of 4096 pixels is no clearer on a page."""
PAGE_STEPS = 150
"""Steps at each level of an explanation at most, as the preset "best" has them: a published recipe has
thousands."""
_STEPS = ("iterations", "coarse_iterations", "first_iterations")


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
    """Return the presets this machine has the network for, with what they are for."""
    return {name: p.summary for name, p in PRESETS.items() if present(p.options.encoder)}


@lru_cache(maxsize=1)
def painted_styles() -> dict[str, GalleryStyle]:
    """Return the named styles."""
    return {
        name: GalleryStyle(name, card.title, card.artist, card.year, card.licence, paint=True)
        for name, card in styles().items()
    }


def painting_job(
    asked: JobSettings, pictures: Mapping[str, PictureRecord], id: str, *, draft_size: int
) -> Job:
    """Return the job of the request ``asked``, accepted as ``id``, with places below the data folder.

    ``pictures``: the uploads it names, by id. Raises OptionError.
    """

    def reference(picture: str) -> Reference:
        return Reference(picture_place(picture), pictures[picture].name)

    return Job(
        content=reference(asked.photo),
        styles=tuple(
            Reference(style.name or "") if style.picture is None else reference(style.picture)
            for style in asked.styles
        ),
        output=f"{job_place(id)}/{RESULT}",
        options=_options(asked, draft_size),
        content_masks=tuple(reference(style.mask) for style in asked.styles if style.mask is not None),
        protect=None if asked.protect is None else reference(asked.protect),
    )


def explanation_job(
    asked: JobSettings, pictures: Mapping[str, PictureRecord], id: str, *, draft_size: int
) -> Job:
    """Return the job of the page that explains ``asked``: one painting, no masks, and a draft's size."""
    main = max(asked.styles, key=lambda style: style.weight)
    only = main.model_copy(update={"weight": 1.0, "mask": None})
    changes = {"styles": [only], "mask_feather": 0.0, "protect": None}
    job = painting_job(asked.model_copy(update=changes), pictures, id, draft_size=draft_size)
    options = job.options
    assert isinstance(options, OptimizeOptions)
    side = options.size if isinstance(options.size, int) else max(options.size)
    steps = {name: getattr(options, name) for name in _STEPS}
    fewer = {name: min(PAGE_STEPS, count) for name, count in steps.items() if count is not None}
    options = options.replace(size=min(side, PAGE_SIDE), **fewer)
    return dataclasses.replace(job, output=f"{job_place(id)}/{PAGE}", options=options)


def preview_job(asked: PreviewRequest) -> Job:
    """Return the job of a preview, whose photograph comes later. Raises OptionError."""
    weights: dict[str, float] = {}
    for style in asked.styles:
        weights[style.name] = weights.get(style.name, 0.0) + style.weight
    options = FastOptions(
        size=asked.side,
        strength=asked.strength,
        stroke_size=asked.stroke_size,
        keep_color=asked.keep_color > 0.5,
        style_weights=tuple(weights.values()),
    )
    return Job(Reference(), tuple(map(Reference, weights)), options=options)


def _options(asked: JobSettings, draft_size: int) -> OptimizeOptions:
    """Return the options a request amounts to. Raises OptionError."""
    is_draft = asked.kind == "draft"
    preset = "draft" if is_draft else asked.preset
    if preset not in presets():
        raise OptionError(f"preset must be one of {', '.join(presets())}; it is {preset!r}")
    base = find_preset(preset).options
    changes: dict[str, Any] = {
        "size": min(asked.size, draft_size) if is_draft else asked.size,
        # The eye sees halves where the weight has quarters.
        "style_weight": base.style_weight * asked.strength**2,
        "style_scale": base.style_scale * asked.stroke_size,
        "mask_feather": asked.mask_feather,
        "seed": asked.seed,
    }
    if base.style_size is not None:
        del changes["style_scale"]
    if asked.keep_color > 0:
        changes |= {"color": "luminance", "color_strength": asked.keep_color}
    if len(asked.styles) > 1 and asked.styles[0].mask is None:
        changes["style_weights"] = tuple(style.weight for style in asked.styles)
    given = {} if is_draft else {n: tuple(v) if isinstance(v, list) else v for n, v in asked.options.items()}
    _check_options(given)
    try:
        return base.replace(**changes | given)
    except OptionError:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise OptionError(f"options are of a wrong kind: {str(error)[:200]}") from error


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
