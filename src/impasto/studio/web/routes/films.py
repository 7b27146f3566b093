"""Uploads of films, single frames of them, and how long painting one takes."""

from __future__ import annotations

import io
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from PIL import Image
from starlette.requests import ClientDisconnect

from impasto.errors import MissingExtraError
from impasto.studio.documents import API, picture_document
from impasto.studio.films import (
    STILL_SIDE,
    FilmUpload,
    film_options,
    film_size,
    film_speed,
    film_work,
    frame_count,
    media_of,
    read_upload,
    still_bytes,
)
from impasto.studio.state import PictureRecord
from impasto.studio.state.storage import new_id
from impasto.studio.thumbnails import as_jpeg
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.decoders import film_seconds, picture_seconds
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import film_job
from impasto.studio.web.uploads import check_upload, display_name

router = APIRouter(tags=["films"])
CHUNK = 2**20
"""Bytes written at a time while a film arrives."""
NAME = "film.mp4"
PICTURES = ("image/png", "image/webp", "image/avif")
"""The media types of films that are read as pictures are, frame by frame."""
At = Annotated[float | None, Query(ge=0, le=1e6, allow_inf_nan=False, description="Seconds")]
Moment = Annotated[str | None, Query(max_length=20, description="Seconds or H:MM:SS")]


@router.post(
    "/films",
    status_code=201,
    response_model=response_schemas.PictureOut,
    responses=responses(415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(
    services: ServicesDep,
    caller: Member,
    request: Request,
    response: Response,
    name: Annotated[str, Query(max_length=1000)] = NAME,
) -> Any:
    """Upload a film: the body of the request, stored unchanged."""
    incoming = services.storage.incoming()
    try:
        await _receive(request, incoming)
        film = await _store(services, caller, incoming, name)
    finally:
        incoming.unlink(missing_ok=True)
    request.state.made = film.id
    response.headers["Location"] = f"{API}/pictures/{film.id}"
    return picture_document(film)


async def _receive(request: Request, incoming: Path) -> None:
    """Write the body of ``request`` as it arrives. Raises ProblemError."""
    waiting = bytearray()
    stream = await to_thread.run_sync(incoming.open, "wb")
    try:
        async for data in request.stream():
            waiting += data
            if len(waiting) >= CHUNK:
                await to_thread.run_sync(stream.write, bytes(waiting))
                waiting.clear()
        await to_thread.run_sync(stream.write, bytes(waiting))
    except ClientDisconnect as error:
        raise ProblemError("invalid", "the film did not arrive completely; upload it again") from error
    finally:
        await to_thread.run_sync(stream.close)


async def _store(services: Services, caller: Caller, incoming: Path, name: str) -> PictureRecord:
    """Check a film, store it and add it to the state. Raises ProblemError and RefusalError."""
    settings, storage, id = services.settings, services.storage, new_id("p")
    reading, most = settings.reading, settings.max_film_frames
    check = partial(check_upload, reading=reading, max_frames=most)
    read = partial(read_upload, reading=reading, max_frames=most)
    apart = partial(services.decoders.run_apart, caller.user)
    try:
        if await to_thread.run_sync(media_of, incoming) in PICTURES:
            # Its size is checked before a frame is decoded, as that of every picture.
            await apart("picture", picture_seconds(), check, incoming)
        seconds = film_seconds(incoming.stat().st_size)
        found = await apart("film", seconds, read, incoming, storage.small(id))
        film = await to_thread.run_sync(_add, services, caller, id, incoming, name, found)
    except BaseException as error:
        storage.remove_picture(id)
        if isinstance(error, MissingExtraError):
            raise ProblemError("not-a-film", f"this server cannot read films: {error}") from error
        raise
    services.metrics.count("uploads")
    return film


def _add(
    services: Services, caller: Caller, id: str, incoming: Path, name: str, found: FilmUpload
) -> PictureRecord:
    """Move a film that was read into the storage, and add it to the state. Raises RefusalError."""
    storage = services.storage
    film = PictureRecord(
        id=id,
        owner=caller.user,
        role="film",
        name=display_name(name),
        width=found.width,
        height=found.height,
        bytes=incoming.stat().st_size + storage.small(id).stat().st_size,
        created=time.time(),
        notes=found.notes,
        film=found.facts,
    )
    incoming.replace(storage.film(id))
    services.state.pictures.add(film, quota=services.settings.user_bytes)
    return film


def film_of(services: Services, caller: Caller, id: str) -> PictureRecord:
    """Return the caller's film. Raises ProblemError, also for that of someone else."""
    film = services.picture(caller, id)
    if film.film is None:
        raise ProblemError("unsuitable", f"expected a film; {id} is a {film.role}")
    return film


async def read_still(services: Services, caller: Caller, film: PictureRecord, at: float | None) -> bytes:
    """Return the frame of a film as JPEG, ``at`` so many seconds or that which stands for it."""
    assert film.film is not None
    chosen = film.film["still"] if at is None else at
    kept = services.stills.find(film.id, chosen)
    if kept is not None:
        return kept
    path = services.storage.film(film.id)
    still = await services.decoders.run_apart(
        caller.user, "film", film_seconds(film.bytes), still_bytes, path, chosen
    )
    services.stills.keep(film.id, chosen, still)
    return still


@router.get(
    "/films/{id}/frame",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **responses()},
)
async def read_frame(
    services: ServicesDep,
    caller: Member,
    id: str,
    at: At = None,
    side: Annotated[int, Query(ge=32, le=STILL_SIDE)] = STILL_SIDE,
) -> Response:
    """Return one frame of a film; without ``at``, the one that stands for it."""
    film = await to_thread.run_sync(film_of, services, caller, id)
    data = await read_still(services, caller, film, at)
    if side < STILL_SIDE:
        data = await to_thread.run_sync(partial(_smaller, data, side))
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(data, media_type="image/jpeg", headers=headers)


def _smaller(still: bytes, side: int) -> bytes:
    with Image.open(io.BytesIO(still), formats=["JPEG"]) as image:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return as_jpeg(image)


@router.get("/films/{id}/estimate", response_model=response_schemas.FilmEstimate, responses=responses())
def estimate(
    services: ServicesDep,
    caller: Member,
    id: str,
    size: Annotated[schemas.Size | None, Query()] = None,
    engine: Literal["fast", "optimize"] = "fast",
    preset: Annotated[schemas.PresetName, Query()] = "default",
    start: Moment = None,
    end: Moment = None,
) -> Any:
    """Estimate how long painting a film, or a part of it, takes, as measured here."""
    film = film_of(services, caller, id)
    given: dict[str, Any] = {
        name: value for name, value in (("start", start), ("end", end)) if value is not None
    }
    asked = schemas.FilmSettings(
        kind="film",
        photo=id,
        styles=[schemas.PreviewStyle(name="none")],
        size=size,
        engine=engine,
        preset=preset,
        options=given,
    )
    job = film_job(asked, {id: film}, "j_" + "0" * 22)
    facts, options = film.film or {}, film_options(asked.options, engine)
    width, height = film_size(film.width, film.height, job.options)
    frames = frame_count(facts, options)
    done = film_work(width, height, frames, job.options, options)
    rate = services.state.speeds.find(film_speed(job))
    return {
        "seconds": None if rate is None else round(done / rate, 1),
        "before": services.state.jobs.before(caller.user, "films"),
        "width": width,
        "height": height,
        "frames": frames,
        "possible": done <= services.settings.max_film_work,
    }
