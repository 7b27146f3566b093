"""The services that routes use, and the authentication of each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from impasto.studio.logs import Audit
from impasto.studio.settings import Settings
from impasto.studio.state import JobRecord, PictureRecord, State
from impasto.studio.state.storage import Storage, is_id
from impasto.studio.web.accounts import Accounts, Caller
from impasto.studio.web.broadcast import Broadcaster
from impasto.studio.web.decoders import Decoders
from impasto.studio.web.metrics import Metrics
from impasto.studio.web.previews import Previews
from impasto.studio.web.problems import ProblemError
from impasto.studio.web.rate_limits import Buckets, caller_at
from impasto.studio.web.readiness import Readiness
from impasto.studio.web.stills import Stills


@dataclass
class Services:
    """The application's services."""

    settings: Settings
    state: State
    storage: Storage
    accounts: Accounts
    broadcaster: Broadcaster
    metrics: Metrics
    audit: Audit
    previews: Previews
    stills: Stills
    decoders: Decoders
    painters: Decoders
    requests: Buckets
    uploads: Buckets
    submissions: Buckets
    sign_ins: Buckets
    readiness: Readiness

    def job(self, caller: Caller, id: str) -> JobRecord:
        """Return the caller's job. Raises ProblemError("not-found"), also for another user's job."""
        found = self.state.jobs.find(caller.user, id) if is_id(id) else None
        if found is None:
            raise ProblemError("not-found", f"unknown job: {id}")
        return found

    def picture(self, caller: Caller, id: str) -> PictureRecord:
        """Return the caller's upload. Raises ProblemError("not-found"), also for another user's."""
        found = self.state.pictures.find(caller.user, id) if is_id(id) else None
        if found is None:
            raise ProblemError("not-found", f"unknown picture: {id}")
        return found


def services(request: Request) -> Services:
    """Return the application's services."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


def client_address(request: Request) -> str:
    """Return the client's address, for limits by address."""
    return caller_at(request.client.host) if request.client else ""


def visitor(request: Request, services: ServicesDep) -> Caller | None:
    """Return the caller, or None if not signed in; check the rate limit and the origin."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None:  # authenticated by the middleware
        return known
    address = client_address(request)
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
    """Return the caller, or None if not signed in. Too many wrong tokens block an address for a while."""
    guesses = services.settings.needs_token and "authorization" in request.headers
    if guesses:
        services.sign_ins.check(address)
    try:
        return services.accounts.caller(request)
    except ProblemError:
        if guesses:
            services.sign_ins.take(address)
        raise


def admit_upload(request: Request, services: Services, coming: int = 0) -> None:
    """Raise ProblemError for an upload that would be refused, before reading its body.

    ``coming``: its known size in bytes.
    """
    caller = member(visitor(request, services))
    services.uploads.take(caller.user)
    used, _ = services.state.pictures.used(caller.user)
    if used >= services.settings.user_bytes or used + coming > services.settings.user_bytes:
        how = "empty the bin, or delete some" if services.state.jobs.bin_bytes(caller.user) else "delete some"
        most = services.settings.user_bytes
        needs = f"this one needs {coming:,} bytes, and " if coming else ""
        raise ProblemError("quota", f"{needs}your pictures take {used:,} of {most:,} bytes; {how}")


def member(caller: Annotated[Caller | None, Depends(visitor)]) -> Caller:
    """Return the caller. Raises ProblemError("unauthorised") if not signed in."""
    if caller is None:
        raise ProblemError("unauthorised", "not signed in: expected a bearer token or a session")
    return caller


Visitor = Annotated[Caller | None, Depends(visitor)]
Member = Annotated[Caller, Depends(member)]
