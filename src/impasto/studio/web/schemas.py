"""The API's requests, checked by pydantic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

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
from impasto.studio.films import OPTIONS as FILM_OPTIONS

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
Size = Annotated[int, Field(ge=64, le=65500)]
PresetName = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Strength = Annotated[Real, Field(ge=0, le=2)]
Share = Annotated[Real, Field(ge=0, le=1)]
Title = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
WebhookAddress = Annotated[str, StringConstraints(max_length=2000)]
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


PreviewStyles = Annotated[list[PreviewStyle], Field(min_length=1, max_length=64)]


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
    preset: PresetName = "default"
    size: Size = 512
    strength: Strength = 1.0
    stroke_size: Annotated[Real, Field(ge=0.1, le=3)] = 1.0
    keep_color: Share = 0.0
    mask_feather: Annotated[Real, Field(ge=0, le=500)] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 0
    title: Title | None = None
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

    webhook: WebhookAddress | None = None


class FilmSettings(BaseModel):
    """The inputs and options of a painted film; only ``kind``, ``photo``, which is the film, and ``styles``
    are required.

    ``engine``: the fast network, or the optimiser with a ``preset``, which takes far longer. ``size``: the
    long side; none: the film's own, which the optimiser does not exceed.
    """

    kind: Literal["film"]
    photo: PictureId
    styles: PreviewStyles
    engine: Literal["fast", "optimize"] = "fast"
    preset: PresetName = "default"
    size: Size | None = None
    strength: Strength = 1.0
    stroke_size: Annotated[Real, Field(ge=0.25, le=3)] = 1.0
    keep_color: Share = 0.0
    title: Title | None = None
    options: Annotated[Options, Field(json_schema_extra=schema(FilmOptions, FILM_OPTIONS))] = Field(
        default_factory=dict
    )


class FilmSubmission(FilmSettings, Incoming):
    """A film to submit."""

    webhook: WebhookAddress | None = None


def _submitted(given: Any) -> str:
    kind = given.get("kind") if isinstance(given, Mapping) else getattr(given, "kind", None)
    return FilmSubmission.__name__ if kind == "film" else JobRequest.__name__


Submission = Annotated[
    Annotated[JobRequest, Tag(JobRequest.__name__)] | Annotated[FilmSubmission, Tag(FilmSubmission.__name__)],
    Discriminator(_submitted),
]
"""A painting, a draft or a film to submit, told by its ``kind``."""


class LinkRequest(Incoming):
    """A link to a finished picture or film."""

    days: Annotated[int, Field(ge=1, le=3650)] = 7


class PreviewRequest(Incoming):
    """A preview in one pass, of any paintings. ``at``: of a film, the time in seconds of its frame."""

    photo: PictureId
    styles: PreviewStyles
    strength: Strength = 1.0
    stroke_size: Annotated[Real, Field(ge=0.25, le=4)] = 1.0
    keep_color: Share = 0.0
    side: Annotated[int, Field(ge=64, le=8192)] = 512
    at: Annotated[Real, Field(ge=0, le=1e6)] | None = None
