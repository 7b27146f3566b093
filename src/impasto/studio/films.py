"""Uploaded films: checks, single frames, and the options of requests to paint them.

The facts of an upload: ``seconds`` and ``frames``, its length; ``rate``, frames a second; ``still``, the time
in seconds of the frame that represents it; ``sound``, whether it has any; ``media``, its media type.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from impasto import files
from impasto.errors import ImpastoError, InputError, OptionError
from impasto.imaging.read_options import ReadOptions
from impasto.imaging.samples import to_bytes
from impasto.inference.options import MINIMUM_SIDE, FastOptions
from impasto.jobs import Job, PaintOptions, Reference
from impasto.optimize.pyramid import work
from impasto.parameters import Parameter, parameters
from impasto.pipelines.video.options import EXACT, FilmOptions, size_of_frames
from impasto.studio.option_values import check_options, read_errors
from impasto.studio.state import RefusalError
from impasto.studio.thumbnails import SMALL_SIDE, as_jpeg

if TYPE_CHECKING:
    from impasto.clips import ClipInfo

STILL_SIDE = 1600
"""The long side of a frame that is shown, or painted as a preview."""
STILL_SHARE = 3
"""The divisor of a film's length that gives the time of the frame that represents it: a third of the film,
because many begin in black."""
SEGMENT = 48
"""The number of frames in a segment painted by the fast network; a pause or a crash loses at most one
segment."""
EVEN = 1e-3
"""The share of a frame by which times may deviate because of rounding."""
FILM_SPEED = "film"
"""The key for the speed at which the fast network paints films."""
_NOT_OPTIONS = {"size", "rate", "codec", "bits", "hdr", "segment", "long_term"}
OPTIONS: Mapping[str, Parameter] = {
    name: each for name, each, _ in parameters(FilmOptions) if name not in _NOT_OPTIONS
}
"""The fields of ``FilmOptions`` that a request may set: not those of the result's format, which browsers have
to play, nor those with their own field in a request."""
_KINDS = (
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (0, b"GIF8", "image/gif"),
    (0, b"\x89PNG", "image/png"),
    (8, b"WEBP", "image/webp"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftypavi", "image/avif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    *((4, box, "video/quicktime") for box in (b"moov", b"mdat", b"wide", b"free", b"skip")),
)
"""The beginnings of films: the offset, the bytes, and the media type. Nothing else is opened, because FFmpeg
also reads lists of other files and addresses."""


SUFFIX_OF_FILM = {
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "image/gif": "gif",
    "image/png": "png",
    "image/webp": "webp",
    "image/avif": "avif",
    "video/x-msvideo": "avi",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
}
"""The suffix of a film, by its media type."""


@dataclass(frozen=True)
class FilmUpload:
    """A film that may be painted: the upright size of its frames, its facts, and its reader's remarks."""

    width: int
    height: int
    facts: dict[str, Any]
    notes: tuple[str, ...]


def check_film(path: Path, *, reading: ReadOptions, max_frames: int) -> FilmUpload:
    """Check the film at ``path`` as ``impasto video`` does before painting, and return its description.

    Raises RefusalError: "not-a-film" if it cannot be read, "too-long" and "too-many-pixels" if it exceeds the
    limits, "unsuitable" if it cannot be painted.
    """
    media = media_of(path)
    try:
        info = _opened(path)
    except OptionError as error:
        raise RefusalError("unsuitable", _without(path, error)) from error
    except ImpastoError as error:
        raise RefusalError("not-a-film", _without(path, error)) from error
    if expected := reading.refuses(info.width, info.height):
        raise RefusalError(
            "too-many-pixels", f"expected frames of {expected}; got {info.width} x {info.height}"
        )
    if min(info.width, info.height) < MINIMUM_SIDE:
        raise RefusalError(
            "unsuitable", f"expected at least {MINIMUM_SIDE} pixels a side; got {info.width} x {info.height}"
        )
    frames = info.frames or 1
    if frames > max_frames:
        raise RefusalError(
            "too-long",
            f"expected at most {max_frames:,} frames; got {frames:,}: cut the film, or a part of it",
        )
    seconds = round(float(frames / info.rate), 3)
    facts = {
        "seconds": seconds,
        "frames": frames,
        "rate": round(float(info.rate), 3),
        "still": round(seconds / STILL_SHARE, 3),
        "sound": bool(info.audio),
        "media": media,
    }
    return FilmUpload(info.width, info.height, facts, tuple(info.remarks))


def read_upload(path: Path, small: Path, *, reading: ReadOptions, max_frames: int) -> FilmUpload:
    """Check the film at ``path`` and write a ``small`` picture of it. Raises as ``check_film``."""
    found = check_film(path, reading=reading, max_frames=max_frames)
    write_small(path, found.facts["still"], small)
    return found


