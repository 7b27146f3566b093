"""The ASGI application: routes, services and middleware."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.types import ASGIApp

from impasto import __version__, files
from impasto.painters import make_painter
from impasto.studio.documents import API
from impasto.studio.logs import Audit
from impasto.studio.settings import Settings
from impasto.studio.state import open_state
from impasto.studio.state.storage import Storage
from impasto.studio.web.accounts import Accounts
from impasto.studio.web.broadcast import Broadcaster
from impasto.studio.web.decoders import Decoders
from impasto.studio.web.dependencies import Services
from impasto.studio.web.metrics import Metrics
from impasto.studio.web.middleware import StudioMiddleware
from impasto.studio.web.previews import Previews
from impasto.studio.web.problems import ProblemDocument, add_error_handlers
from impasto.studio.web.rate_limits import Buckets
from impasto.studio.web.readiness import Readiness, writable
from impasto.studio.web.routes import (
    admin,
    events,
    films,
    jobs,
    links,
    operations,
    page,
    pictures,
    results,
    session,
)
from impasto.studio.web.stills import Stills
from impasto.studio.web.uploads import load_readers

log = logging.getLogger("impasto.studio.http")
DECODERS = 2
"""The number of full-size pictures decoded or encoded at once; a large one takes a gigabyte."""


class Studio:
    """The application and its services. ``asgi`` is the application that a server runs.

    ``make_painter``: makes the painter of previews.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        make_painter: Callable[..., Any] = make_painter,
        page_folder: Path = page.FOLDER,
    ) -> None:
        settings.check()
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.Draft(settings.data_dir / "writable").discard()
        except OSError as problem:
            expected = "a folder for pictures and jobs: --data-dir DIR"
            raise files.cannot_write(settings.data_dir, problem, expected) from problem
        self.settings = settings
        self.services = _services(settings, make_painter)
        self.app = _application(self.services, page_folder)
        self.asgi: ASGIApp = StudioMiddleware(self.app, self.services)


def _services(settings: Settings, make_painter: Callable[..., Any]) -> Services:
    storage, state = Storage(settings.data_dir), open_state(settings)
    checks = {"state": state.ready, "storage": lambda: writable(storage)}
    return Services(
        settings=settings,
        state=state,
        storage=storage,
        accounts=Accounts(settings, state),
        broadcaster=Broadcaster(state),
        metrics=Metrics(),
        audit=Audit(settings.data_dir),
        previews=Previews(make_painter),
        stills=Stills(),
        decoders=Decoders(DECODERS),
        painters=Decoders(settings.max_previews, each=-(-settings.max_previews // 2)),
        requests=Buckets(settings.requests_per_minute),
        uploads=Buckets(settings.uploads_per_minute),
        submissions=Buckets(settings.jobs_per_minute),
        sign_ins=Buckets(settings.sign_ins_per_minute),
        readiness=Readiness(checks),
    )


def _application(services: Services, page_folder: Path) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.broadcaster.start()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(services.decoders.prepare, load_readers)
            yield
            tasks.cancel_scope.cancel()
        services.broadcaster.stop()
        services.state.close()

    app = FastAPI(
        title="Impasto Studio",
        version=__version__,
        summary="Paint photographs in the manner of paintings.",
        description="Errors are problem documents (RFC 9457). See docs/studio-api.md.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.page = page_folder
    add_error_handlers(app)
    for routes in (session, pictures, films, jobs, results, links, events, admin):
        app.include_router(routes.router, prefix=API)
    app.include_router(operations.api, prefix=API)
    app.include_router(operations.router)
    app.include_router(links.public)
    app.include_router(page.router)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _schema(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
    )
    parts = found.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemDocument"] = problem
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "impasto_session"},
    }
    found["security"] = [{"token": []}, {"session": []}]
    return found
