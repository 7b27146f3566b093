"""Records as JSON documents of the HTTP API and webhooks."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from impasto.studio.state import ACTIVE, BatchRecord, JobRecord, PictureRecord

API = "/api/v1"


def iso(seconds: float | None) -> str | None:
    """Return seconds since 1970 as ISO 8601 in UTC."""
    if seconds is None:
        return None
    when = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def picture_document(picture: PictureRecord) -> dict[str, Any]:
    """Return an upload as a document."""
    return {
        "id": picture.id,
        "role": picture.role,
        "name": picture.name,
        "width": picture.width,
        "height": picture.height,
        "bytes": picture.bytes,
        "created": iso(picture.created),
        "content": f"{API}/pictures/{picture.id}/content",
        "notes": list(picture.notes or ()),
        "learnt": iso(picture.learnt),
        "style": None if picture.learnt is None else f"{API}/pictures/{picture.id}/style",
        "film": None if picture.film is None else dict(picture.film),
    }


def job_document(job: JobRecord, *, position: int | None) -> dict[str, Any]:
    """Return a job as a document."""
    here = f"{API}/jobs/{job.id}"
    result: Mapping[str, Any] | None = job.result
    has_picture = job.kind in ("painting", "draft", "film")
    preview = f"{here}/preview?number={job.preview}" if job.preview and not job.is_final else None
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "created": iso(job.created),
        "started": iso(job.started),
        "finished": iso(job.finished),
        "position": position,
        "attempts": job.attempts,
        "request": dict(job.request),
        "of": job.explains,
        "progress": None if job.progress is None else dict(job.progress),
        "preview": preview,
        "result": None if result is None else {"url": f"{here}/result", **result},
        "thumbnail": None if result is None or not has_picture else f"{here}/thumbnail",
        "explanation": f"{here}/explanation" if job.explanation else None,
        "error": None if job.error is None else dict(job.error),
        "deleted": iso(job.deleted),
    }


def batch_document(batch: BatchRecord) -> dict[str, Any]:
    """Return a batch as a document."""
    return {
        "name": batch.name,
        "created": iso(batch.created),
        "jobs": sum(batch.jobs.values()),
        "unfinished": sum(batch.jobs.get(status, 0) for status in ACTIVE),
        **{status: batch.jobs.get(status, 0) for status in ("done", "cancelled", "failed")},
        "results": f"{API}/results?{urlencode({'batch': batch.name})}",
    }
