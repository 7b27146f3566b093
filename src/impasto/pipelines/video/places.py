"""Where a film comes from and goes to, and what makes it the film it is."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto import __version__, imaging
from impasto.clips import Clip, Request, open_clip
from impasto.clips.codecs import VIDEO_SUFFIXES, Target, find_target
from impasto.clips.joining import Sound, check_sound
from impasto.clips.pictures import find, is_pattern, numbered
from impasto.clips.writing import check_encoder
from impasto.errors import InputError, OptionError
from impasto.files.local import make_folder
from impasto.optimize.options import OptimizeOptions
from impasto.optimize.presets import preset as find_preset
from impasto.pipelines.video.options import OPTIMISED_SIZE, Engine, FilmOptions

PathLike = str | os.PathLike[str]


def asked(
    styles: PathLike | Sequence[PathLike],
    preset: str,
    options: OptimizeOptions | None,
    changes: Mapping[str, Any],
) -> tuple[tuple[str, ...], OptimizeOptions]:
    """The names of ``styles``, and the options to optimise with. Raises InputError where there is no style,
    OptionError for a preset or ``changes`` that do not exist."""
    names = [styles] if isinstance(styles, (str, os.PathLike)) else styles
    given = tuple(os.fspath(name) for name in names)
    if not given:
        raise InputError("expected at least one style; got none")
    return given, (options or find_preset(preset).options).replace(**changes)


def opened(source: Path, output: Path, wanted: FilmOptions, engine: Engine) -> tuple[Clip, Target]:
    """The clip at the size asked for, and what is to be written."""
    request = Request(start=wanted.start, end=wanted.end, even=False, damage=wanted.damage, rate=wanted.rate)
    own = open_clip(source, request).info
    target = find_target(output, wanted.bits or own.bits, codec=wanted.codec, quality=wanted.quality)
    if wanted.bits is not None and target.bits < wanted.bits:
        by = f" with {wanted.codec}" if wanted.codec else ""
        raise OptionError(
            f"{output.name}{by} has {target.bits} bits a sample; expected another codec or suffix for "
            f"{wanted.bits}"
        )
    size = wanted.size
    if size is None and engine == "optimize":
        size = min(OPTIMISED_SIZE, max(own.width, own.height))
    request = dataclasses.replace(request, size=size, even=target.even)
    return open_clip(source, request), target


def sound_of(clip: Clip, wanted: FilmOptions) -> Sound | None:
    """The sound that goes with the film, if any."""
    path, info = getattr(clip, "path", None), clip.info
    if not wanted.sound or not info.audio or path is None:
        return None
    start, end = (None if t is None else t + info.begin for t in (wanted.start, wanted.end))
    return Sound(path, info.origin, start, end)


def check_encoders(clip: Clip, target: Target, wanted: FilmOptions) -> None:
    """Raise OptionError or InputError where frames of this size, or the sound, could not be encoded."""
    if target.kind == "frames":
        return
    info, sound = clip.info, sound_of(clip, wanted)
    check_encoder(target, info.width, info.height, info.rate, info.time_base)
    if sound is not None:
        check_sound(target, sound)


def check_place(source: Path, target: Target) -> None:
    """Raise OutputError or InputError where the film could not be written, or would replace its source."""
    path = target.path
    if target.kind != "frames":
        imaging.check_writable(path, suffixes=VIDEO_SUFFIXES)
        if path.exists() and source.exists() and path.samefile(source):
            raise InputError(f"the output {path} is also the input; it would be overwritten")
        return
    folder = path.parent if is_pattern(path.name) else path
    make_folder(folder, "the frames")
    imaging.check_writable(frame_path(path, 0))
    sources = source if source.is_dir() else source.parent
    if sources.is_dir() and folder.samefile(sources) and (source.is_dir() or is_pattern(source.name)):
        raise InputError(f"the frames would go among those of the clip, in {folder}; expected another folder")


def frame_path(path: Path, number: int) -> Path:
    return (
        path.with_name(numbered(path.name, number)) if is_pattern(path.name) else path / f"{number:06d}.png"
    )


def left_over(target: Target, count: int) -> list[str]:
    """What is to be said of older frames that lie behind the ``count`` of this film, in its folder."""
    more = count
    while frame_path(target.path, more).exists():
        more += 1
    if more == count:
        return []
    first = frame_path(target.path, count)
    return [f"{more - count} older frames, from {first} on, are not of this film and were left there"]


def describe(
    source: Path,
    styles: Sequence[str],
    options: OptimizeOptions,
    wanted: FilmOptions,
    engine: Engine,
    network: str,
    target: Target,
) -> dict[str, Any]:
    """All that decides what the film looks like: where any of it differs, it is another film."""
    own = {name: str(value) for name, value in dataclasses.asdict(wanted).items()}
    by_files = engine == "optimize"  # a fast network's styles are in it, whatever files have their names
    return {
        "clip": _digest(source),
        "styles": [
            [name, _digest(Path(name)) if by_files and Path(name).exists() else ""] for name in styles
        ],
        "engine": engine,
        "network": network,
        "options": {name: str(value) for name, value in options.to_dict().items()},
        "film": own,
        "output": [str(target.path.absolute()), target.kind, str(target.codec)],
        "version": __version__,
    }


def _digest(path: Path) -> str:
    """The SHA-256 of a file; of a folder or a pattern, of its pictures' names, sizes and times."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.hexdigest()
    for entry in find(path):
        found = entry.stat()
        digest.update(f"{path.name} {entry.name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
