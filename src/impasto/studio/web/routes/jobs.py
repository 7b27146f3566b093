"""Jobs: submitting, watching, stopping, and what comes of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request, Response

from impasto.errors import OptionError
from impasto.studio.documents import API, job_document
from impasto.studio.results import keep_result
from impasto.studio.state import STATUSES, JobRecord, PictureRecord, RefusalError
from impasto.studio.state.storage import PARTIAL, new_id
from impasto.studio.web import schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import explanation_job, painted_styles, painting_job
from impasto.studio.web.routes.pictures import After, cursor, read_cursor
from impasto.studio.webhooks import check_address

router = APIRouter(tags=["jobs"])
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")
]
PROPORTIONS = 0.02
"""How far those of a mask may be from its picture's."""


def shown(services: Services, job: JobRecord) -> dict[str, Any]:
    """A job as the API shows it."""
    return job_document(job, position=services.state.jobs.position(job))


@router.post(
    "/jobs",
    status_code=202,
    response_model=schemas.JobOut,
    responses={200: {"model": schemas.JobOut, "description": "Submitted before"}, **responses(409)},
)
def submit(
    services: ServicesDep,
    caller: Member,
    request: Request,
    response: Response,
    asked: schemas.JobRequest,
    key: Key = None,
) -> Any:
    """Submit a painting or a draft."""
    services.submissions.take(caller.user)
    pictures = _check(services, caller, asked)
    _check_limits(services, asked)
    id = new_id("j")
    try:
        job = painting_job(asked, pictures, id, draft_size=services.settings.draft_size)
        if asked.webhook is not None:
            check_address(asked.webhook, services.settings)
    except OptionError as error:
        raise ProblemError("invalid", str(error)) from error
    record = JobRecord(
        id=id,
        owner=caller.user,
        kind=asked.kind,
        status="queued",
        title=asked.title or _title(asked, pictures),
        request=asked.model_dump(exclude={"webhook"}),
        created=time.time(),
        job=job.to_dict(),
        webhook=asked.webhook,
        uses=tuple(pictures),
    )
    accepted, is_new = _accept(services, record, key, asked.model_dump(mode="json"))
    request.state.made = accepted.id
    response.headers["Location"] = f"{API}/jobs/{accepted.id}"
    if not is_new:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return shown(services, accepted)


def _accept(
    services: Services, job: JobRecord, key: str | None = None, fingerprint: Mapping[str, Any] | None = None
) -> tuple[JobRecord, bool]:
    """Put ``job`` into the queue. Raises ProblemError("queue-full")."""
    digest = hashlib.sha256(json.dumps(fingerprint, sort_keys=True).encode()).hexdigest()
    try:
        accepted, is_new = services.state.jobs.submit(
            job, services.settings.limits, key=key, fingerprint=digest
        )
    except RefusalError as refusal:
        services.metrics.count("jobs_refused")
        raise _refused(services, refusal) from refusal
    if is_new:
        services.metrics.count("jobs_accepted")
    return accepted, is_new


def _refused(services: Services, refusal: RefusalError) -> ProblemError:
    """The problem that a refusal is; for a full queue, with the seconds until there may be room: as long as
    what is being painted has left, or a guess."""
    if refusal.reason != "queue-full":
        return ProblemError(refusal.reason, refusal.detail)
    wait = services.state.overview.seconds_left(default=20)
    return ProblemError("queue-full", f"{refusal.detail}; try again in {wait} seconds", retry_after=wait)


def _check(services: Services, caller: Caller, asked: schemas.JobSettings) -> dict[str, PictureRecord]:
    """The uploads a request names, by id. Raises ProblemError for those that are not there or do not fit."""
    paintings = [style.picture for style in asked.styles if style.picture is not None]
    masks = [mask for mask in (*(style.mask for style in asked.styles), asked.protect) if mask is not None]
    roles = [(asked.photo, "photo"), *((id, "painting") for id in paintings), *((id, "mask") for id in masks)]
    found: dict[str, PictureRecord] = {}
    for id, role in roles:
        picture = services.state.pictures.find(caller.user, id)
        if picture is None:
            raise ProblemError("unsuitable", f"there is no picture {id}; it may have been deleted")
        if (picture.role == "mask") != (role == "mask"):
            raise ProblemError("unsuitable", f"{id} is a {picture.role}; expected a {role}")
        found[id] = picture
    photo = found[asked.photo]
    for mask in (found[id] for id in masks):
        ratio = mask.width * photo.height / (mask.height * photo.width)
        if not 1 / (1 + PROPORTIONS) <= ratio <= 1 + PROPORTIONS:
            raise ProblemError(
                "unsuitable",
                f"the mask {mask.id} has {mask.width} x {mask.height}; expected the proportions of the "
                f"photograph, {photo.width} x {photo.height}",
            )
    for style in asked.styles:
        if style.name is not None and style.name not in painted_styles():
            raise ProblemError("invalid", f"there is no style {style.name} to paint with; see {API}/styles")
    return found


def _check_limits(services: Services, asked: schemas.JobSettings) -> None:
    """Raise ProblemError for what would be too large."""
    settings = services.settings
    if asked.size > settings.max_size:
        raise ProblemError("invalid", f"size must be at most {settings.max_size}; it is {asked.size}")
    if len(asked.styles) > settings.max_styles:
        raise ProblemError("invalid", f"at most {settings.max_styles} styles; these are {len(asked.styles)}")


