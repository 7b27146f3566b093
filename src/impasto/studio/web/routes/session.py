"""Signing in and out, and one's account."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from impasto.studio.documents import iso
from impasto.studio.web import schemas
from impasto.studio.web.accounts import COOKIE, Caller, check_same_site
from impasto.studio.web.dependencies import Here, Member, Services, Visitor, line_of
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.webhooks import secret_for

router = APIRouter(tags=["account"])


def _session(here: Services, caller: Caller | None) -> dict[str, Any]:
    return {
        "authenticated": caller is not None,
        "required": here.settings.needs_token,
        "user": None if caller is None else caller.user,
        "csrf": None if caller is None else caller.csrf,
        "expires": None if caller is None else iso(caller.expires),
    }


@router.get("/session", response_model=schemas.Session, responses=responses())
def read_session(here: Here, caller: Visitor) -> Any:
    """Who you are, and your CSRF token."""
    return _session(here, caller)


@router.post("/session", response_model=schemas.Session, responses=responses())
def sign_in(here: Here, request: Request, response: Response, asked: schemas.SignIn) -> Any:
    """Sign in with a token; sets the session cookie."""
    here.sign_ins.take(line_of(request))
    check_same_site(request)
    caller = here.accounts.sign_in(asked.token)
    if caller is None:
        raise ProblemError("unauthorised", "this token opens nothing here")
    request.state.user = caller.user
    assert caller.session is not None
    response.set_cookie(
        COOKIE,
        caller.session,
        max_age=int(here.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _session(here, caller)


@router.delete("/session", status_code=204, responses=responses())
def sign_out(here: Here, caller: Member, response: Response) -> None:
    """Sign out; the session is no good any more."""
    here.accounts.sign_out(caller)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/account", response_model=schemas.Account, responses=responses())
def read_account(here: Here, caller: Member) -> Any:
    """What you use and may use, and what signs your webhooks."""
    used, pictures = here.state.pictures.used(caller.user)
    active = here.state.jobs.active(caller.user)
    return {
        "user": caller.user,
        "webhook_secret": secret_for(here.settings, caller.user),
        "usage": {"bytes": used, "pictures": pictures, "active_jobs": active},
        "quota": {"bytes": here.settings.user_bytes, "active_jobs": here.settings.max_active},
    }


@router.delete("/account/pictures", status_code=204, responses=responses())
def delete_everything(here: Here, caller: Member) -> None:
    """Delete all your uploads, jobs and results. There is no way back."""
    for id in here.state.jobs.remove_all(caller.user):
        here.storage.remove_job(id)
    for id in here.state.pictures.remove_all(caller.user):
        here.storage.remove_picture(id)
