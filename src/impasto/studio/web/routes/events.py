"""Progress as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from impasto.studio.documents import job_document
from impasto.studio.state import ACTIVE, JobRecord
from impasto.studio.web.accounts import Caller
from impasto.studio.web.broadcast import Subscriber
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.problems import ProblemError, responses

router = APIRouter(tags=["events"])
LOOK_EVERY = 15.0
"""The seconds between two looks whether who listens is still signed in."""
KEEP_ALIVE = b": keep-alive\n\n"
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
LastEvent = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)]


def _event(name: str, data: Any, id: int | None = None) -> bytes:
    number = "" if id is None else f"id: {id}\n"
    return f"{number}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _describe(services: Services, job: JobRecord) -> bytes:
    position = services.state.jobs.position(job)
    return _event("job", job_document(job, position=position), job.version)


def _describe_all(services: Services, jobs: list[JobRecord]) -> list[bytes]:
    places = services.state.jobs.positions(jobs)  # once for all of them
    return [_event("job", job_document(job, position=places.get(job.id)), job.version) for job in jobs]


async def _job_event(services: Services, job: JobRecord) -> bytes:
    """Return the event for a job, with its position if it is queued."""
    if job.status == "queued":
        return await run_in_threadpool(_describe, services, job)
    return _event("job", job_document(job, position=None), job.version)


def _stream(body: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


def _check_room(services: Services, caller: Caller) -> None:
    broadcaster, settings = services.broadcaster, services.settings
    is_full = broadcaster.streams >= settings.max_streams
    if is_full or broadcaster.streams_of(caller.user) >= settings.max_user_streams:
        raise ProblemError("rate", "too many streams are open; try again", retry_after=10)


@router.get("/jobs/{id}/events", response_class=Response, responses={**_STREAM, 204: {}, **responses()})
async def watch_job(services: ServicesDep, caller: Member, id: str, last: LastEvent = None) -> Response:
    """Stream one job's progress, until it has ended."""
    job = await run_in_threadpool(services.job, caller, id)
    if job.is_final and last == str(job.version):
        return Response(status_code=204)  # stops EventSource from reconnecting
    _check_room(services, caller)
    return _stream(_one(services, caller, id))


async def _one(services: Services, caller: Caller, id: str) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    with services.broadcaster.subscribe(caller.user, id) as subscriber:
        job = await run_in_threadpool(services.state.jobs.find, caller.user, id)
        if job is None:
            return
        yield await _job_event(services, job)
        if job.is_final:
            return
        async for news in _during(services, caller, subscriber):
            if news is None:
                yield KEEP_ALIVE
                if job.status == "queued":  # its position may have changed
                    yield await _job_event(services, job)
            elif isinstance(news, str):
                yield _event("deleted", {"id": news})
                return
            elif news.version > job.version:
                job = news
                yield await _job_event(services, job)
                if job.is_final:
                    return


@router.get("/events", response_class=Response, responses={**_STREAM, **responses()})
async def watch_all(services: ServicesDep, caller: Member) -> Response:
    """Stream the progress of all your jobs."""
    _check_room(services, caller)
    return _stream(_all(services, caller))


async def _all(services: Services, caller: Caller) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    with services.broadcaster.subscribe(caller.user, None) as subscriber:
        for event in await _unfinished(services, caller, ACTIVE):
            yield event
        async for news in _during(services, caller, subscriber):
            if news is None:
                yield KEEP_ALIVE
                for event in await _unfinished(services, caller, ("queued",)):
                    yield event
            elif isinstance(news, str):
                yield _event("deleted", {"id": news})
            else:
                yield await _job_event(services, news)


async def _unfinished(services: Services, caller: Caller, statuses: tuple[str, ...]) -> list[bytes]:
    """Return the events of the caller's jobs with these statuses, oldest first."""
    newest = partial(services.state.jobs.newest, caller.user, statuses=statuses, limit=500)
    return await run_in_threadpool(lambda: _describe_all(services, newest()[::-1]))


async def _during(
    services: Services, caller: Caller, subscriber: Subscriber
) -> AsyncIterator[JobRecord | str | None]:
    """Yield news until the server stops, or the caller is signed out."""
    if services.broadcaster.is_stopping:
        return
    looked = time.monotonic()
    async for news in subscriber.news():
        if news is None or time.monotonic() - looked > LOOK_EVERY:
            if not await run_in_threadpool(services.accounts.is_in, caller):
                return
            looked = time.monotonic()
        yield news
        await asyncio.sleep(0)  # let other streams run
