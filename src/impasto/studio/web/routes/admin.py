"""For administrators: people, queue and disk, and cancelling anyone's job. No pictures, and no titles."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends

from impasto import __version__
from impasto.studio.documents import iso
from impasto.studio.state import LANES, JobRecord, PersonRecord
from impasto.studio.state.storage import is_id
from impasto.studio.web import response_schemas
from impasto.studio.web.accounts import Caller
from impasto.studio.web.dependencies import Member, Services, ServicesDep
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.routes.jobs import cancel_job

router = APIRouter(tags=["admin"])


def administrator(services: ServicesDep, caller: Member) -> Caller:
    """Return the caller, an administrator. Raises ProblemError("not-found") for all others."""
    if not services.accounts.is_admin(caller.user):
        raise ProblemError("not-found", "not found")
    return caller


Administrator = Annotated[Caller, Depends(administrator)]


@router.get("/admin", response_model=response_schemas.AdminOverview, responses=responses())
def overview(services: ServicesDep, caller: Administrator) -> Any:  # noqa: ARG001
    """Return the studio's people, queue and disk."""
    jobs = services.state.overview.unfinished()
    places = services.state.jobs.positions(jobs)
    jobs.sort(key=lambda job: (job.worker is None, places.get(job.id, services.settings.max_queue + 1)))
    people = services.state.people.people(time.time())
    return {
        "version": __version__,
        "database": "postgresql" if services.state.database.is_shared else "sqlite",
        "disk": _disk(services, people),
        "lanes": _lanes(services, jobs),
        "people": _people(services, people),
        "jobs": [_job(job, places.get(job.id)) for job in jobs],
    }


@router.post(
    "/admin/jobs/{id}/cancel",
    status_code=202,
    response_model=response_schemas.AdminJob,
    responses=responses(409),
)
async def cancel(services: ServicesDep, caller: Administrator, id: str) -> Any:
    """Cancel anyone's job; the picture so far becomes its result, for its owner."""
    job = await to_thread.run_sync(services.state.overview.find, id) if is_id(id) else None
    if job is None:
        raise ProblemError("not-found", f"unknown job: {id}")
    return _job(await cancel_job(services, caller, job), None)


def _disk(services: Services, people: list[PersonRecord]) -> dict[str, Any]:
    usage, database = shutil.disk_usage(services.settings.data_dir), services.state.database.path
    return {
        "total": usage.total,
        "free": usage.free,
        "pictures": sum(person.bytes for person in people),
        "bin": sum(person.bin_bytes for person in people),
        "database": None if database is None else database.stat().st_size,
    }


def _lanes(services: Services, jobs: list[JobRecord]) -> list[dict[str, Any]]:
    counts = Counter((job.lane, "running" if job.worker is not None else job.status) for job in jobs)
    names = ("queued", "running", "paused")
    most = services.settings.max_queue
    return [{"lane": lane, "most": most, **{name: counts[lane, name] for name in names}} for lane in LANES]


def _people(services: Services, people: list[PersonRecord]) -> list[dict[str, Any]]:
    """Return everyone who has something, may sign in, or both."""
    known = {person.owner: person for person in people}
    names = sorted({*known, *services.accounts.names()})
    return [
        {
            "user": name,
            "admin": services.accounts.is_admin(name),
            "known": services.accounts.is_known(name),
            "streams": services.broadcaster.streams_of(name),
            **_belongings(known.get(name, PersonRecord(name))),
        }
        for name in names
    ]


def _belongings(person: PersonRecord) -> dict[str, Any]:
    names = ("bytes", "bin_bytes", "pictures", "jobs", "active_jobs", "sessions")
    return {**{name: getattr(person, name) for name in names}, "last": iso(person.last)}


def _job(job: JobRecord, position: int | None) -> dict[str, Any]:
    progress = job.progress or {}
    return {
        "id": job.id,
        "user": job.owner,
        "kind": job.kind,
        "status": job.status,
        "created": iso(job.created),
        "started": iso(job.started),
        "position": position,
        "attempts": job.attempts,
        "size": job.request.get("size"),
        "done": progress.get("done"),
        "left": progress.get("left"),
    }
