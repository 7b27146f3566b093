"""What the routes work with, and what every request asks first: who is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import anyio
from fastapi import Depends, Request

from impasto.studio.logs import Audit
from impasto.studio.queues import Queues
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, PictureRecord, State
from impasto.studio.state.storage import Storage
from impasto.studio.web.accounts import Accounts, Caller
from impasto.studio.web.broadcast import Watcher
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
    queues: Queues
    accounts: Accounts
    watcher: Watcher
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
    can_explain: bool = False

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


Here = Annotated[Services, Depends(services)]


def line_of(request: Request) -> str:
    """Who asks as far as an address tells, for what is limited by address."""
    return caller_at(request.client.host) if request.client else ""


def visitor(request: Request, here: Here) -> Caller | None:
    """Who asks, a stranger perhaps; from our own page if from a browser."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:  # the gate asked already
        return known
    address = line_of(request)
    caller = _caller(request, here, address)
    if caller is None:
        here.requests.take(f"address {address}")
        return None
    here.requests.take(caller.user)
    here.accounts.check_origin(request, caller)
    request.state.user = caller.user
    request.state.caller = caller
    return caller


def _caller(request: Request, here: Services, address: str) -> Caller | None:
    """Who asks. Whoever guesses tokens is not listened to for a while, right or wrong."""
    guesses = here.settings.needs_token and "authorization" in request.headers
    if guesses:
        here.sign_ins.check(address)
    try:
        return here.accounts.caller(request)
    except ProblemError:
        if guesses:
            here.sign_ins.take(address)
        raise


def admit_upload(request: Request, here: Services) -> None:
    """Raise ProblemError for an upload that would be refused, before a byte of it is read."""
    caller = member(visitor(request, here))
    here.uploads.take(caller.user)
    used, _ = here.state.pictures.used(caller.user)
    if used >= here.settings.user_bytes:
        raise ProblemError("quota", f"your pictures take {used:,} bytes, all you have: delete some")


def member(caller: Annotated[Caller | None, Depends(visitor)]) -> Caller:
    """Who asks. Raises ProblemError("unauthorised") for a stranger."""
    if caller is None:
        raise ProblemError("unauthorised", "expected to be signed in: a bearer token, or a session")
    return caller


Visitor = Annotated[Caller | None, Depends(visitor)]
Member = Annotated[Caller, Depends(member)]
