"""Conversion of requests, with their presets, sliders and single options, to jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from impasto.catalogue.cards import StyleCard
from impasto.catalogue.lookup import styles
from impasto.encoders.layers import parse_layers
from impasto.errors import require_one_of
from impasto.inference.options import FastOptions
from impasto.jobs import Job, Reference
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import PRESETS
from impasto.optimize.presets import preset as find_preset
from impasto.studio.option_values import check_options, read_errors
from impasto.studio.settings import Settings
from impasto.studio.state import PictureRecord
from impasto.studio.state.storage import (
    FILM,
    LEARNT,
    PAGE,
    RESULT,
    film_place,
    job_place,
    learnt_place,
    picture_place,
)
from impasto.studio.web.schemas import (
    OPTIONS,
    FilmSettings,
    JobSettings,
    PreviewRequest,
    PreviewStyle,
    StyleChoice,
)
from impasto.weights import ARCHITECTURES, REGISTRY
from impasto.weights.cache import present

PAGE_SIDE = 448
"""The long side of the painting in an explanation, where more pixels would not be visible."""
PAGE_STEPS = 150
"""The maximum number of steps at each level of an explanation, as in the preset "best"; published recipes
have thousands."""
_STEPS = ("iterations", "coarse_iterations", "first_iterations")


def presets() -> dict[str, str]:
    """Return the presets whose network is on this machine, with their summaries."""
    return {name: p.summary for name, p in PRESETS.items() if present(p.options.encoder)}


def preset_options(name: str) -> OptimizeOptions:
    """Return the options of a preset whose network is on this machine. Raises OptionError for any other."""
    require_one_of("preset", name, presets())
    return find_preset(name).options


@lru_cache(maxsize=1)
def painted_styles() -> dict[str, StyleCard]:
    """Return the named styles."""
    return styles()


def painting_job(
    asked: JobSettings, pictures: Mapping[str, PictureRecord], id: str, *, settings: Settings
) -> Job:
    """Return the job ``id`` for the request ``asked``, with paths below the data folder.

    ``pictures``: the uploads that it names, by id. Raises OptionError.
    """

    def reference(picture: str) -> Reference:
        return Reference(picture_place(picture), pictures[picture].name)

    masks: dict[str, Any] = {name: reference(mask) for name, mask in asked.masks().items()}
    return Job(
        content=reference(asked.photo),
        styles=tuple(
            Reference(style.name or "") if style.picture is None else reference(style.picture)
            for style in asked.styles
        ),
        output=f"{job_place(id)}/{RESULT}",
        options=_options(asked, settings.draft_size),
        reading=settings.reading,
        content_masks=tuple(reference(style.mask) for style in asked.styles if style.mask is not None),
        **masks,
    )


def explanation_job(
    asked: JobSettings, pictures: Mapping[str, PictureRecord], id: str, *, settings: Settings
) -> Job:
    """Return the job of the page that explains ``asked``: its main style, without masks, at a small size."""
    main = max(asked.styles, key=lambda style: style.weight)
    only = main.model_copy(update={"weight": 1.0, "mask": None})
    changes = {"styles": [only], "mask_feather": 0.0} | dict.fromkeys(asked.masks())
    job = painting_job(asked.model_copy(update=changes), pictures, id, settings=settings)
    options = job.options
    assert isinstance(options, OptimizeOptions)
    side = options.size if isinstance(options.size, int) else max(options.size)
    steps = {name: getattr(options, name) for name in _STEPS}
    fewer = {name: min(PAGE_STEPS, count) for name, count in steps.items() if count is not None}
    options = options.replace(size=min(side, PAGE_SIDE), **fewer)
    return dataclasses.replace(job, output=f"{job_place(id)}/{PAGE}", options=options)


def film_job(asked: FilmSettings, pictures: Mapping[str, PictureRecord], id: str) -> Job:
    """Return the job ``id`` that paints a film, with paths below the data folder.

    ``pictures``: the uploads that it names, by id. Raises OptionError.
    """
    is_fast = asked.engine == "fast"

    def style(one: PreviewStyle) -> Reference:
        if one.picture is None:
            return Reference(one.name or "")
        picture = pictures[one.picture]
        # As in previews, a refined network is used if there is one.
        learnt = is_fast and picture.learnt is not None
        return Reference(learnt_place(picture.id) if learnt else picture_place(picture.id), picture.name)

    film = pictures[asked.photo]
    return Job(
        content=Reference(film_place(film.id), film.name),
        styles=tuple(map(style, asked.styles)),
        output=f"{job_place(id)}/{FILM}",
        options=_fast_options(asked, asked.size) if is_fast else _film_by_optimiser(asked),
    )


def _film_by_optimiser(asked: FilmSettings) -> OptimizeOptions:
    """Return the options of a film that the optimiser paints: those of a painting. Raises OptionError."""
    styles = [StyleChoice(**style.model_dump()) for style in asked.styles]
    names = ("photo", "preset", "strength", "stroke_size", "keep_color")
    same = {name: getattr(asked, name) for name in names}
    size = asked.size or find_size(asked.preset)
    return _options(JobSettings(styles=styles, size=size, **same), 0)


def find_size(preset: str) -> int:
    """Return the default size of a preset. Raises OptionError."""
    size = preset_options(preset).size
    return size if isinstance(size, int) else max(size)


def training_job(picture: PictureRecord, id: str, *, settings: Settings) -> Job:
    """Return the job ``id`` that refines the network on an uploaded painting."""
    return Job(
        content=Reference(),
        styles=(Reference(picture_place(picture.id), picture.name),),
        output=f"{job_place(id)}/{LEARNT}",
        options=FastOptions(),
        reading=settings.reading,
    )


def preview_job(asked: PreviewRequest, place: Callable[[str], str]) -> Job:
    """Return the job of a preview, whose photograph is given later.

    ``place``: the file of an uploaded painting, by its id. Raises OptionError.
    """
    options = _fast_options(asked, asked.side)
    styles = (style.name or place(style.picture or "") for style in asked.styles)
    return Job(Reference(), tuple(map(Reference, styles)), options=options)


def _fast_options(asked: PreviewRequest | FilmSettings, size: int | None) -> FastOptions:
    """Return the options of the fast network for a request. Raises OptionError."""
    return FastOptions(
        size=size,
        strength=asked.strength,
        stroke_size=asked.stroke_size,
        keep_color=asked.keep_color > 0.5,
        style_weights=tuple(style.weight for style in asked.styles),
    )


def _options(asked: JobSettings, draft_size: int) -> OptimizeOptions:
    """Return the options of a request. Raises OptionError."""
    is_draft = asked.kind == "draft"
    preset = "draft" if is_draft else asked.preset
    base = preset_options(preset)
    changes: dict[str, Any] = {
        "size": min(asked.size, draft_size) if is_draft else asked.size,
        # Half the visible strength is a quarter of the weight.
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
    check_options(asked.options, OPTIONS)
    with read_errors():
        found = base.replace(**changes | asked.options)
        _check_layers(found)
        return base.replace(**changes) if is_draft else found


def _check_layers(options: OptimizeOptions) -> None:
    """Raise LayerError for layers that the network does not have."""
    if options.encoder not in REGISTRY:
        return
    architecture = ARCHITECTURES[REGISTRY[options.encoder].architecture]
    for layers in (options.content_layers, options.style_layers):
        if layers:
            parse_layers(layers, architecture)
