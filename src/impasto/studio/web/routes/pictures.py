"""Uploads, and previews of them."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse

from impasto.imaging.read_options import ReadOptions
from impasto.inference.options import STYLE_SIZE
from impasto.studio.documents import API, picture_document
from impasto.studio.films import SUFFIX_OF_FILM
from impasto.studio.state import PictureRecord
from impasto.studio.state.storage import new_id
from impasto.studio.thumbnails import SMALL_SIDE
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.attachments import content_disposition
from impasto.studio.web.decoders import picture_seconds
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.pagination import After, next_page, read_cursor
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import preview_job
from impasto.studio.web.routes.films import read_still
from impasto.studio.web.stills import as_picture
from impasto.studio.web.upload_options import UploadReading
from impasto.studio.web.uploads import (
    Role,
    StoredUpload,
    check_upload,
    copy_of,
    display_name,
    store_upload,
)

router = APIRouter(tags=["pictures"])
WAITING_PREVIEWS = 4
"""The number of previews that may wait for each one painted; more are refused."""


@router.post(
    "/pictures", status_code=201, response_model=response_schemas.PictureOut, responses=responses(415)
)
async def upload(
    services: ServicesDep,
    caller: Member,
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="The picture")],
    role: Annotated[Literal["photo", "painting", "mask"], Form()],
    reading: UploadReading,
    name: Annotated[str | None, Form(max_length=1000)] = None,
) -> Any:
    """Upload a photograph, painting or mask, which is stored upright, in sRGB, without metadata."""
    if file.size is not None and file.size > services.settings.max_bytes:
        raise ProblemError(
            "too-large", f"expected at most {services.settings.max_bytes:,} bytes; got {file.size:,}"
        )
    picture = await _store(services, caller, file, role, name, reading)
    request.state.made = picture.id
    response.headers["Location"] = f"{API}/pictures/{picture.id}"
    return picture_document(picture)


async def _store(
    services: Services, caller: Caller, file: UploadFile, role: Role, name: str | None, reading: ReadOptions
) -> PictureRecord:
    """Store an upload and add it to the state. Raises ProblemError and RefusalError."""
    storage, id = services.storage, new_id("p")
    apart = partial(services.decoders.run_apart, caller.user, "picture")
    check = partial(check_upload, reading=reading, max_frames=services.settings.max_frames)
    store = partial(store_upload, reading=reading)
    incoming = storage.incoming()
    try:
        await to_thread.run_sync(_receive, file, incoming)
        pixels = await apart(picture_seconds(), check, incoming)
        kept = await apart(
            picture_seconds(pixels), store, incoming, role, storage.picture(id), storage.small(id)
        )
        shown = display_name(name or file.filename)
        picture = await to_thread.run_sync(_add, services, caller, id, role, shown, kept)
    except BaseException:
        storage.remove_picture(id)
        raise
    finally:
        incoming.unlink(missing_ok=True)
    services.metrics.count("uploads")
    return picture


def _receive(file: UploadFile, incoming: Path) -> None:
    with incoming.open("wb") as stream:
        shutil.copyfileobj(file.file, stream, 2**20)


def _add(
    services: Services, caller: Caller, id: str, role: Role, name: str, kept: StoredUpload
) -> PictureRecord:
    """Add a stored upload to the state. Raises RefusalError("quota")."""
    picture = PictureRecord(
        id=id,
        owner=caller.user,
        role=role,
        name=name,
        width=kept.width,
        height=kept.height,
        bytes=kept.bytes,
        created=time.time(),
        notes=kept.notes,
    )
    services.state.pictures.add(picture, quota=services.settings.user_bytes)
    return picture


@router.get("/pictures", response_model=response_schemas.Pictures, responses=responses())
def list_pictures(
    services: ServicesDep,
    caller: Member,
    role: Annotated[Literal["photo", "painting", "mask", "film"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: After = None,
) -> Any:
    """List your uploads, newest first."""
    found = services.state.pictures.newest(caller.user, role=role, before=read_cursor(after), limit=limit)
    return {"pictures": list(map(picture_document, found)), "next": next_page(found, limit)}


@router.get("/pictures/{id}", response_model=response_schemas.PictureOut, responses=responses())
def read_picture(services: ServicesDep, caller: Member, id: str) -> Any:
    """Return one upload's description."""
    return picture_document(services.picture(caller, id))


