"""Links to finished pictures and films: made and withdrawn by their owner, followed by anyone who has one."""

from __future__ import annotations

import base64
import hashlib
import time
from html import escape
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from impasto.studio.documents import iso
from impasto.studio.shares import (
    ID_LETTERS,
    SIGNATURE_DIGITS,
    forget_film,
    is_signed,
    link_code,
    new_link_id,
    prepare_film,
    shown_film,
)
from impasto.studio.state import JobRecord, LinkRecord
from impasto.studio.state.storage import DISPLAY
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.dependencies import Member, Services, ServicesDep, client_address
from impasto.studio.web.languages import language_of
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.routes.results import FILM_MEDIA

router = APIRouter(tags=["links"])
public = APIRouter(include_in_schema=False)
LinkId = Annotated[str, Path(max_length=100)]
STYLE = (
    "html{color-scheme:light dark;background:light-dark(#e9e6e0,#1d1f1f);color:light-dark(#22201c,#e8e5de);"
    "font:18px/1.4 Georgia,serif}body{margin:0}main{min-height:100vh;display:grid;place-content:center;"
    "justify-items:center;gap:20px;padding:24px;box-sizing:border-box}img,video{max-width:100%;"
    "max-height:calc(100vh - 130px);box-shadow:0 2px 14px rgb(0 0 0/35%)}h1{font-size:1.1rem;"
    "font-weight:400;margin:0;text-align:center;overflow-wrap:anywhere}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-{_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",  # a withdrawn link ends at once
}
NOTHING = {
    "en": "There is no picture or film here, or not any more.",
    "de": "Hier ist weder Bild noch Film, oder nicht mehr.",
    "es": "Aquí no hay ninguna imagen ni película, o ya no la hay.",
    "fr": "Il n’y a ni image ni film ici, ou il n’y en a plus.",
    "ja": "ここに画像や動画はありません。公開が終わった可能性もあります。",
}
"""What is said of a link that shows nothing, in the languages of the page."""


def _document(services: Services, link: LinkRecord) -> dict[str, Any]:
    return {
        "id": link.id,
        "url": f"/s/{link_code(services.settings, link)}",
        "created": iso(link.created),
        "expires": iso(link.expires),
    }


def _linkable(services: Services, caller: Member, id: str) -> JobRecord:
    """Return the caller's job. Raises ProblemError if it has no picture or film to show."""
    job = services.job(caller, id)
    if job.kind not in ("painting", "draft", "film") or job.result is None or job.deleted is not None:
        where = "in the bin" if job.deleted is not None else job.status
        raise ProblemError("state", f"the job is {where}: there is nothing to link to")
    return job


@router.post(
    "/jobs/{id}/links", status_code=201, response_model=response_schemas.LinkOut, responses=responses(409)
)
def make_link(services: ServicesDep, caller: Member, id: str, asked: schemas.LinkRequest) -> Any:
    """Make a link that shows the picture or film and its title to anyone who has it."""
    job, most = _linkable(services, caller, id), services.settings.link_days
    if asked.days > most:
        words = f"expected at most {most} days" if most else "this studio makes no links"
        raise ProblemError("invalid", f"{words}; got {asked.days}")
    if job.kind == "film":
        prepare_film(services.storage, services.state, job, quota=services.settings.user_bytes)
    now = time.time()
    link = LinkRecord(new_link_id(), job.id, caller.user, now, now + asked.days * 86400.0)
    services.state.links.add(link)
    return _document(services, link)


@router.get("/jobs/{id}/links", response_model=response_schemas.Links, responses=responses())
def list_links(services: ServicesDep, caller: Member, id: str) -> Any:
    """List the valid links to a picture or film, oldest first."""
    job = services.job(caller, id)
    found = services.state.links.to(caller.user, job.id, time.time())
    return {"links": [_document(services, link) for link in found]}


@router.delete("/jobs/{id}/links/{link}", status_code=204, responses=responses())
def withdraw_link(services: ServicesDep, caller: Member, id: str, link: LinkId) -> None:
    """Withdraw a link, which shows nothing from now on."""
    job = services.job(caller, id)
    if "\0" in link or not services.state.links.remove(caller.user, job.id, link):
        raise ProblemError("not-found", "unknown link")
    forget_film(services.storage, services.state, caller.user, job.id)


@public.api_route("/s/{code}", methods=["GET", "HEAD"])
def show(services: ServicesDep, request: Request, code: str) -> Response:
    """Return a page with the picture or film and its title, and nothing else of its owner's."""
    job = _followed(services, request, code)
    if job is None or (job.kind == "film" and shown_film(services.storage, services.state, job) is None):
        return _nothing(request)
    title, language = escape(job.title), _language(request)
    place = escape(code)
    # The title is in whatever language its owner has.
    if job.kind == "film":
        shown = (
            f'<video src="{place}/film" poster="{place}/picture" controls playsinline loop '
            f'preload="metadata" aria-label="{title}" lang=""></video>'
        )
    else:
        shown = f'<img src="{place}/picture" alt="{title}" lang="">'
    body = f'{shown}<h1 dir="auto" lang="">{title}</h1>'
    return HTMLResponse(_page(title, body, language), headers=_headers(language))


@public.api_route("/s/{code}/picture", methods=["GET", "HEAD"])
def show_picture(services: ServicesDep, request: Request, code: str) -> Response:
    """Return the picture as JPEG, without its options; of a film, a frame."""
    job = _followed(services, request, code)
    path = None if job is None else services.storage.job(job.id) / DISPLAY
    if path is None or not path.is_file():
        return _nothing(request)
    return FileResponse(path, media_type="image/jpeg", headers=HEADERS)


@public.api_route("/s/{code}/film", methods=["GET", "HEAD"])
def show_film(services: ServicesDep, request: Request, code: str) -> Response:
    """Return the film as MP4, without its tags, in parts where they are asked for."""
    job = _followed(services, request, code)
    path = None if job is None or job.kind != "film" else shown_film(services.storage, services.state, job)
    if path is None:
        return _nothing(request)
    return FileResponse(path, media_type=FILM_MEDIA, headers=HEADERS)


def _followed(services: Services, request: Request, code: str) -> JobRecord | None:
    """Return the job whose picture or film a link shows; None for an unknown, ended or withdrawn link."""
    services.requests.take(f"address {client_address(request)}")
    if len(code) != ID_LETTERS + SIGNATURE_DIGITS or not code.isascii() or "\0" in code:
        return None
    link = services.state.links.find(code[:ID_LETTERS], time.time())
    if link is None or not is_signed(services.settings, link, code):
        return None
    request.state.made = link.id
    job = services.state.jobs.find(link.owner, link.job)
    is_shown = job is not None and job.result is not None and job.deleted is None
    return job if is_shown and services.accounts.is_known(link.owner) else None


def _nothing(request: Request) -> Response:
    """Return the page of a link that shows nothing, in the visitor's language."""
    language = _language(request)
    words = NOTHING[language]
    return HTMLResponse(_page(words, f"<h1>{words}</h1>", language), 404, _headers(language))


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language", ""), NOTHING)


def _headers(language: str) -> dict[str, str]:
    return {**HEADERS, "Content-Language": language, "Vary": "Accept-Language"}


def _page(title: str, body: str, language: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="../icon.svg">'
        f'<meta name="robots" content="noindex, nofollow, noarchive"><style>{STYLE}</style>'
        f"<main>{body}</main></html>\n"
    )
