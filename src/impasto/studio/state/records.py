"""What the tables hold, as objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from impasto.studio.state.database import Row

Status = Literal["queued", "running", "pausing", "paused", "cancelling", "done", "cancelled", "failed"]
STATUSES: tuple[str, ...] = (
    "queued",
    "running",
    "pausing",
    "paused",
    "cancelling",
    "done",
    "cancelled",
    "failed",
)
FINAL = ("done", "cancelled", "failed")
ACTIVE = ("queued", "running", "pausing", "paused", "cancelling")
HELD = ("running", "pausing", "cancelling")
"""A worker has it."""
IN_LINE = ("queued", *HELD)
"""It takes a place in the queue; what is paused does not."""


class RefusalError(Exception):
    """What the state does not allow; ``reason`` is one of the API's kinds of problem."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class PictureRecord:
    """An upload. ``role``: photo, painting or mask; ``bytes``: what it takes on disk."""

    id: str
    owner: str
    role: str
    name: str
    width: int
    height: int
    bytes: int
    created: float


@dataclass(frozen=True)
class JobRecord:
    """A job. ``request``: as submitted, with defaults. ``explains``: the job it explains.

    Times are seconds since 1970; ``waiting``: since when it has been in the queue. ``preview``: the
    number of the latest picture, 0 for none. ``version`` grows with every change of any job.
    """

    id: str
    owner: str
    kind: str
    status: str
    title: str
    request: Mapping[str, Any]
    created: float
    explains: str | None = None
    webhook: str | None = None
    waiting: float = 0.0
    started: float | None = None
    finished: float | None = None
    attempts: int = 0
    worker: str | None = None
    progress: Mapping[str, Any] | None = None
    preview: int = 0
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    explanation: bool = False
    bytes: int = 0
    version: int = 0
    uses: tuple[str, ...] = field(default=())

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def lane(self) -> str:
        """Which queue it waits in: drafts do not wait behind paintings."""
        return "drafts" if self.kind == "draft" else "paintings"


def job_of(row: Row) -> JobRecord:
    """The record of a row of the table of jobs."""
    values = {name: value for name, value in row.items() if name != "lease"}
    for name in ("request", "progress", "result", "error"):
        values[name] = None if values[name] is None else json.loads(values[name])
    values["explanation"] = bool(values["explanation"])
    return JobRecord(**values)


@dataclass(frozen=True)
class Delivery:
    """A webhook to send. ``due``: when to try next."""

    id: str
    job: str
    owner: str
    address: str
    event: str
    body: str
    attempts: int
    due: float
