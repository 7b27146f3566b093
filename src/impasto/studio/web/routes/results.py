"""Results of jobs: previews, losses, pictures, explanations."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from impasto.errors import ImpastoError
from impasto.imaging.formats import READABLE
from impasto.inspection.languages import LANGUAGES, PageLanguage, in_language
from impasto.studio.results import DISPLAY_QUALITY
from impasto.studio.state import JobRecord
from impasto.studio.state.storage import DISPLAY, FILM, LEARNT, LOSSES, PAGE, PREVIEW, RESULT, SMALL
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.archives import unique_names, zipped
from impasto.studio.web.attachments import content_disposition
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.languages import language_of
from impasto.studio.web.problems import ProblemError, responses

router = APIRouter(tags=["results"])
ResultFormat = Literal["png", "jpg", "webp", "avif", "tiff"]
FORMATS = {
    name: next(kind.media[0] for kind in READABLE if f".{name}" in kind.suffixes)
    for name in get_args(ResultFormat)
}
"""The media types of the formats of results."""
POINTS = 500
STYLE_MEDIA = "application/octet-stream"
FILM_MEDIA = "video/mp4"
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; sandbox"
)
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {media: {} for media in FORMATS.values()}},
    206: {"description": "A part"},
}

_RESULT: dict[int | str, dict[str, Any]] = {
    **_PICTURE,
    200: {"content": {media: {} for media in (*FORMATS.values(), FILM_MEDIA, STYLE_MEDIA, "text/html")}},
}


def _path(services: Services, job: JobRecord, name: str, words: str) -> Path:
    """Return the path of a job's file. Raises ProblemError("state") if it does not exist yet."""
    path = services.storage.job(job.id) / name
    if not path.is_file():
        raise ProblemError("state", f"the job is {job.status}: {words}")
    return path


@router.get("/jobs/{id}/preview", response_class=Response, responses={**_PICTURE, **responses(409)})
def read_preview(
    services: ServicesDep,
    caller: Member,
    id: str,
    number: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
) -> Response:
    """Return the picture so far; ``number`` only serves to bypass caches."""
    job = services.job(caller, id)
    path = _path(services, job, PREVIEW, "nothing has been painted yet")
    keep = "no-store" if number is None else "private, max-age=60"
    return Response(path.read_bytes(), media_type="image/jpeg", headers={"Cache-Control": keep})


