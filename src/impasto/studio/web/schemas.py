"""The API's requests and responses, checked by pydantic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
    create_model,
    model_validator,
)

from impasto.jobs.inputs import inputs_for
from impasto.optimize.options import OptimizeOptions
from impasto.parameters import parameters, schema
from impasto.pipelines.video.options import FilmOptions
from impasto.progress import Progress
from impasto.studio.films import OPTIONS as FILM_OPTIONS
from impasto.studio.web.problems import ProblemDocument

PictureId = Annotated[str, StringConstraints(pattern=r"^p_[A-Za-z0-9_-]{22}$")]
StyleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Real = Annotated[float, Field(allow_inf_nan=False)]


# Options that name files or machines, or have their own field in a request.
_NOT_OPTIONS = {
    *("size", "encoder", "device", "max_memory", "tile", "precision", "recoveries", "channels_last"),
    *("style_weights", "style_scales", "blend_layers", "mask_feather", "seed"),
}
OPTIONS = {name: each for name, each, _ in parameters(OptimizeOptions) if name not in _NOT_OPTIONS}
"""The fields of ``OptimizeOptions`` that a request may set."""


OPTION_LETTERS = 4000
"""The most characters of options, as JSON: they are stored with every job."""
BATCH_NAME: Mapping[str, Any] = {"min_length": 1, "max_length": 100, "pattern": r"^[^\x00-\x1f\x7f]+$"}
BatchName = Annotated[str, StringConstraints(**BATCH_NAME, strip_whitespace=True)]


def _short(given: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if (letters := len(json.dumps(given))) > OPTION_LETTERS:
        raise ValueError(f"expected options of at most {OPTION_LETTERS} characters of JSON; got {letters}")
    return given


Options = Annotated[dict[str, JsonValue], Field(max_length=50), AfterValidator(_short)]
"""Options in a request."""


class Incoming(BaseModel):
    """A request, in which unknown fields are errors, and texts that no database or file name can hold."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, given: Any) -> Any:
        if any(map(_is_unstorable, _texts(given))):
            raise ValueError("expected texts without NUL and without unpaired surrogates")
        return given


def _texts(given: Any) -> Iterator[str]:
    """Yield all texts in JSON, names of fields included, however deep."""
    left = [given]
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value


def _is_unstorable(text: str) -> bool:
    return any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)


class Outgoing(BaseModel):
    """A response."""


class SignIn(Incoming):
    token: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class PreviewStyle(Incoming):
    """A style: a bundled one by ``name``, or an uploaded ``picture``."""

    name: StyleName | None = None
    picture: PictureId | None = None
    weight: Annotated[Real, Field(gt=0, le=1000)] = 1.0

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.name is None) == (self.picture is None):
            raise ValueError("expected either name or picture of a style")
        return self


class StyleChoice(PreviewStyle):
    """A style of a painting."""

    mask: PictureId | None = None


MASKS = {name: one for name, one in inputs_for("optimize").items() if one.kind == "mask"}
"""The inputs of a painting that a request may name besides photograph and styles, uploaded masks."""
_Masks: Any = create_model(
    "Masks",
    **{name: (PictureId | None, Field(None, description=one.help)) for name, one in MASKS.items()},  # type: ignore[call-overload]
)


class JobSettings(_Masks):  # type: ignore[misc]
    """The inputs and options of a painting; only ``photo`` and ``styles`` are required."""

    kind: Literal["painting", "draft"] = "painting"
    photo: PictureId
    styles: Annotated[list[StyleChoice], Field(min_length=1, max_length=64)]
    preset: Annotated[str, StringConstraints(min_length=1, max_length=60)] = "default"
    size: Annotated[int, Field(ge=64, le=65500)] = 512
    strength: Annotated[Real, Field(ge=0, le=2)] = 1.0
    stroke_size: Annotated[Real, Field(ge=0.1, le=3)] = 1.0
    keep_color: Annotated[Real, Field(ge=0, le=1)] = 0.0
    mask_feather: Annotated[Real, Field(ge=0, le=500)] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 0
    title: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] | None = None
    batch: BatchName | None = None
    options: Annotated[Options, Field(json_schema_extra=schema(OptimizeOptions, OPTIONS))] = Field(
        default_factory=dict
    )

    def masks(self) -> dict[str, str]:
        """Return the masks given, those of styles apart, by their names."""
        found = {name: getattr(self, name) for name in MASKS}
        return {name: picture for name, picture in found.items() if picture is not None}

    @model_validator(mode="after")
    def _masks(self) -> Self:
        masked = [style.mask is not None for style in self.styles]
        if any(masked) and not all(masked):
            raise ValueError("expected masks for all styles or for none")
        if all(masked) and len({style.weight for style in self.styles}) > 1:
            raise ValueError("expected equal weights, since each style has a mask")
        return self


