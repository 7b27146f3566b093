"""Keyframes of a film: paintings of some of its frames, read, assigned to frames, and stored for all
workers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import imaging
from impasto.clips import parse_time
from impasto.clips.carried import Keyframe
from impasto.clips.patch_search import Bytes
from impasto.errors import InputError, OptionError
from impasto.files import digests
from impasto.imaging.inputs import PictureLike, load_picture, name_of
from impasto.imaging.samples import to_uint16
from impasto.pipelines.video.cuts import find_cuts
from impasto.pipelines.video.frames import first_time
from impasto.pipelines.video.output import FilmOutput, open_film
from impasto.pipelines.video.plan import FilmPlan, Part
from impasto.pipelines.video.seams import read_samples, write_samples

Moment = int | str | Fraction
"""A frame's number from 0, at the film's start; or a time: "00:04.2", as in a player, or seconds as a
fraction."""

FOLDER = "keyframes"
"""The subfolder of the film's folder with a file for each painting, (H, W, 3) uint16, or (H, W, 4) with
alpha."""
_NOTICED, _MOST = 0.01, 0.05
"""Relative differences in shape above which there is a note, or an error."""
_SHOWN = 5


@dataclass(frozen=True)
class KeyPainting:
    """The painting of a frame, at the film's size: (H, W, 3) uint16, or (H, W, 4) with alpha. ``moment``: its
    number, or its time in seconds; ``name``: that of its file."""

    moment: int | Fraction
    name: str
    words: NDArray[np.uint16]


def parse_moment(text: str) -> int | Fraction:
    """Return the frame's number in ``120``, or the time in seconds in ``00:04.2`` or ``4.2``. Raises
    OptionError."""
    if re.fullmatch(r"\s*\d+\s*", text):
        return int(text)
    try:
        return parse_time(text)
    except OptionError as error:
        raise OptionError(
            f"expected a frame, such as 120, or a time, such as 00:04.2, for a keyframe; got {text!r}"
        ) from error


def _moment(value: object) -> int | Fraction:
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)) or value < 0:
        raise OptionError(
            f"expected a frame, 0 or more, or a time, such as '00:04.2', for a keyframe; got {value!r}"
        )
    return value


def read_keyframes(
    keyframes: Mapping[Any, PictureLike] | Sequence[tuple[Any, PictureLike]],
    output: FilmOutput,
    notes: list[str],
) -> list[KeyPainting]:
    """Return the paintings of ``keyframes``, by ``Moment``, at the film's size.

    Remarks on them are added to ``notes``. Raises InputError for a painting of another shape, OptionError for
    an invalid moment, PictureError for an unreadable picture.
    """
    pairs = list(keyframes.items() if isinstance(keyframes, Mapping) else keyframes)
    if not pairs:
        raise InputError("expected at least one keyframe; got none")
    return [_read(_moment(moment), source, output, notes) for moment, source in pairs]


def _read(moment: int | Fraction, source: PictureLike, output: FilmOutput, notes: list[str]) -> KeyPainting:
    name = name_of(source) or f"the picture of keyframe {shown_moment(moment)}"
    _check_apart(name_of(source), output)
    picture = load_picture(source)
    width, height = output.info.width, output.info.height
    away = abs(picture.width * height / (picture.height * width) - 1)
    if away > _MOST:
        raise InputError(
            f"{name}: expected a painting of the film's shape, {width} x {height}; it is {picture.width} x "
            f"{picture.height}"
        )
    if away > _NOTICED:
        notes.append(
            f"{name} ({picture.width} x {picture.height}) was stretched to the film's {width} x {height}"
        )
    pixels = imaging.resize(imaging.fill_transparent(picture), width, height)
    if picture.alpha is None:
        return KeyPainting(moment, name, to_uint16(pixels))
    alpha = imaging.resize(picture.alpha, width, height)
    return KeyPainting(moment, name, to_uint16(np.dstack([pixels, alpha])))


def _check_apart(source: str, output: FilmOutput) -> None:
    """Raise InputError if the film's frames might overwrite the painting ``source``."""
    if not source or not output.is_frames:
        return
    folder = output.frame_path(0).parent
    if (
        folder.exists()
        and Path(source).absolute().parent.exists()
        and folder.samefile(Path(source).absolute().parent)
    ):
        raise InputError(f"the output folder {folder} has the keyframe {source}; expected another folder")


