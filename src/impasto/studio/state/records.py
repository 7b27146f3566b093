"""What the tables hold, as objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import Row

Status = Literal["queued", "running", "pausing", "paused", "cancelling", "done", "cancelled", "failed"]
STATUSES: tuple[str, ...] = get_args(Status)
FINAL = ("done", "cancelled", "failed")
ACTIVE = ("queued", "running", "pausing", "paused", "cancelling")
HELD = ("running", "pausing", "cancelling")
"""A worker has it."""
IN_LINE = ("queued", *HELD)
"""It takes a place in the queue; what is paused does not."""


LANES = ("paintings", "drafts")
"""The queue's lanes: drafts do not wait behind paintings."""


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
    """A job. ``request``: as submitted, with defaults; ``job``: what a worker paints, an
    ``impasto.jobs.Job`` as JSON. ``explains``: the job it explains.

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
    job: Mapping[str, Any] | None = None
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


def job_of(row: Row[Any]) -> JobRecord:
    """Return the record of a row of the table of jobs."""
    values = {name: value for name, value in row._mapping.items() if name != "lease"}
    return JobRecord(**{**values, "explanation": bool(values["explanation"])})


@dataclass(frozen=True)
class Delivery:
    """A webhook to send. ``due``: when to try next."""

    id: str
    job: str
    owner: str
    address: str
    event: str
    attempts: int
    due: float
