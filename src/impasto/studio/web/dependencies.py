"""What the routes work with, and what every request asks first: who is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import anyio
from fastapi import Depends, Request

from impasto.studio.logs import Audit
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, PictureRecord, State
from impasto.studio.state.storage import Storage
from impasto.studio.web.accounts import Accounts, Caller
from impasto.studio.web.broadcast import Broadcaster
from impasto.studio.web.metrics import Metrics
from impasto.studio.web.previews import Previews
from impasto.studio.web.problems import ProblemError
from impasto.studio.web.rate_limits import Buckets, caller_at
from impasto.studio.web.readiness import Readiness


@dataclass
class Services:
    """One of each."""

    settings: Settings
    state: State
    storage: Storage
    accounts: Accounts
    broadcaster: Broadcaster
    metrics: Metrics
    audit: Audit
    previews: Previews
    decoders: anyio.CapacityLimiter
    painters: anyio.CapacityLimiter
    requests: Buckets
    uploads: Buckets
    submissions: Buckets
    sign_ins: Buckets
    readiness: Readiness
    can_explain: bool

    def job(self, caller: Caller, id: str) -> JobRecord:
        """The caller's job. Raises ProblemError("not-found") for others' as for none."""
        found = self.state.jobs.find(caller.user, id)
        if found is None:
            raise ProblemError("not-found", f"there is no job {id}")
        return found

    def picture(self, caller: Caller, id: str) -> PictureRecord:
        """The caller's upload. Raises ProblemError("not-found") for others' as for none."""
        found = self.state.pictures.find(caller.user, id)
        if found is None:
            raise ProblemError("not-found", f"there is no picture {id}")
        return found


def services(request: Request) -> Services:
    """The application's."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


def line_of(request: Request) -> str:
    """Who asks as far as an address tells, for what is limited by address."""
    return caller_at(request.client.host) if request.client else ""


def visitor(request: Request, services: ServicesDep) -> Caller | None:
    """Who asks, a stranger perhaps; from our own page if from a browser."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:  # the gate asked already
        return known
    address = line_of(request)
    caller = _caller(request, services, address)
    if caller is None:
        services.requests.take(f"address {address}")
        return None
    services.requests.take(caller.user)
    services.accounts.check_origin(request, caller)
    request.state.user = caller.user
    request.state.caller = caller
    return caller


def _caller(request: Request, services: Services, address: str) -> Caller | None:
    """Who asks. Whoever guesses tokens is not listened to for a while, right or wrong."""
    guesses = services.settings.needs_token and "authorization" in request.headers
    if guesses:
        services.sign_ins.check(address)
    try:
        return services.accounts.caller(request)
    except ProblemError:
        if guesses:
            services.sign_ins.take(address)
        raise


def admit_upload(request: Request, services: Services) -> None:
    """Raise ProblemError for an upload that would be refused, before a byte of it is read."""
    caller = member(visitor(request, services))
    services.uploads.take(caller.user)
    used, _ = services.state.pictures.used(caller.user)
    if used >= services.settings.user_bytes:
        raise ProblemError("quota", f"your pictures take {used:,} bytes, all you have: delete some")


def member(caller: Annotated[Caller | None, Depends(visitor)]) -> Caller:
    """Who asks. Raises ProblemError("unauthorised") for a stranger."""
    if caller is None:
        raise ProblemError("unauthorised", "expected to be signed in: a bearer token, or a session")
    return caller


Visitor = Annotated[Caller | None, Depends(visitor)]
Member = Annotated[Caller, Depends(member)]
