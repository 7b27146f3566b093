"""Uploads, and previews of them."""

from __future__ import annotations

import base64
import binascii
import shutil
import time
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse

from impasto.studio.documents import API, picture_document
from impasto.studio.state import PictureRecord
from impasto.studio.state.storage import new_id
from impasto.studio.web import schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import preview_job
from impasto.studio.web.uploads import SMALL_SIDE, Role, StoredUpload, UploadError, copy_of, keep, tidy_name

router = APIRouter(tags=["pictures"])
WAITING_PREVIEWS = 4
"""How many wait for each that is painted; more are told to come back."""

After = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def cursor(created: float, id: str) -> str:
    """Where a list goes on, as an opaque text."""
    return base64.urlsafe_b64encode(f"{created!r} {id}".encode()).decode()


def read_cursor(text: str | None) -> tuple[float, str] | None:
    """The inverse of ``cursor``. Raises ProblemError."""
    if text is None:
        return None
    try:
        created, id = base64.urlsafe_b64decode(text.encode("ascii")).decode("ascii").split(" ")
        return float(created), id
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise ProblemError("invalid", "after must be the `next` of another answer") from error


@router.post("/pictures", status_code=201, response_model=schemas.PictureOut, responses=responses(415))
async def upload(
    services: ServicesDep,
    caller: Member,
    request: Request,
    response: Response,
    file: Annotated[UploadFile, File(description="The picture")],
    role: Annotated[Literal["photo", "painting", "mask"], Form()],
    name: Annotated[str | None, Form(max_length=1000)] = None,
) -> Any:
    """Upload a photograph, a painting or a mask. StoredUpload upright, in sRGB, without metadata."""
    if file.size is not None and file.size > services.settings.max_bytes:
        raise ProblemError(
            "too-large", f"expected at most {services.settings.max_bytes:,} bytes; these are {file.size:,}"
        )
    picture = await to_thread.run_sync(_take, services, caller, file, role, name, limiter=services.decoders)
    request.state.made = picture.id
    response.headers["Location"] = f"{API}/pictures/{picture.id}"
    return picture_document(picture)


def _take(
    services: Services, caller: Caller, file: UploadFile, role: Role, name: str | None
) -> PictureRecord:
    """Keep an upload and remember it. Raises ProblemError."""
    id = new_id("p")
    kept = _keep(services, file, role, id)
    picture = PictureRecord(
        id=id,
        owner=caller.user,
        role=role,
        name=tidy_name(name or file.filename),
        width=kept.width,
        height=kept.height,
        bytes=kept.bytes,
        created=time.time(),
    )
    try:
        services.state.pictures.add(picture, quota=services.settings.user_bytes)
    except BaseException:
        services.storage.remove_picture(id)
        raise
    services.metrics.count("uploads")
    return picture


def _keep(services: Services, file: UploadFile, role: Role, id: str) -> StoredUpload:
    incoming = services.storage.incoming()
    try:
        with incoming.open("wb") as stream:
            shutil.copyfileobj(file.file, stream, 2**20)
        return keep(
            incoming,
            role,
            services.storage.picture(id),
            services.storage.small(id),
            max_pixels=services.settings.max_pixels,
            max_frames=services.settings.max_frames,
        )
    except UploadError as error:
        services.storage.remove_picture(id)
        raise ProblemError(error.kind, str(error)) from error
    finally:
        incoming.unlink(missing_ok=True)


@router.get("/pictures", response_model=schemas.Pictures, responses=responses())
def list_pictures(
    services: ServicesDep,
    caller: Member,
    role: Annotated[Literal["photo", "painting", "mask"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: After = None,
) -> Any:
    """Your uploads, newest first."""
    found = services.state.pictures.newest(caller.user, role=role, before=read_cursor(after), limit=limit)
    more = cursor(found[-1].created, found[-1].id) if len(found) == limit else None
    return {"pictures": list(map(picture_document, found)), "next": more}


@router.get("/pictures/{id}", response_model=schemas.PictureOut, responses=responses())
def read_picture(services: ServicesDep, caller: Member, id: str) -> Any:
    """One upload's description."""
    return picture_document(services.picture(caller, id))


@router.get(
    "/pictures/{id}/content",
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/jpeg": {}}}, **responses()},
)
async def read_content(
    services: ServicesDep,
    caller: Member,
    id: str,
    side: Annotated[int | None, Query(ge=32, le=2048)] = None,
) -> Response:
    """The picture itself, or a smaller copy."""
    picture = await to_thread.run_sync(services.picture, caller, id)
    path = services.storage.picture(id)
    # An upload never changes: a browser may keep it for itself.
    headers = {"Cache-Control": "private, max-age=3600"}
    if side is None:
        return FileResponse(path, media_type="image/png", headers=headers)
    data, media = await to_thread.run_sync(
        lambda: copy_of(path, services.storage.small(id), side, is_mask=picture.role == "mask"),
        limiter=services.decoders,
    )
    return Response(data, media_type=media, headers=headers)


@router.delete("/pictures/{id}", status_code=204, responses=responses(409))
def delete_picture(services: ServicesDep, caller: Member, id: str) -> None:
    """Delete an upload, from the disk too."""
    services.picture(caller, id)
    services.state.pictures.remove(caller.user, id)
    services.storage.remove_picture(id)


@router.post(
    "/preview",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}, **responses(501)},
)
async def preview(
    services: ServicesDep, caller: Member, request: Request, asked: schemas.PreviewRequest
) -> Response:
    """Paint with the gallery network, at once."""
    if services.painters.statistics().tasks_waiting >= services.settings.max_previews * WAITING_PREVIEWS:
        raise ProblemError("rate", "too many previews are under way; try again", retry_after=1)
    as_png = "image/png" in request.headers.get("accept", "")
    limiter = services.painters if _is_small(asked, as_png) else services.decoders
    data = await to_thread.run_sync(_preview, services, caller, asked, as_png, limiter=limiter)
    services.metrics.count("previews")
    return Response(data, media_type="image/png" if as_png else "image/jpeg")


def _is_small(asked: schemas.PreviewRequest, as_png: bool) -> bool:
    """Whether the small copy is enough, as it is but for those who compare pixels."""
    return asked.side <= SMALL_SIDE and not as_png


def _preview(services: Services, caller: Caller, asked: schemas.PreviewRequest, as_png: bool) -> bytes:
    """The preview's bytes. Raises ProblemError."""
    picture = services.picture(caller, asked.photo)
    if picture.role == "mask":
        raise ProblemError("unsuitable", "photo is a mask; expected a photograph")
    if asked.side > services.settings.preview_side:
        raise ProblemError(
            "invalid", f"side must be at most {services.settings.preview_side}; it is {asked.side}"
        )
    is_small = _is_small(asked, as_png)
    photo = services.storage.small(picture.id) if is_small else services.storage.picture(picture.id)
    return services.previews.paint(preview_job(asked), photo, as_png=as_png)
