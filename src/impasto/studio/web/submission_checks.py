"""Checks of a submitted job: its uploads, its size, and how long it would keep others waiting."""

from __future__ import annotations

from impasto.catalogue.lookup import unknown_style
from impasto.jobs import Job
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.pyramid import work
from impasto.studio.films import film_options, film_size, film_work, frame_count
from impasto.studio.state import PictureRecord
from impasto.studio.web import schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.dependencies import Services
from impasto.studio.web.problems import ProblemError
from impasto.studio.web.requests import painted_styles

PROPORTIONS = 0.02
"""The tolerance between the proportions of a mask and of its picture."""
SUITABLE = {
    "photo": ("photo", "painting"),
    "painting": ("photo", "painting"),
    "mask": ("mask",),
    "film": ("film",),
}
"""The roles of uploads that may be used in each place of a request."""


def check_uploads(
    services: Services, caller: Caller, asked: schemas.JobSettings | schemas.FilmSettings
) -> dict[str, PictureRecord]:
    """Return the uploads that a request names, by id. Raises ProblemError for missing or unsuitable ones."""
    paintings = [style.picture for style in asked.styles if style.picture is not None]
    masks: list[str] = []
    if isinstance(asked, schemas.JobSettings):
        masks = [*(style.mask for style in asked.styles if style.mask is not None), *asked.masks().values()]
    first = "film" if isinstance(asked, schemas.FilmSettings) else "photo"
    roles = [(asked.photo, first), *((id, "painting") for id in paintings), *((id, "mask") for id in masks)]
    found: dict[str, PictureRecord] = {}
    for id, role in roles:
        picture = services.state.pictures.find(caller.user, id)
        if picture is None:
            raise ProblemError("unsuitable", f"unknown picture: {id}; it may have been deleted")
        if picture.role not in SUITABLE[role]:
            raise ProblemError("unsuitable", f"expected a {role}; {id} is a {picture.role}")
        found[id] = picture
    photo = found[asked.photo]
    for mask in (found[id] for id in masks):
        ratio = mask.width * photo.height / (mask.height * photo.width)
        if not 1 / (1 + PROPORTIONS) <= ratio <= 1 + PROPORTIONS:
            raise ProblemError(
                "unsuitable",
                f"expected a mask with the proportions of the photograph, {photo.width} x {photo.height}; "
                f"{mask.id} has {mask.width} x {mask.height}",
            )
    for style in asked.styles:
        if style.name is not None and style.name not in painted_styles():
            raise ProblemError("invalid", unknown_style(style.name, painted_styles()))
    return found


def check_limits(services: Services, asked: schemas.JobSettings | schemas.FilmSettings) -> None:
    """Raise ProblemError for a painting that is too large or has too many styles."""
    settings = services.settings
    if asked.size is not None and asked.size > settings.max_size:
        raise ProblemError("invalid", f"expected size of at most {settings.max_size}; got {asked.size}")
    if len(asked.styles) > settings.max_styles:
        raise ProblemError(
            "invalid", f"expected at most {settings.max_styles} styles; got {len(asked.styles)}"
        )


def check_work(services: Services, photo: PictureRecord, job: Job) -> None:
    """Raise ProblemError for a painting that would keep others waiting for too long."""
    assert isinstance(job.options, OptimizeOptions)
    needed, most = work(photo.width, photo.height, job.options), services.settings.max_work
    if needed > most:
        raise ProblemError(
            "invalid",
            f"expected at most {most:.3g} pixels times iterations, over all levels; got {needed:.3g}: "
            "choose a smaller size or fewer iterations",
        )


def check_film_work(services: Services, film: PictureRecord, job: Job, asked: schemas.FilmSettings) -> None:
    """Raise ProblemError for a film that would keep others waiting for too long, OptionError for invalid
    options."""
    options, facts = film_options(asked.options, asked.engine), film.film or {}
    frames = frame_count(facts, options)
    begin, end = float(options.start or 0), facts["seconds"] if options.end is None else float(options.end)
    if not frames and begin < facts["seconds"]:
        raise ProblemError(
            "invalid",
            f"expected a part of the film with at least one frame; none is from {begin:g} s to {end:g} s",
        )
    if not frames:
        raise ProblemError(
            "invalid",
            f"expected start before the end of the film, {facts['seconds']:g} s; got {begin:g} s",
        )
    width, height = film_size(film.width, film.height, job.options)
    if max(width, height) > services.settings.max_size:
        raise ProblemError(
            "invalid", f"expected size of at most {services.settings.max_size}; got {max(width, height)}"
        )
    needed, most = film_work(width, height, frames, job.options, options), services.settings.max_film_work
    if needed > most:
        kind = "pixels times frames" if asked.engine == "fast" else "pixels times iterations of all frames"
        raise ProblemError(
            "invalid",
            f"expected at most {most:.3g} {kind}; got {needed:.3g}: choose a smaller size, or a part of the "
            "film by start and end",
        )
