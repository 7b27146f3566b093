"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from impasto.errors import ImpastoError, OutputError, WeightsError
from impasto.studio.state import RefusalError
from impasto.studio.state.retries import is_full, is_outage, outage

log = logging.getLogger("impasto.studio.http")
MEDIA = "application/problem+json"
FULL = "there is no space left for pictures on the server; its operator has to free some"
KINDS: dict[str, tuple[int, str]] = {
    "invalid": (422, "A field is missing or wrong"),
    "unauthorised": (401, "Not signed in"),
    "csrf": (403, "Cross-site request"),
    "host": (421, "Unknown host name"),
    "not-found": (404, "Not found"),
    "method": (405, "Method not allowed"),
    "timeout": (408, "The request did not arrive in time"),
    "too-large": (413, "Too many bytes"),
    "too-many-pixels": (413, "Too many pixels"),
    "not-a-picture": (415, "Not a readable picture"),
    "not-a-film": (415, "Not a readable film"),
    "too-long": (413, "Too many frames"),
    "unsuitable": (422, "Unsuitable picture"),
    "in-use": (409, "In use"),
    "state": (409, "Not possible in this status"),
    "damaged": (409, "Damaged on the server"),
    "idempotency": (422, "Key used with another request"),
    "queue-full": (429, "The queue is full"),
    "rate": (429, "Too many requests"),
    "quota": (403, "Storage quota exceeded"),
    "stopping": (503, "The server is stopping"),
    "not-ready": (503, "Not ready yet"),
    "internal": (500, "Internal error"),
    "storage-full": (507, "No space left on the server"),
}


class ProblemError(Exception):
    """An error response; ``kind`` is one of ``KINDS``."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        retry_after: float | None = None,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.errors = kind, detail, errors
        self.retry_after = retry_after
        self.headers = dict(headers or {})


class FieldError(BaseModel):
    field: str
    message: str


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457), with the errors of fields, the time to retry and the request's id."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    request_id: str | None = None
    retry_after: int | None = None
    errors: list[FieldError] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of a route's error responses; some are shared by all routes."""
    everywhere = (400, 401, 403, 404, 405, 408, 413, 421, 422, 429, 500, 503, 507)
    return {
        status: {
            "description": "A problem document",
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in sorted({*everywhere, *statuses})
    }


def document(scope: Mapping[str, Any], problem: ProblemError) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return a problem's status, body and headers."""
    status, title = KINDS[problem.kind]
    body: dict[str, Any] = {
        "type": f"/problems/{problem.kind}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "instance": scope.get("path", ""),
        "request_id": scope.get("state", {}).get("request_id"),
    }
    headers = dict(problem.headers)
    if problem.retry_after is not None:
        body["retry_after"] = max(1, round(problem.retry_after))
        headers["Retry-After"] = str(body["retry_after"])
    if problem.errors:
        body["errors"] = problem.errors
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="impasto"'
    return status, body, headers


def answer(request: Request, problem: ProblemError) -> JSONResponse:
    """Return the response for a problem."""
    status, body, headers = document(request.scope, problem)
    return JSONResponse(body, status, headers, media_type=MEDIA)


def _field(loc: Sequence[int | str]) -> list[str]:
    """Return the path of a field from pydantic's, without the part and the kind of the request."""
    return [str(part) for part in loc[1:] if part not in ("JobRequest", "FilmSubmission")]


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document."""

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return answer(request, error)

    async def on_refusal(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RefusalError)
        return answer(request, ProblemError(error.reason, error.detail))

    async def on_invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        found = [
            {
                "field": ".".join(_field(item["loc"])) or str(item["loc"][0]),
                "message": str(item["msg"]).removeprefix("Value error, "),
            }
            for item in error.errors()
        ][:20]
        first = found[0]
        return answer(request, ProblemError("invalid", f"{first['field']}: {first['message']}", errors=found))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if is_full(error):  # a body that could not be received
            return await on_unexpected(request, error)
        kinds = {404: "not-found", 405: "method", 413: "too-large"}
        kind = kinds.get(error.status_code, "invalid")
        detail = str(error.detail) if kind == "invalid" else f"{KINDS[kind][1].lower()}: {request.url.path}"
        return answer(request, ProblemError(kind, detail, headers=error.headers))

    async def on_impasto(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, (WeightsError, OutputError)):  # errors of the server, not of the request
            return await on_unexpected(request, error)
        root = str(request.app.state.services.storage.root)
        detail = str(error).replace(f"{root}/", "").replace(root, "")
        if detail != str(error):  # a file of the server that was deleted meanwhile
            log.warning("a file cannot be used: %s", error)
        return answer(request, ProblemError("invalid", detail))

    async def on_unexpected(request: Request, error: Exception) -> JSONResponse:
        if is_full(error):
            log.error("the disk is full: %s", error)
            return answer(request, ProblemError("storage-full", FULL, retry_after=60))
        if is_outage(error):
            log.warning("the database cannot be reached: %s", outage(error))
            detail = "the database cannot be reached at the moment; try again"
            return answer(request, ProblemError("not-ready", detail, retry_after=5))
        log.error(
            "unexpected error", exc_info=error, extra={"request": request.scope["state"].get("request_id")}
        )
        return answer(request, ProblemError("internal", "an unexpected error; see the log for request_id"))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RefusalError, on_refusal)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ImpastoError, on_impasto)
    # Registered by their names too, because handlers for Exception raise it again after answering.
    for kind in (SQLAlchemyError, OSError, Exception):
        app.add_exception_handler(kind, on_unexpected)
