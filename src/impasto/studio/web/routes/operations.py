"""Health, readiness and metrics for operators; capabilities and styles for everyone."""

from __future__ import annotations

import contextlib
import hmac
import importlib.util
import os
from typing import Any

from fastapi import APIRouter, Request, Response

from impasto import __version__
from impasto.imaging import formats
from impasto.studio.documents import API
from impasto.studio.web import response_schemas, schemas
from impasto.studio.web.dependencies import Member, Services, ServicesDep, client_address, member, visitor
from impasto.studio.web.metrics import MEDIA, Gauge
from impasto.studio.web.previews import sample
from impasto.studio.web.problems import ProblemError, responses
from impasto.studio.web.requests import painted_styles, presets
from impasto.studio.web.routes.results import FORMATS

api = APIRouter(tags=["studio"])
router = APIRouter(tags=["operations"])


@api.get("/capabilities", response_model=response_schemas.Capabilities, responses=responses())
def capabilities(services: ServicesDep, caller: Member) -> Any:  # noqa: ARG001
    """Return the server's limits, presets and features."""
    settings = services.settings
    return {
        "version": __version__,
        "webhooks": bool(settings.webhook_hosts),
        "presets": [{"name": name, "summary": summary} for name, summary in presets().items()],
        "formats": list(FORMATS),
        "accepts": _accepted(),
        "films": importlib.util.find_spec("av") is not None,
        "defaults": {
            name: schemas.JobRequest.model_fields[name].default
            for name in ("size", "strength", "stroke_size", "keep_color", "preset")
        },
        "limits": {
            "bytes": settings.max_bytes,
            "pixels": settings.max_pixels,
            "frames": settings.max_frames,
            "size": settings.max_size,
            "styles": settings.max_styles,
            "preview_side": settings.preview_side,
            "draft_size": settings.draft_size,
            "name": 200,
            "bin_days": settings.keep_bin_days,
            "link_days": settings.link_days,
            "training_minutes": settings.training_minutes,
            "film_bytes": settings.max_film_bytes,
            "film_frames": settings.max_film_frames,
        },
    }


def _accepted() -> list[str]:
    found: list[str] = []
    for kind in formats.READABLE:
        with contextlib.suppress(ImportError):
            kind.load()
            found += kind.media
    return found


@api.get("/styles", response_model=response_schemas.Styles, responses=responses())
def styles(caller: Member) -> Any:  # noqa: ARG001
    """List the styles."""
    found = []
    for name, card in painted_styles().items():
        thumbnail = f"{API}/styles/{name}/thumbnail" if sample(name) else None
        about = {field: getattr(card, field) for field in ("title", "artist", "year", "licence")}
        found.append({"name": name, **about, "thumbnail": thumbnail})
    return {"styles": found}


@api.get(
    "/styles/{name}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **responses()},
)
def thumbnail(caller: Member, name: str) -> Response:  # noqa: ARG001
    """Return a sample photograph painted in that style."""
    data = sample(name) if name in painted_styles() else None
    if data is None:
        raise ProblemError("not-found", f"no sample of style {name}")
    return Response(data, media_type="image/webp", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/healthz", include_in_schema=False)
async def health() -> dict[str, str]:
    """Answer as soon as the process runs, however busy it is."""
    return {"status": "ok"}


@router.get("/readyz", include_in_schema=False)
def readiness(services: ServicesDep, response: Response) -> dict[str, Any]:
    """Answer 200 if state and data folder are usable, else 503 with the failed checks."""
    found = services.readiness.look()
    if services.broadcaster.is_stopping:
        found["server"] = "stopping"
    is_ready = set(found.values()) <= {"ok"}
    response.status_code = 200 if is_ready else 503
    return {"status": "ok" if is_ready else "not ready", "checks": found}


@router.get("/metrics", include_in_schema=False)
def metrics(services: ServicesDep, request: Request) -> Response:
    """Return metrics for Prometheus; needs the metrics token or any user's if users have to sign in."""
    _check_metrics(services, request)
    gauges: list[Gauge] = [
        ("jobs kind status", "Jobs in the database, by kind and status.", services.state.overview.counts()),
        ("event_streams", "Open event streams of this process.", {(): services.broadcaster.streams}),
        ("resident_bytes", "Memory of this process.", {(): _resident()}),
    ]
    return Response(services.metrics.text(gauges), media_type=MEDIA)


def _check_metrics(services: Services, request: Request) -> None:
    wanted = services.settings.metrics_token
    if wanted is None:
        member(visitor(request, services))
        return
    address = client_address(request)
    services.sign_ins.check(address)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_it = hmac.compare_digest(token.encode(), wanted.get_secret_value().encode())
    if scheme.lower() != "bearer" or not is_it:
        services.sign_ins.take(address)
        raise ProblemError("unauthorised", "metrics need a token")


def _resident() -> float:
    import psutil

    return float(psutil.Process(os.getpid()).memory_info().rss)