def _title(asked: schemas.JobSettings, pictures: Mapping[str, PictureRecord]) -> str:
    names = [
        painted_styles()[style.name].title if style.name is not None else pictures[style.picture or ""].name
        for style in asked.styles
    ]
    return f"{pictures[asked.photo].name}, {' and '.join(names)}"[:200]


@router.get("/jobs", response_model=schemas.Jobs, responses=responses())
def list_jobs(
    services: ServicesDep,
    caller: Member,
    status: Annotated[str | None, Query(max_length=200, description="A comma list")] = None,
    kind: Annotated[Literal["painting", "draft", "explanation", "all"], Query()] = "painting",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: After = None,
) -> Any:
    """Your queue and history, newest first."""
    statuses = [] if not status else status.split(",")
    for name in statuses:
        if name not in STATUSES:
            raise ProblemError(
                "invalid", f"status must be some of {', '.join(STATUSES)}; one is {name[:40]!r}"
            )
    found = services.state.jobs.newest(
        caller.user,
        statuses=statuses,
        kind=None if kind == "all" else kind,
        before=read_cursor(after),
        limit=limit,
    )
    more = cursor(found[-1].created, found[-1].id) if len(found) == limit else None
    return {"jobs": [shown(services, job) for job in found], "next": more}


@router.get("/jobs/{id}", response_model=schemas.JobOut, responses=responses())
def read_job(services: ServicesDep, caller: Member, id: str) -> Any:
    """One job."""
    return shown(services, services.job(caller, id))


def _request(services: Services, caller: Caller, id: str, action: str, **there: Any) -> dict[str, Any]:
    try:
        job = services.state.jobs.request(caller.user, id, action, services.settings.limits, **there)
    except RefusalError as refusal:
        raise _refused(services, refusal) from refusal
    if job is None:
        raise ProblemError("not-found", f"there is no job {id}")
    return shown(services, job)


@router.post("/jobs/{id}/cancel", status_code=202, response_model=schemas.JobOut, responses=responses(409))
async def cancel(services: ServicesDep, caller: Member, id: str) -> Any:
    """Stop; what has been painted so far is the result."""
    job = await to_thread.run_sync(services.job, caller, id)
    if job.status in ("queued", "paused") and job.progress is not None:  # nobody has it in hand
        return await to_thread.run_sync(_cancel_unfinished, services, caller, job, limiter=services.decoders)
    return await to_thread.run_sync(_request, services, caller, id, "cancel")


def _cancel_unfinished(services: Services, caller: Caller, job: JobRecord) -> dict[str, Any]:
    """Cancel a painting that was put down; what there is of it is the result."""
    storage, result, size = services.storage, None, 0
    if (storage.job(job.id) / PARTIAL).is_file():
        result = keep_result(storage, job.id, (job.progress or {}).get("elapsed", 0.0), partial=True)
        size = storage.size(job.id)
    found = _request(services, caller, job.id, "cancel", result=result, size=size)
    if found["status"] == "cancelled":  # or else a worker took it meanwhile, and sees to it
        storage.clear_job(job.id)
    return found


@router.post("/jobs/{id}/pause", status_code=202, response_model=schemas.JobOut, responses=responses(409))
def pause(services: ServicesDep, caller: Member, id: str) -> Any:
    """Stop, to go on later from there."""
    return _request(services, caller, id, "pause")


@router.post("/jobs/{id}/resume", status_code=202, response_model=schemas.JobOut, responses=responses(409))
def resume(services: ServicesDep, caller: Member, id: str) -> Any:
    """Go on."""
    return _request(services, caller, id, "resume")


@router.delete("/jobs/{id}", status_code=204, responses=responses())
def delete_job(services: ServicesDep, caller: Member, id: str) -> None:
    """Delete a job and its pictures, from the disk too; one that is being painted is stopped."""
    gone = services.state.jobs.remove(caller.user, id)
    if not gone:
        raise ProblemError("not-found", f"there is no job {id}")
    for each in gone:  # with what explains it
        services.storage.remove_job(each)


@router.post(
    "/jobs/{id}/explanation",
    status_code=202,
    response_model=schemas.JobOut,
    responses=responses(409, 501),
)
def explain(services: ServicesDep, caller: Member, request: Request, id: str) -> Any:
    """Have the page made that explains how this picture came to be; answers with a job of its own."""
    services.submissions.take(caller.user)
    job = services.job(caller, id)
    if job.kind == "explanation":
        raise ProblemError("state", "this job is an explanation itself")
    if not services.can_explain:
        raise ProblemError("unavailable", "explanation pages cannot be made by this installation")
    asked = schemas.JobSettings(**job.request)
    pictures, made_id = _check(services, caller, asked), new_id("j")
    made = JobRecord(
        id=made_id,
        owner=caller.user,
        kind="explanation",
        status="queued",
        title=f"How it works: {job.title}"[:200],
        request=job.request,
        created=time.time(),
        job=explanation_job(asked, pictures, made_id, draft_size=services.settings.draft_size).to_dict(),
        explains=job.id,
        uses=tuple(pictures),
    )
    accepted, _ = _accept(services, made, f"explanation {job.id} {int(time.time() // 60)}", {"of": job.id})
    request.state.made = accepted.id
    return shown(services, accepted)
