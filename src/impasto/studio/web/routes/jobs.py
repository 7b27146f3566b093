"""Jobs: submitting, listing, pausing, cancelling, deleting and explaining."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Body, Header, Query, Request, Response

from impasto.files import digests
from impasto.optimize.pyramid import work
from impasto.studio.documents import API, batch_document, job_document
from impasto.studio.results import store_result
from impasto.studio.shares import forget_film
from impasto.studio.state import ACTIVE, FINAL, STATUSES, JobRecord, PictureRecord, RefusalError
from impasto.studio.state.storage import PARTIAL, new_id
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.pagination import After, next_page, read_cursor
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import (
    explanation_job,
    film_job,
    painted_styles,
    painting_job,
    preset_options,
    training_job,
)
from impasto.studio.web.submission_checks import check_film_work, check_limits, check_uploads, check_work
from impasto.studio.webhooks import check_address

router = APIRouter(tags=["jobs"])
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x20-\x7e]+$")
]
LONGEST_WAIT = 120.0
"""The longest Retry-After, in seconds, when the queue is full."""
Side = Annotated[int, Query(ge=1, le=100_000)]


def with_position(services: Services, job: JobRecord) -> dict[str, Any]:
    """Return a job as a document, with its position."""
    return job_document(job, position=services.state.jobs.position(job))


@router.post(
    "/jobs",
    status_code=202,
    response_model=response_schemas.JobOut,
    responses={200: {"model": response_schemas.JobOut, "description": "Submitted before"}, **responses(409)},
)
def submit(
    services: ServicesDep,
    caller: Member,
    request: Request,
    response: Response,
    asked: Annotated[schemas.Submission, Body()],
    key: Key = None,
) -> Any:
    """Submit a painting, a draft or a film."""
    services.submissions.take(caller.user)
    pictures = check_uploads(services, caller, asked)
    check_limits(services, asked)
    id = new_id("j")
    if isinstance(asked, schemas.FilmSubmission):
        job = film_job(asked, pictures, id)
        check_film_work(services, pictures[asked.photo], job, asked)
    else:
        job = painting_job(asked, pictures, id, settings=services.settings)
        check_work(services, pictures[asked.photo], job)
    if asked.webhook is not None:
        check_address(asked.webhook, services.settings)
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
        batch=asked.batch if isinstance(asked, schemas.JobRequest) else None,
        uses=tuple(pictures),
    )
    accepted, is_new = _accept(services, record, key, asked.model_dump(mode="json"))
    request.state.made = accepted.id
    response.headers["Location"] = f"{API}/jobs/{accepted.id}"
    if not is_new:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return with_position(services, accepted)


def _accept(
    services: Services, job: JobRecord, key: str | None = None, fingerprint: Mapping[str, Any] | None = None
) -> tuple[JobRecord, bool]:
    """Queue ``job``; return it and whether it is new. Raises ProblemError("queue-full")."""
    digest = digests.of_bytes(json.dumps(fingerprint, sort_keys=True))
    try:
        accepted, is_new = services.state.jobs.submit(
            job, services.settings.limits, key=key, fingerprint=digest
        )
    except RefusalError as refusal:
        services.metrics.count("jobs_refused")
        raise _refused(services, refusal, job.lane) from refusal
    if is_new:
        services.metrics.count("jobs_accepted")
    return accepted, is_new


def _refused(services: Services, refusal: RefusalError, lane: str) -> ProblemError:
    """Return a refusal as a problem; for a full queue, with the estimated seconds until there is room."""
    if refusal.reason != "queue-full":
        return ProblemError(refusal.reason, refusal.detail)
    left = services.state.overview.seconds_left(lane)
    if left is None or left > LONGEST_WAIT:  # what takes hours may be cancelled at any time
        return ProblemError("queue-full", f"{refusal.detail}; try again later", retry_after=LONGEST_WAIT)
    wait = max(1, round(left))
    return ProblemError("queue-full", f"{refusal.detail}; try again in {wait} seconds", retry_after=wait)


@router.get("/estimate", response_model=response_schemas.Estimate, responses=responses())
def estimate(
    services: ServicesDep,
    caller: Member,
    width: Side,
    height: Side,
    size: Side = 512,
    preset: Annotated[str, Query(max_length=60)] = "default",
) -> Any:
    """Estimate how long a painting of a photograph of ``width`` x ``height`` takes, as measured here."""
    options = preset_options(preset).replace(size=size)
    rate = services.state.speeds.find(options.encoder)
    seconds = None if rate is None else round(work(width, height, options) / rate, 1)
    return {"seconds": seconds, "before": services.state.jobs.before(caller.user, "paintings")}


def _title(asked: schemas.JobSettings | schemas.FilmSettings, pictures: Mapping[str, PictureRecord]) -> str:
    names = [
        painted_styles()[style.name].title if style.name is not None else pictures[style.picture or ""].name
        for style in asked.styles
    ]
    return f"{pictures[asked.photo].name}, {' and '.join(names)}"[:200]


@router.get("/jobs", response_model=response_schemas.Jobs, responses=responses())
def list_jobs(
    services: ServicesDep,
    caller: Member,
    status: Annotated[str | None, Query(max_length=200, description="Statuses, separated by commas")] = None,
    kind: Annotated[list[response_schemas.JobKind | Literal["all"]], Query(max_length=6)] = ["painting"],  # noqa: B006
    batch: Annotated[str | None, Query(**schemas.BATCH_NAME)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: After = None,
) -> Any:
    """List your jobs, newest first."""
    statuses = [] if not status else status.split(",")
    for name in statuses:
        if name not in STATUSES:
            raise ProblemError(
                "invalid", f"expected status to be some of {', '.join(STATUSES)}; got {name[:40]!r}"
            )
    found = services.state.jobs.newest(
        caller.user,
        statuses=statuses,
        kinds=() if "all" in kind else kind,
        batch=batch,
        before=read_cursor(after),
        limit=limit,
    )
    places = services.state.jobs.positions(found)
    return {
        "jobs": [job_document(job, position=places.get(job.id)) for job in found],
        "next": next_page(found, limit),
    }


@router.get("/batches", response_model=response_schemas.Batches, responses=responses())
def list_batches(
    services: ServicesDep, caller: Member, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Any:
    """List your batches, the one with the newest job first."""
    return {"batches": list(map(batch_document, services.state.jobs.batches(caller.user, limit)))}


@router.get("/jobs/{id}", response_model=response_schemas.JobOut, responses=responses())
def read_job(services: ServicesDep, caller: Member, id: str) -> Any:
    """Return one job."""
    return with_position(services, services.job(caller, id))


def _request(services: Services, job: JobRecord, action: str, **there: Any) -> JobRecord:
    """Cancel, pause or resume a job, whose owner may be another, and return it."""
    try:
        found = services.state.jobs.request(job.owner, job.id, action, services.settings.limits, **there)
    except RefusalError as refusal:
        raise _refused(services, refusal, job.lane) from refusal
    if found is None:
        raise ProblemError("not-found", f"unknown job: {job.id}")
    return found


@router.post(
    "/jobs/{id}/cancel", status_code=202, response_model=response_schemas.JobOut, responses=responses(409)
)
async def cancel(services: ServicesDep, caller: Member, id: str) -> Any:
    """Cancel a job; the picture so far becomes its result."""
    job = await to_thread.run_sync(services.job, caller, id)
    found = await cancel_job(services, caller, job)
    return await to_thread.run_sync(with_position, services, found)


async def cancel_job(services: Services, caller: Caller, job: JobRecord) -> JobRecord:
    """Cancel ``job`` for ``caller``, who may, and return it."""
    if job.status in ("queued", "paused") and job.progress is not None:  # no worker has it
        return await services.decoders.run(caller.user, _cancel_unfinished, services, job)
    return await to_thread.run_sync(_request, services, job, "cancel")


def _cancel_unfinished(services: Services, job: JobRecord) -> JobRecord:
    """Cancel a painting that was put back; the picture so far becomes its result."""
    storage, result, size = services.storage, None, 0
    if (storage.job(job.id) / PARTIAL).is_file():
        result = store_result(storage, job.id, (job.progress or {}).get("elapsed", 0.0), partial=True)
        size = storage.size(job.id)
    found = _request(services, job, "cancel", result=result, size=size)
    if found.status == "cancelled":  # else a worker has claimed it meanwhile
        storage.clear_job(job.id)
    return found


@router.post(
    "/jobs/{id}/pause", status_code=202, response_model=response_schemas.JobOut, responses=responses(409)
)
def pause(services: ServicesDep, caller: Member, id: str) -> Any:
    """Pause a job, to be resumed later."""
    return with_position(services, _request(services, services.job(caller, id), "pause"))


@router.post(
    "/jobs/{id}/resume", status_code=202, response_model=response_schemas.JobOut, responses=responses(409)
)
def resume(services: ServicesDep, caller: Member, id: str) -> Any:
    """Resume a paused job."""
    return with_position(services, _request(services, services.job(caller, id), "resume"))


@router.delete("/jobs/{id}", status_code=204, responses=responses())
def delete_job(
    services: ServicesDep,
    caller: Member,
    id: str,
    now: Annotated[bool, Query(description="For good, not into the bin")] = False,
) -> None:
    """Put a finished painting or film into the bin; delete any other job for good, stopping it first."""
    job = services.job(caller, id)
    has_bin = services.settings.keep_bin_days > 0
    if not now and has_bin and services.state.jobs.discard(caller.user, job.id):
        forget_film(services.storage, services.state, caller.user, job.id)
        return
    for each in services.state.jobs.remove(caller.user, job.id):  # the job and its explanations
        services.storage.remove_job(each)


@router.post("/jobs/{id}/restore", response_model=response_schemas.JobOut, responses=responses(409))
def restore(services: ServicesDep, caller: Member, id: str) -> Any:
    """Take a painting out of the bin."""
    found = services.state.jobs.restore(caller.user, services.job(caller, id).id)
    if found is None:
        raise ProblemError("not-found", f"unknown job: {id}")
    return with_position(services, found)


@router.get("/bin", response_model=response_schemas.Jobs, responses=responses())
def list_bin(
    services: ServicesDep,
    caller: Member,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: After = None,
) -> Any:
    """List what is in the bin, the newest painting first."""
    found = services.state.jobs.newest(caller.user, before=read_cursor(after), limit=limit, in_bin=True)
    return {"jobs": [job_document(job, position=None) for job in found], "next": next_page(found, limit)}


@router.delete("/bin", status_code=204, responses=responses())
def empty_bin(services: ServicesDep, caller: Member) -> None:
    """Delete for good what is in the bin. This cannot be undone."""
    for id in services.state.jobs.empty_bin(caller.user):
        services.storage.remove_job(id)


@router.post(
    "/pictures/{id}/training",
    status_code=202,
    response_model=response_schemas.JobOut,
    responses=responses(409),
)
def train(services: ServicesDep, caller: Member, request: Request, id: str) -> Any:
    """Submit a job that refines the fast network on an uploaded painting, for previews after it."""
    services.submissions.take(caller.user)
    picture = services.picture(caller, id)
    if picture.role != "painting":
        raise ProblemError("unsuitable", f"expected a painting; {id} is a {picture.role}")
    running = services.state.jobs.newest(caller.user, statuses=ACTIVE, kinds=("training",), limit=100)
    if any(job.request["photo"] == id for job in running):
        raise ProblemError("state", "the network is already learning this painting")
    made_id = new_id("j")
    record = JobRecord(
        id=made_id,
        owner=caller.user,
        kind="training",
        status="queued",
        title=f"Learning: {picture.name}"[:200],
        request=schemas.JobSettings(photo=id, styles=[schemas.StyleChoice(picture=id)]).model_dump(),
        created=time.time(),
        job=training_job(picture, made_id, settings=services.settings).to_dict(),
        uses=(id,),
    )
    accepted, _ = _accept(services, record)
    request.state.made = accepted.id
    return with_position(services, accepted)


@router.post(
    "/jobs/{id}/explanation",
    status_code=202,
    response_model=response_schemas.JobOut,
    responses=responses(409),
)
def explain(services: ServicesDep, caller: Member, request: Request, id: str) -> Any:
    """Submit a job that makes the page explaining how this picture was painted."""
    services.submissions.take(caller.user)
    job = services.job(caller, id)
    if job.kind not in ("painting", "draft"):
        raise ProblemError("state", f"expected a painting; this job is of the kind {job.kind}")
    if job.deleted is not None:
        raise ProblemError("state", "the job is in the bin")
    asked = schemas.JobSettings(**job.request)
    pictures, made_id = check_uploads(services, caller, asked), new_id("j")
    made = JobRecord(
        id=made_id,
        owner=caller.user,
        kind="explanation",
        status="queued",
        title=f"How it works: {job.title}"[:200],
        request=job.request,
        created=time.time(),
        job=explanation_job(asked, pictures, made_id, settings=services.settings).to_dict(),
        explains=job.id,
        uses=tuple(pictures),
    )
    # Asked for again while it is made, it is the same; after it has failed, say, another.
    before = services.state.jobs.explanation_of(caller.user, job.id, FINAL)
    after = "" if before is None else f" after {before.id}"
    accepted, _ = _accept(services, made, f"explanation {job.id}{after}", {"of": job.id})
    request.state.made = accepted.id
    return with_position(services, accepted)
