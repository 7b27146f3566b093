"""The API's responses."""

from __future__ import annotations

from typing import Any, Literal, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    create_model,
)

from impasto.progress import Progress
from impasto.studio.web.problems import ProblemDocument
from impasto.studio.web.schemas import FilmSettings, JobSettings


class Outgoing(BaseModel):
    """A response."""


class SessionInfo(Outgoing):
    authenticated: bool
    required: bool
    user: str | None
    admin: bool
    csrf: str | None
    expires: str | None


class Usage(Outgoing):
    """The storage a user takes: ``bytes`` of uploads and results, of which ``bin_bytes`` are in the bin."""

    bytes: int
    bin_bytes: int
    pictures: int
    active_jobs: int


class Quota(Outgoing):
    bytes: int
    active_jobs: int


class Account(Outgoing):
    user: str
    webhook_secret: str
    usage: Usage
    quota: Quota


class PresetOut(Outgoing):
    name: str
    summary: str


class JobDefaults(Outgoing):
    """The defaults of the fields of ``JobRequest`` that a form shows."""

    size: int
    strength: float
    stroke_size: float
    keep_color: float
    preset: str


class CapabilityLimits(Outgoing):
    bytes: int
    pixels: int
    frames: int
    size: int
    styles: int
    preview_side: int
    draft_size: int
    name: int
    bin_days: float
    link_days: int
    training_minutes: float
    film_bytes: int
    film_frames: int


class Capabilities(Outgoing):
    version: str
    webhooks: bool
    presets: list[PresetOut]
    formats: list[str]
    accepts: list[str]
    films: bool
    defaults: JobDefaults
    limits: CapabilityLimits


class Estimate(Outgoing):
    """The time a painting takes. ``seconds``: painting it, None where nothing was measured with its network
    yet; ``before``: the jobs that it would wait for.
    """

    seconds: float | None
    before: int


class FilmEstimate(Estimate):
    """The time a film takes, the size and number of its painted frames, and whether it is ``possible``: not
    more work than a film may be here.
    """

    width: int
    height: int
    frames: int
    possible: bool


class OfferedStyle(Outgoing):
    name: str
    title: str
    artist: str
    year: str
    licence: str
    thumbnail: str | None


class Styles(Outgoing):
    styles: list[OfferedStyle]


class FilmFacts(Outgoing):
    """The length of a film, in ``seconds`` and ``frames``; ``rate``: frames a second; ``still``: the time in
    seconds of the frame that stands for it.
    """

    seconds: float
    frames: int
    rate: float
    still: float
    sound: bool
    media: str


class PictureOut(Outgoing):
    id: str
    role: Literal["photo", "painting", "mask", "film"]
    name: str
    width: int
    height: int
    bytes: int
    created: str
    content: str
    notes: list[str]
    learnt: str | None
    style: str | None
    film: FilmFacts | None


class Pictures(Outgoing):
    pictures: list[PictureOut]
    next: str | None


class JobResult(Outgoing):
    """The result of a job. ``length``: a film's, in seconds, and ``frames``, their number."""

    url: str
    width: int
    height: int
    bytes: int
    seconds: float
    partial: bool
    length: float | None = None
    frames: int | None = None


_SENT: dict[str, Any] = {
    name: (kind, ...) for name, kind in get_type_hints(Progress).items() if name not in ("parts", "preview")
}
JobProgress = create_model("JobProgress", __base__=Outgoing, __doc__="A job's ``Progress``.", **_SENT)
JobKind = Literal["painting", "draft", "explanation", "training", "film"]


class JobOut(Outgoing):
    id: str
    kind: JobKind
    title: str
    status: Literal["queued", "running", "pausing", "paused", "cancelling", "done", "cancelled", "failed"]
    created: str
    started: str | None
    finished: str | None
    position: int | None
    attempts: int
    request: JobSettings | FilmSettings
    of: str | None
    progress: JobProgress | None  # type: ignore[valid-type]
    preview: str | None
    result: JobResult | None
    thumbnail: str | None
    explanation: str | None
    error: ProblemDocument | None
    deleted: str | None


class Jobs(Outgoing):
    jobs: list[JobOut]
    next: str | None


class LinkOut(Outgoing):
    """A link that shows a picture or film to anyone. ``url``: to be followed without signing in."""

    id: str
    url: str
    created: str
    expires: str


class Links(Outgoing):
    links: list[LinkOut]


class BatchOut(Outgoing):
    """The number of jobs submitted under one name, by state. ``results``: the URL of their zip archive."""

    name: str
    created: str
    jobs: int
    unfinished: int
    done: int
    cancelled: int
    failed: int
    results: str


class Batches(Outgoing):
    batches: list[BatchOut]


class AdminJob(Outgoing):
    """An unfinished job of any user, without its title and pictures. ``size``: long side in pixels; ``done``:
    the fraction completed; ``left``: seconds remaining.
    """

    id: str
    user: str
    kind: JobKind
    status: str
    created: str
    started: str | None
    position: int | None
    attempts: int
    size: int | None
    done: float | None
    left: float | None


class AdminPerson(Outgoing):
    """A user who may sign in (``known``) or owns something. ``last``: when they last submitted a job."""

    user: str
    admin: bool
    known: bool
    bytes: int
    bin_bytes: int
    pictures: int
    jobs: int
    active_jobs: int
    sessions: int
    streams: int
    last: str | None


class AdminLane(Outgoing):
    """A lane of the queue. ``most``: the maximum number of jobs queued and running."""

    lane: str
    queued: int
    running: int
    paused: int
    most: int


class AdminDisk(Outgoing):
    """Sizes in bytes. ``total``, ``free``: the disk of the data folder; ``pictures``: uploads and results, of
    which ``bin`` are in users' bins; ``database``: SQLite's file.
    """

    total: int
    free: int
    pictures: int
    bin: int
    database: int | None


class AdminOverview(Outgoing):
    version: str
    database: Literal["sqlite", "postgresql"]
    disk: AdminDisk
    lanes: list[AdminLane]
    people: list[AdminPerson]
    jobs: list[AdminJob]


class LossPoint(Outgoing):
    """One step of the loss curve, with a further field for each kind of loss."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    done: float
    elapsed: float
    level: int


class Losses(Outgoing):
    losses: list[LossPoint]
