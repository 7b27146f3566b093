"""The page's files, and what it paints with on the device."""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePosixPath

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from impasto.errors import WeightsError
from impasto.studio.web.device import device_file
from impasto.studio.web.problems import ProblemError

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[2] / "page"
MEDIA = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
YEAR = "public, max-age=31536000, immutable"
MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Impasto Studio</title>
<h1>The page has not been built</h1>
<p>This is a checkout without the built page. With Node 20 or newer, <code>make studio</code> builds and
starts it; <code>npm ci &amp;&amp; npm run build</code> in <code>studio-page/</code> builds it alone. The
<a href="/openapi.json">HTTP API</a> works without it.</p></html>
"""


def folder(request: Request) -> Path:
    """Return the folder of the built page."""
    found: Path = request.app.state.page
    return found


@router.api_route("/models/{name}", methods=["GET", "HEAD"])
def model(request: Request, name: str) -> Response:
    """Return the network, its encoder or the statistics of named styles, for the browser."""
    try:
        file = device_file(name)
    except KeyError:
        raise ProblemError("not-found", f"unknown network: {name[:100]}") from None
    except WeightsError as error:
        detail = "the fast network cannot be read at the moment; try again"
        raise ProblemError("not-ready", detail, retry_after=2) from error
    headers = {"Cache-Control": "no-cache", "ETag": file.tag}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.data, media_type="application/octet-stream", headers=headers)


@router.api_route("/", methods=["GET", "HEAD"])
def index(request: Request) -> Response:
    """Return the page."""
    path = folder(request) / "index.html"
    if not path.is_file():
        return HTMLResponse(MISSING, 503)
    return _file(request, path, "no-cache")


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
def asset(request: Request, path: str) -> Response:
    """Return one of the page's files, never one outside its folder."""
    parts = PurePosixPath(path).parts
    root = folder(request).resolve()
    if not parts or any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
        raise ProblemError("not-found", "no such page")
    target = root.joinpath(*parts).resolve() if len(path) < 300 else root
    if not target.is_relative_to(root):
        raise ProblemError("not-found", "no such page")
    return _file(request, target, YEAR if parts[0] == "assets" else "no-cache")


def _file(request: Request, path: Path, cache: str) -> Response:
    if not path.is_file():
        raise ProblemError("not-found", "no such page")
    suffix = path.suffix.lower()
    media = MEDIA.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    about = path.stat()
    tag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    headers = {"Cache-Control": cache, "ETag": tag}
    if path.name == "sw.js":
        headers["Service-Worker-Allowed"] = "/"
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=media, headers=headers)
