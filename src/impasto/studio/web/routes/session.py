"""Signing in and out, and the account."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from impasto.studio.documents import iso
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.accounts import COOKIE, Caller, check_same_site
from impasto.studio.web.dependencies import Member, Services, ServicesDep, Visitor, client_address
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.webhooks import secret_for

router = APIRouter(tags=["account"])


def _session(services: Services, caller: Caller | None) -> dict[str, Any]:
    return {
        "authenticated": caller is not None,
        "required": services.settings.needs_token,
        "user": None if caller is None else caller.user,
        "admin": caller is not None and services.accounts.is_admin(caller.user),
        "csrf": None if caller is None else caller.csrf,
        "expires": None if caller is None else iso(caller.expires),
    }


@router.get("/session", response_model=response_schemas.SessionInfo, responses=responses())
def read_session(services: ServicesDep, caller: Visitor) -> Any:
    """Return the user's name and CSRF token."""
    return _session(services, caller)


@router.post("/session", response_model=response_schemas.SessionInfo, responses=responses())
def sign_in(services: ServicesDep, request: Request, response: Response, asked: schemas.SignIn) -> Any:
    """Sign in with a token, and set the session cookie."""
    services.sign_ins.take(client_address(request))
    check_same_site(request)
    caller = services.accounts.sign_in(asked.token)
    if caller is None:
        raise ProblemError("unauthorised", "unknown token")
    request.state.user = caller.user
    assert caller.session is not None
    response.set_cookie(
        COOKIE,
        caller.session,
        max_age=int(services.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _session(services, caller)


@router.delete("/session", status_code=204, responses=responses())
def sign_out(services: ServicesDep, caller: Member, response: Response) -> None:
    """Sign out and end the session."""
    services.accounts.sign_out(caller)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/account", response_model=response_schemas.Account, responses=responses())
def read_account(services: ServicesDep, caller: Member) -> Any:
    """Return your usage, quota and webhook secret."""
    used, pictures = services.state.pictures.used(caller.user)
    binned = services.state.jobs.bin_bytes(caller.user)
    active = services.state.jobs.active(caller.user)
    return {
        "user": caller.user,
        "webhook_secret": secret_for(services.settings, caller.user),
        "usage": {"bytes": used, "bin_bytes": binned, "pictures": pictures, "active_jobs": active},
        "quota": {"bytes": services.settings.user_bytes, "active_jobs": services.settings.max_active},
    }


@router.delete("/account/pictures", status_code=204, responses=responses())
def delete_everything(services: ServicesDep, caller: Member) -> None:
    """Delete all your uploads, jobs and results, in the bin or not. This cannot be undone."""
    for id in services.state.jobs.remove_all(caller.user):
        services.storage.remove_job(id)
    for id in services.state.pictures.remove_all(caller.user):
        services.storage.remove_picture(id)