@router.get("/jobs/{id}/losses", response_model=response_schemas.Losses, responses=responses())
def read_losses(services: ServicesDep, caller: Member, id: str) -> Any:
    """Return the loss curve so far."""
    job = services.job(caller, id)
    path = services.storage.job(job.id) / LOSSES
    lines = path.read_text(encoding="ascii").splitlines() if path.is_file() else []
    found: list[dict[str, float]] = []
    for line in lines[:: max(1, -(-len(lines) // POINTS))]:
        try:
            found.append(json.loads(line))
        except ValueError:  # a line still being written, or cut off when a worker was killed
            continue
    return {"losses": found}


@router.get("/jobs/{id}/result", response_class=Response, responses={**_RESULT, **responses(409, 416)})
async def read_result(
    services: ServicesDep,
    caller: Member,
    request: Request,
    id: str,
    format: Annotated[ResultFormat, Query()] = "png",
    quality: Annotated[int, Query(ge=1, le=100)] = 95,
    parameters: Annotated[bool, Query()] = True,
    download: Annotated[bool, Query()] = True,
) -> Response:
    """Return the picture, with its options as metadata unless ``parameters`` is false; or the film."""
    job = await to_thread.run_sync(services.job, caller, id)
    if job.kind == "explanation":
        return await to_thread.run_sync(_page, services, request, job, None)
    if job.kind == "training":
        path = _path(services, job, LEARNT, "nothing has been learnt yet")
        headers = {"Content-Disposition": content_disposition("attachment", job.title, "style")}
        return FileResponse(path, media_type=STYLE_MEDIA, headers=headers)
    if job.result is None:
        raise ProblemError("state", f"the job is {job.status}: there is no result")
    disposition = "attachment" if download else "inline"
    if job.kind == "film":
        headers = {
            "Content-Disposition": content_disposition(disposition, job.title, Path(FILM).suffix[1:]),
            "Cache-Control": "private, max-age=3600",
        }
        return FileResponse(
            _path(services, job, FILM, "there is no film"), media_type=FILM_MEDIA, headers=headers
        )
    path = _path(services, job, RESULT, "there is no result")
    headers = {
        "Content-Disposition": content_disposition(disposition, job.title, format),
        "Cache-Control": "private, max-age=3600",
    }
    if format == "png" and parameters:
        return FileResponse(path, media_type="image/png", headers=headers)
    display = services.storage.job(id) / DISPLAY
    if format == "jpg" and quality == DISPLAY_QUALITY and not parameters and display.is_file():
        return FileResponse(display, media_type=FORMATS[format], headers=headers)
    data = await services.decoders.run(caller.user, _encoded, path, format, quality, parameters)
    return Response(data, media_type=FORMATS[format], headers=headers)


@router.get(
    "/results",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **responses(409)},
)
async def read_results(
    services: ServicesDep,
    caller: Member,
    batch: Annotated[str, Query(**schemas.BATCH_NAME)],
    format: Annotated[ResultFormat, Query()] = "png",
    quality: Annotated[int, Query(ge=1, le=100)] = 95,
    parameters: Annotated[bool, Query()] = True,
) -> Response:
    """Return the pictures of a batch as a zip archive, named by their titles; see ``read_result``."""
    jobs = await to_thread.run_sync(services.state.jobs.of_batch, caller.user, batch)
    if not jobs:
        raise ProblemError("not-found", f"unknown batch: {batch}")
    painted = [job for job in jobs if job.result is not None]
    if not painted:
        raise ProblemError("state", "none of these pictures has been painted yet")
    names = unique_names((job.title for job in painted), format)

    async def entries() -> AsyncIterator[tuple[str, float, Path | bytes]]:
        for name, job in zip(names, painted, strict=True):
            path = services.storage.job(job.id) / RESULT
            content: Path | bytes = path
            if format != "png" or not parameters:
                try:
                    content = await services.decoders.run(
                        caller.user, _encoded, path, format, quality, parameters
                    )
                except (ImpastoError, OSError):
                    if path.is_file():
                        raise
                    continue  # deleted meanwhile
            yield name, job.finished or job.created, content

    headers = {
        "Content-Disposition": content_disposition("attachment", batch, "zip"),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(zipped(entries()), media_type="application/zip", headers=headers)


def _encoded(path: Path, format: str, quality: int, parameters: bool) -> bytes:
    from impasto import imaging

    picture = imaging.read(path)
    stored = imaging.read_parameters(path) if parameters else None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"result.{format}"
        imaging.write(picture, target, quality=quality, parameters=stored)
        return target.read_bytes()


@router.get(
    "/jobs/{id}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **responses(409)},
)
def read_thumbnail(services: ServicesDep, caller: Member, id: str) -> Response:
    """Return a small copy of the result."""
    path = _path(services, services.job(caller, id), SMALL, "there is no result")
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(path.read_bytes(), media_type="image/jpeg", headers=headers)


@router.get(
    "/jobs/{id}/explanation",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}}, **responses(409)},
)
def read_explanation(
    services: ServicesDep,
    caller: Member,
    request: Request,
    id: str,
    language: Annotated[
        PageLanguage | None, Query(description="The page's; by default the first of Accept-Language.")
    ] = None,
) -> Response:
    """Return the page that explains this picture, once it has been made."""
    job = services.job(caller, id)
    made = services.state.jobs.explanation_of(caller.user, id)
    if not job.explanation or made is None:
        raise ProblemError("not-found", "there is no explanation of this picture yet; POST makes one")
    return _page(services, request, made, language)


def _page(services: Services, request: Request, job: JobRecord, language: str | None) -> Response:
    path = _path(services, job, PAGE, "the page does not exist yet")
    chosen = language or language_of(request.headers.get("accept-language", ""), LANGUAGES)
    page = in_language(path.read_text(encoding="utf-8"), chosen)
    headers = {
        "Content-Security-Policy": PAGE_POLICY,
        "Content-Language": chosen,
        "Vary": "Accept-Language",
    }
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)