@router.get(
    "/pictures/{id}/content",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}, "image/jpeg": {}, **{kind: {} for kind in SUFFIX_OF_FILM}}},
        206: {"description": "A part"},
        **responses(416),
    },
)
async def read_content(
    services: ServicesDep,
    caller: Member,
    id: str,
    side: Annotated[int | None, Query(ge=32, le=2048)] = None,
) -> Response:
    """Return the picture or the film itself, or a smaller copy; of a film, of one of its frames."""
    picture = await to_thread.run_sync(services.picture, caller, id)
    path = services.storage.picture(id)
    # An upload never changes, so that a browser may cache it.
    headers = {"Cache-Control": "private, max-age=3600"}
    if picture.film is not None and side is None:
        media = picture.film["media"]
        name = content_disposition("attachment", *_parts_of(picture.name, media))
        path = services.storage.film(id)
        return FileResponse(path, media_type=media, headers={**headers, "Content-Disposition": name})
    if side is None:
        return FileResponse(path, media_type="image/png", headers=headers)
    is_mask, small = picture.role == "mask", services.storage.small(id)
    side = side if picture.film is None else min(side, SMALL_SIDE)
    copy = partial(copy_of, path, small, side, is_mask=is_mask)
    if side <= SMALL_SIDE and not is_mask:  # the small copy suffices
        data, media = await to_thread.run_sync(copy)
    else:
        data, media = await services.decoders.run(caller.user, copy)
    return Response(data, media_type=media, headers=headers)


def _parts_of(name: str, media: str) -> tuple[str, str]:
    """Return the name of a film without its suffix, and the suffix."""
    stem, dot, suffix = name.rpartition(".")
    has_one = dot and suffix.isalnum() and len(suffix) <= 5
    return (stem, suffix.lower()) if has_one else (name, SUFFIX_OF_FILM[media])


@router.get(
    "/pictures/{id}/style",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}, **responses()},
)
def read_style(services: ServicesDep, caller: Member, id: str) -> Response:
    """Return the style file of a painting that the network was refined on, for `impasto fast`."""
    picture, path = services.picture(caller, id), services.storage.learnt(id)
    if picture.learnt is None or not path.is_file():
        raise ProblemError("not-found", "the network has not learnt this painting")
    headers = {"Content-Disposition": content_disposition("attachment", picture.name, "style")}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


@router.delete("/pictures/{id}/style", status_code=204, responses=responses())
def forget_style(services: ServicesDep, caller: Member, id: str) -> None:
    """Delete that style file: previews are painted by the network for any painting again."""
    picture, path = services.picture(caller, id), services.storage.learnt(id)
    if picture.learnt is None:
        raise ProblemError("not-found", "the network has not learnt this painting")
    size = path.stat().st_size if path.is_file() else 0
    services.state.pictures.note_learnt(caller.user, id, None, -size)
    path.unlink(missing_ok=True)


@router.delete("/pictures/{id}", status_code=204, responses=responses(409))
def delete_picture(services: ServicesDep, caller: Member, id: str) -> None:
    """Delete an upload and its files."""
    services.picture(caller, id)
    services.state.pictures.remove(caller.user, id)
    services.storage.remove_picture(id)


@router.post(
    "/preview",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}, **responses()},
)
async def preview(
    services: ServicesDep, caller: Member, request: Request, asked: schemas.PreviewRequest
) -> Response:
    """Paint in one pass and return the picture."""
    if not services.painters.has_room(caller.user, services.settings.max_previews * (1 + WAITING_PREVIEWS)):
        raise ProblemError("rate", "too many previews at once; try again", retry_after=1)
    as_png = "image/png" in request.headers.get("accept", "")
    picture = await to_thread.run_sync(services.picture, caller, asked.photo)
    if asked.at is not None and picture.film is None:
        raise ProblemError("invalid", f"at works with films only; {picture.id} is a {picture.role}")
    still = None if picture.film is None else await read_still(services, caller, picture, asked.at)
    paint = partial(_preview, services, caller, asked, picture, still, as_png)
    if _is_small(asked, as_png):
        data = await services.painters.run(caller.user, paint)
    else:
        data = await services.decoders.run(caller.user, paint)
    services.metrics.count("previews")
    return Response(data, media_type="image/png" if as_png else "image/jpeg")


def _is_small(asked: schemas.PreviewRequest, as_png: bool) -> bool:
    """Return whether the small copy suffices: always, but for PNG, where exact pixels matter."""
    return asked.side <= SMALL_SIDE and not as_png


def _preview(
    services: Services,
    caller: Caller,
    asked: schemas.PreviewRequest,
    picture: PictureRecord,
    still: bytes | None,
    as_png: bool,
) -> bytes:
    """Return the preview's bytes. ``still``: the frame, if ``picture`` is a film. Raises ProblemError."""
    if picture.role == "mask":
        raise ProblemError("unsuitable", f"expected a photograph; {picture.id} is a mask")
    if asked.side > services.settings.preview_side:
        raise ProblemError(
            "invalid", f"expected side of at most {services.settings.preview_side}; got {asked.side}"
        )
    is_small = _is_small(asked, as_png)
    photo = services.storage.small(picture.id) if is_small else services.storage.picture(picture.id)

    def place(id: str) -> str:
        painting = services.picture(caller, id)
        if painting.role in ("mask", "film"):
            raise ProblemError("unsuitable", f"expected a painting; {painting.id} is a {painting.role}")
        if painting.learnt is not None:
            return str(services.storage.learnt(id))
        suffices = STYLE_SIZE * asked.stroke_size <= SMALL_SIDE and not as_png
        return str(services.storage.small(id) if suffices else services.storage.picture(id))

    shown = photo if still is None else as_picture(still)
    return services.previews.paint(preview_job(asked, place), shown, as_png=as_png)