def media_of(path: Path) -> str:
    """Return the media type of a film, by its first bytes. Raises RefusalError."""
    with path.open("rb") as stream:
        head = stream.read(64)
    for at, begins, media in _KINDS:
        if head[at : at + len(begins)] == begins:
            return "video/webm" if b"webm" in head else media
    raise RefusalError("not-a-film", "expected a film: MP4, MOV, WebM, Matroska, AVI or an animated picture")


def _opened(path: Path) -> ClipInfo:
    """Return the film as ``impasto video`` would read it. Raises InputError and its subclasses."""
    from impasto.clips import open_clip
    from impasto.pipelines.video.output import clip_request, open_film

    options = FilmOptions(bits=8)
    output = path.with_name(f"{path.name}.mp4")
    clip, target = open_film(Job(Reference(str(path)), (Reference(""),), str(output), FastOptions()), options)
    target.check(path)
    own = open_clip(path, clip_request(options)).info
    if own.frames == 1:
        raise RefusalError("not-a-film", "expected a film; this is a single picture")
    if next(iter(clip.frames()), None) is None:
        raise RefusalError("not-a-film", "no frame can be decoded")
    return own


def _without(path: Path, error: Exception) -> str:
    """Return an error's message without the path of the upload."""
    return str(error).removeprefix(f"{path}: ").replace(str(path), "the film").replace(path.name, "the film")


def read_still(path: Path, at: float, side: int = STILL_SIDE) -> Image.Image:
    """Return the frame nearest to ``at`` in seconds, with a long side of at most ``side``.

    Raises InputError.
    """
    from impasto.clips import Request, open_clip

    info = open_clip(path, Request(even=False)).info
    last = (info.frames or 1) / info.rate
    size = min(side, max(info.width, info.height))
    # The last frames may have irregular times: earlier times are tried until one has a frame.
    for back in (0, 1, 2, 10, 100):
        start = max(Fraction(0), min(Fraction(at), last) - (Fraction(back) + Fraction(1, 2)) / info.rate)
        try:
            clip = open_clip(path, Request(start=start or None, size=size, even=False))
            frame = next(iter(clip.frames()), None)
        except InputError:
            if not start:
                raise
            continue
        if frame is not None:
            return Image.fromarray(to_bytes(frame.pixels))
    raise InputError(f"{path} has no frame at {at:g} s")


def write_small(path: Path, at: float, target: Path, side: int = SMALL_SIDE) -> None:
    """Write the frame ``at`` this time in seconds as a small JPEG. Raises InputError, OutputError."""
    files.replace(target, as_jpeg(read_still(path, at, side)))


def still_bytes(path: Path, at: float) -> bytes:
    """Return the frame ``at`` this time in seconds as JPEG. Raises InputError."""
    stream = io.BytesIO()
    read_still(path, at).save(stream, format="JPEG", quality=94)
    return stream.getvalue()


def film_options(given: Mapping[str, Any], engine: str) -> FilmOptions:
    """Return the options of a film for those in a request. Raises OptionError."""
    check_options(given, OPTIONS)
    changes: dict[str, Any] = {
        name: _time(name, value) if name in EXACT and value is not None else value
        for name, value in given.items()
    }
    segment = SEGMENT if engine == "fast" else None
    with read_errors():
        found = FilmOptions(**changes, segment=segment, bits=8)
    if found.end is not None and found.end <= (found.start or 0):
        raise OptionError(f"expected end to be after start; got {float(found.end):g} s")
    return found


def _time(name: str, value: object) -> Fraction:
    """Return a time in seconds. Raises OptionError."""
    from impasto.clips import parse_time

    return parse_time(f"{value:.6f}" if isinstance(value, float) else str(value), name)


def frame_count(facts: Mapping[str, Any], film: FilmOptions) -> int:
    """Return the number of frames of a film to paint: from its start on, before its end; 0 if there are none.

    It is approximate if frames are not evenly spaced.
    """

    def before(time: Fraction) -> int:
        return min(int(facts["frames"]), ceil(float(time) * float(facts["rate"]) - EVEN))

    last = int(facts["frames"]) if film.end is None else before(film.end)
    return max(0, last - before(film.start or Fraction(0)))


def film_size(width: int, height: int, options: PaintOptions) -> tuple[int, int]:
    """Return the size of the painted frames of a film of ``width`` x ``height``. Raises OptionError."""
    from impasto.clips import Request

    size = size_of_frames(FilmOptions(), options, width, height)
    return Request(size=size).fit(width, height)


def film_work(width: int, height: int, frames: int, options: PaintOptions, film: FilmOptions) -> int:
    """Return the work of painting a film: pixels times frames, and times iterations with the optimiser.

    ``width``, ``height``: those of the painted frames. The time needed is about proportional to it.
    """
    if isinstance(options, FastOptions):
        return width * height * frames
    first = work(width, height, options.replace(size=max(width, height)))
    return film.passes * (first + width * height * max(0, frames - 1) * film.next_iterations)


def film_speed(job: Job) -> str:
    """Return the key for the speed of painting films like this one."""
    return FILM_SPEED if isinstance(job.options, FastOptions) else f"film {job.options.encoder}"
