"""Progress as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from impasto.studio.documents import job_document
from impasto.studio.state import ACTIVE, JobRecord
from impasto.studio.web.accounts import Caller
from impasto.studio.web.broadcast import Subscriber
from impasto.studio.web.dependencies import Here, Member, Services
from impasto.studio.web.problems import ProblemError, responses

router = APIRouter(tags=["events"])
STILL_HERE = b": still here\n\n"
_STREAM: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
LastEvent = Annotated[str | None, Header(alias="Last-Event-ID", max_length=100)]


def _event(name: str, data: Any, id: int | None = None) -> bytes:
    number = "" if id is None else f"id: {id}\n"
    return f"{number}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _describe(here: Services, job: JobRecord) -> bytes:
    position = here.state.jobs.position(job)
    return _event("job", job_document(job, position=position), job.version)


async def _told(here: Services, job: JobRecord) -> bytes:
    """The event for a job; only a queued one costs a look into the state."""
    if job.status == "queued":
        return await run_in_threadpool(_describe, here, job)
    return _event("job", job_document(job, position=None), job.version)


def _stream(body: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


def _check_room(here: Services, caller: Caller) -> None:
    watcher, settings = here.watcher, here.settings
    is_full = watcher.streams >= settings.max_streams
    if is_full or watcher.streams_of(caller.user) >= settings.max_user_streams:
        raise ProblemError("rate", "too many streams are open; try again", retry_after=10)


@router.get("/jobs/{id}/events", response_class=Response, responses={**_STREAM, 204: {}, **responses()})
async def watch_job(here: Here, caller: Member, id: str, last: LastEvent = None) -> Response:
    """One job's progress, until it has ended."""
    job = await run_in_threadpool(here.job, caller, id)
    if job.is_final and last == str(job.version):
        return Response(status_code=204)  # EventSource asks no more
    _check_room(here, caller)
    return _stream(_one(here, caller, id))


async def _one(here: Services, caller: Caller, id: str) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    with here.watcher.subscribe(caller.user, id) as subscriber:
        job = await run_in_threadpool(here.state.jobs.find, caller.user, id)
        if job is None:
            return
        yield await _told(here, job)
        if job.is_final:
            return
        async for news in _during(here, subscriber):
            if news is None:
                yield STILL_HERE
                if job.status == "queued":  # others before it may have gone: it has not changed itself
                    yield await _told(here, job)
            elif isinstance(news, str):
                yield _event("deleted", {"id": news})
                return
            elif news.version > job.version:
                job = news
                yield await _told(here, job)
                if job.is_final:
                    return


@router.get("/events", response_class=Response, responses={**_STREAM, **responses()})
async def watch_all(here: Here, caller: Member) -> Response:
    """The progress of all your jobs."""
    _check_room(here, caller)
    return _stream(_all(here, caller))


async def _all(here: Services, caller: Caller) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    with here.watcher.subscribe(caller.user, None) as subscriber:
        for job in await _unfinished(here, caller, ACTIVE):
            yield await _told(here, job)
        async for news in _during(here, subscriber):
            if news is None:
                yield STILL_HERE
                for job in await _unfinished(here, caller, ("queued",)):
                    yield await _told(here, job)
            elif isinstance(news, str):
                yield _event("deleted", {"id": news})
            else:
                yield await _told(here, news)


async def _unfinished(here: Services, caller: Caller, statuses: tuple[str, ...]) -> list[JobRecord]:
    """The caller's jobs of these statuses, the oldest first."""
    found = await run_in_threadpool(lambda: here.state.jobs.newest(caller.user, statuses=statuses, limit=500))
    return found[::-1]


async def _during(here: Services, subscriber: Subscriber) -> AsyncIterator[JobRecord | str | None]:
    """What comes in; nothing when the server is stopping."""
    if here.watcher.is_stopping:
        return
    async for news in subscriber.news():
        yield news
        await asyncio.sleep(0)  # others have their turn