class JobRequest(JobSettings, Incoming):
    """A painting to submit."""

    webhook: Annotated[str, StringConstraints(max_length=2000)] | None = None


class FilmSettings(BaseModel):
    """The inputs and options of a painted film; only ``kind``, ``photo``, which is the film, and ``styles``
    are required.

    ``engine``: the fast network, or the optimiser with a ``preset``, which takes far longer. ``size``: the
    long side; none: the film's own, which the optimiser does not exceed.
    """

    kind: Literal["film"]
    photo: PictureId
    styles: Annotated[list[PreviewStyle], Field(min_length=1, max_length=64)]
    engine: Literal["fast", "optimize"] = "fast"
    preset: Annotated[str, StringConstraints(min_length=1, max_length=60)] = "default"
    size: Annotated[int, Field(ge=64, le=65500)] | None = None
    strength: Annotated[Real, Field(ge=0, le=2)] = 1.0
    stroke_size: Annotated[Real, Field(ge=0.25, le=3)] = 1.0
    keep_color: Annotated[Real, Field(ge=0, le=1)] = 0.0
    title: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] | None = None
    options: Annotated[Options, Field(json_schema_extra=schema(FilmOptions, FILM_OPTIONS))] = Field(
        default_factory=dict
    )


class FilmSubmission(FilmSettings, Incoming):
    """A film to submit."""

    webhook: Annotated[str, StringConstraints(max_length=2000)] | None = None


def _submitted(given: Any) -> str:
    kind = given.get("kind") if isinstance(given, Mapping) else getattr(given, "kind", None)
    return FilmSubmission.__name__ if kind == "film" else JobRequest.__name__


Submission = Annotated[
    Annotated[JobRequest, Tag(JobRequest.__name__)] | Annotated[FilmSubmission, Tag(FilmSubmission.__name__)],
    Discriminator(_submitted),
]
"""A painting, a draft or a film to submit, told by its ``kind``."""


class LinkRequest(Incoming):
    """A link to a finished picture."""

    days: Annotated[int, Field(ge=1, le=3650)] = 7


class PreviewRequest(Incoming):
    """A preview in one pass, of any paintings. ``at``: of a film, the time in seconds of its frame."""

    photo: PictureId
    styles: Annotated[list[PreviewStyle], Field(min_length=1, max_length=64)]
    strength: Annotated[Real, Field(ge=0, le=2)] = 1.0
    stroke_size: Annotated[Real, Field(ge=0.25, le=4)] = 1.0
    keep_color: Annotated[Real, Field(ge=0, le=1)] = 0.0
    side: Annotated[int, Field(ge=64, le=8192)] = 512
    at: Annotated[Real, Field(ge=0, le=1e6)] | None = None


class SessionInfo(Outgoing):
    authenticated: bool
    required: bool
    user: str | None
    admin: bool
    csrf: str | None
    expires: str | None


class Usage(Outgoing):
    """The use of a person: ``bytes`` of uploads and results, ``bin_bytes`` of them in the bin."""

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
    """A link that shows a picture to anyone who has it. ``url``: to be followed without signing in."""

    id: str
    url: str
    created: str
    expires: str


class Links(Outgoing):
    links: list[LinkOut]


class BatchOut(Outgoing):
    """Jobs submitted under one name, by how they stand. ``results``: the address of their zip archive."""

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
    """An unfinished job of anyone, without its title and pictures. ``size``: long side in pixels; ``done``:
    its share; ``left``: seconds.
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
    """A person who may sign in (``known``) or has something. ``last``: when they last submitted a job."""

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
    """A lane of the queue. ``most``: the jobs queued and running that it takes."""

    lane: str
    queued: int
    running: int
    paused: int
    most: int


class AdminDisk(Outgoing):
    """Bytes. ``total``, ``free``: the disk of the data folder; ``pictures``: uploads and results, ``bin`` of
    them in bins; ``database``: SQLite's file.
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
