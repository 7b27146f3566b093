"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from impasto.errors import ImpastoError, OutputError, WeightsError
from impasto.studio.state import RefusalError

log = logging.getLogger("impasto.studio.http")
MEDIA = "application/problem+json"
KINDS: dict[str, tuple[int, str]] = {
    "invalid": (422, "A field is missing or wrong"),
    "unauthorised": (401, "Sign in first"),
    "csrf": (403, "The request did not come from this page"),
    "host": (421, "This server has another name"),
    "not-found": (404, "There is no such thing"),
    "method": (405, "That cannot be done here"),
    "too-large": (413, "Too many bytes"),
    "too-many-pixels": (413, "Too many pixels or frames"),
    "not-a-picture": (415, "Not a picture that can be read"),
    "unsuitable": (422, "The picture does not fit"),
    "in-use": (409, "It is needed"),
    "state": (409, "Not now"),
    "idempotency": (422, "Another request had this key"),
    "queue-full": (429, "The queue is full"),
    "rate": (429, "Too many requests"),
    "quota": (403, "Your storage is used up"),
    "unavailable": (501, "This installation cannot do that"),
    "stopping": (503, "The server is stopping"),
    "not-ready": (503, "Not ready yet"),
    "internal": (500, "A fault of ours"),
}


class ProblemError(Exception):
    """An answer that is an error; ``kind`` is one of ``KINDS``."""

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
    """RFC 9457, with what went wrong in which field, when to come back, and the request's number."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    request_id: str | None = None
    retry_after: int | None = None
    errors: list[FieldError] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the errors a route answers with; all routes share some."""
    everywhere = (400, 401, 403, 404, 405, 413, 421, 422, 429, 500, 503)
    return {
        status: {
            "description": "A problem document",
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in sorted({*everywhere, *statuses})
    }


def document(scope: Mapping[str, Any], problem: ProblemError) -> tuple[int, dict[str, Any], dict[str, str]]:
    """A problem's status, body and headers."""
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
    """The response for a problem."""
    status, body, headers = document(request.scope, problem)
    return JSONResponse(body, status, headers, media_type=MEDIA)


def install(app: FastAPI) -> None:
    """Have every error of ``app`` answered with a problem document."""

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
                "field": ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0]),
                "message": str(item["msg"]).removeprefix("Value error, "),
            }
            for item in error.errors()
        ][:20]
        first = found[0]
        return answer(request, ProblemError("invalid", f"{first['field']}: {first['message']}", errors=found))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kinds = {404: "not-found", 405: "method", 413: "too-large"}
        kind = kinds.get(error.status_code, "invalid")
        detail = str(error.detail) if kind == "invalid" else f"{KINDS[kind][1].lower()}: {request.url.path}"
        return answer(request, ProblemError(kind, detail, headers=error.headers))

    async def on_impasto(request: Request, error: Exception) -> JSONResponse:
        if isinstance(error, (WeightsError, OutputError)):  # of our networks and our disk, not of the request
            return await on_fault(request, error)
        root = str(request.app.state.services.storage.root)
        detail = str(error).replace(f"{root}/", "").replace(root, "")
        if detail != str(error):  # a file of ours, gone meanwhile
            log.warning("a file cannot be used: %s", error)
        return answer(request, ProblemError("invalid", detail))

    async def on_fault(request: Request, error: Exception) -> JSONResponse:
        log.error("a fault", exc_info=error, extra={"request": request.scope["state"].get("request_id")})
        return answer(request, ProblemError("internal", "an unexpected error; see the log for request_id"))

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RefusalError, on_refusal)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ImpastoError, on_impasto)
    app.add_exception_handler(Exception, on_fault)
