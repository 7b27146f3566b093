"""Middleware for host names, body sizes, headers and the log; pure ASGI, so that streams are not buffered."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.studio.documents import API
from impasto.studio.settings import Settings, is_loopback
from impasto.studio.web.dependencies import Services, admit_upload
from impasto.studio.web.problems import MEDIA, ProblemError, document

log = logging.getLogger("impasto.studio.http")
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
UPLOADS = f"{API}/pictures"
FILMS = f"{API}/films"
SESSION = f"{API}/session"
JSON_BYTES = 2**16
"""The maximum size in bytes of a request without files, much of which is stored."""
BODY_SECONDS = 30.0
"""The longest pause while the body of a request is received."""
FORM_BYTES = 2**16
"""The maximum size in bytes of a form without the file in it."""


class StudioMiddleware:
    """The middleware of every request."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self.app, self.services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await _Exchange(self.app, self.services, scope, receive, send).run()


class _Exchange:
    """One request and its response."""

    def __init__(self, app: ASGIApp, services: Services, scope: Scope, receive: Receive, send: Send) -> None:
        self.app, self.services = app, services
        self.scope, self._receive, self._send = scope, receive, send
        self.headers = Headers(scope=scope)
        self.began = time.perf_counter()
        self.status = 0
        self.read = 0
        self.most = JSON_BYTES
        if scope["path"].rstrip("/") == UPLOADS:
            self.most = services.settings.max_bytes + FORM_BYTES
        elif scope["path"].rstrip("/") == FILMS:
            self.most = services.settings.max_film_bytes
        self.is_whole = False
        self.problem: ProblemError | None = None
        scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)

    async def run(self) -> None:
        try:
            problem = self._refused() or await self._refused_upload()
            if problem is not None:
                await self._answer(problem)
            else:
                await self.app(self.scope, self._limited, self._sent)
        finally:
            self._log()

    def _refused(self) -> ProblemError | None:
        path, settings = self.scope["path"], self.services.settings
        host = self.headers.get("host", "")
        if path != "/healthz" and not _known(host, settings):
            how = "the operator can add it to IMPASTO_STUDIO_ALLOWED_HOSTS"
            return ProblemError("host", f"unknown Host {host[:100]!r}; {how}")
        if self.services.broadcaster.is_stopping and path not in ("/healthz", "/readyz"):
            return ProblemError("stopping", "the server is shutting down; try again", retry_after=5)
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) > self.most:
            return self._too_large()
        return None

    async def _refused_upload(self) -> ProblemError | None:
        """Return the error for an upload by a caller who may not upload, before its body is read."""
        path, length = self.scope["path"], self.headers.get("content-length", "")
        if self.scope["method"] != "POST" or path not in (UPLOADS, FILMS):
            return None
        # Pictures are stored in another size than they are sent, films unchanged.
        coming = int(length) if path == FILMS and length.isdigit() else 0
        try:
            await run_in_threadpool(admit_upload, Request(self.scope), self.services, coming)
        except ProblemError as problem:
            return problem
        except Exception:
            log.warning("an upload could not be checked beforehand", exc_info=True)
        return None  # the route will raise the same error and answer it

    def _too_large(self) -> ProblemError:
        return ProblemError(
            "too-large", f"expected at most {self.most:,} bytes", headers={"Connection": "close"}
        )

    async def _limited(self) -> Message:
        if self.is_whole:  # only the client's disconnection is left
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_SECONDS)
        except TimeoutError:
            self.problem = ProblemError(
                "timeout", f"nothing came for {BODY_SECONDS:g} seconds", headers={"Connection": "close"}
            )
            raise self.problem from None
        self.is_whole = not message.get("more_body", False)
        if message["type"] == "http.request":
            self.read += len(message.get("body", b""))
            if self.read > self.most:
                self.problem = self._too_large()
                raise self.problem
        return message

    async def _sent(self, message: Message) -> None:
        if self.problem is not None:  # replace the application's response to the truncated body
            if message["type"] == "http.response.start":
                await self._answer(self.problem)
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        await self._send(message)

    async def _answer(self, problem: ProblemError) -> None:
        status, body, headers = document(self.scope, problem)
        self.status = status
        data = json.dumps(body).encode()
        made = MutableHeaders({**headers, "Content-Type": MEDIA, "Content-Length": str(len(data))})
        self._add_headers(made)
        await self._send({"type": "http.response.start", "status": status, "headers": made.raw})
        await self._send({"type": "http.response.body", "body": data})

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in SECURITY.items():
            headers.setdefault(name, value)
        if self.scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "private, no-store")
        if self.scope.get("scheme") == "https" and not _is_own(self.headers.get("host", "")):
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        headers["X-Request-ID"] = self.scope["state"]["request_id"]

    def _log(self) -> None:
        seconds = time.perf_counter() - self.began
        route = _pattern(self.scope)
        method = self.scope["method"]
        self.services.metrics.request(method if method in _METHODS else "OTHER", route, self.status, seconds)
        state: Mapping[str, Any] = self.scope["state"]
        about = {
            "request": state["request_id"],
            "method": method,
            "route": route,
            "status": self.status,
            "ms": round(seconds * 1000, 1),
            "user": state.get("user"),
        }
        log.info("request", extra=about)
        # Whatever unauthenticated clients send, the file grows by no more than their limits.
        is_known = state.get("user") or "made" in state or route == SESSION
        is_guess = self.status == 401 and "authorization" in self.headers
        if self.status == 429 or not (is_known or is_guess):
            return
        matters = method not in ("GET", "HEAD", "OPTIONS") or route.endswith(("/result", "/content"))
        if (route.startswith("/api/") and matters) or route.startswith("/s/"):
            ids = self.scope.get("path_params") or {}
            client = self.scope.get("client")
            self.services.audit.write(
                f"{method} {route}",
                user=state.get("user"),
                thing=str(ids.get("id", state.get("made", ""))),
                address=client[0] if client else "",
                status=self.status,
            )


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _pattern(scope: Scope) -> str:
    """Return the path's pattern, such as /api/v1/jobs/{id}."""
    found = getattr(scope.get("route"), "path", None)
    if found is None:
        return scope["path"] if scope["path"] in (UPLOADS, FILMS) else "other"
    # An included router knows only its own part of the path.
    return found if not scope["path"].startswith(API) or found.startswith(API) else f"{API}{found}"


def _name(host: str) -> str:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name.strip("[]").lower()


def _is_own(host: str) -> bool:
    """Return whether ``host`` is a loopback name of this machine."""
    return is_loopback(_name(host))


def _known(host: str, settings: Settings) -> bool:
    """Return whether ``host`` is a name of this server, as a protection against DNS rebinding."""
    if _name(host) in {allowed.lower() for allowed in settings.allowed_hosts} or _is_own(host):
        return True
    if settings.is_loopback:
        return False
    # Other addresses need a token, which no other site has, so any name is safe.
    return not settings.allowed_hosts
