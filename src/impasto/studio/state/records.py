"""The records in the tables, as dataclasses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import Row

Status = Literal["queued", "running", "pausing", "paused", "cancelling", "done", "cancelled", "failed"]
STATUSES: tuple[str, ...] = get_args(Status)
FINAL = ("done", "cancelled", "failed")
ACTIVE = ("queued", "running", "pausing", "paused", "cancelling")
HELD = ("running", "pausing", "cancelling")
"""The statuses of jobs held by a worker."""
WAITING = ("queued", *HELD)
"""The statuses of jobs that count against the length of the queue."""

LANE_OF = {
    "painting": "paintings",
    "draft": "drafts",
    "explanation": "explanations",
    "training": "trainings",
    "film": "films",
}
BINNED = ("painting", "film")
"""The kinds of jobs that go into the bin when finished; others are deleted permanently."""
LANES = tuple(LANE_OF.values())
"""The queue's lanes, one for each kind of job, so that none waits behind another."""


class RefusalError(Exception):
    """Raised when a change is not allowed; ``reason`` is one of the API's kinds of problem."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)  # the arguments with which pickle creates it again
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True)
class PictureRecord:
    """An upload. ``role``: photo, painting, mask or film; ``bytes``: its size on disk; ``notes``: what its
    reader left out or assumed, in sentences; ``learnt``: the time at which the network was refined on it;
    ``film``: the facts of a film, see ``impasto.studio.films``."""

    id: str
    owner: str
    role: str
    name: str
    width: int
    height: int
    bytes: int
    created: float
    notes: Sequence[str] | None = None
    learnt: float | None = None
    film: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class JobRecord:
    """A job. ``request``: as submitted, with defaults; ``job``: the ``impasto.jobs.Job`` to paint, as JSON;
    ``explains``: the id of the job that it explains; ``batch``: the name of its batch.

    Times are seconds since 1970; ``waiting``: the time of entering the queue. ``preview``: the number of the
    latest preview, 0 for none. ``version`` grows with every change of any job. ``deleted``: the time of its
    move to the bin, None outside it.
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
    deleted: float | None = None
    batch: str | None = None
    uses: tuple[str, ...] = field(default=())

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def lane(self) -> str:
        """The queue's lane for this kind of job."""
        return LANE_OF[self.kind]


def failure_document(
    detail: str, kind: str = "painting", title: str = "Painting failed"
) -> dict[str, str | int]:
    """Return the error of a job that has failed, as a problem document (RFC 9457)."""
    return {"type": f"/problems/{kind}", "title": title, "status": 500, "detail": detail}


def job_of(row: Row[Any]) -> JobRecord:
    """Return a row of the table of jobs as a record."""
    values = {name: value for name, value in row._mapping.items() if name != "lease"}
    return JobRecord(**{**values, "explanation": bool(values["explanation"])})


@dataclass(frozen=True)
class LinkRecord:
    """A link that shows the picture of a job to anyone who has it, until it ``expires``."""

    id: str
    job: str
    owner: str
    created: float
    expires: float


@dataclass(frozen=True)
class BatchRecord:
    """The jobs submitted under one name: their number by status, and the times of the first and the last."""

    name: str
    jobs: Mapping[str, int]
    created: float
    latest: float


@dataclass(frozen=True)
class PersonRecord:
    """The data of a user. ``bytes``: of uploads and results, ``bin_bytes`` of them in the bin; ``sessions``:
    valid ones; ``last``: the time of the latest job."""

    owner: str
    bytes: int = 0
    bin_bytes: int = 0
    pictures: int = 0
    jobs: int = 0
    active_jobs: int = 0
    sessions: int = 0
    last: float | None = None


@dataclass(frozen=True)
class Delivery:
    """A webhook to send. ``due``: the time of the next attempt."""

    id: str
    job: str
    owner: str
    address: str
    event: str
    attempts: int
    due: float