def described(paintings: Sequence[KeyPainting]) -> list[list[str]]:
    """Return values that identify the paintings, ready for JSON."""
    return [[str(one.moment), digests.of_bytes(one.words.tobytes())] for one in paintings]


def divide_at_keyframes(
    plan: FilmPlan, paintings: Sequence[KeyPainting], folder: Path, stop: Callable[[], bool]
) -> FilmPlan:
    """Return ``plan`` in parts that end at keyframes and cuts; without parts if ``stop`` returns True.

    The clip is scanned at a small size. The paintings are stored in the film's ``folder``. Raises InputError
    for a keyframe beyond the clip, two of one frame, or a shot without any.
    """
    scanned = find_cuts(Path(plan.job.content.place), plan.film, stop)
    if scanned is None:
        return dataclasses.replace(plan, parts=())
    ticks, cuts, flashes = scanned
    clip, _ = open_film(plan.job, plan.film)
    start, unit = first_time(clip, plan.film), clip.info.time_base
    times = [start + tick * unit for tick in ticks]
    last = 1 / clip.info.rate if len(times) < 2 else times[-1] - times[-2]
    numbers: dict[int, KeyPainting] = {}
    for one in paintings:
        number = _number(one, times, last)
        if number in numbers:
            raise InputError(
                f"expected one keyframe for frame {number}; got {numbers[number].name} and {one.name}"
            )
        numbers[number] = one
    for flash in flashes:
        if any(flash[0] <= number < flash[1] for number in numbers):
            cuts = sorted({*cuts, *flash})  # a flash is a scene of its own, whose paint is not carried
    _check_shots(times, cuts, numbers)
    for number, one in numbers.items():
        write_samples(_path(folder, number), one.words)
    edges = sorted({0, len(ticks), *cuts, *numbers})
    parts = tuple(Part(n, a, b, a, b, 0) for n, (a, b) in enumerate(pairwise(edges)))
    return dataclasses.replace(
        plan, parts=parts, ticks=tuple(ticks), cuts=tuple(cuts), keyframes=tuple(sorted(numbers))
    )


def _number(one: KeyPainting, times: Sequence[Fraction], last: Fraction) -> int:
    """Return the number of the painted frame; for a time, the frame with the nearest one."""
    moment = one.moment
    if isinstance(moment, int):
        if moment >= len(times):
            raise InputError(
                f"{one.name}: expected a keyframe from frame 0 to {len(times) - 1}; got frame {moment}"
            )
        return moment
    if not times[0] - last / 2 <= moment <= times[-1] + last:
        raise InputError(
            f"{one.name}: expected a keyframe from {shown_time(times[0])} to {shown_time(times[-1])}; got "
            f"{shown_time(moment)}"
        )
    return min(range(len(times)), key=lambda n: abs(times[n] - moment))


def _check_shots(times: Sequence[Fraction], cuts: Sequence[int], numbers: Mapping[int, KeyPainting]) -> None:
    """Raise InputError if a shot has no keyframe."""
    edges = [0, *cuts, len(times)]
    bare = [(a, b) for a, b in pairwise(edges) if not any(a <= number < b for number in numbers)]
    if not bare:
        return
    spans = [
        f"from {shown_time(times[a])} to {shown_time(times[b - 1])} (frames {a} to {b - 1})"
        for a, b in bare[:_SHOWN]
    ]
    more = f", and {len(bare) - _SHOWN} more" if len(bare) > _SHOWN else ""
    shots = "the shot" if len(bare) == 1 else "the shots"
    raise InputError(
        f"expected a keyframe in every shot; there is none in {shots} {', '.join(spans)}{more}. Paint any of "
        f"its frames, such as {bare[0][0]}, and add it"
    )


def shown_moment(moment: int | Fraction) -> str:
    """Return a moment for messages."""
    return str(moment) if isinstance(moment, int) else shown_time(moment)


def shown_time(seconds: Fraction) -> str:
    """Return a time for messages, in the form 1:04.2."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60000)
    text = f"{rest / 1000:06.3f}".rstrip("0").rstrip(".")
    return f"{minutes}:{text}"


def read_keyframe(folder: Path, number: int, photo: Bytes) -> Keyframe:
    """Return the keyframe of frame ``number``, whose painting is in the film's ``folder``. Raises
    InputError."""
    pixels = read_samples(_path(folder, number))
    alpha = np.ascontiguousarray(pixels[..., 3]) if pixels.shape[2] == 4 else None
    return Keyframe(photo, np.ascontiguousarray(pixels[..., :3]), alpha)


def _path(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:06d}.npy"
